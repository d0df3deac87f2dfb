"""Who the customers and the staff are: a user pool (ADR 19)."""

from typing import Final

import aws_cdk
from aws_cdk import CfnOutput, Duration, RemovalPolicy
from aws_cdk.aws_cognito import (
    AccountRecovery,
    AuthFlow,
    AutoVerifiedAttrs,
    CfnUserPoolGroup,
    ClientAttributes,
    FeaturePlan,
    KeepOriginalAttrs,
    Mfa,
    MfaSecondFactor,
    PasswordPolicy,
    SignInAliases,
    UserPool,
    UserPoolClient,
    UserPoolOperation,
)
from aws_cdk.aws_lambda import Code

from cartwheel.kernel.identity import GROUPS, MIN_PASSWORD, SIGN_IN_LIFETIME, TOKEN_LIFETIME
from cartwheel.kernel.topology import App
from infra.accepted import accept
from infra.names import pascal
from infra.parts.api import Tokens
from infra.parts.business import Business
from infra.parts.function import Place
from infra.settings import Settings

from .data import Data
from .part import Part

OPERATIONS: Final = {"PostConfirmation": UserPoolOperation.POST_CONFIRMATION}


class Identity(Part):
    """`pool` has the accounts, `tokens` says which ones it gives to those who sign in, `ids` are its and its client's;
    `functions` are those that it calls.

    What the pool calls is here, too: the stack of the other functions needs the pool, and must not be needed by it.
    """

    def __init__(self, app: aws_cdk.App, settings: Settings, code: str, shop: App, data: Data) -> None:
        super().__init__(app, "identity", settings)
        self.pool = pool = self._pool()
        place = Place(self, settings, Code.from_asset(code))
        self._call(Business(place, data.tables, data.vault, data.secrets), shop)
        self.functions = place.functions
        accept(pool, "COG2", "Shoppers choose whether they want a second factor.")
        accept(pool, "COG8", "The Plus plan is paid by user; the Lite plan has all that the shop uses.")
        client = self._client(pool)
        for group in GROUPS:
            CfnUserPoolGroup(self, f"{pascal(group)}Group", user_pool_id=pool.user_pool_id, group_name=group)
        CfnOutput(self, "UserPoolId", value=pool.user_pool_id)
        CfnOutput(self, "UserPoolClientId", value=client.user_pool_client_id)
        issuer = f"https://cognito-idp.{self.region}.amazonaws.com/{pool.user_pool_id}"
        self.tokens = Tokens(issuer, client.user_pool_client_id)
        self.ids = (pool.user_pool_id, client.user_pool_client_id)

    def _call(self, business: Business, shop: App) -> None:
        """Let the pool call what the map has for it."""
        for part in shop.slices:
            for trigger in part.triggers:
                self.pool.add_trigger(OPERATIONS[trigger.on], business.make("direct", part, trigger.function))

    def _pool(self) -> UserPool:
        return UserPool(
            self,
            "UserPool",
            feature_plan=FeaturePlan.LITE,
            self_sign_up_enabled=True,
            sign_in_aliases=SignInAliases(email=True),
            sign_in_case_sensitive=False,
            auto_verify=AutoVerifiedAttrs(email=True),
            keep_original=KeepOriginalAttrs(email=True),  # until another address is confirmed
            account_recovery=AccountRecovery.EMAIL_ONLY,
            password_policy=PasswordPolicy(
                min_length=MIN_PASSWORD,
                require_lowercase=True,
                require_uppercase=True,
                require_digits=True,
                require_symbols=True,
            ),
            mfa=Mfa.OPTIONAL,
            mfa_second_factor=MfaSecondFactor(otp=True, sms=False),
            deletion_protection=self.settings.production,
            removal_policy=RemovalPolicy.RETAIN if self.settings.production else RemovalPolicy.DESTROY,
        )

    def _client(self, pool: UserPool) -> UserPoolClient:
        """For browsers and the command line, which can keep no secret."""
        return pool.add_client(
            "Client",
            generate_secret=False,
            disable_o_auth=True,
            auth_flows=AuthFlow(user_srp=True, user_password=True),
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            write_attributes=ClientAttributes().with_standard_attributes(
                email=True, fullname=True, given_name=True, family_name=True
            ),
            access_token_validity=Duration.seconds(TOKEN_LIFETIME.total_seconds()),
            id_token_validity=Duration.seconds(TOKEN_LIFETIME.total_seconds()),
            refresh_token_validity=Duration.seconds(SIGN_IN_LIFETIME.total_seconds()),
        )
