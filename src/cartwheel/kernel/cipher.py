"""AES-256-GCM: what is sealed cannot be read, changed, or passed off as something else without its key."""

import base64
import os
from typing import Any, Final

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12


class NotAuthentic(ValueError):
    """A sealed text was changed, or put in another's place, or is of another key."""


def new_key() -> str:
    """A random one, in base64 like every key here."""
    return _text(os.urandom(KEY_BYTES))


def encrypt(key: str, bound: str, text: str) -> str:
    """In base64, each time another one. It opens only with the same `bound`: what it vouches for beside the text."""
    nonce = os.urandom(NONCE_BYTES)
    return _text(nonce + _cipher(key).encrypt(nonce, text.encode(), bound.encode()))


def decrypt(key: str, bound: str, sealed: str) -> str:
    """Raises NotAuthentic."""
    try:
        content = _bytes(sealed)
        opened: bytes = _cipher(key).decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], bound.encode())
    except Exception as error:  # noqa: BLE001 - the library's own for a wrong tag, ValueError for what is too short
        raise NotAuthentic(f"a sealed text cannot be opened: {type(error).__name__}") from None
    return opened.decode()


def _cipher(key: str) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # late: most invocations neither seal nor open

    return AESGCM(_bytes(key))


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode(), altchars=b"-_", validate=True)
