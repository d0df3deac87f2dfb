"""The `Bus` port on EventBridge, which takes ten entries at once and answers for each of them."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from cartwheel.kernel.bus import Rejected
from cartwheel.kernel.envelope import MAX_ENTRY_BYTES, Envelope

MAX_ENTRIES: Final = 10
MAX_REQUEST_BYTES: Final = 256 * 1024  # all entries of a request together

Entry = tuple[int, Envelope]  # with its position among all that is published


class EventBridgeBus:
    """See the module's text. `client` is botocore's for EventBridge."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def publish(self, entries: Sequence[Envelope]) -> list[Rejected]:
        rejected: list[Rejected] = []
        fitting: list[tuple[Entry, int]] = []
        for position, envelope in enumerate(entries):
            size = _size(envelope)
            if size > MAX_ENTRY_BYTES:
                rejected.append(Rejected(position, f"the event has {size} bytes, more than {MAX_ENTRY_BYTES}"))
            else:
                fitting.append(((position, envelope), size))
        for chunk in _chunks(fitting):
            rejected += self._put(chunk)
        return sorted(rejected, key=lambda each: each.position)

    def _put(self, chunk: list[Entry]) -> list[Rejected]:
        """A call that fails as a whole rejects each of its entries: some may be taken, none is known to be."""
        try:
            answer = self._client.put_events(Entries=[self._entry(envelope) for _, envelope in chunk])
            results = answer["Entries"]
            if len(results) != len(chunk):
                raise ValueError("not an answer for each entry")
        except (ClientError, BotoCoreError, KeyError, ValueError) as error:
            return [Rejected(position, f"{type(error).__name__}: {error}") for position, _ in chunk]
        return [
            Rejected(position, f"{result.get('ErrorCode', 'no id')}: {result.get('ErrorMessage', '')}")
            for (position, _), result in zip(chunk, results, strict=True)
            if not result.get("EventId")
        ]

    def _entry(self, envelope: Envelope) -> dict[str, str]:
        return {
            "EventBusName": self._name,
            "Source": envelope.source,
            "DetailType": envelope.detail_type,
            "Time": envelope.time,
            "Detail": _compact(envelope.detail),
        }


def _chunks(entries: list[tuple[Entry, int]]) -> Iterator[list[Entry]]:
    """As few requests as the limits of one allow, in order."""
    chunk: list[Entry] = []
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
