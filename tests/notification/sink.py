"""A mail server for tests: takes mails on a free port of 127.0.0.1 and keeps them."""

import datetime
import ipaddress
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Tls = Literal["", "starttls", "smtps"]


class Sink(socketserver.ThreadingTCPServer):
    """`answers` replaces the answer to a command, such as {"RCPT": "550 no such user"}."""

    daemon_threads = True

    def __init__(self, tls: Tls = "", certificate: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.tls = tls
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if certificate:
            self.context.load_cert_chain(certificate)
        self.mails: list[EmailMessage] = []
        self.commands: list[str] = []
        self.answers: dict[str, str] = {}

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Session(socketserver.BaseRequestHandler):
    server: Sink

    def handle(self) -> None:
        with suppress(OSError):  # who calls may hang up at any time
            self._converse()

    def _converse(self) -> None:
        self.secure = False
        if self.server.tls == "smtps":
            self._encrypt()
        self._say("220 sink")
        while line := self.file.readline().decode().rstrip("\r\n"):
            self.server.commands.append(line)
            verb = line.split()[0].upper()
            self._say(self.server.answers.get(verb) or self._answer(verb))
            if verb == "STARTTLS":
                self._encrypt()
            if verb == "QUIT":
                return

    def setup(self) -> None:
        self.file = self.request.makefile("rb")

    def finish(self) -> None:
        self.file.close()
        self.request.close()

    def _encrypt(self) -> None:
        self.file.close()
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self.file = self.request.makefile("rb")
        self.secure = True

    def _say(self, text: str) -> None:
        self.request.sendall(f"{text}\r\n".encode())

    def _answer(self, verb: str) -> str:
        match verb:
            case "EHLO":
                extension = "AUTH PLAIN" if self.secure else "STARTTLS"
                return f"250-sink\r\n250 {extension}" if self.server.tls else "250 sink"
            case "DATA":
                self._say("354 go on")
                self.server.mails.append(self._mail())
                return "250 taken"
            case "AUTH":
                return "235 welcome"
            case "STARTTLS":
                return "220 go on"
            case "QUIT":
                return "221 bye"
            case _:
                return "250 ok"

    def _mail(self) -> EmailMessage:
        lines = []
        while (line := self.file.readline()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        mail = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        return mail


@contextmanager
def running(sink: Sink) -> Iterator[Sink]:
    thread = threading.Thread(target=sink.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield sink
    finally:
        sink.shutdown()
        thread.join()
        sink.server_close()


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sink")])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "certificate.pem"
    path.write_bytes(private + certificate.public_bytes(pem))
    return path
