"""The way out to a mail server."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, parseaddr
from typing import Final, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from cartwheel.kernel.metrics import record
from cartwheel.kernel.settings import Settings

from .metrics import MAIL_FAILURES

TIMEOUT: Final = 20.0  # seconds for each answer of the server; the function has 30


class Letter(Protocol):
    """A mail of the shop's, or of its host's. `created_at` is a time in the form of ISO 8601."""

    @property
    def message_id(self) -> str: ...
    @property
    def created_at(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...


class DeliveryFailed(Exception):
    """The server did not take the mail. Names no address, since servers like to quote them."""


def send(mail: Letter, address: str, settings: Settings) -> None:
    """Hand the mail to the server. Raises DeliveryFailed; then, or after a crash, it may have been taken all the same.

    The Message-ID is always the same for a mail, so that servers and readers can tell a repeat.
    """
    try:
        with _session(urlsplit(settings.smtp_url), settings.smtp_password) as server:
            server.send_message(message(mail, address, settings))
    except (smtplib.SMTPException, OSError) as error:
        record(MAIL_FAILURES)
        # Neither chained nor quoted: the server's words may hold the address.
        raise DeliveryFailed(f"the mail server did not take the mail: {_described(error)}") from None


def message(mail: Letter, address: str, settings: Settings) -> EmailMessage:
    """The mail to the address, in the form of RFC 5322."""
    sender = parseaddr(settings.mail_from)[1]
    built = EmailMessage()
    built["Message-ID"] = f"<{mail.message_id}@{sender.rpartition('@')[2]}>"
    built["Date"] = format_datetime(datetime.fromisoformat(mail.created_at))
    built["From"] = formataddr((settings.shop_name, sender))
    built["To"] = address
    built["Subject"] = mail.subject
    built["Auto-Submitted"] = "auto-generated"
    built.set_content(mail.text)
    return built


@contextmanager
def _session(url: SplitResult, password: str) -> Iterator[smtplib.SMTP]:
    server = _connect(url)
    try:
        _secure(server, url, password)
        yield server
    finally:
        # By now the server has the mail or has not: how it takes the goodbye changes nothing.
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
        server.close()


def _connect(url: SplitResult) -> smtplib.SMTP:
    host = url.hostname or "localhost"
    if url.scheme == "smtps":
        return smtplib.SMTP_SSL(host, url.port or 465, timeout=TIMEOUT, context=ssl.create_default_context())
    return smtplib.SMTP(host, url.port or 25, timeout=TIMEOUT)


def _secure(server: smtplib.SMTP, url: SplitResult, password: str) -> None:
    """Encrypt if the server can, log in if the URL names a user."""
    server.ehlo()
    encrypted = url.scheme == "smtps"
    if not encrypted and server.has_extn("starttls"):
        server.starttls(context=ssl.create_default_context())
        encrypted = True
    if url.username and not encrypted:
        raise DeliveryFailed("the mail server offers no encryption, so it is not told the password; use smtps://")
    if url.username:
        server.login(unquote(url.username), password.encode().decode())  # as bytes: one that is withheld fails there


def _described(error: Exception) -> str:
    """The kind of failure and the server's codes, not its words."""
    codes: list[int] = []
    if isinstance(error, smtplib.SMTPResponseException):
        codes = [error.smtp_code]
    elif isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
    return " ".join([type(error).__name__, *map(str, codes)])
