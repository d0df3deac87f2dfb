"""RS256 (RSASSA-PKCS1-v1_5 with SHA-256, RFC 8017 §8.2.2), verification only.

`cryptography`, which the vault uses, would take longer to load than all the rest of a verification, for
these few lines.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from jwt.algorithms import Algorithm

# The DER encoding that says "a SHA-256 digest follows" (RFC 8017 §9.2, note 1).
DIGEST_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")
MIN_BITS: Final = 2048


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An RSA key: modulus and exponent."""

    modulus: int
    exponent: int

    @classmethod
    def of(cls, jwk: dict[str, Any]) -> "PublicKey":
        """Raises ValueError for a key that is not for RS256 signatures, or too weak."""
        if jwk.get("kty") != "RSA" or jwk.get("use", "sig") != "sig" or jwk.get("alg", "RS256") != "RS256":
            raise ValueError("not a key for RS256 signatures")
        key = cls(_number(jwk.get("n")), _number(jwk.get("e")))
        if key.modulus.bit_length() < MIN_BITS or key.exponent < 3 or key.exponent % 2 == 0:
            raise ValueError("not a safe RSA key")
        return key

    @property
    def size(self) -> int:
        """Of the modulus, in bytes."""
        return (self.modulus.bit_length() + 7) // 8


def _number(text: Any) -> int:
    if not isinstance(text, str):
        raise ValueError("not a JWK")
    return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


class RS256(Algorithm):
    """For PyJWT. The expected message is encoded whole and compared whole: nothing in a signature is ever parsed."""

    def prepare_key(self, key: PublicKey) -> PublicKey:
        return key

    def verify(self, msg: bytes, key: PublicKey, sig: bytes) -> bool:
        signature = int.from_bytes(sig, "big")
        if len(sig) != key.size or signature >= key.modulus:
            return False
        told = pow(signature, key.exponent, key.modulus).to_bytes(key.size, "big")
        return hmac.compare_digest(told, _encoded(msg, key.size))

    def sign(self, msg: bytes, key: Any) -> NoReturn:
        raise NotImplementedError("tokens are signed by their issuer")

    @staticmethod
    def to_jwk(key_obj: Any, as_dict: bool = False) -> NoReturn:
        raise NotImplementedError("keys are only read")

    @staticmethod
    def from_jwk(jwk: Any) -> NoReturn:
        raise NotImplementedError("see PublicKey.of")


def _encoded(message: bytes, size: int) -> bytes:
    """EMSA-PKCS1-v1_5."""
    info = DIGEST_INFO + hashlib.sha256(message).digest()
    return b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
