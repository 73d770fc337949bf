"""`nurture fmt` and `nurture convert`: what a file says stays, to the letter."""

import tomllib
from pathlib import Path

import pytest
import tomli_w
from hypothesis import example, given
from hypothesis import strategies as st

from nurture.language.convert import converted
from nurture.language.layout import bare, laid_out
from nurture.language.source import read
from nurture.language.spelling import in_quotes, spelt

ROOT = Path(__file__).parents[3]
BOOK = sorted(path for path in (ROOT / "sequences").rglob("*.*ml"))
CROOKED = """\
# yaml-language-server: $schema=../.nurture/sequence.schema.json
sequence:   welcome


# why
title: 'Meet the "roaster"'   # for people
stage: [ looking,again ]
about: |
    Two lines,
      kept.
start:
    event: subscriber.joined
    if:  person.orders.count == 0
again: { per: event,running: ignore }
steps:
- send: welcome_hello      # first
- { send: brew_guide,with: {until: gifts.x.expires_on} }
-   wait: 2 days
    at: 09:30
# the end
"""
STRAIGHT = """\
# yaml-language-server: $schema=../.nurture/sequence.schema.json
sequence: welcome

# why
title: 'Meet the "roaster"'   # for people
stage: [looking, again]
about: |
  Two lines,
    kept.
start:
  event: subscriber.joined
  if: person.orders.count == 0
again: {per: event, running: ignore}
steps:
  - send: welcome_hello    # first
  - {send: brew_guide, with: {until: gifts.x.expires_on}}
  - wait: 2 days
    at: 09:30
# the end
"""
WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\u2028\u2029\x85"), max_size=20
)


def test_a_crooked_file_is_laid_straight() -> None:
    assert laid_out(CROOKED.encode(), "a.yaml") == STRAIGHT.encode()


@pytest.mark.parametrize("text", [CROOKED, STRAIGHT])
def test_what_is_laid_out_stays_so(text: str) -> None:
    once = laid_out(text.encode(), "a.yaml")
    assert once is not None
    assert laid_out(once, "a.yaml") == once


@pytest.mark.parametrize("file", BOOK, ids=lambda path: path.stem)
def test_the_starter_book_says_the_same_in_every_spelling(file: Path) -> None:
    name = file.relative_to(ROOT).as_posix()
    there = converted(file.read_bytes(), name)
    assert there is not None
    back = converted(there.data, there.path)
    assert back is not None
    assert bare(read(back.data, back.path).root) == bare(read(file.read_bytes(), name).root)


@pytest.mark.parametrize("text", ["a\tb", "\ufeffa", "\r\n", "\t# no comment", "a\nb\n"])
def test_what_is_not_seen_comes_along_too(text: str) -> None:
    there = converted(tomli_w.dumps({"a": text, "b": [text]}).encode(), "a.toml")
    assert there is not None
    back = converted(there.data, "a.yaml")
    assert back is not None
    assert tomllib.loads(back.data.decode()) == {"a": text, "b": [text]}


def test_a_file_with_mistakes_is_left_alone() -> None:
    assert laid_out(b"a: [1, 2\n", "a.yaml") is None
    assert laid_out(b"a: 1\na: 2\n", "a.yaml") is None
    assert converted(b"a: 1\na: 2\n", "a.yaml") is None


def test_what_another_program_would_twist_is_quoted_on_demand() -> None:
    text = b"country: NO\nat: 21:00\nday: 2027-03-02\nname: Nora\n"
    quoted = laid_out(text, "a.yaml", quote=True)
    assert quoted == b'country: "NO"\nat: "21:00"\nday: "2027-03-02"\nname: Nora\n'
    assert laid_out(text, "a.yaml") == text


def test_a_line_that_is_too_long_is_told_in_several() -> None:
    wide = "a: {" + ", ".join(f"word_{number}: some longer words" for number in range(6)) + "}\n"
    told = laid_out(wide.encode(), "a.yaml")
    assert told is not None
    assert told.decode().splitlines()[:2] == ["a:", "  word_0: some longer words"]


def test_comments_are_counted_that_do_not_come_along() -> None:
    found = converted(CROOKED.encode(), "sequences/welcome.yaml")
    assert found is not None
    assert found.comments == 4
    assert found.data.startswith(b"#:schema ../.nurture/sequence.schema.json\n")


@example("(?", True)
@example(":0", True)
@given(WORDS, st.booleans())
def test_every_text_reads_back_as_itself(text: str, flow: bool) -> None:
    for written in (spelt(text, flow=flow), spelt(text, flow=flow, quote=True), in_quotes(text)):
        line = f"{{a: {written}}}\n" if flow else f"a: {written}\n"
        source = read(line.encode(), "a.yaml")
        assert bare(source.root) == {"a": (str, text)}, (written, source.problems)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), WORDS | st.lists(WORDS, max_size=3), min_size=1))
def test_random_files_keep_what_they_say(values: dict[str, object]) -> None:
    lines = [
        f"{key}: [{', '.join(in_quotes(word) for word in value)}]  # {key}"
        if isinstance(value, list)
        else f"{key}:   {in_quotes(str(value))}"
        for key, value in values.items()
    ]
    data = ("\n".join(lines) + "\n").encode()
    if not read(data, "a.yaml").problems:  # turned-round letters are a finding
        assert laid_out(data, "a.yaml") is not None
        assert converted(data, "a.yaml") is not None
