"""The port `Users` on Cognito, by its wire."""

import pytest
from botocore.exceptions import ClientError
from botocore.session import Session
from botocore.stub import Stubber

from cartwheel.aws.users import CognitoUsers

NAMED = {"UserPoolId": "eu-west-1_pool", "Username": "the-subject"}


def users(error: str = "") -> CognitoUsers:
    """Over a client that expects one call."""
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    client = Session().create_client("cognito-idp", region_name="eu-west-1", **keys)
    stub = Stubber(client)
    if error:
        stub.add_client_error("admin_delete_user", error, expected_params=NAMED)
    else:
        stub.add_response("admin_delete_user", {}, NAMED)
    stub.activate()
    return CognitoUsers(client, "eu-west-1_pool")


def test_the_subject_names_the_account() -> None:
    users().delete("the-subject")


def test_an_account_that_is_gone_is_deleted() -> None:
    users("UserNotFoundException").delete("the-subject")


def test_what_else_fails_is_told() -> None:
    with pytest.raises(ClientError):
        users("InternalErrorException").delete("the-subject")
