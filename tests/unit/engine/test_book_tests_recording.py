"""A recording writes `expect` and touches nothing else of the file, in YAML and TOML (language.md 10)."""

from pathlib import Path

import pytest

from nurture.engine.book_tests import run_files
from nurture.engine.book_tests_recording import record, rewritten
from nurture.engine.book_tests_world import Worlds
from nurture.language.test_files_places import Unwritable
from nurture.language.test_files_reader import read_test_files
from tests.little_shop import book_of, files

BOOK = book_of(files())
CASES = """\
# a comment of the file
tests: after_order
cases:
  # about silence
  - name: silence
    given: {events: [{at: 2027-03-01 14:20, event: order.placed, order_id: A1}]}
    until: 2027-03-20     # long enough
%s
  - name: another          # kept
    given:
      events:
        - {at: 2027-03-01 14:20, event: order.placed, order_id: A1}
        - {at: 2027-03-08 19:40, event: review.posted, stars: 5}
    until: 2027-03-20
    never: [renews_soon]

# the end
"""
FIRST = "{at: 2027-03-07 10:00, send: how_was_it}"
SECOND = "{at: 2027-03-14 10:00, send: small_question}"


def recorded(text: str, which: int = 0, ending: str = "yaml", name: str = "after_order") -> str:
    path = f"sequences/tests/{name}.test.{ending}"
    read = read_test_files(files() | {path: text.encode()}, BOOK)
    assert not read.problems, read.problems
    (file,) = read.files
    found = list(run_files(Worlds(BOOK), [file], lambda _: None))
    return rewritten(text, file, {which: found[which].story.came})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    expect: []", f"    expect:\n      - {FIRST}\n      - {SECOND}"),
        ("    expect: []   # to come", f"    expect:   # to come\n      - {FIRST}\n      - {SECOND}"),
        (
            f"    expect:\n    - {FIRST}",
            f"    expect:\n    - {FIRST}\n    - {SECOND}",
        ),
        (
            "    expect:  # all\n"
            "      # first\n"
            f"      - {FIRST}   # kept\n"
            f"      - {{at: day 12 10:00, send: small_question}} # then",
            "    expect:  # all\n"
            "      # first\n"
            f"      - {FIRST}   # kept\n"
            f"      - {{at: day 13 10:00, send: small_question}} # then",
        ),
        (
            "    expect:\n"
            f"      - {{at: 2027-03-06 09:00, send: thank_you}}\n"
            f"      - {FIRST}\n"
            f"      - {SECOND}\n"
            "    partly: true",
            f"    expect:\n      - {FIRST}\n      - {SECOND}\n    partly: true",
        ),
        (
            "    expect: [{at: 2027-03-07 10:00,\n      send: how_was_it}]\n    partly: true",
            f"    expect:\n      - {FIRST}\n      - {SECOND}\n    partly: true",
        ),
        (
            "    expect:\n"
            "      - at: 2027-03-07 10:00\n"
            "        send: how_was_it\n"
            "      - at: 2027-03-15 10:00\n"
            "        send: small_question",
            f"    expect:\n      - at: 2027-03-07 10:00\n        send: how_was_it\n      - {SECOND}",
        ),
    ],
    ids=["empty", "comment", "dash_under_key", "relative_kept", "vanished", "braces", "block_entries"],
)
def test_what_came_is_written_and_the_rest_stays(before: str, after: str) -> None:
    assert recorded(CASES % before) == CASES % after
    assert recorded(CASES % after) == CASES % after, "a second recording changes nothing"


def test_a_case_without_expect_gets_one_behind_its_until() -> None:
    text = (CASES % "    why: [{send: how_was_it, outcome: sent}]").replace("\n\n\n", "\n\n")
    found = recorded(text)
    assert f"until: 2027-03-20     # long enough\n    expect:\n      - {FIRST}\n      - {SECOND}\n    why:" in found
    found = recorded(text, 1)
    gift = "{at: 2027-03-08 19:40, send: thank_you, gift: card}"
    assert (
        f"    until: 2027-03-20\n    expect:\n      - {FIRST}\n      - {gift}\n    never: [renews_soon]\n\n# the end"
        in found
    )


def test_nothing_that_came_is_an_empty_list() -> None:
    quiet = "tests: after_order\ncases:\n  - name: nobody\n    until: 2027-03-20"
    assert recorded(quiet) == quiet + "\n    expect: []"
    wrong = f"{quiet}\n    expect:   # hm\n      - {FIRST}\n"
    assert recorded(wrong) == quiet + "\n    expect: []   # hm\n"


def test_line_breaks_and_a_byte_order_mark_stay() -> None:
    text = "\ufeff" + (CASES % "    expect: []").replace("\n", "\r\n")
    found = recorded(text)
    assert found.startswith("\ufeff# a comment of the file\r\n")
    assert found.count("\n") == found.count("\r\n") == text.count("\n") + 2


def test_a_case_in_braces_is_refused_with_what_to_do() -> None:
    text = "tests: after_order\ncases:\n  - {name: nobody, until: 2027-03-20}\n"
    with pytest.raises(Unwritable, match=r"after_order.test.yaml:3: this case is written inside braces; write its"):
        recorded(text)


TOML = """\
tests = "after_order"   # a comment

[[cases]]
name = "silence"
until = 2027-03-20      # long enough
%sgiven = {events = [{at = 2027-03-01 14:20:00, event = "order.placed", order_id = "A1"}]}

[[cases]]
name = "nobody"
until = 2027-03-20
"""
FIRST_IN_TOML = '{at = "2027-03-07 10:00", send = "how_was_it"}'
SECOND_IN_TOML = '{at = "2027-03-14 10:00", send = "small_question"}'
WHOLE = f"expect = [\n  {FIRST_IN_TOML},\n  {SECOND_IN_TOML},\n]\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", WHOLE),
        ("expect = []\n", WHOLE),
        (
            "expect = [\n"
            '  {send = "how_was_it", at = 2027-03-07 10:00:00}, # kept\n'
            '  {at = "day 3 10:00", send = "small_question"},\n'
            "]\n",
            "expect = [\n"
            '  {send = "how_was_it", at = 2027-03-07 10:00:00}, # kept\n'
            '  {at = "day 13 10:00", send = "small_question"},\n'
            "]\n",
        ),
    ],
    ids=["absent", "empty", "kept"],
)
def test_toml_likewise(before: str, after: str) -> None:
    assert recorded(TOML % before, ending="toml") == TOML % after


def test_a_table_of_expectations_in_toml_is_refused_with_what_to_do() -> None:
    text = (TOML % "").replace(
        '\n\n[[cases]]\nname = "nobody"',
        '\n[[cases.expect]]\nat = "2027-03-07 10:00"\nsend = "how_was_it"\n\n[[cases]]\nname = "nobody"',
    )
    with pytest.raises(Unwritable, match=r"after_order.test.toml:7: `expect` is written as \[\[cases.expect\]\]"):
        recorded(text, ending="toml")


def test_only_files_that_are_different_are_written(tmp_path: Path) -> None:
    path = tmp_path / "sequences" / "tests" / "after_order.test.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(CASES % "    expect: []", encoding="utf-8")
    read = read_test_files(files(after_order=CASES % "    expect: []"), BOOK)
    results = list(run_files(Worlds(BOOK), read.files, lambda _: None))
    assert record(tmp_path, read.files, results[:1]) == [path]
    assert FIRST in path.read_text(encoding="utf-8")
    before = path.stat().st_mtime_ns
    again = read_test_files(files(after_order=path.read_text(encoding="utf-8")), BOOK)
    results = list(run_files(Worlds(BOOK), again.files, lambda _: None))
    assert record(tmp_path, again.files, results[:1]) == []
    assert path.stat().st_mtime_ns == before
