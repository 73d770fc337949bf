from pathlib import Path

from nurture.engine.differences import Change, book_changes, file_changes
from nurture.engine.project import read_files
from nurture.language.project import read_project
from nurture.model.book import Book

ROOT = Path(__file__).resolve().parents[3]
FILES = read_files(ROOT)
WELCOME = "sequences/welcome.yaml"


def book(changes: dict[str, dict[str, str]] | None = None, without: str = "") -> Book:
    """The starter book with texts replaced in some of its files."""
    files = {path: data for path, data in FILES.items() if path != without}
    for path, replacements in (changes or {}).items():
        text = files[path].decode()
        for old, new in replacements.items():
            assert old in text
            text = text.replace(old, new)
        files[path] = text.encode()
    reading = read_project(files)
    assert reading.book is not None, reading.problems
    return reading.book


def told(new: Book) -> list[Change]:
    return list(book_changes(book(), new))


def test_the_same_files_have_no_changes_and_a_moved_line_is_none():
    assert told(book()) == []
    assert told(book({WELCOME: {"title: Meet": "\n\n\ntitle: Meet"}})) == []


def test_everything_is_new_the_first_time():
    changes = list(book_changes(None, book()))
    assert {change.how for change in changes} == {"new"}
    assert [change.what for change in changes] == sorted(book().sequences)


def test_steps_and_keys_are_told_in_words():
    (change,) = told(
        book(
            {
                WELCOME: {
                    "status: live": "status: closed",
                    "  - wait: 2 days": "  - {tag: [sleeping]}\n\n  - wait: 3 days",
                    "valid_for: 1 day ": "valid_for: 2 days ",
                }
            }
        )
    )
    assert (change.what, change.how) == ("welcome", "changed")
    said = "\n".join(change.details)
    assert "~ status: live -> closed" in said
    assert "wait 2 days at 09:30 -> wait 3 days at 09:30" in said
    assert "valid 1 day) -> send welcome_hello (news, valid 2 days)" in said
    assert "+ tag_1: tag sleeping" in said


def test_a_sequence_that_is_gone_and_a_house_rule():
    assert [(c.what, c.how) for c in told(book(without="sequences/vip_welcome.yaml"))] == [("vip_welcome", "gone")]
    (change,) = told(book({"sequences/house/rules.yaml": {"min_gap: 18 hours": "min_gap: 20 hours"}}))
    assert change == Change("house/rules", "changed", ("~ min_gap: 18 hours -> 20 hours",))


def test_mails_are_named_with_their_languages():
    old = {"templates/a/en.md": b"1", "templates/b/en.md": b"1"}
    new = {"templates/a/en.md": b"2", "templates/a/tr.md": b"1", "templates/c/en.md": b"1"}
    assert list(file_changes(old, new)) == [
        Change("mail a", "changed", ("en.md, tr.md",)),
        Change("mail b", "gone", ("en.md",)),
        Change("mail c", "new", ("en.md",)),
    ]
