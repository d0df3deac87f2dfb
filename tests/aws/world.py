"""Doubles of AWS's services that do what a test tells them, and remember what they were asked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.support.shop import Context

CONTEXT = Context("a-function")

Asked = dict[str, Any]


def refusal(code: str, operation: str = "Operation") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "not now"}}, operation)


@dataclass
class Service:
    """Any method is a call that is remembered and answered by `answers`, a function for each method."""

    answers: dict[str, Callable[..., Any]] = field(default_factory=dict)
    asked: list[tuple[str, Asked]] = field(default_factory=list)

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            self.asked.append((method, request))
            return self.answers[method](**request)

        return call

    def requests(self, method: str) -> list[Asked]:
        return [request for name, request in self.asked if name == method]


@dataclass
class Clients:
    """The services by name; asking for one that the test did not expect is an error."""

    services: dict[str, Service] = field(default_factory=dict)

    def client(self, name: str) -> Service:
        return self.services[name]

    def add(self, name: str, **answers: Callable[..., Any]) -> Service:
        self.services[name] = Service(answers)
        return self.services[name]
