"""What a marketer is told after the slips of every day: one finding, at its place, with the cure."""

from pathlib import Path

import pytest

from nurture.language.project import Reading, read_project
from nurture.model.place import Problem

BASE = Path(__file__).parents[2] / "specimens" / "check" / "base"
GOOD = """sequence: tips
title: Better coffee
stage: any
class: news
topic: coffee_tips
status: live
priority: 40
aims_at: again
start: {event: subscriber.joined, if: person.brew_method == 'moka'}   # while it lasts
again: never
goal: {event: order.placed, within: 30 days}
steps:
  - send: one_recipe
    valid_for: 1 day
  - wait: 2 days
    at: 09:30
  - {send: storing_beans}
  - wait: {until_weekday: [sat, sun], between: [09:00, 11:00]}
  - send: check_in
    if: person.country in ['FR', 'DE']   # where we ship
"""


def reading(data: bytes) -> Reading:
    files = {path.relative_to(BASE).as_posix(): path.read_bytes() for path in BASE.rglob("*.*")}
    return read_project(files | {"sequences/tips.yaml": data})


def told(problem: Problem) -> tuple[str, str, str]:
    assert problem.place.file == "sequences/tips.yaml"
    return f"{problem.code} {problem.place.line}:{problem.place.column}", problem.message, problem.hint


@pytest.mark.parametrize(
    ("right", "wrong", "place", "message", "hint"),
    [
        ("    at:", "     at:", "E100 16:6", "'at' stands further right than the line above allows", ""),
        ("  - {send: storing", " - {send: storing", "E100 17:2", "this does not line up with what stands above it",
         "the '-' above it is on line 15, in column 3"),
        (
            "    valid_for", "  valid_for",
            "E100 14:3", "this does not line up with what stands above it",
            "as a part of the entry of line 13 it begins in column 5",
        ),
        ("  - {send: storing", "  -{send: storing", "E100 17:3", "a blank is missing after the '-'",
         "write - {send: storing_beans}"),
        ("  - {send: storing", "  {send: storing", "E100 17:3", "a '- ' is missing before this '{'",
         "a step begins with '- '"),
        ("    at:", "\tat:", "E104 16:1", "a tab is not used here", "use blanks"),
        ("    at:", "\u00a0\u00a0\u00a0\u00a0at:", "E104 16:1",
         "this only looks like a blank: U+00A0 (no-break space)", "use blanks"),
        ("  - send: one", "  \u2013 send: one", "E100 13:3", "a list begins with '-', this is U+2013 (en dash)",
         "write -"),
        ("stage: any", "stage any", "E100 3:1", "a ':' is missing on this line", ""),
        ("stage: any", "stage:any", "E100 3:1", "a blank is missing after the ':' on this line", "write stage: any"),
        ("30 days}", "30 days", "E100 12:1", "a ',' or a closing bracket is missing at the end of the line above", ""),
        ("[sat, sun]", "[sat, sun", "E100 18:27", "this '[' is not closed before the '}' in column 61",
         "a ']' is missing"),
        ("Better coffee", '"Better coffee', "E100 2:8", "this quote is never closed", ""),
        ("['FR', 'DE']", "['FR, 'DE']", "E201 20:36", "this text is not closed", "end it with '"),
        ("'moka'", "moka", "E201 9:61", "nothing is called 'moka'", "a text stands in quotes: 'moka'"),
        ("'moka'", "\u2018moka\u2019", "E201 9:61", "I don't know '\u2018'", "write a straight quote '"),
        ("in ['FR', 'DE']", "== 'FR' AND true", "E201 20:32", "I don't understand 'AND' here", "write 'and'"),
        ("[sat,", "[saturday,", "E114 18:28", "'until_weekday: saturday' is not understood", "did you mean 'sat'?"),
        ("at: 09:30", "at: 25:00", "E114 16:9", "'at: 25:00' is not understood", "a 24-hour clock time, e.g. 09:30"),
        ("2 days", "3 dayz", "E114 15:11", "'wait: 3 dayz' is not understood", "did you mean '3 days'?"),
        ("2 days", "3days", "E114 15:11", "'wait: 3days' is not understood", "did you mean '3 days'?"),
        ("2 days", "4 hrs", "E114 15:11", "'wait: 4 hrs' is not understood",
         "a whole number and one of minutes, hours, days, weeks, months, years, working days, e.g. 4 days"),
        ("2 days", "2\u00a0days", "E114 15:11", "'wait: 2\u00a0days' is not understood",
         "it holds a blank that only looks like one (U+00A0); type it anew"),
        ("priority: 40", "priority: high", "E114 7:11", "'priority: high' is not understood",
         "a whole number from 0 to 100"),
        ("- send: one", "- sned: one", "E111 13:5", "'sned' is not something a step can do", "did you mean 'send'?"),
        ("  - {send: storing_beans}", "    send: storing_beans", "E112 17:5",
         "'wait' and 'send' in one step; a step does one thing", "make it a step of its own"),
        ("class: news\n", "", "E115 1:1", "a sequence needs 'class'",
         "class: service | care | celebration | news | offer"),
        ("title: Better coffee", "title: Our #1 coffee", "E103 2:8",
         "a text that holds ' #' needs quotes round the whole of it",
         'write "Our #1 coffee", or put a blank after # if it is a comment'),
        ("again: never", "again: never\nsınıf: haber", "E110 11:1", "'sınıf' is not a part of a sequence",
         "keys are written in English: sequence, title, about and so on"),
        ("send: check_in", "send: مرحبا", "E204 19:11", "there is no mail 'مرحبا' (templates/مرحبا/)",
         "lower-case letters, digits and underscores, first a letter"),
        ("send: check_in", "send: hello_again", "E204 19:11", "there is no mail 'hello_again' (templates/hello_again/)",
         "`nurture new mail hello_again` writes one"),
        ("send: check_in", "enrol: tea_course", "E209 19:12", "there is no sequence 'tea_course'",
         "`nurture new sequence tea_course` writes one"),
    ],
)  # fmt: skip
def test_one_slip_is_one_finding(right: str, wrong: str, place: str, message: str, hint: str) -> None:
    assert GOOD.count(right) == 1
    found = reading(GOOD.replace(right, wrong).encode()).problems
    assert [told(problem) for problem in found] == [(place, message, hint)]


def test_a_reversed_line_hides_nothing() -> None:
    found = reading(GOOD.replace("Better coffee", "قهوة \u202eأفضل").encode()).problems
    message = "the invisible character U+202E (right-to-left override) is for quoted text only"
    assert [told(problem)[:2] for problem in found] == [("E100 2:13", message)]


@pytest.mark.parametrize(
    "data",
    [
        GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("Better coffee", "Kavurucuyla tanışın, İstanbul").encode(),
        GOOD.replace("Better coffee", "'قهوة \u2067سلمى\u2069'").encode(),
        GOOD.replace("Better coffee", "Un café\u00a0!\nabout: deux  \n  \u2013 trois").encode(),
    ],
)
def test_what_is_right_is_let_pass(data: bytes) -> None:
    assert reading(data).problems == ()


def test_another_encoding_is_told_and_the_first_line_still_readable() -> None:
    found = reading(GOOD.encode("utf-16"))
    assert [told(problem) for problem in found.problems] == [("E100 1:1", "this file is in UTF-16", "save it as UTF-8")]
    assert found.sources["sequences/tips.yaml"][0] == "sequence: tips"
    (problem,) = reading(GOOD.replace("coffee\n", "café\n").encode("latin-1")).problems
    assert told(problem) == ("E100 2:18", "byte 33 (0xE9) is not UTF-8", "save the file as UTF-8")
