"""Who has no business here learns nothing by asking."""

import json
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import jwt
import pytest
from botocore.session import Session
from cryptography.hazmat.primitives.asymmetric import rsa

from cartwheel.local.identity import CLIENT_ID, Signer
from tests.support.running import RunningShop

from .people import NEW_PASSWORD, PASSWORD, Person, somewhere
from .test_session import bearer, reads_orders, refusal


def answer(shop: RunningShop, operation: str, body: Any, **headers: str) -> httpx.Response:
    """From anywhere."""
    target = {"X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}", **somewhere(), **headers}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return shop.http.post(f"{shop.url}/", content=content, headers=target)


def told(response: httpx.Response) -> tuple[int, dict[str, Any]]:
    return response.status_code, response.json()


def test_nobody_and_a_wrong_password_get_the_same_answer_in_the_same_time(person: Person) -> None:
    person.joined()
    times: dict[str, list[float]] = {person.email: [], "nobody@example.com": []}
    answers = set()
    for _ in range(4):  # a fifth would lock them
        for name, taken in times.items():
            parameters = {"USERNAME": name, "PASSWORD": NEW_PASSWORD}
            body = {"ClientId": CLIENT_ID, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
            started = time.perf_counter()
            answers.add(answer(person.shop, "InitiateAuth", body).text)
            taken.append(time.perf_counter() - started)
    assert len(answers) == 1
    known, unknown = (median(taken) for taken in times.values())
    assert 0.5 < known / unknown < 2


@pytest.mark.parametrize("operation", ["ForgotPassword", "ResendConfirmationCode"])
def test_asking_for_a_code_tells_nobody_who_has_an_account(person: Person, operation: str) -> None:
    person.joined()
    stranger = Person(person.shop)
    body = {"ClientId": CLIENT_ID}
    known, unknown = (
        told(answer(person.shop, operation, body | {"Username": each.email})) for each in (person, stranger)
    )
    assert known == unknown
    assert known[0] == 200
    assert stranger.mails() == []


def test_wrong_codes_tell_nobody_who_has_an_account(person: Person) -> None:
    person.joined()
    stranger = Person(person.shop)
    for each in (person, stranger):
        assert refusal(each.confirm, "1234567") == "CodeMismatchException"
        assert refusal(each.reset, code="1234567") == "CodeMismatchException"


def test_signing_up_again_tells_only_the_owner(person: Person) -> None:
    first = person.sign_up()
    second = person.sign_up()
    assert first["UserSub"] != second["UserSub"]
    person.confirm()
    third = person.sign_up(NEW_PASSWORD)
    assert third.keys() == first.keys()
    assert third["CodeDeliveryDetails"] == first["CodeDeliveryDetails"]
    assert person.mails()[0]["kind"] == "account-known"
    assert refusal(person.sign_in, NEW_PASSWORD) == "NotAuthorizedException"
    token = person.sign_in()["AccessToken"]
    assert person.client.get_user(AccessToken=token)["Username"] == second["UserSub"]


def test_nobody_can_lay_a_password_under_an_address_before_its_owner_comes(person: Person) -> None:
    person.sign_up("Attackers-own-1-password")
    person.sign_up()
    person.confirm()
    assert refusal(person.sign_in, "Attackers-own-1-password") == "NotAuthorizedException"
    person.sign_in()


def test_a_code_is_worn_out_by_five_wrong_ones(person: Person) -> None:
    person.sign_up()
    code, wrong = person.code("code-confirm"), person.wrong_code("code-confirm")
    for _ in range(5):
        assert refusal(person.confirm, wrong) == "CodeMismatchException"
    assert refusal(person.confirm, code) == "CodeMismatchException"
    person.client.resend_confirmation_code(ClientId=CLIENT_ID, Username=person.email)
    person.confirm()
    person.confirm()  # an answer that was lost can be had again


def test_one_name_gets_five_mails_and_ten_tries_at_codes(person: Person) -> None:
    for _ in range(5):
        person.forget()
    assert refusal(person.forget) == "LimitExceededException"
    for _ in range(10):
        assert refusal(person.confirm, "000000") == "CodeMismatchException"
    assert refusal(person.confirm, "000000") == "LimitExceededException"


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(person: Person) -> None:
    person.joined()
    for _ in range(5):
        assert refusal(person.sign_in, NEW_PASSWORD) == "NotAuthorizedException"
    started = time.monotonic()
    with pytest.raises(person.client.exceptions.NotAuthorizedException, match="Password attempts exceeded"):
        person.sign_in()
    while time.monotonic() - started < 5:
        try:
            person.sign_in()
            break
        except person.client.exceptions.NotAuthorizedException:
            time.sleep(0.1)
    assert 0.5 < time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("password", "what"),
    [
        ("Short-1", "not long enough"),
        ("correct-horse-7-battery", "uppercase"),
        ("CORRECT-HORSE-7-BATTERY", "lowercase"),
        ("Correct-horse-battery", "numeric"),
        ("Correcthorse7battery", "symbol"),
    ],
)
def test_passwords_are_of_four_kinds(person: Person, password: str, what: str) -> None:
    with pytest.raises(person.client.exceptions.InvalidPasswordException, match=what):
        person.sign_up(password)


@pytest.mark.parametrize(
    ("operation", "body", "kind"),
    [
        ("SignUp", {"ClientId": "another", "Username": "a@b.c", "Password": PASSWORD}, "ResourceNotFoundException"),
        ("SignUp", {"ClientId": CLIENT_ID, "Username": "ann", "Password": PASSWORD}, "InvalidParameterException"),
        ("SignUp", {"ClientId": CLIENT_ID, "Username": "a@b.c\n", "Password": PASSWORD}, "InvalidParameterException"),
        ("SignUp", {"ClientId": CLIENT_ID, "Username": "a,b@c.d", "Password": PASSWORD}, "InvalidParameterException"),
        ("SignUp", {"ClientId": CLIENT_ID}, "InvalidParameterException"),
        ("SignUp", [], "InvalidParameterException"),
        ("SignUp", b"{", "SerializationException"),
        ("SignUp", b"[" * 50_000, "SerializationException"),
        ("SignUp", b"\xff", "SerializationException"),
        ("SignUp", b'"' + b"x" * 70_000 + b'"', "InvalidParameterException"),
        ("InitiateAuth", {"ClientId": CLIENT_ID, "AuthFlow": "USER_SRP_AUTH"}, "InvalidParameterException"),
        ("InitiateAuth", {"ClientId": CLIENT_ID, "AuthFlow": "USER_PASSWORD_AUTH"}, "InvalidParameterException"),
        ("GetUser", {"AccessToken": "x"}, "NotAuthorizedException"),
        ("SetRiskConfiguration", {}, "UnknownOperationException"),
        ("", {}, "UnknownOperationException"),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_in_cognitos_form(shop: RunningShop, operation: str, body: Any, kind: str) -> None:
    response = answer(shop, operation, body)
    assert (response.status_code, response.json()["__type"], response.headers["x-amzn-errortype"]) == (400, kind, kind)
    assert response.headers["content-type"] == "application/x-amz-json-1.1"
    assert PASSWORD not in response.text


def test_an_attribute_may_not_claim_another_address(person: Person) -> None:
    attributes = [{"Name": "email", "Value": "another@example.com"}]
    sign_up = person.client.sign_up
    asked = {"ClientId": CLIENT_ID, "Username": person.email, "Password": PASSWORD}
    assert refusal(sign_up, **asked, UserAttributes=attributes) == "InvalidParameterException"
    assert refusal(sign_up, **asked, UserAttributes=[{"Name": "email_verified", "Value": "true"}])


def test_operators_calls_take_an_admins_token(person: Person) -> None:
    """And not AWS's signature, which anybody can make."""
    body = {"UserPoolId": "local_cartwheel", "Username": person.email, "GroupName": "admin"}
    customer = person.joined()["AccessToken"]
    staff = person.shop.signer.token("staff", ["staff"], 60)
    for headers in ({}, bearer(customer), bearer(staff), bearer("x.y.z")):
        response = answer(person.shop, "AdminAddUserToGroup", body, **headers)
        assert told(response)[1]["__type"] == "AccessDeniedException"
    signing = Session()
    signing.set_credentials("any", "credentials")
    signed = signing.create_client("cognito-idp", region_name="eu-central-1", endpoint_url=person.shop.url)
    assert refusal(signed.admin_add_user_to_group, **body) == "AccessDeniedException"
    assert person.operate("AdminListGroupsForUser").json()["Groups"] == []


def test_codes_are_for_admins_alone(shop: RunningShop) -> None:
    headers = bearer(shop.signer.token("staff", ["staff"], 60))
    assert shop.http.get(f"{shop.url}/_host/mailbox", headers=headers).status_code == 403
    assert shop.http.get(f"{shop.url}/_host/mailbox").status_code == 401


def test_tokens_that_are_not_the_pools_own_are_refused(person: Person, tmp_path: Path) -> None:
    """By the gateway and by the pool itself."""
    good = person.joined()["AccessToken"]
    head, claims = jwt.get_unverified_header(good), jwt.decode(good, options={"verify_signature": False})
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ours = person.shop.signer.ring.all()[-1].private
    payload, signature = good.split(".")[1:]
    forged = {
        "tampered": _changed(good),
        "foreign key, our kid": jwt.encode(claims, key, "RS256", headers={"kid": head["kid"]}),
        "foreign key": jwt.encode(claims, key, "RS256", headers={"kid": "another"}),
        "of another shop": Signer(tmp_path).token(claims["sub"], ["staff"], 60),
        "alg none": f"{_part({**head, 'alg': 'none'})}.{payload}.",
        "alg none, signed": f"{_part({**head, 'alg': 'none'})}.{payload}.{signature}",
        "expired": jwt.encode({**claims, "exp": 1}, ours, "RS256", headers={"kid": head["kid"]}),
        "another client": jwt.encode({**claims, "client_id": "x"}, ours, "RS256", headers={"kid": head["kid"]}),
        "another issuer": jwt.encode({**claims, "iss": "x"}, ours, "RS256", headers={"kid": head["kid"]}),
    }
    assert reads_orders(person, good) == 200
    assert {name: reads_orders(person, token) for name, token in forged.items()} == dict.fromkeys(forged, 401)
    for token in forged.values():
        assert refusal(person.client.get_user, AccessToken=token) == "NotAuthorizedException"


def test_an_id_token_is_no_access_token_to_the_pool(person: Person) -> None:
    tokens = person.joined()
    assert refusal(person.client.get_user, AccessToken=tokens["IdToken"]) == "NotAuthorizedException"


def test_the_file_is_for_its_owner_alone_and_no_secret_is_in_the_logs(person: Person) -> None:
    tokens = person.joined()
    code = person.code("code-confirm")
    for path in person.shop.folder.glob("identity*"):
        assert path.stat().st_mode & 0o077 == 0, path
    stored = b"".join(path.read_bytes() for path in person.shop.folder.glob("identity.sqlite*"))
    assert PASSWORD.encode() not in stored
    assert tokens["RefreshToken"].encode() not in stored
    logs = "".join(path.read_text() for path in (person.shop.folder / "logs").glob("*"))
    assert [secret for secret in (PASSWORD, code, person.email, tokens["AccessToken"]) if secret in logs] == []


def _changed(token: str) -> str:
    head, payload, signature = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False}) | {"cognito:groups": ["admin"]}
    assert payload
    return f"{head}.{_part(claims)}.{signature}"


def _part(document: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")
