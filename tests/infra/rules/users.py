"""Who signs in is who they say, and gives nothing away by trying."""

from collections.abc import Iterator
from typing import Final

from cartwheel.app import APP
from cartwheel.kernel.identity import MIN_PASSWORD
from tests.infra.stage import Stage, differences

POOL: Final = "AWS::Cognito::UserPool"
CLIENT: Final = "AWS::Cognito::UserPoolClient"
GROUPS: Final = ["admin", "staff"]  # whom kernel/http.py asks for


def groups_are_those_that_routes_ask_for(stage: Stage) -> Iterator[str]:
    groups = [(g.get("GroupName"), g.get("UserPoolId")) for g in stage.of("AWS::Cognito::UserPoolGroup").values()]
    if sorted(groups, key=str) != [(name, stage.output("UserPoolId")) for name in GROUPS]:
        yield f"the groups are {groups}"


def shoppers_sign_up_by_an_address_that_is_theirs(stage: Stage) -> Iterator[str]:
    for name, pool in stage.of(POOL).items():
        found = {
            "names": pool.get("UsernameAttributes"),
            "verified": pool.get("AutoVerifiedAttributes"),
            "case": pool.get("UsernameConfiguration", {}).get("CaseSensitive", True),
            "closed": pool.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly", True),
        }
        due = {"names": ["email"], "verified": ["email"], "case": False, "closed": False}
        yield from differences(found, due, f"{name}:")


def the_pool_calls_what_the_map_has_for_it(stage: Stage) -> Iterator[str]:
    due = {each.on: f"{stage.function_id(each.function.name)}.Arn" for each in APP.triggers}
    for name, pool in stage.of(POOL).items():
        yield from differences(pool.get("LambdaConfig", {}), due, f"{name}:")


def passwords_are_long(stage: Stage) -> Iterator[str]:
    for name, pool in stage.of(POOL).items():
        policy = pool.get("Policies", {}).get("PasswordPolicy", {})
        if policy.get("MinimumLength", 0) < MIN_PASSWORD:
            yield f"{name} takes short passwords"


def clients_tell_nobody_who_has_an_account(stage: Stage) -> Iterator[str]:
    """And hold no secret, which a browser could not keep; a token that is revoked is no longer renewed."""
    due = {
        "UserPoolId": stage.output("UserPoolId"),
        "GenerateSecret": False,
        "PreventUserExistenceErrors": "ENABLED",
        "EnableTokenRevocation": True,
    }
    for name, client in stage.of(CLIENT).items():
        yield from differences({key: client.get(key) for key in due}, due, f"{name}:")


def secrets_are_made_where_they_stay(stage: Stage) -> Iterator[str]:
    for name, secret in stage.of("AWS::SecretsManager::Secret").items():
        if secret.get("GenerateSecretString", {}).get("PasswordLength", 0) < 32 or "SecretString" in secret:
            yield f"{name} is not generated, or short"
