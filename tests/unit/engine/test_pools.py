"""Pools of codes: files of the project that apply takes into the store, and what is left of them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nurture.engine.doctor_gifts import gift_findings
from nurture.engine.faults import RefusedError
from nurture.engine.pools import aside_lines, codes_of, fill_pools, left, refuse_without_pools
from nurture.model.book import Book
from nurture.model.house import House
from nurture.store.codes import Asked
from nurture.store.open import Store, open_store
from tests import worlds as w
from tests.sending_worlds import BAG, NOW

MADE = replace(BAG, name="made", pool="", make="M-{8}")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


def book(**more: object) -> Book:
    return replace(w.book(), house=House(gifts=(replace(BAG, **more), MADE)))


def pool(root: Path, text: str, name: str = "codes/bag.csv") -> Path:
    file = root / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    "text",
    [
        "ONE\nTWO\n",
        "code\nONE\nTWO\n",
        '"Code";"note"\n"ONE";"a"\n"TWO";"b"\n',
        "\ufeffONE,1\r\n\r\nTWO,2",
        "  ONE\n TWO ",
        "id,Discount code,used\n1,ONE,no\n2,TWO,no\n",
        'ONE\n,\n"TWO",\n',
    ],
    ids=["plain", "header", "quotes and semicolons", "byte order mark, blank lines", "spaces", "columns", "no code"],
)
def test_a_file_of_codes_is_read_whoever_wrote_it(tmp_path: Path, text: str) -> None:
    assert codes_of(pool(tmp_path, text)) == ["ONE", "TWO"]


def test_a_code_in_quotes_may_hold_what_parts_the_cells(tmp_path: Path) -> None:
    assert codes_of(pool(tmp_path, '"10,00;EUR"\nTWO\n')) == ["10,00;EUR", "TWO"]


@pytest.mark.parametrize(
    "line", ["X" * 101, "X" * 200_000, "A\x00B", "A\x1bB"], ids=["long", "endless", "nul", "escape"]
)
def test_what_nobody_can_type_is_no_code_and_nothing_is_taken_in(store: Store, tmp_path: Path, line: str) -> None:
    pool(tmp_path, f"ONE\n{line}\n")
    with pytest.raises(RefusedError, match=r"bag\.csv:2: this is no code"):
        refuse_without_pools(store, tmp_path, book())
    with pytest.raises(RefusedError, match=r"bag\.csv:2: this is no code"):
        fill_pools(store, tmp_path, book(), NOW)
    assert left(store, book())[0].stock.free == 0


def test_what_is_not_utf_8_is_said(tmp_path: Path) -> None:
    file = tmp_path / "bag.csv"
    file.write_bytes(b"ONE\n\xff\n")
    with pytest.raises(RefusedError, match="not UTF-8"):
        codes_of(file)


def test_pools_are_filled_with_what_is_new(store: Store, tmp_path: Path) -> None:
    pool(tmp_path, "ONE\nTWO\nONE\n")
    done = fill_pools(store, tmp_path, book(), NOW)
    assert list(done.lines()) == ["2 new codes for bag."]
    pool(tmp_path, "ONE\nTWO\nTHREE\n")
    assert list(fill_pools(store, tmp_path, book(), NOW).lines()) == ["1 new code for bag."]
    assert list(fill_pools(store, tmp_path, book(), NOW).lines()) == []


def drawn(store: Store, number: int) -> str:
    asked = Asked(f"r{number}", "bag", f"m{number}", "p", pool=True)
    return store.outbox.codes.draw([asked], None, NOW, None)[asked.mail][asked.reservation].code


def test_a_free_code_that_its_file_has_no_more_is_given_to_nobody_until_it_is_put_back(
    store: Store, tmp_path: Path
) -> None:
    pool(tmp_path, "ONE\nTWO\nTHREE\n")
    fill_pools(store, tmp_path, book(), NOW)
    assert drawn(store, 1) == "ONE"
    pool(tmp_path, "THREE\n")
    assert list(fill_pools(store, tmp_path, book(), NOW).lines()) == [
        "1 code of bag set aside: not in its file any more. Put back, they are given again."
    ]
    assert [one.words() for one in left(store, book())] == ["bag 1 left, 1 drawn, 0 given, 1 set aside", "made 0 given"]
    assert [drawn(store, 1), drawn(store, 2), drawn(store, 3)] == ["ONE", "THREE", ""]
    pool(tmp_path, "TWO\nTHREE\n")
    assert list(fill_pools(store, tmp_path, book(), NOW).lines()) == ["1 code of bag in its file again."]
    assert drawn(store, 4) == "TWO"


def test_codes_that_another_store_may_have_given_are_free_when_a_person_has_looked(
    store: Store, tmp_path: Path
) -> None:
    pool(tmp_path, "ONE\nTWO\nTHREE\n")
    fill_pools(store, tmp_path, book(), NOW)
    assert drawn(store, 1) == "ONE"
    assert store.outbox.codes.aside.hold(NOW) == 2
    assert list(fill_pools(store, tmp_path, book(), NOW).lines()) == [], "nothing is free by filling again"
    assert [drawn(store, 1), drawn(store, 2)] == ["ONE", ""], "what was drawn stays with its mail"
    (told,) = aside_lines(store, book())
    assert told.startswith("2 codes of bag set aside: the store may have given them as it was before.")
    pool(tmp_path, "THREE\n")
    assert list(fill_pools(store, tmp_path, book(), NOW, again=True).lines()) == ["1 code of bag can be given again."]
    assert [drawn(store, 2), drawn(store, 3)] == ["THREE", ""]


def test_apply_refuses_a_pool_that_is_not_there_unless_it_was_once(store: Store, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"no file of codes: codes/bag\.csv \(bag\)"):
        refuse_without_pools(store, tmp_path, book())
    file = pool(tmp_path, "ONE\n")
    refuse_without_pools(store, tmp_path, book())
    fill_pools(store, tmp_path, book(), NOW)
    file.unlink()
    refuse_without_pools(store, tmp_path, book())
    assert fill_pools(store, tmp_path, book(), NOW).new == {}
    assert fill_pools(store, tmp_path, book(), NOW).missing == ("codes/bag.csv (bag)",)


def test_a_pool_outside_the_project_is_refused(store: Store, tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    pool(tmp_path, "ONE\n", "outside.csv")
    with pytest.raises(RefusedError, match="outside the project"):
        fill_pools(store, root, book(pool="../outside.csv"), NOW)


def test_what_is_left_is_told_and_doctor_says_when_it_is_little(store: Store, tmp_path: Path) -> None:
    pool(tmp_path, "\n".join(f"C{n}" for n in range(30)))
    fill_pools(store, tmp_path, book(), NOW)
    asked = [Asked(f"r{n}", "bag", f"m{n}", "p", pool=True) for n in range(11)]
    assert [one.words() for one in left(store, book())] == ["bag 30 left, 0 given", "made 0 given"]
    assert [(f.state.value, f.words) for f in gift_findings(store, book())] == [("ok", "bag 30 left, 0 given")]
    store.outbox.codes.draw(asked, None, NOW, None)
    assert next(one.words() for one in left(store, book())) == "bag 19 left, 11 drawn, 0 given"
    assert [(f.state.value, f.words) for f in gift_findings(store, book())] == [
        ("look", "bag 19 left, 11 drawn, 0 given")
    ]
    more = [Asked(f"s{n}", "bag", f"n{n}", "p", pool=True) for n in range(19)]
    store.outbox.codes.draw(more, None, NOW, None)
    assert [f.state.value for f in gift_findings(store, book())] == ["wrong"]
    assert list(gift_findings(store, w.book())) == []


def test_a_pool_that_is_a_folder_is_called_one(store: Store, tmp_path: Path) -> None:
    (tmp_path / "codes").mkdir()
    with pytest.raises(RefusedError, match="bag: codes is a folder, not a file of codes; name the file in it"):
        refuse_without_pools(store, tmp_path, book(pool="codes"))
