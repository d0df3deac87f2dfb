"""The port `Users` on Cognito."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError


@dataclass(frozen=True)
class CognitoUsers:
    """`client` is botocore's for `cognito-idp`."""

    client: Any
    pool_id: str

    def delete(self, subject: str) -> None:
        """Where people sign in with their address, their subject is their user name. Raises botocore's errors."""
        try:
            self.client.admin_delete_user(UserPoolId=self.pool_id, Username=subject)
        except ClientError as error:
            if error.response["Error"]["Code"] != "UserNotFoundException":
                raise
