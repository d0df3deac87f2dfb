"""What boto3 sees: a life with the pool, from signing up to leaving."""

from typing import Any

import jwt
import pytest
from botocore.exceptions import ClientError

from cartwheel.local.identity import CLIENT_ID, ISSUER
from tests.support.running import RunningShop

from .people import NEW_PASSWORD, PASSWORD, Person


def refusal(call: Any, *arguments: Any, **parameters: Any) -> str:
    """The code of the error that boto3 raises."""
    with pytest.raises(ClientError) as raised:
        call(*arguments, **parameters)
    return str(raised.value.response["Error"]["Code"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def reads_orders(person: Person, token: str) -> int:
    return person.shop.http.get(f"{person.shop.url}/orders", headers=bearer(token)).status_code


def test_sign_up_confirm_sign_in(person: Person) -> None:
    asked = person.sign_up()
    assert asked["UserConfirmed"] is False
    assert asked["CodeDeliveryDetails"] == {
        "Destination": "p***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }
    assert refusal(person.sign_in) == "UserNotConfirmedException"
    person.confirm()
    tokens = person.sign_in()
    assert (tokens["ExpiresIn"], tokens["TokenType"]) == (3600, "Bearer")
    assert person.client.get_user(AccessToken=tokens["AccessToken"])["Username"] == asked["UserSub"]
    assert reads_orders(person, tokens["AccessToken"]) == reads_orders(person, tokens["IdToken"]) == 200


def test_pyjwt_verifies_the_tokens_with_the_published_keys(person: Person) -> None:
    tokens = person.joined()
    keys = jwt.PyJWKClient(f"{person.shop.url}/local_cartwheel/.well-known/jwks.json")
    identity = jwt.decode(
        tokens["IdToken"],
        keys.get_signing_key_from_jwt(tokens["IdToken"]).key,
        algorithms=["RS256"],
        audience=CLIENT_ID,
        issuer=ISSUER,
    )
    access = jwt.decode(
        tokens["AccessToken"],
        keys.get_signing_key_from_jwt(tokens["AccessToken"]).key,
        algorithms=["RS256"],
        issuer=ISSUER,
    )
    assert (identity["token_use"], identity["email"], identity["email_verified"]) == ("id", person.email, True)
    assert (access["token_use"], access["client_id"], access["username"]) == ("access", CLIENT_ID, access["sub"])
    assert identity["sub"] == access["sub"] == identity["cognito:username"]
    assert identity["origin_jti"] == access["origin_jti"]
    assert identity["jti"] != access["jti"]
    assert "email" not in access
    assert access["exp"] - access["iat"] == 3600


def test_the_configuration_leads_to_the_keys(shop: RunningShop) -> None:
    document = shop.http.get(f"{shop.url}/local_cartwheel/.well-known/openid-configuration").json()
    assert document["issuer"] == ISSUER
    (key,) = shop.http.get(document["jwks_uri"]).json()["keys"]
    assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")
    assert set(key) == {"kty", "alg", "use", "kid", "n", "e"}


def test_a_refresh_token_brings_new_tokens_of_the_same_sign_in(person: Person) -> None:
    first = person.joined()
    second = person.refresh(first["RefreshToken"])
    assert "RefreshToken" not in second
    before, after = (jwt.decode(each["AccessToken"], options={"verify_signature": False}) for each in (first, second))
    assert {name for name in before if before[name] != after.get(name)} <= {"jti", "event_id", "iat", "exp"}
    assert before["jti"] != after["jti"]
    assert refusal(person.refresh, "x" * 40) == "NotAuthorizedException"
    assert refusal(person.refresh, first["AccessToken"]) == "NotAuthorizedException"


def test_a_forgotten_password_is_replaced_and_ends_every_sign_in(person: Person) -> None:
    old = person.joined()
    person.forget()
    assert refusal(person.reset, code=person.wrong_code("code-reset")) == "CodeMismatchException"
    assert refusal(person.reset, "short") == "InvalidPasswordException"
    person.reset()
    assert refusal(person.sign_in) == "NotAuthorizedException"
    assert refusal(person.refresh, old["RefreshToken"]) == "NotAuthorizedException"
    assert reads_orders(person, old["AccessToken"]) == 401
    assert reads_orders(person, person.sign_in(NEW_PASSWORD)["AccessToken"]) == 200
    assert refusal(person.reset) == "CodeMismatchException"  # a code is for once


def test_a_changed_password_ends_every_other_sign_in(person: Person) -> None:
    other, own = person.joined(), person.sign_in()
    change = person.client.change_password
    wrong = {"PreviousPassword": NEW_PASSWORD, "ProposedPassword": NEW_PASSWORD, "AccessToken": own["AccessToken"]}
    assert refusal(change, **wrong) == "NotAuthorizedException"
    assert refusal(change, **{**wrong, "ProposedPassword": "short"}) == "InvalidPasswordException"
    change(**{**wrong, "PreviousPassword": PASSWORD})
    assert refusal(person.sign_in) == "NotAuthorizedException"
    assert refusal(person.refresh, other["RefreshToken"]) == "NotAuthorizedException"
    assert (reads_orders(person, other["AccessToken"]), reads_orders(person, own["AccessToken"])) == (401, 200)
    person.sign_in(NEW_PASSWORD)


def test_signing_out_everywhere_ends_all_tokens_at_once(person: Person) -> None:
    one, two = person.joined(), person.sign_in()
    person.client.global_sign_out(AccessToken=one["AccessToken"])
    for tokens in (one, two):
        assert refusal(person.refresh, tokens["RefreshToken"]) == "NotAuthorizedException"
        assert refusal(person.client.get_user, AccessToken=tokens["AccessToken"]) == "NotAuthorizedException"
        assert reads_orders(person, tokens["AccessToken"]) == reads_orders(person, tokens["IdToken"]) == 401
    assert reads_orders(person, person.sign_in()["AccessToken"]) == 200


def test_a_revoked_refresh_token_ends_its_sign_in_and_no_other(person: Person) -> None:
    one, two = person.joined(), person.sign_in()
    for _ in range(2):
        person.client.revoke_token(Token=one["RefreshToken"], ClientId=CLIENT_ID)
    assert refusal(person.refresh, one["RefreshToken"]) == "NotAuthorizedException"
    assert (reads_orders(person, one["AccessToken"]), reads_orders(person, two["AccessToken"])) == (401, 200)
    revoke = person.client.revoke_token
    assert refusal(revoke, Token=two["AccessToken"], ClientId=CLIENT_ID) == "UnsupportedTokenTypeException"


def test_names_can_be_set_and_nothing_else(person: Person) -> None:
    token = person.joined()["AccessToken"]
    update = person.client.update_user_attributes
    update(AccessToken=token, UserAttributes=[{"Name": "given_name", "Value": "Zoë"}])
    attributes = person.client.get_user(AccessToken=token)["UserAttributes"]
    assert {"Name": "given_name", "Value": "Zoë"} in attributes
    for name in ("email", "sub", "email_verified", "cognito:groups", "custom:role"):
        asked = {"AccessToken": token, "UserAttributes": [{"Name": name, "Value": "x@example.com"}]}
        assert refusal(update, **asked) == "InvalidParameterException"


def test_who_leaves_is_gone_from_the_file(person: Person) -> None:
    tokens = person.joined()
    person.client.delete_user(AccessToken=tokens["AccessToken"])
    assert refusal(person.sign_in) == "NotAuthorizedException"
    assert reads_orders(person, tokens["AccessToken"]) == 401
    for path in person.shop.folder.glob("identity.sqlite*"):
        assert person.email.encode() not in path.read_bytes(), path
    person.sign_up()  # the address is free again


def test_an_admin_can_look_join_disable_and_end(person: Person) -> None:
    before = person.joined()
    assert person.operate("AdminGetUser").json()["UserStatus"] == "CONFIRMED"
    person.operate("AdminAddUserToGroup", GroupName="staff").raise_for_status()
    groups = person.operate("AdminListGroupsForUser").json()["Groups"]
    assert [group["GroupName"] for group in groups] == ["staff"]
    staff = person.refresh(before["RefreshToken"])["AccessToken"]
    claims = jwt.decode(staff, options={"verify_signature": False})
    assert claims["cognito:groups"] == ["staff"]
    person.shop.get("/_host/queues", bearer(staff))
    person.operate("AdminRemoveUserFromGroup", GroupName="staff").raise_for_status()
    assert reads_orders(person, staff) == 401
    person.sign_in()
    person.operate("AdminDisableUser").raise_for_status()
    assert refusal(person.sign_in) == "NotAuthorizedException"
    person.operate("AdminEnableUser").raise_for_status()
    again = person.sign_in()
    person.operate("AdminUserGlobalSignOut").raise_for_status()
    assert reads_orders(person, again["AccessToken"]) == 401
    assert person.operate("AdminAddUserToGroup", GroupName="kings").json()["__type"] == "ResourceNotFoundException"
    person.operate("AdminDeleteUser").raise_for_status()
    assert person.operate("AdminGetUser").json()["__type"] == "UserNotFoundException"
