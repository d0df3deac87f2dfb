"""The witness: sees every answer and every log line, and knows whose data each may carry."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from cartwheel.app import APP
from cartwheel.kernel.openapi import document
from cartwheel.kernel.router import Router
from tests.support.client import Answer

ROUTER: Final = Router(document(APP))
MARK: Final = re.compile("mark-[0-9]{6}")
ID: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Asked:
    """A request that can be told from all others: what it is about has its story's mark in it.

    `function` is who answers, None for the gateway itself. `holds` looks at the answer's document. The answer to a
    `shared` request is about what belongs to nobody, such as all categories.
    """

    mark: str
    correlation: str
    method: str
    path: str
    statuses: frozenset[int] = frozenset({200})
    function: str | None = None
    holds: Callable[[Any], bool] = lambda _: True
    shared: bool = False


@dataclass
class Witness:
    """`owners` are the stories of the ids that the shop minted: in whose answer each was seen first."""

    seen: dict[str, tuple[Asked, Answer]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    requests: set[str] = field(default_factory=set)

    def look_at(self, asked: Asked, answer: Answer) -> list[str]:
        """What is wrong with the answer to this request."""
        self.seen[asked.correlation] = (asked, answer)
        request_id = answer.headers.get("x-request-id", "")
        faults = []
        if answer.status not in asked.statuses:
            faults.append(f"status {answer.status}: {answer.body!r}")
        elif answer.status < 300 and not asked.holds(answer.json if answer.body else None):
            faults.append(f"not what was asked for: {answer.body!r}")
        if not ID.fullmatch(request_id) or request_id in self.requests:
            faults.append(f"request id {request_id!r} missing, or another request's")
        self.requests.add(request_id)
        if not asked.shared:
            told = answer.body.decode() + "".join(f"{name}:{value}\n" for name, value in answer.headers.items())
            faults += self._foreign(asked.mark, told.replace(request_id, ""))
        return [f"{asked.method} {asked.path} of {asked.mark}: {fault}" for fault in faults]

    def look_through(self, lines: Iterable[dict[str, Any]]) -> list[str]:
        """What is wrong with the log: a line for each request, with its own route and ids, and no other's."""
        faults, answered = [], Counter[str]()
        for line in lines:
            if line.get("correlationId") not in self.seen:
                faults += [f"nobody's line: {line}"] if line["message"] == "answered" else []
                continue
            asked, answer = self.seen[line["correlationId"]]
            if line["message"] == "answered":
                answered[asked.correlation] += 1
                faults += _differences(asked, answer, line)
            elif line["message"] != "delivery failed":
                faults += self._foreign(asked.mark, line.get("subject") or line.get("orderId", ""))
            faults += self._foreign(asked.mark, " ".join(MARK.findall(str(line))))
        expected = Counter({key: 1 for key, (asked, _) in self.seen.items() if asked.function})
        return faults + [
            f"logged {answered[key]} times: {key}" for key in answered | expected if answered[key] != expected[key]
        ]

    def _foreign(self, mark: str, text: str) -> list[str]:
        others = {found: found for found in MARK.findall(text)}
        others |= {found: self.owners.setdefault(found, mark) for found in ID.findall(text)}
        return [f"carries {found} of {owner}" for found, owner in others.items() if owner != mark]


def _differences(asked: Asked, answer: Answer, line: dict[str, Any]) -> list[str]:
    wanted = {
        "log": asked.function,
        "function": asked.function,
        "route": ROUTER.find(asked.method, asked.path.partition("?")[0])[0].key,
        "status": answer.status,
        "requestId": answer.headers["x-request-id"],
    }
    return [f"{name} of {asked.correlation} is {line.get(name)!r}" for name in wanted if line.get(name) != wanted[name]]
