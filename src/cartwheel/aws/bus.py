"""The ports `Bus` and `Entrance` on EventBridge, which takes ten entries at once and answers for each of them."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from cartwheel.kernel.bus import Entry, NotTaken, Rejected
from cartwheel.kernel.envelope import MAX_ENTRY_BYTES, Envelope

MAX_ENTRIES: Final = 10
MAX_REQUEST_BYTES: Final = 256 * 1024  # all entries of a request together

Numbered = tuple[int, Envelope]  # with its position among all that is published
Offered = dict[str, str]  # an entry of PutEvents


class EventBridgeBus:
    """See the module's text. `client` is botocore's for EventBridge."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def publish(self, entries: Sequence[Envelope]) -> list[Rejected]:
        rejected: list[Rejected] = []
        fitting: list[tuple[Numbered, int]] = []
        for position, envelope in enumerate(entries):
            size = _size(envelope)
            if size > MAX_ENTRY_BYTES:
                rejected.append(Rejected(position, f"the event has {size} bytes, more than {MAX_ENTRY_BYTES}"))
            else:
                fitting.append(((position, envelope), size))
        for chunk in _chunks(fitting):
            rejected += self._put(chunk)
        return sorted(rejected, key=lambda each: each.position)

    def put(self, entry: Entry) -> str:
        """The id and the time are EventBridge's. Raises NotTaken."""
        offered = self._offer(entry.source, entry.detail_type, entry.detail)
        size = len(_compact(offered).encode())
        if size > MAX_ENTRY_BYTES:
            raise NotTaken(f"the event has {size} bytes, more than {MAX_ENTRY_BYTES}")
        (result,) = self._ask([offered])
        if isinstance(result, Refusal):
            raise NotTaken(result)
        return result

    def _put(self, chunk: list[Numbered]) -> list[Rejected]:
        offered = [self._offer(each.source, each.detail_type, each.detail) | {"Time": each.time} for _, each in chunk]
        return [
            Rejected(position, result)
            for (position, _), result in zip(chunk, self._ask(offered), strict=True)
            if isinstance(result, Refusal)
        ]

    def _ask(self, offered: list[Offered]) -> list[str]:
        """The id that each entry got, or why it got none. A call that fails as a whole refuses each of its entries:
        some may be taken, none is known to be.
        """
        try:
            results = self._client.put_events(Entries=offered)["Entries"]
            if len(results) != len(offered):
                raise ValueError("not an answer for each entry")
        except (ClientError, BotoCoreError, KeyError, ValueError) as error:
            return [Refusal(f"{type(error).__name__}: {error}")] * len(offered)
        return [
            result.get("EventId") or Refusal(f"{result.get('ErrorCode', 'no id')}: {result.get('ErrorMessage', '')}")
            for result in results
        ]

    def _offer(self, source: str, detail_type: str, detail: dict[str, Any]) -> Offered:
        return {"EventBusName": self._name, "Source": source, "DetailType": detail_type, "Detail": _compact(detail)}


class Refusal(str):
    """Why an entry has no id."""


def _chunks(entries: list[tuple[Numbered, int]]) -> Iterator[list[Numbered]]:
    """As few requests as the limits of one allow, in order."""
    chunk: list[Numbered] = []
    total = 0
    for entry, size in entries:
        if chunk and (len(chunk) == MAX_ENTRIES or total + size > MAX_REQUEST_BYTES):
            yield chunk
            chunk, total = [], 0
        chunk.append(entry)
        total += size
    if chunk:
        yield chunk


def _size(envelope: Envelope) -> int:
    """In bytes, as the embedded host counts: the whole envelope. EventBridge counts its parts, so always less."""
    return len(_compact(envelope.to_dict()).encode())


def _compact(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
