"""The faults that the rules about accounts, tokens and secrets must notice."""

from typing import Final

from .faults import Break, drop, of, put, whole

USERS: Final[dict[str, list[Break]]] = {
    "users.groups_are_those_that_routes_ask_for": [
        lambda t: drop(t, "StaffGroup"),
        lambda t: put(of(t, "AdminGroup"), "GroupName", "owner"),
    ],
    "users.shoppers_sign_up_by_an_address_that_is_theirs": [
        lambda t: of(t, "UserPool").pop("AutoVerifiedAttributes"),
        lambda t: put(of(t, "UserPool"), "AdminCreateUserConfig.AllowAdminCreateUserOnly", True),
    ],
    "users.the_pool_calls_what_the_map_has_for_it": [
        lambda t: put(of(t, "UserPool"), "LambdaConfig", {}),
        lambda t: put(of(t, "UserPool"), "LambdaConfig.PreSignUp", "another"),
    ],
    "users.passwords_are_long": [lambda t: put(of(t, "UserPool"), "Policies.PasswordPolicy.MinimumLength", 6)],
    "users.clients_tell_nobody_who_has_an_account": [
        lambda t: of(t, "UserPoolClient").pop("PreventUserExistenceErrors"),
        lambda t: put(of(t, "UserPoolClient"), "GenerateSecret", True),
    ],
    "users.secrets_are_made_where_they_stay": [
        lambda t: put(whole(t, "SealKey"), "Properties", {"SecretString": "hush"}),
        lambda t: put(of(t, "SealKey"), "GenerateSecretString.PasswordLength", 8),
    ],
}
