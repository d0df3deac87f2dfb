"""On open routes a token counts as much as API Gateway would make it count on the others."""

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cartwheel.aws.rs256 import PublicKey
from cartwheel.aws.tokens import REFRESH, Keys, Verifier, fetch, key_url
from cartwheel.kernel.errors import Busy, Unauthorised

from .issuer import CLIENT, ISSUER, JWKS_PATH, claims, jwks, key, key_server, token


class Issuer:
    """Counts how often it is asked for its keys; `names` are those it has now, None where it does not answer."""

    def __init__(self, *names: str) -> None:
        self.names: tuple[str, ...] | None = names
        self.asked = 0

    def __call__(self, url: str) -> Keys:
        self.asked += 1
        if self.names is None:
            raise OSError("timed out")
        return {jwk["kid"]: PublicKey.of(jwk) for jwk in jwks(*self.names)["keys"]}


def verifier(issuer: Issuer | None = None) -> Verifier:
    return Verifier(ISSUER, CLIENT, "https://keys", issuer or Issuer("one"))


def refused(text: str) -> str:
    """Why. The answer never repeats the token."""
    with pytest.raises(Unauthorised) as raised:
        verifier().verify(text)
    assert raised.value.headers == {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    assert raised.value.detail.startswith("The token is not valid: ")
    assert not text or text not in raised.value.detail
    return raised.value.detail


def test_the_claims_of_a_good_token() -> None:
    told = verifier().verify(token(email_verified=True))
    assert told["sub"] == "alice"
    assert told["cognito:groups"] == "[staff buyers]"
    assert told["email_verified"] == "true"
    assert told["exp"].isdecimal()
    assert all(isinstance(value, str) for value in told.values())


@pytest.mark.parametrize(
    "changes",
    [
        {"token_use": "id", "aud": CLIENT, "client_id": None},
        {"aud": [CLIENT, "other"], "client_id": None},
        {"token_use": None},
        {"iat": None, "cognito:groups": None},
        {"nbf": timedelta(seconds=-5)},
        {"exp": timedelta(seconds=60.5)},
    ],
    ids=repr,
)
def test_what_api_gateway_takes_is_taken(changes: dict[str, Any]) -> None:
    assert verifier().verify(token(**changes))["sub"] == "alice"


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": timedelta(seconds=-1)},
        {"exp": None},
        {"exp": "soon"},
        {"exp": float("inf")},
        {"exp": float("-inf")},
        {"nbf": float("inf")},
        {"iat": float("nan")},
        {"iss": 5},
        {"iss": [ISSUER]},
        {"nbf": timedelta(seconds=600)},
        {"iat": timedelta(seconds=600)},
        {"iss": ISSUER + "x"},
        {"iss": ISSUER.replace("Pool", "Other")},
        {"iss": None},
        {"client_id": "other"},
        {"client_id": None},
        {"aud": "other"},
        {"aud": "other", "client_id": CLIENT},
        {"aud": [], "client_id": CLIENT},
        {"aud": CLIENT + "x", "client_id": None},
        {"client_id": CLIENT[:-1]},
        {"token_use": "refresh"},
        {"token_use": 5},
        {"sub": None},
    ],
    ids=repr,
)
def test_a_token_with_a_wrong_claim_is_refused(changes: dict[str, Any]) -> None:
    refused(token(**changes))


def test_a_token_of_another_key_is_refused() -> None:
    assert "signed with a key" in refused(token("two"))
    assert "Signature verification failed" in refused(token("two", kid="one"))


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_another_algorithm_is_refused(algorithm: str) -> None:
    refused(jwt.encode(claims(), key("one"), algorithm, headers={"kid": "one"}))


def encoded(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def test_a_token_that_nobody_signed_is_refused() -> None:
    for name in ("none", "None", "NONE", ""):
        header = encoded({"alg": name, "typ": "JWT", "kid": "one"})
        refused(f"{header}.{encoded(claims())}.")
        refused(f"{header}.{encoded(claims())}.{token().rpartition('.')[2]}")


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused() -> None:
    import hashlib
    import hmac

    public = key("one").public_key()
    for secret in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(jwks("one")["keys"][0]).encode(),
    ):
        signed = f"{encoded({'alg': 'HS256', 'kid': 'one'})}.{encoded(claims())}"
        digest = hmac.digest(secret, signed.encode(), hashlib.sha256)
        refused(f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}")


def test_a_changed_token_is_refused() -> None:
    header, _, signature = token().split(".")
    refused(f"{header}.{encoded(claims(sub='mallory'))}.{signature}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "a.b",
        "a.b.c",
        "....",
        "é.é.é",
        "\x00",
        "x" * 10_000,
        f"{encoded([])}.{encoded({})}.x",
        f"{encoded({'alg': 'RS256', 'kid': 5})}.{encoded(claims())}.x",
        f"{encoded({'alg': 'RS256', 'kid': ['one']})}.{encoded(claims())}.x",
        f"{encoded({'alg': 'RS256'})}.{encoded(claims())}.x",
        f"{encoded({'alg': ['RS256'], 'kid': 'one'})}.{encoded(claims())}.x",
        f"{encoded({'alg': 'RS256', 'kid': 'one', 'b64': False, 'crit': ['b64']})}.{encoded(claims())}.x",
        base64.urlsafe_b64encode(b"[" * 100_000).decode() + ".x.x",
        base64.urlsafe_b64encode(b'{"alg": ' + b"9" * 5000 + b"}").decode() + ".x.x",
    ],
    ids=lambda text: text[:40],
)
def test_rubbish_is_refused(text: str) -> None:
    refused(text)


@pytest.mark.parametrize(
    "payload", [b"[]", b"5", b"x", b"\xff", b"[" * 100_000, b'{"exp": Infinity}'], ids=lambda p: p[:9]
)
def test_rubbish_is_refused_though_it_is_signed(payload: bytes) -> None:
    refused(jwt.PyJWS().encode(payload, key("one"), "RS256", headers={"kid": "one"}))


def test_the_keys_are_fetched_once() -> None:
    issuer = Issuer("one")
    checked = verifier(issuer)
    for _ in range(3):
        checked.verify(token())
    assert issuer.asked == 1


def test_made_up_key_ids_do_not_make_us_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = Issuer("one")
    checked, moment = verifier(issuer), 1000.0
    monkeypatch.setattr("cartwheel.aws.tokens.time.monotonic", lambda: moment)
    for number in range(5):
        with pytest.raises(Unauthorised):
            checked.verify(token(kid=f"made-up-{number}"))
    checked.verify(token())
    assert issuer.asked == 1
    moment += REFRESH
    with pytest.raises(Unauthorised):
        checked.verify(token(kid="made-up"))
    assert issuer.asked == 2


def test_a_new_key_of_the_issuer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = Issuer("one")
    checked, moment = verifier(issuer), 0.0
    monkeypatch.setattr("cartwheel.aws.tokens.time.monotonic", lambda: moment)
    checked.verify(token())
    issuer.names = ("two",)
    with pytest.raises(Unauthorised):
        checked.verify(token("two"))
    moment += REFRESH
    assert checked.verify(token("two"))["sub"] == "alice"
    with pytest.raises(Unauthorised):
        checked.verify(token("one"))


def test_while_the_issuer_is_silent_known_keys_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = Issuer("one")
    checked, moment = verifier(issuer), 0.0
    monkeypatch.setattr("cartwheel.aws.tokens.time.monotonic", lambda: moment)
    issuer.names = None
    for _ in range(2):
        with pytest.raises(Busy):
            checked.verify(token())
    assert issuer.asked == 2, "without any key, every caller may try"
    issuer.names = ("one",)
    checked.verify(token())
    issuer.names, moment = None, moment + REFRESH
    with pytest.raises(Busy):
        checked.verify(token("two"))
    with pytest.raises(Unauthorised):
        checked.verify(token("two"))
    assert issuer.asked == 4
    checked.verify(token())


def test_the_keys_come_from_below_the_issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert key_url(ISSUER) == f"{ISSUER}/.well-known/jwks.json"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566/")
    assert key_url(ISSUER) == f"http://127.0.0.1:4566{JWKS_PATH}"


def test_the_keys_are_read_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [{"kty": "EC", "kid": "curve"}, {"kty": "RSA"}, 5, {"kid": ["x"]}]
    with key_server({"keys": [*others, *jwks("one")["keys"]]}) as (url, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        checked = Verifier(ISSUER, CLIENT, key_url(ISSUER))
        assert checked.verify(token())["sub"] == "alice"
        assert asked == [JWKS_PATH]


@pytest.mark.parametrize("document", [None, [], "x"], ids=repr)
def test_an_answer_without_keys_is_an_error(document: Any) -> None:
    with key_server(document) as (url, _), pytest.raises((OSError, ValueError)):
        fetch(url)


def test_an_issuer_that_is_not_there_is_an_error() -> None:
    with pytest.raises(OSError):
        fetch("http://127.0.0.1:1/")
