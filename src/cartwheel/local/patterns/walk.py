"""From an event to its scalars by dotted path, visiting only what leads to the paths asked for."""

from collections.abc import Iterable, Mapping

from .flat import Flat

SCALARS = frozenset([str, int, float, bool, type(None)])


class Step:
    """A place on the way to the paths asked for: what leads nowhere is not visited."""

    __slots__ = ("leaf", "next")

    def __init__(self) -> None:
        self.leaf: str | None = None
        self.next: dict[str, Step] = {}


def steps_to(paths: Iterable[str]) -> Step:
    """The steps for these dotted paths.

    EventBridge joins keys with dots before it compares, so the key ``a.b`` is the same step as ``a``
    and then ``b``: from every place there is a step for each run of keys that leads on.
    """
    root = Step()
    places = {"": root}
    for path in set(paths):
        keys = path.split(".")
        run = [root]
        for end in range(1, len(keys) + 1):
            run.append(places.setdefault("." + ".".join(keys[:end]), Step()))
        for start, step in enumerate(run):
            for end in range(start + 1, len(run)):
                step.next[".".join(keys[start:end])] = run[end]
        run[-1].leaf = path
    return root


def flatten(event: Mapping[str, object], root: Step) -> Flat:
    """Visit what the steps lead to, without recursion: events may be nested deeper than Python's stack."""
    flat = Flat()
    pending: list[tuple[object, Step, int]] = [(event, root, 0)]
    while pending:
        node, step, scope = pending.pop()
        if isinstance(node, list | tuple):
            _visit_array(node, step, scope, flat, pending)
        elif isinstance(node, Mapping):
            _visit_object(node, step, scope, flat, pending)
    return flat


def _visit_object(
    node: Mapping[str, object], step: Step, scope: int, flat: Flat, pending: list[tuple[object, Step, int]]
) -> None:
    # Whichever side is smaller is walked: a large object for a few steps, or the reverse.
    keys: Iterable[str] = step.next if len(step.next) < len(node) else node
    for key in keys:
        onward = step.next.get(key)
        if onward is None or key not in node:
            continue
        value = node[key]
        if type(value) not in SCALARS and isinstance(value, Mapping | list | tuple):
            pending.append((value, onward, scope))
        elif onward.leaf is not None:
            flat.add(onward.leaf, scope, value)


def _visit_array(
    node: "list[object] | tuple[object, ...]",
    step: Step,
    scope: int,
    flat: Flat,
    pending: list[tuple[object, Step, int]],
) -> None:
    flat.arrays += 1
    array = flat.arrays
    for value in node:
        if type(value) not in SCALARS and isinstance(value, Mapping | list | tuple):
            pending.append((value, step, flat.open(scope, array)))
        elif step.leaf is not None:
            flat.add(step.leaf, scope, value)
