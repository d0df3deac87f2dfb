"""Tokens: only this shop's own, unaltered, in time and for this purpose."""

import base64
import hmac
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from cartwheel.kernel.caller import GROUPS, Caller
from cartwheel.kernel.errors import Unauthorised
from cartwheel.kernel.settings import Settings
from cartwheel.local import identity
from cartwheel.local.identity import KEY_FILE, SECRETS_FILE, Signer, with_secrets


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer(tmp_path_factory.mktemp("signer"))


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {"sub": "alice", "iss": "cartwheel", "aud": "cartwheel", "iat": now, "exp": now + 60} | changes
    return {name: value for name, value in made.items() if value is not None}


def signed(signer: Signer, **changes: Any) -> str:
    """By our own key, whatever the claims are."""
    payload = json.dumps(claims(**changes)).encode()
    return jwt.api_jws.encode(payload, signer._key, algorithm="RS256")


def caller(verified: dict[str, str]) -> Caller:
    return Caller.of({"requestContext": {"authorizer": {"jwt": {"claims": verified}}}})


def test_a_token_says_who_and_in_which_groups(signer: Signer) -> None:
    who = caller(signer.verify(signer.token("alice", ["staff", "buyers"], 60)))
    assert (who.subject, set(who.groups), who.is_staff) == ("alice", {"staff", "buyers"}, True)
    assert not caller(signer.verify(signer.token("bob", [], 60))).is_staff


def test_claims_are_text_as_the_gateway_hands_them_on(signer: Signer) -> None:
    verified = signer.verify(signed(signer, **{GROUPS: ["staff", "admin"]}))
    assert verified[GROUPS] == "[staff admin]"
    assert all(isinstance(value, str) for value in verified.values())


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 1},
        {"exp": None},
        {"exp": "soon"},
        {"sub": None},
        {"sub": 5},
        {"aud": "another shop"},
        {"aud": None},
        {"iss": "somebody"},
        {"iss": None},
        {"nbf": int(time.time()) + 3600},
    ],
    ids="-".join,  # not the moments: they differ between the processes that share the tests
)
def test_a_token_out_of_time_or_for_another_purpose_is_refused(signer: Signer, changes: dict[str, Any]) -> None:
    token = signed(signer, **changes)
    with pytest.raises(Unauthorised) as raised:
        signer.verify(token)
    assert raised.value.headers["WWW-Authenticate"].startswith("Bearer")


def test_any_changed_character_is_noticed(signer: Signer) -> None:
    token = signer.token("alice", [], 60)
    for position in range(0, len(token), 7):
        other = "A" if token[position] != "A" else "B"
        with pytest.raises(Unauthorised):
            signer.verify(token[:position] + other + token[position + 1 :])


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def test_a_token_without_a_signature_is_refused(signer: Signer) -> None:
    for algorithm in ("none", "None", "NONE", ""):
        for signature in ("", "x"):
            with pytest.raises(Unauthorised):
                signer.verify(f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{encoded(claims())}.{signature}")


def test_the_public_key_is_no_secret_to_sign_with(signer: Signer) -> None:
    public = signer._key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head = f"{encoded({'alg': 'HS256', 'typ': 'JWT'})}.{encoded(claims(**{GROUPS: ['staff']}))}"
    signature = base64.urlsafe_b64encode(hmac.digest(public, head.encode(), "sha256")).decode()
    with pytest.raises(Unauthorised):
        signer.verify(f"{head}.{signature.rstrip('=')}")


def test_another_key_is_not_ours(signer: Signer) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    header = {"jwk": json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": "../../etc/passwd"}
    for headers in (None, header):
        with pytest.raises(Unauthorised):
            signer.verify(jwt.encode(claims(), key, algorithm="RS256", headers=headers))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "..",
        "a.b.c",
        "é.é.é",
        "\x00",
        "a" * 20_000,
        f"{encoded([])}.{encoded([])}.x",
        f"{encoded('x')}.{encoded(5)}.x",
        base64.urlsafe_b64encode(b"[" * 20_000).decode() + ".e30.x",
        base64.urlsafe_b64encode(b'{"alg": ' + b"9" * 5000 + b"}").decode() + ".e30.x",
        base64.urlsafe_b64encode(b"\xff\xfe").decode() + ".e30.x",
    ],
    ids=lambda token: token[:12] or "empty",
)
def test_what_is_no_token_is_refused(signer: Signer, token: str) -> None:
    with pytest.raises(Unauthorised, match="not valid"):
        signer.verify(token)


def test_the_key_is_for_its_owner_alone_and_kept(folder: Path) -> None:
    token = Signer(folder).token("alice", [], 60)
    assert (folder / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert Signer(folder).verify(token)["sub"] == "alice"
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]


def test_two_shops_do_not_know_each_other(folder: Path, signer: Signer) -> None:
    with pytest.raises(Unauthorised):
        Signer(folder).verify(signer.token("alice", ["staff"], 60))


def test_of_several_first_uses_one_key_remains(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`up` and `token` at once on a new folder: what one signs, the other verifies."""
    barrier, make = threading.Barrier(4), identity._new_key

    def all_at_once() -> bytes:
        barrier.wait(10)
        return make()

    monkeypatch.setattr(identity, "_new_key", all_at_once)
    signers: list[Signer] = []
    threads = [threading.Thread(target=lambda: signers.append(Signer(folder))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    token = signers[0].token("alice", [], 60)
    assert [signer.verify(token)["sub"] for signer in signers] == ["alice"] * 4


def test_secrets_are_made_once_and_are_secret(folder: Path) -> None:
    made = with_secrets(Settings(), folder)
    assert len({made.seal_key, made.webhook_secret, Settings().seal_key, Settings().webhook_secret}) == 4
    assert with_secrets(Settings(), folder) == made
    assert (folder / SECRETS_FILE).stat().st_mode & 0o777 == 0o600


def test_a_secret_that_is_set_is_taken(folder: Path) -> None:
    own = with_secrets(Settings(webhook_secret="own"), folder)
    assert own.webhook_secret == "own"
    assert own.seal_key == with_secrets(Settings(), folder).seal_key != Settings().seal_key


def test_a_key_of_another_kind_is_refused(folder: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / KEY_FILE).write_bytes(private)
    os.chmod(folder / KEY_FILE, 0o600)
    with pytest.raises(TypeError, match="RSA"):
        Signer(folder)
