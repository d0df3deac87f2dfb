"""Our few lines of RSA say of every signature what `cryptography` says."""

import hashlib
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512
from hypothesis import given, settings
from hypothesis import strategies as st

from cartwheel.aws.rs256 import DIGEST_INFO, RS256, PublicKey

SIZES = (2048, 2049, 3072)
MESSAGE = b"header.payload"


@cache
def generated(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def private(bits: int = 2048) -> rsa.RSAPrivateKey:
    return generated(bits)


def public(key: rsa.RSAPrivateKey) -> PublicKey:
    numbers = key.public_key().public_numbers()
    return PublicKey(numbers.n, numbers.e)


def sign(message: bytes, bits: int = 2048) -> bytes:
    return private(bits).sign(message, PKCS1v15(), SHA256())


def theirs(key: rsa.RSAPrivateKey, message: bytes, signature: bytes) -> bool:
    try:
        key.public_key().verify(signature, message, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def ours(key: rsa.RSAPrivateKey, message: bytes, signature: bytes) -> bool:
    return RS256().verify(message, public(key), signature)


@given(message=st.binary(max_size=200), bits=st.sampled_from(SIZES))
@settings(max_examples=50, deadline=None)
def test_a_good_signature_is_good(message: bytes, bits: int) -> None:
    assert ours(private(bits), message, sign(message, bits))


@given(data=st.data(), bits=st.sampled_from(SIZES))
@settings(max_examples=200, deadline=None)
def test_a_changed_signature_or_message_is_judged_alike(data: st.DataObject, bits: int) -> None:
    signature, message = bytearray(sign(MESSAGE, bits)), bytearray(MESSAGE)
    changed = data.draw(st.sampled_from([signature, message]))
    at = data.draw(st.integers(0, len(changed) - 1))
    changed[at] ^= data.draw(st.integers(1, 255))
    verdict = ours(private(bits), bytes(message), bytes(signature))
    assert verdict == theirs(private(bits), bytes(message), bytes(signature))
    assert not verdict


@given(signature=st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_what_is_no_signature_is_judged_alike(signature: bytes) -> None:
    assert not theirs(private(), MESSAGE, signature)
    assert not ours(private(), MESSAGE, signature)


def encrypted(padded: bytes) -> bytes:
    """A signature that decrypts to exactly these bytes, as only the owner of the key can make it."""
    numbers = private().private_numbers()
    message = int.from_bytes(padded, "big")
    return pow(message, numbers.d, numbers.public_numbers.n).to_bytes(256, "big")


INFO = DIGEST_INFO + hashlib.sha256(MESSAGE).digest()
WITHOUT_NULL = (
    bytes.fromhex("302f300b0609608648016503040201") + bytes.fromhex("0420") + hashlib.sha256(MESSAGE).digest()
)
FILL = 256 - 3 - len(INFO)
PADDINGS = {
    "good": b"\x00\x01" + b"\xff" * FILL + b"\x00" + INFO,
    "short padding, rubbish behind (Bleichenbacher 2006)": b"\x00\x01" + b"\xff" * 8 + b"\x00" + INFO + bytes(FILL - 8),
    "rubbish in the padding": b"\x00\x01" + b"\xff" * (FILL - 1) + b"\xfe\x00" + INFO,
    "encryption's padding": b"\x00\x02" + b"\xff" * FILL + b"\x00" + INFO,
    "no first zero": b"\x01\x01" + b"\xff" * FILL + b"\x00" + INFO,
    "no zero before the digest": b"\x00\x01" + b"\xff" * FILL + b"\x01" + INFO,
    "parameters left out": b"\x00\x01" + b"\xff" * (FILL + 2) + b"\x00" + WITHOUT_NULL,
    "the bare digest": b"\x00\x01" + b"\xff" * (FILL + 19) + b"\x00" + INFO[19:],
    "another message": b"\x00\x01" + b"\xff" * FILL + b"\x00" + DIGEST_INFO + hashlib.sha256(b"x").digest(),
}


@pytest.mark.parametrize("name", PADDINGS)
def test_only_the_one_right_padding_is_taken(name: str) -> None:
    padded = PADDINGS[name]
    assert len(padded) == 256
    if padded[0]:  # more than the modulus may be; what it leaves is signed
        padded = (int.from_bytes(padded, "big") % public(private()).modulus).to_bytes(256, "big")
    assert ours(private(), MESSAGE, encrypted(padded)) is (name == "good")


@pytest.mark.parametrize("algorithm", [SHA1(), SHA512()], ids=["sha1", "sha512"])
def test_another_digest_is_not_taken(algorithm: Any) -> None:
    assert not ours(private(), MESSAGE, private().sign(MESSAGE, PKCS1v15(), algorithm))


def test_another_key_is_not_taken() -> None:
    assert not ours(private(3072), MESSAGE, sign(MESSAGE))
    assert not ours(rsa.generate_private_key(65537, 2048), MESSAGE, sign(MESSAGE))


def test_a_signature_has_one_form() -> None:
    """Neither a longer spelling of the number nor the same number plus the modulus is taken for it."""
    good = sign(MESSAGE)
    assert ours(private(), MESSAGE, good)
    assert not ours(private(), MESSAGE, b"\x00" + good)
    key = public(private())
    for bits in range(40):  # until one plus the modulus has as many bytes
        message = MESSAGE + bytes([bits])
        more = int.from_bytes(sign(message), "big") + key.modulus
        if more.bit_length() <= 2048:
            assert not ours(private(), message, more.to_bytes(256, "big"))
            return
    pytest.skip("the modulus is too near to 2**2048")


def number(value: int) -> str:
    return urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()


def jwk(**changes: Any) -> dict[str, Any]:
    key = public(private())
    document = {"kty": "RSA", "n": number(key.modulus), "e": number(key.exponent), "alg": "RS256", "use": "sig"}
    return {name: value for name, value in (document | changes).items() if value is not None}


def test_a_key_is_read_from_its_jwk() -> None:
    assert PublicKey.of(jwk()) == PublicKey.of(jwk(alg=None, use=None)) == public(private())


@pytest.mark.parametrize(
    "changes",
    [
        {"kty": "EC"},
        {"kty": "oct"},
        {"use": "enc"},
        {"alg": "RS512"},
        {"alg": "HS256"},
        {"n": None},
        {"n": 5},
        {"e": None},
        {"n": number(2**1024 + 1)},
        {"e": number(1)},
        {"e": number(4)},
        {"n": ""},
        {"n": "é"},
    ],
    ids=repr,
)
def test_what_is_no_key_for_it_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        PublicKey.of(jwk(**changes))


def test_nothing_is_signed_here() -> None:
    with pytest.raises(NotImplementedError):
        RS256().sign(MESSAGE, None)
