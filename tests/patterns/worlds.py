"""Patterns and events of a small world, so that they meet often."""

from itertools import groupby

from hypothesis import strategies as st

from .rules import Json

KEYS = st.sampled_from(["a", "b", "c", "a.b"])
WORDS = ["", "a", "A", "b", "ab", "aB", "ba", "aba", "é", "É", "a*"]
TEXTS = st.sampled_from([*WORDS, "10.0.0.1", "10.0.1.9", "::1"])
NUMBERS = st.sampled_from([0, 1, 1.0, 1.5, 2, -1, 3, 10, 6e9])
SCALARS = st.one_of(TEXTS, NUMBERS, st.booleans(), st.none())
BOUNDS = NUMBERS.filter(lambda number: number < 5e9)
WILDCARDS = st.lists(st.sampled_from(["a", "b", "A", "é", "\\*", "\\\\", "*", "*"]), max_size=5).map(
    lambda parts: "".join(part for part, _ in groupby(parts))
)
NESTED = st.one_of(
    st.tuples(st.just("wildcard"), WILDCARDS),
    st.tuples(st.just("equals-ignore-case"), TEXTS),
    st.tuples(st.sampled_from(["prefix", "suffix"]), TEXTS.filter(bool)),
)
EVENTS = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@st.composite
def ranges(draw: st.DrawFn) -> Json:
    low, high = sorted([draw(BOUNDS), draw(BOUNDS)])
    if low == high:
        return draw(st.sampled_from([["=", low], ["<", low], ["<=", low], [">", low], [">=", low]]))
    return [draw(st.sampled_from([">", ">="])), low, draw(st.sampled_from(["<", "<="])), high]


OPERATOR_ENTRIES = st.one_of(
    st.builds(lambda operand: {"numeric": operand}, ranges()),
    st.builds(lambda operand: {"exists": operand}, st.booleans()),
    st.builds(lambda operand: {"wildcard": operand}, WILDCARDS),
    st.builds(lambda operand: {"equals-ignore-case": operand}, TEXTS),
    st.builds(lambda name, operand: {name: operand}, st.sampled_from(["prefix", "suffix"]), TEXTS),
    st.builds(
        lambda name, operand: {name: {"equals-ignore-case": operand}},
        st.sampled_from(["prefix", "suffix"]),
        TEXTS,
    ),
    st.builds(
        lambda operand: {"cidr": operand},
        st.sampled_from(["10.0.0.0/24", "10.0.0.0/16", "0.0.0.0/0", "10.0.1.9/32", "::/0", "::1/128"]),
    ),
    st.builds(lambda operand: {"anything-but": operand}, st.lists(TEXTS, min_size=1, max_size=2) | TEXTS),
    st.builds(lambda operand: {"anything-but": operand}, st.lists(BOUNDS, min_size=1, max_size=2) | BOUNDS),
    st.builds(lambda nested: {"anything-but": dict([nested])}, NESTED),
)
LEAVES = st.lists(SCALARS | OPERATOR_ENTRIES, min_size=1, max_size=2)


def with_alternatives(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.lists(inner, min_size=2, max_size=2).map(lambda branches: {"$or": branches})


OBJECTS = st.recursive(
    st.dictionaries(KEYS, LEAVES, min_size=1, max_size=3),
    lambda inner: (
        st.dictionaries(KEYS, inner | LEAVES, min_size=1, max_size=2)
        | with_alternatives(inner)
        | st.builds(lambda plain, ors: {**plain, **ors}, inner, with_alternatives(inner))
    ),
    max_leaves=4,
)
