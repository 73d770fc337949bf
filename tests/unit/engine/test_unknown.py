"""A name that there is not, typed at the command line: every verb says which one may be meant."""

# ruff: noqa: F811 - a fixture is asked for by its name

from pathlib import Path

import pytest

from nurture.engine.choosing import choice_of, refuse_not_gone
from nurture.engine.diff import differences
from nurture.engine.explaining import Asking, refuse_unknown
from nurture.engine.faults import MisuseError
from nurture.engine.intake import Wanted, check_wanted
from nurture.engine.listing import chosen
from nurture.engine.live import plain_book
from nurture.engine.project import read_files
from nurture.engine.rewriting import lay_out
from nurture.engine.starter import new_sequence
from nurture.engine.tick import silent
from nurture.engine.unknown import meant
from nurture.engine.ways import ways
from nurture.model.book import Book
from nurture.store.open import Store

from .editing_shop import NOW, root, store  # noqa: F401


@pytest.fixture
def book(store: Store) -> Book:
    found = plain_book(store)
    assert found is not None
    return found


def test_who_is_unlike_any_is_told_which_there_are_and_never_too_many() -> None:
    assert meant("zzz", ["b", "a"]) == "there are: a, b."
    assert meant("zzz", []) == "there are none."
    assert meant("zzz", [f"n{number:02}" for number in range(20)]).endswith("n11, ….")


@pytest.mark.parametrize("asking", [Asking(sequence="chek_in"), Asking(mail="how_are_u")])
def test_explain(book: Book, asking: Asking) -> None:
    with pytest.raises(MisuseError, match=r"did you mean '(check_in|how_are_you)'\?"):
        refuse_unknown(book, asking)


def test_ls_by_name_stage_and_tag(book: Book) -> None:
    for names, stages, tags in ((["chek_in"], [], []), ([], ["bying"], []), ([], [], ["reviewr"])):
        with pytest.raises(MisuseError, match=r"did you mean '(check_in|buying|reviewer)'\?"):
            chosen(book, names, stages, tags)


def test_import_with_a_topic(book: Book) -> None:
    with pytest.raises(MisuseError, match=r"--consent car: there is no such topic; did you mean 'care'\?"):
        check_wanted(Wanted("contacts", topics=("car",), basis="a test"), book)


def test_diff_new_fmt_and_drop(store: Store, root: Path, book: Book) -> None:
    with pytest.raises(MisuseError, match=r"there is no sequence 'chek_in'; did you mean 'check_in'\?"):
        differences(store, book, read_files(root), NOW, "chek_in")
    with pytest.raises(MisuseError, match=r"there is no library piece 'birthdy'; did you mean 'birthday'\?"):
        new_sequence(root, "mine", "birthdy", book)
    with pytest.raises(MisuseError, match=r"there is no file chek_in in sequences/; did you mean 'check_in'\?"):
        lay_out(root, ["chek_in"], quote=False, write=False)
    with pytest.raises(MisuseError, match=r"--drop chek_in: .* did you mean 'check_in'\?"):
        refuse_not_gone(choice_of("", ["chek_in=stop"]), {"check_in": 1})


def test_ways(store: Store, book: Book) -> None:
    with pytest.raises(MisuseError, match=r"there is no sequence 'chek_in'; did you mean 'check_in'\?"):
        ways(store, book, "chek_in", NOW, silent)
