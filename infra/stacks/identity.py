"""Who the customers and the staff are: a user pool (ADR 19)."""

from typing import Final

from aws_cdk import App, CfnOutput, Duration, RemovalPolicy
from aws_cdk.aws_cognito import (
    AccountRecovery,
    AuthFlow,
    AutoVerifiedAttrs,
    CfnUserPoolGroup,
    FeaturePlan,
    Mfa,
    MfaSecondFactor,
    PasswordPolicy,
    SignInAliases,
    UserPool,
    UserPoolClient,
)

from infra.accepted import accept
from infra.names import pascal
from infra.parts.api import Tokens
from infra.settings import Settings

from .part import Part

GROUPS: Final = ("staff", "admin")


class Identity(Part):
    """`tokens` says which ones it gives to those who sign in."""

    def __init__(self, app: App, settings: Settings) -> None:
        super().__init__(app, "identity", settings)
        pool = self._pool()
        accept(pool, "COG2", "Shoppers choose whether they want a second factor.")
        accept(pool, "COG8", "The Plus plan is paid by user; the Lite plan has all that the shop uses.")
        client = self._client(pool)
        for group in GROUPS:
            CfnUserPoolGroup(self, f"{pascal(group)}Group", user_pool_id=pool.user_pool_id, group_name=group)
        CfnOutput(self, "UserPoolId", value=pool.user_pool_id)
        CfnOutput(self, "UserPoolClientId", value=client.user_pool_client_id)
        issuer = f"https://cognito-idp.{self.region}.amazonaws.com/{pool.user_pool_id}"
        self.tokens = Tokens(issuer, client.user_pool_client_id)

    def _pool(self) -> UserPool:
        return UserPool(
            self,
            "UserPool",
            feature_plan=FeaturePlan.LITE,
            self_sign_up_enabled=True,
            sign_in_aliases=SignInAliases(email=True),
            sign_in_case_sensitive=False,
            auto_verify=AutoVerifiedAttrs(email=True),
            account_recovery=AccountRecovery.EMAIL_ONLY,
            password_policy=PasswordPolicy(
                min_length=12, require_lowercase=True, require_uppercase=True, require_digits=True, require_symbols=True
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
            access_token_validity=Duration.hours(1),
            id_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.days(30),
        )
