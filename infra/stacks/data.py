"""What must outlive every deployment: the tables and the secrets."""

from urllib.parse import urlsplit

import aws_cdk
from aws_cdk import CfnOutput, RemovalPolicy
from aws_cdk.aws_secretsmanager import Secret, SecretStringGenerator

from cartwheel.kernel.topology import App
from infra.accepted import accept
from infra.names import pascal
from infra.parts.table import make_table
from infra.settings import Settings

from .part import Part


class Data(Part):
    """`tables` by the name in the map, that of the keys among them; `secrets` by the name of the setting."""

    def __init__(self, app: aws_cdk.App, settings: Settings, shop: App) -> None:
        super().__init__(app, "data", settings)
        self.tables = {table.name: make_table(self, table, settings.production) for table in shop.tables}
        self.vault = self.tables[shop.vault.name]
        for name, table in self.tables.items():
            CfnOutput(self, f"{pascal(name)}TableName", value=table.table_name)
        needed = {name for function, _ in shop.functions.values() for name in function.secrets}
        if not urlsplit(settings.shop.smtp_url).username:  # nobody to sign in as, and each secret is paid by the month
            needed.discard("smtp_password")
        self.secrets = {name: self._secret(name) for name in sorted(needed)}

    def _secret(self, name: str) -> Secret:
        """Generated where it stays, and no template shows it. What others give, as a mail server's password, is put in
        its place there.
        """
        secret = Secret(
            self,
            pascal(name),
            generate_secret_string=SecretStringGenerator(password_length=64, exclude_punctuation=True),
            removal_policy=RemovalPolicy.RETAIN if self.settings.production else RemovalPolicy.DESTROY,
        )
        accept(
            secret, "SMG4", "What is sealed or signed with it must stay valid: changing it is a decision, not a timer."
        )
        CfnOutput(self, f"{pascal(name)}Arn", value=secret.secret_arn)
        return secret
