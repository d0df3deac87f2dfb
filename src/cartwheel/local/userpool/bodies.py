"""What the calls are asked with: the parameters that the pool uses, by Cognito's names; others are ignored."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

Name = Annotated[str, Field(min_length=1, max_length=254)]
Password = Annotated[str, Field(min_length=1, max_length=256, repr=False)]
Token = Annotated[str, Field(min_length=1, max_length=8192, repr=False)]
Code = Annotated[str, Field(min_length=1, max_length=64, repr=False)]


class Body(BaseModel):
    """A call's document."""

    model_config = ConfigDict(alias_generator=to_pascal, extra="ignore", frozen=True, hide_input_in_errors=True)


class Attribute(Body):
    name: Annotated[str, Field(min_length=1, max_length=32)]
    value: Annotated[str, Field(max_length=254, repr=False)] = ""


class OfClient(Body):
    """A call of an application, which says which one it is."""

    client_id: str


class OfName(OfClient):
    username: Name


class SigningUp(OfName):
    password: Password
    user_attributes: Annotated[list[Attribute], Field(max_length=20)] = []


class Confirming(OfName):
    confirmation_code: Code


class Resetting(Confirming):
    password: Password


class SigningIn(OfClient):
    auth_flow: str
    auth_parameters: Annotated[dict[str, Annotated[str, Field(max_length=8192)]], Field(repr=False)] = {}


class Revoking(OfClient):
    token: Token


class OfToken(Body):
    """A call of somebody who is signed in."""

    access_token: Token


class Changing(OfToken):
    previous_password: Password
    proposed_password: Password


class Updating(OfToken):
    user_attributes: Annotated[list[Attribute], Field(max_length=20)]


class OfPool(Body):
    """A call of an operator."""

    user_pool_id: str


class OfAccount(OfPool):
    username: Name


class OfMember(OfAccount):
    group_name: str
