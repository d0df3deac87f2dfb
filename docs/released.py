"""The files of the events' schemas: one for each version that was ever released, beside this file in schemas/."""

from collections.abc import Iterator
from pathlib import Path

from cartwheel.app import APP
from cartwheel.kernel import contract

UNKNOWN = (
    "released, but the code has no such version of the event. Bring it back; or, when nobody reads it any more and the "
    "last one stored is older than 20 days, delete the file and say so in CHANGELOG.md."
)


def schemas(folder: Path) -> Iterator[tuple[Path, str]]:
    """The file of each present version, and what ought to be in it. Raises Broken; the older ones stay as they are."""
    emitted = [*APP.common, *(event for part in APP.slices for event in part.emits)]
    present = {folder / contract.file_of(event): event for event in emitted}
    older = {folder / contract.file_of(event, past) for event in emitted for past in range(1, event.version)}
    there = set(folder.rglob("*.json"))
    if unknown := ", ".join(sorted(str(path.relative_to(folder)) for path in there - present.keys() - older)):
        raise contract.Broken(f"{unknown}: {UNKNOWN}")
    for path, event in present.items():
        yield path, contract.update(event, path.read_text() if path in there else None)
