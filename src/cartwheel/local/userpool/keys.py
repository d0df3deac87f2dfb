"""The keys that tokens are signed with: the newest signs, older ones verify until their last token has expired.

They are in one file of the data folder, readable by its owner alone; the host, `cartwheel token` and `cartwheel keys`
may all use it at once.
"""

import fcntl
import json
import os
import tempfile
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

FILE: Final = "identity-keys.json"
MAX_AGE: Final = 90 * 86400  # seconds, after which the next token is signed with a new key
MARGIN: Final = 86400  # seconds by which `until` runs ahead, so that it is written once a day and not with each token


@dataclass(frozen=True)
class Key:
    """`created` and `until`, when its last token will have expired, are in seconds since 1970."""

    kid: str
    created: int
    until: int
    private: rsa.RSAPrivateKey

    @classmethod
    def make(cls, now: int) -> Self:
        return cls(str(uuid.uuid4()), now, now, rsa.generate_private_key(public_exponent=65537, key_size=2048))

    @classmethod
    def read(cls, stored: dict[str, Any]) -> Self:
        private = serialization.load_pem_private_key(stored["pem"].encode(), password=None)
        if not isinstance(private, rsa.RSAPrivateKey):
            raise TypeError(f"{FILE} holds a key that is not RSA")
        return cls(stored["kid"], stored["created"], stored["until"], private)

    def stored(self) -> dict[str, Any]:
        pem = self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {"kid": self.kid, "created": self.created, "until": self.until, "pem": pem.decode()}

    def jwk(self) -> dict[str, str]:
        """The public half, as in a JWKS."""
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.kid,
            "n": _text(numbers.n),
            "e": _text(numbers.e),
        }


class KeyRing:
    """The keys of a data folder. The first use makes one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / FILE
        self._seen: tuple[int, int] = (0, 0)
        self._keys: list[Key] = []

    def all(self) -> list[Key]:
        """Oldest first; as they are in the file now, whoever wrote it."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return self._change(lambda keys, _: keys)
        if self._seen != (status.st_mtime_ns, status.st_ino):
            self._keys = [Key.read(each) for each in json.loads(self._path.read_text())]
            self._seen = (status.st_mtime_ns, status.st_ino)
        return self._keys

    def find(self, kid: object) -> Key | None:
        return next((key for key in self.all() if key.kid == kid), None)

    def signing(self, until: int) -> Key:
        """The key for a token that expires then."""
        newest = self.all()[-1]
        if newest.created + MAX_AGE < time.time():
            newest = self.rotate()
        if newest.until < until:
            newest = self._change(lambda keys, now: [*keys[:-1], _extended(keys[-1], max(until, now) + MARGIN)])[-1]
        return newest

    def rotate(self) -> Key:
        """A new key; those that no living token needs are deleted."""
        return self._change(lambda keys, now: [*(key for key in keys if key.until > now), Key.make(now)])[-1]

    def revoke(self) -> Key:
        """A new key, and no other: every token so far is refused from now on."""
        return self._change(lambda _, now: [Key.make(now)])[-1]

    def _change(self, change: Any) -> list[Key]:
        """Of several at once, one after the other; the file is whole at any time."""
        with _locked(self._folder):
            now = int(time.time())
            keys = self.all() if self._path.exists() else [Key.make(now)]
            changed = change(keys, now)
            self._write([key.stored() for key in changed])
        return self.all()

    def _write(self, document: list[dict[str, Any]]) -> None:
        handle, aside = tempfile.mkstemp(dir=self._folder)  # for its owner alone
        with os.fdopen(handle, "w") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, self._path)


def _extended(key: Key, until: int) -> Key:
    return Key(key.kid, key.created, until, key.private)


def _text(number: int) -> str:
    return urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode().rstrip("=")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """The folder itself is the lock, so that no file is left behind."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
