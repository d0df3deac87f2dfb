"""How large a request may be: the head, and the depth of its JSON."""

import json as plain
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartwheel.kernel import json
from cartwheel.kernel.errors import HeadersTooLarge, Problem, TooLarge, UriTooLong
from cartwheel.kernel.request_limits import BODY_BYTES, LARGEST_BODY_BYTES, MAX_HEAD_BYTES, check_body, check_head


@pytest.mark.parametrize(
    ("path", "query", "values", "refused"),
    [
        ("/products", "q=x", ["a"] * 100, None),
        ("/products", "", ["a"] * 101, HeadersTooLarge),
        ("/", "", ["x" * (MAX_HEAD_BYTES - 1)], None),
        ("/", "", ["x" * MAX_HEAD_BYTES], HeadersTooLarge),
        ("/", "", ["x" * 5000, "x" * 5300], HeadersTooLarge),
        ("/" + "x" * 8191, "", [], None),
        ("/" + "x" * 8191, "a", [], UriTooLong),
        ("/", "&".join("a" * 200), [], None),
        ("/", "&".join("a" * 201), [], Problem),
    ],
)
def test_heads(path: str, query: str, values: list[str], refused: type[Problem] | None) -> None:
    if refused is None:
        check_head(path, query, values)
        return
    with pytest.raises(refused) as raised:
        check_head(path, query, values)
    assert type(raised.value) is refused


def test_bodies() -> None:
    check_body(BODY_BYTES)
    with pytest.raises(TooLarge, match="256 KiB"):
        check_body(BODY_BYTES + 1)
    check_body(LARGEST_BODY_BYTES, LARGEST_BODY_BYTES)
    with pytest.raises(TooLarge, match="6 MiB"):
        check_body(LARGEST_BODY_BYTES + 1, LARGEST_BODY_BYTES)


def nested(depth: int) -> str:
    return '{"a":' * (depth // 2) + "[" * (depth - depth // 2) + "]" * (depth - depth // 2) + "}" * (depth // 2)


@pytest.mark.parametrize(("depth", "taken"), [(1, True), (32, True), (33, False), (500, False), (200_000, False)])
def test_json_may_be_nested_so_deep(depth: int, taken: bool) -> None:
    if taken:
        assert depth_of(json.parse(nested(depth))) == depth
        return
    with pytest.raises(plain.JSONDecodeError, match="nested too deeply"):
        json.parse(nested(depth))


def depth_of(document: object) -> int:
    if isinstance(document, dict):
        return 1 + max(map(depth_of, document.values()), default=0)
    return 1 + max(map(depth_of, document), default=0) if isinstance(document, list) else 0


awkward = st.text(st.sampled_from('[]{}"\\,: a'), max_size=12)


@given(st.recursive(awkward, lambda inner: st.lists(inner) | st.dictionaries(awkward, inner), max_leaves=60))
def test_brackets_in_texts_do_not_count(document: object) -> None:
    """However many there are: what is parsed is as deep as it really is."""
    wide = [document, *["[{" for _ in range(40)]]
    assert depth_of(wide) <= 32
    assert json.parse(plain.dumps(wide)) == wide


@pytest.mark.parametrize("evil", ['"' * 250_000, '\\"' * 120_000, '"\\' * 120_000, '["' + '\\"' * 120_000])
def test_no_text_takes_long_to_refuse(evil: str) -> None:
    began = time.process_time()
    with pytest.raises(plain.JSONDecodeError):
        json.parse("[" * 40 + evil)
    with pytest.raises(plain.JSONDecodeError):
        json.parse("[]" * 40 + evil)
    assert time.process_time() - began < 1
