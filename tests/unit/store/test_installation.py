"""Copies and restores do not mail."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nurture.decide.advance import advance
from nurture.store.installation import Mark, Seat, new_secret, owner_of, read_file, write_file
from nurture.store.open import Store, open_store
from nurture.store.rows import ContactRow
from nurture.store.runner import Runner
from tests import worlds as w
from tests.new_stores import NewStores

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)


def reopened(url: str, folder: Path) -> Store:
    return open_store(url, folder / "installation.json")


def work(store: Store, address: str) -> None:
    """One decision, which counts."""
    store.importing(NOW).take([ContactRow(address=address)], lambda _, why: pytest.fail(why))
    ids = [store.find(address) or ""]
    store.commit([advance(w.book(), person, NOW, new) for person, new in store.people(ids, NOW)], NOW, lambda _: "UTC")


def test_a_store_that_goes_on_is_not_halted(store_url: str, tmp_path: Path) -> None:
    for number in range(3):
        store = reopened(store_url, tmp_path)
        assert store.halted == ""
        work(store, f"a{number}@example.net")
        store.close()


def test_a_restored_store_is_halted_until_somebody_accepts_it(new_stores: NewStores, tmp_path: Path) -> None:
    url = new_stores()
    store = reopened(url, tmp_path)
    work(store, "a@example.net")
    store.close()
    backup = new_stores.copy_of(url)
    store = reopened(url, tmp_path)
    work(store, "b@example.net")
    store.close()
    store = reopened(backup, tmp_path)
    assert "restored backup" in store.halted
    store.accept()
    assert store.halted == ""
    store.close()
    again = reopened(backup, tmp_path)
    assert again.halted == ""
    again.close()


def test_what_one_machine_accepts_is_accepted_for_those_beside_it_and_what_is_restored_later_is_not(
    new_stores: NewStores, tmp_path: Path
) -> None:
    url, machines = new_stores(), (tmp_path / "here", tmp_path / "there")
    reopened(url, machines[0]).close()
    store = open_store(url)
    write_file(machines[1] / "installation.json", Mark(store.id, store.counter))  # as whoever joins does
    store.close()
    backup, older = new_stores.copy_of(url), new_stores.copy_of(url)
    for number, machine in enumerate(machines):
        store = reopened(url, machine)
        work(store, f"a{number}@example.net")
        store.close()
    for number, machine in enumerate(machines):
        store = reopened(backup, machine)
        assert ("restored backup" in store.halted) == (number == 0), "one person's word is enough"
        if number == 0:
            store.accept()
        work(store, f"b{number}@example.net")
        store.close()
    for number, machine in enumerate(machines):  # it is restored once more
        store = reopened(older, machine)
        assert ("of a time before it was last accepted" in store.halted) == (number == 0)
        if number == 0:
            store.accept()
        store.close()


def test_a_copy_that_was_accepted_halts_the_machine_of_the_original(new_stores: NewStores, tmp_path: Path) -> None:
    url = new_stores()
    store = reopened(url, tmp_path / "here")
    work(store, "a@example.net")
    store.close()
    copy = new_stores.copy_of(url)
    store = reopened(url, tmp_path / "here")
    for number in range(5):
        work(store, f"a{number}@example.net")
    store.close()
    for accepted in (True, False):
        store = reopened(copy, tmp_path / ("there" if accepted else "here"))
        assert store.halted
        if accepted:
            store.accept()
        store.close()


def test_a_copy_on_another_machine_is_halted(new_stores: NewStores, tmp_path: Path) -> None:
    url = new_stores()
    store = reopened(url, tmp_path / "here")
    work(store, "a@example.net")
    store.close()
    copy = reopened(new_stores.copy_of(url), tmp_path / "elsewhere")
    assert "copy" in copy.halted
    copy.close()


def test_a_copy_of_the_whole_folder_is_halted_until_somebody_accepts_it(new_stores: NewStores, tmp_path: Path) -> None:
    here, there, url = tmp_path / "here", tmp_path / "there", new_stores()
    store = reopened(url, here)
    work(store, "a@example.net")
    store.close()
    shutil.copytree(here, there)
    copied = new_stores.copy_of(url)
    copy = reopened(copied, there)
    assert "was copied here" in copy.halted
    copy.accept()
    copy.close()
    for lies, folder in ((url, here), (copied, there)):
        again = reopened(lies, folder)
        assert again.halted == ""
        again.close()


def test_a_folder_that_is_moved_goes_on(store_url: str, tmp_path: Path) -> None:
    store = reopened(store_url, tmp_path / "here")
    work(store, "a@example.net")
    store.close()
    (tmp_path / "here").rename(tmp_path / "there")
    again = reopened(store_url, tmp_path / "there")
    assert again.halted == ""
    again.close()


@pytest.mark.parametrize(
    ("seat", "goes_on"),
    [
        (Seat(7, "/shop/.nurture", "0f3c"), True),  # a container that was started anew
        (Seat(8, "/shop/.nurture", "web1"), True),  # a file system that numbers anew
        (Seat(7, "/new/.nurture", "web1"), True),  # moved
        (Seat(8, "/shop/.nurture", "web2"), False),
        (Seat(8, "/new/.nurture", "web1"), False),
        (Seat(8, "/new/.nurture", "web2"), False),
    ],
)
def test_two_of_three_tell_where_an_installation_lies(seat: Seat, goes_on: bool) -> None:
    assert Seat(7, "/shop/.nurture", "web1").is_that_of(seat) is goes_on


def test_an_installation_that_never_said_where_it_lies_goes_on_and_says_it(store_url: str, tmp_path: Path) -> None:
    store = reopened(store_url, tmp_path)
    work(store, "a@example.net")
    file = tmp_path / "installation.json"
    remembered = read_file(file)
    assert remembered is not None
    store.close()
    file.write_text(f'{{"store": "{remembered.mark.store}", "counter": {remembered.mark.counter}}}')
    again = reopened(store_url, tmp_path)
    assert again.halted == ""
    again.close()
    assert read_file(file) == remembered


def test_what_another_process_commits_while_a_store_is_opened_makes_it_no_backup(
    store_url: str, tmp_path: Path
) -> None:
    first = reopened(store_url, tmp_path)
    work(first, "a@example.net")

    class Meanwhile(type(tmp_path)):  # type: ignore[misc]
        """The installation's file, beside which another process works in the moment in which we look at it."""

        def exists(self) -> bool:
            work(first, "b@example.net")
            return super().exists()

    store = open_store(store_url, Meanwhile(tmp_path / "installation.json"))
    assert store.halted == ""
    store.close()
    first.close()


def test_another_store_under_this_installation_is_halted(new_stores: NewStores, tmp_path: Path) -> None:
    reopened(new_stores(), tmp_path).close()
    other = reopened(new_stores(), tmp_path)
    assert "another id" in other.halted
    other.close()


def test_a_damaged_installation_file_is_said(store_url: str, tmp_path: Path) -> None:
    for text in ("{}", "[]", '{"store": "a", "counter": 1, "seat": 1}', '{"store": "a", "counter": 1, "seat": {}'):
        (tmp_path / "installation.json").write_text(text)
        with pytest.raises(ValueError, match="is damaged"):
            reopened(store_url, tmp_path)


def test_an_installation_claims_mails_under_one_name_of_its_own(tmp_path: Path) -> None:
    here, there = tmp_path / "here" / "installation.json", tmp_path / "there" / "installation.json"
    assert owner_of(here) == owner_of(here)
    assert owner_of(here) != owner_of(there)
    assert [file.name for file in here.parent.iterdir()] == ["owner"]


def test_a_copy_that_is_accepted_claims_under_a_new_name_and_the_first_keeps_its_own(
    new_stores: NewStores, tmp_path: Path
) -> None:
    here, there, url = tmp_path / "here", tmp_path / "there", new_stores()
    store = reopened(url, here)
    work(store, "a@example.net")
    first = owner_of(here / "installation.json")
    store.beat(Runner(first, 7, "1", NOW, NOW, None, "at work"))
    store.accept()
    assert owner_of(here / "installation.json") == first, "it was no copy"
    store.close()
    shutil.copytree(here, there)
    copy = reopened(new_stores.copy_of(url), there)
    assert owner_of(there / "installation.json") == first
    copy.accept()
    assert owner_of(there / "installation.json") != first
    assert copy.runners() == (), "the daemon of the other installation is none of this store's"
    copy.close()
    assert owner_of(here / "installation.json") == first


def test_a_new_secret_is_the_newest_and_the_older_ones_stay(store_url: str, tmp_path: Path) -> None:
    store = reopened(store_url, tmp_path)
    first = store.secret("links", NOW)
    with store.database.writing() as connection:
        assert new_secret(connection, "links", 1) == 2
    newest, *others = store.secrets("links")
    assert store.secret("links", NOW) == newest != first
    assert others == [first]
    store.close()
