"""The keys `brake`, `expects` and `variant`, from a project's files to the values that the engine runs by."""

from pathlib import Path

from nurture.language.project import read_project
from nurture.model.book import Book
from nurture.model.step import Send
from tests import worlds as w

SPECIMENS = Path(__file__).parents[2] / "specimens" / "check"


def book_of(case: str) -> Book:
    files: dict[str, bytes] = {}
    for folder in (SPECIMENS / "base", SPECIMENS / case):
        files |= {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}
    book = read_project(files).book
    assert book is not None
    return book


def test_the_brake_is_a_number_and_absent_by_default() -> None:
    assert book_of("the_last_keys").rules.brake == 2000
    assert book_of("base").rules.brake is None


def test_what_is_expected_is_each_event_with_its_length() -> None:
    expected = (("order.placed", w.length("1 day")), ("subscriber.joined", w.length("36 hours")))
    assert book_of("the_last_keys").catalogue.expects == expected
    assert book_of("base").catalogue.expects == ()


def test_a_send_knows_its_variant_and_a_mail_its_folders() -> None:
    book = book_of("the_last_keys")
    (send,) = (node.step for node in book.sequences["first_order"].nodes.values() if isinstance(node.step, Send))
    assert (send.mail, send.variant) == ("check_in", "festive")
    assert book.mails["check_in"].variants == {"festive"}
    assert book_of("base").mails["check_in"].variants == frozenset()
