"""Nesting is counted by the project itself, so that no parser's limit, recursion or wording decides what is refused."""

from contextlib import suppress
from textwrap import dedent

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from helpers_input import only_fault, write_file
from qispread.inputs import yaml_reader
from qispread.inputs.yaml_depth import DepthCounter, find_line_beyond_depth
from qispread.inputs.yaml_reader import MAX_DEPTH, read_yaml

DEEP = 100_000
"""Levels that end a process whose parser follows them by calling itself."""


def deepest(text):
    """Return how many collections are open at once, as it is counted."""
    return max((depth for depth, _ in DepthCounter(text).depths()), default=0)


def depths_of_events(text):
    """Yield the most collections that were open at once, event by event, as a parser tells it."""
    depth = most = 0
    for event in yaml.parse(text, Loader=yaml_reader.LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        most = max(most, depth)
        yield most


def deepest_event(text):
    """Return how many collections are open at once, as a parser tells it."""
    return max(depths_of_events(text))


MARKS = st.text(st.sampled_from("ab []{}'\":#,-?|>&*!\n\\é"), max_size=12)
VALUES = st.recursive(
    MARKS | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(MARKS, inner, max_size=4),
    max_leaves=25,
)


@given(
    data=VALUES,
    flow=st.sampled_from([None, True, False]),
    style=st.sampled_from([None, '"', "'", "|", ">"]),
    indent=st.integers(2, 6),
    width=st.sampled_from([20, 80]),
)
def test_the_depth_of_any_text_is_that_of_its_events(data, flow, style, indent, width):
    text = yaml.dump(data, default_flow_style=flow, default_style=style, indent=indent, width=width, allow_unicode=True)
    assert deepest(text) == deepest_event(text)


PIECES = [*"[]{},:-?'\"#\n a|>&*%", ": ", "- ", "\n  ", "!t ", "&a ", "---", "b: "]
SOUP = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)


@given(head=SOUP, unit=SOUP, indented=st.booleans())
def test_no_text_nests_much_deeper_than_is_counted(head, unit, indented):
    text = head + (
        "\n".join(f"{' ' * level}{unit}" for level in range(150)) if indented else "".join(unit for _ in range(150))
    )
    reached = 0
    with suppress(yaml.YAMLError):
        for reached in depths_of_events(text):  # noqa: B007 - the last one before the parser gave up
            pass
    # A pair in a list, `[a: 1]`, is a mapping of its own that no mark opens, and so is a key without a name.
    assert reached <= 2 * deepest(text) + 3


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * DEEP,
        "- " * DEEP,
        "? " * DEEP,
        "{a: " * DEEP,
        "- - a: " * DEEP,
        'a: ["]", ' * DEEP,
        "[ # ]\n" * DEEP,
        "!!seq [" * DEEP,
        "\n".join(f"{' ' * level}a:" for level in range(2_000)),
        "\r\n".join(f"{' ' * level}a:" for level in range(2_000)),
    ],
    ids=lambda text: repr(text[:8]),
)
def test_text_that_nests_without_end_is_refused_before_a_parser_sees_it(text, monkeypatch):
    def asked(*_, **__):
        pytest.fail("a parser was asked")

    for name in ("scan", "parse", "compose", "load"):
        monkeypatch.setattr(yaml, name, asked)
    fault = only_fault(read_yaml, write_file("s.yaml", text.encode()), "s.yaml")
    assert fault.problem.startswith("is nested too deeply")
    assert fault.file == "s.yaml"
    assert fault.line == find_line_beyond_depth(text, MAX_DEPTH)


@pytest.mark.parametrize("level", [0, 1, 2, 50])
def test_the_line_is_the_one_on_which_it_becomes_too_deep(level):
    nested = "\n".join(f"{' ' * depth}a:" for depth in range(level + 3))
    assert find_line_beyond_depth(f"# a comment\n\n{nested}\n", level) == level + 3
    assert find_line_beyond_depth("[\n" * (level + 3), level) == level + 1


def test_as_deep_as_may_be_is_read():
    text = "a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert list(read_yaml(write_file("s.yaml", text), "s.yaml")[0]) == ["a"]
    assert find_line_beyond_depth(f"a: {'[' * MAX_DEPTH}{']' * MAX_DEPTH}", MAX_DEPTH) == 1


@pytest.mark.parametrize(
    "text",
    [
        "name: it's [ {\n",
        "name: '[[ it''s [['\n",
        'name: "[[ \\" [["\n',
        "name: x # [[[[\n",
        "name: |\n  [[[[\n\n  - - - -\nseed: 1\n",
        "name: some words\n  [[[[ that go on\n  - - - -\n",
        "name: [it's, 'a, ]', \"]\", x#y] # ]\n",
    ],
)
def test_marks_in_texts_and_comments_open_nothing(text):
    assert deepest(text) == deepest_event(text) <= 2


def test_the_entries_of_a_list_may_stand_under_their_key():
    text = dedent("""\
        a:
        - x: 1
          y:
          - 2
          - 3
        b:
        - - 4
          - 5
        """)
    assert deepest(text) == deepest_event(text) == 4
