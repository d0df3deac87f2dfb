"""Tokens: only this shop's own, unaltered, in time and for this purpose."""

import base64
import hmac
import json
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
from cartwheel.local.identity import CLIENT_ID, ISSUER, SECRETS_FILE, Signer, with_secrets
from cartwheel.local.userpool.keys import FILE, Key


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer(tmp_path_factory.mktemp("signer"))


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {
        "sub": "alice",
        "iss": ISSUER,
        "client_id": CLIENT_ID,
        "token_use": "access",
        "iat": now,
        "exp": now + 60,
    } | changes
    return {name: value for name, value in made.items() if value is not None}


def signed(signer: Signer, **changes: Any) -> str:
    """By our own key, whatever the claims are."""
    payload, key = json.dumps(claims(**changes)).encode(), newest(signer)
    return jwt.api_jws.encode(payload, key.private, algorithm="RS256", headers={"kid": key.kid})


def newest(signer: Signer) -> Key:
    return signer.ring.all()[-1]


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
        {"client_id": "another shop"},
        {"client_id": None},
        {"aud": "another shop", "token_use": "id"},
        {"aud": ["another shop"]},
        {"token_use": "refresh"},
        {"iss": "somebody"},
        {"iss": f"{ISSUER}2"},
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
            head = {"alg": algorithm, "typ": "JWT", "kid": newest(signer).kid}
            with pytest.raises(Unauthorised):
                signer.verify(f"{encoded(head)}.{encoded(claims())}.{signature}")


def test_the_public_key_is_no_secret_to_sign_with(signer: Signer) -> None:
    public = (
        newest(signer)
        .private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    head = (
        f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': newest(signer).kid})}.{encoded(claims(**{GROUPS: ['staff']}))}"
    )
    signature = base64.urlsafe_b64encode(hmac.digest(public, head.encode(), "sha256")).decode()
    with pytest.raises(Unauthorised):
        signer.verify(f"{head}.{signature.rstrip('=')}")


def test_another_key_is_not_ours(signer: Signer) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    header = {"jwk": json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": "../../etc/passwd"}
    for headers in (None, header, {"kid": newest(signer).kid}, {"kid": "another"}):
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
    assert (folder / FILE).stat().st_mode & 0o777 == 0o600
    assert Signer(folder).verify(token)["sub"] == "alice"
    assert [path.name for path in folder.iterdir()] == [FILE]


def test_two_shops_do_not_know_each_other(folder: Path, signer: Signer) -> None:
    with pytest.raises(Unauthorised):
        Signer(folder).verify(signer.token("alice", ["staff"], 60))


def test_of_several_first_uses_one_key_remains(folder: Path) -> None:
    """`up` and `token` at once on a new folder: what one signs, the other verifies."""
    barrier = threading.Barrier(4)
    signers: list[Signer] = []

    def use() -> None:
        barrier.wait(10)
        signers.append(Signer(folder))

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    token = signers[0].token("alice", [], 60)
    assert [signer.verify(token)["sub"] for signer in signers] == ["alice"] * 4


def test_an_old_key_verifies_until_its_last_token_has_expired(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, others = Signer(folder), Signer(folder)
    long, now = mine.token("alice", [], 30 * 86400), time.time()
    first = newest(mine).kid
    others.ring.rotate()
    assert mine.verify(long)["sub"] == "alice"
    assert jwt.get_unverified_header(mine.token("bob", [], 60))["kid"] != first
    monkeypatch.setattr(time, "time", lambda: now + 29 * 86400)
    mine.ring.rotate()
    assert mine.ring.find(first)
    monkeypatch.setattr(time, "time", lambda: now + 32 * 86400)
    mine.ring.rotate()
    assert mine.ring.find(first) is None


def test_a_key_that_has_served_for_three_months_is_replaced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signer, now = Signer(folder), time.time()
    first = newest(signer).kid
    monkeypatch.setattr(time, "time", lambda: now + 89 * 86400)
    signer.token("alice", [], 60)
    assert newest(signer).kid == first
    monkeypatch.setattr(time, "time", lambda: now + 91 * 86400)
    signer.token("alice", [], 60)
    assert newest(signer).kid != first


def test_after_a_leak_every_token_is_refused(folder: Path) -> None:
    signer = Signer(folder)
    token = signer.token("alice", ["staff"], 60)
    Signer(folder).ring.revoke()
    with pytest.raises(Unauthorised, match="not its issuer's"):
        signer.verify(token)


def test_a_sign_in_that_has_ended_is_no_longer_good(folder: Path) -> None:
    signer = Signer(folder)
    token = signer.token("alice", [], 60)
    ended = signer.verify(token)["origin_jti"]
    signer.is_ended = lambda origin: origin == ended
    with pytest.raises(Unauthorised, match="revoked"):
        signer.verify(token)
    signer.verify(signer.token("alice", [], 60))


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
    (folder / FILE).write_text(json.dumps([{"kid": "1", "created": 0, "until": 0, "pem": private.decode()}]))
    with pytest.raises(TypeError, match="RSA"):
        Signer(folder)
