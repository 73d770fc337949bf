"""Ninety days of a random shop, then every decision taken again from its journal: byte for byte the same.

Each thing that the journal has to keep is shown to be needed: without it, decisions come out otherwise.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from nurture.decide import advance as core
from nurture.decide import consents, gifts, migrate
from nurture.decide.draft import Draft
from nurture.engine import replaying
from nurture.engine.replaying import replay
from nurture.model.book import Book
from nurture.model.decision import Decision
from nurture.model.person import Consent, Person
from nurture.model.renaming import Renamed
from nurture.store.basis import Basis
from nurture.store.files import Files
from nurture.store.load import Loaded
from nurture.store.open import Store
from nurture.store.retelling import Entry, Journal, Retold
from tests.ninety_days import NinetyDays
from tests.postgres_server import Server
from tests.projects import Project

STORIES = int(os.environ.get("NURTURE_REPLAY_STORIES", "1"))
PEOPLE = int(os.environ.get("NURTURE_REPLAY_PEOPLE", "10"))
FIRST = int(os.environ.get("NURTURE_REPLAY_SEED", "3"))
HAPPENED = (
    {"applied"}, {"undone"}, {"late"}, {"outage"}, {"joined"}, {"handed over"}, {"taken back"}, {"clicked"},
    {"answered"}, {"done"}, {"approved", "dropped"}, {"paused", "stopped"},
)  # fmt: skip
"""What a story has to have in it; of each set one."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NinetyDays]:
    """One shop, lived through, in a folder of one name: a project is called like its folder, and keys hang on that."""
    folder = tmp_path_factory.mktemp("story") / "shop"
    folder.mkdir()
    lived = NinetyDays(folder, FIRST, PEOPLE)
    lived.live()
    yield lived
    lived.store.close()


def test_every_decision_of_ninety_days_comes_out_again(story: NinetyDays) -> None:
    found = replay(story.store, (), None)
    assert list(found.lines())[-1].endswith("all equal."), "\n".join(found.lines())
    assert found.equal
    assert found.decisions > 30 * found.people
    assert found.people == len([id_ for page in story.store.everybody() for id_ in page])
    assert not found.left_out
    assert [words for words in HAPPENED if not any(story.did.get(word) for word in words)] == []


def test_the_command_finds_the_same_in_a_process_with_another_order_of_sets(
    story: NinetyDays, monkeypatch: pytest.MonkeyPatch
) -> None:
    (story.folder / "sequences").mkdir(exist_ok=True)  # a project, of which only the store is asked
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        answer = Project(story.folder).ok("replay", "--json")
        assert json.loads(answer.out)["differences"] == []


def test_every_decision_of_some_weeks_comes_out_again_over_postgresql(postgres: Server, tmp_path: Path) -> None:
    with postgres.new_store() as url:
        lived = NinetyDays(tmp_path, FIRST, 5, days=25, url=url)
        found = replay(lived.live(), (), None)
        lived.store.close()
    assert found.equal, "\n".join(found.lines())
    assert found.decisions > 10 * found.people


def test_as_many_stories_more_as_are_asked_for(story: NinetyDays, tmp_path: Path) -> None:
    """NURTURE_REPLAY_STORIES of NURTURE_REPLAY_PEOPLE people each, from the seed NURTURE_REPLAY_SEED on."""
    for seed in range(story.seed + 1, story.seed + STORIES):
        folder = tmp_path / str(seed)
        folder.mkdir()
        lived = NinetyDays(folder, seed, PEOPLE)
        found = replay(lived.live(), (), None)
        lived.store.close()
        assert found.equal, f"seed {seed}\n" + "\n".join(found.lines())


# --- what bites -----------------------------------------------------------------------------------

Plant = Callable[[pytest.MonkeyPatch, Store], None]


def reads_todays_stock(patch: pytest.MonkeyPatch, store: Store) -> None:
    """Whether somebody may have a gift hangs on how many were given until now."""
    given = sum(stock.given for stock in store.outbox.codes.stock().values())
    plain = gifts._may_have
    patch.setattr(gifts, "_may_have", lambda *asked: ("over_budget", ()) if given > 3 else plain(*asked))


def answers_in_another_order(patch: pytest.MonkeyPatch, _store: Store) -> None:
    """Consents in the order in which a set happens to give them."""

    def answers(draft: Draft, given: dict[str, Consent]) -> None:
        draft.consents = {**draft.consents, **dict(sorted(given.items(), reverse=True))}
        draft.changed.add("consents")

    patch.setattr(consents, "_answers", answers)


def moves_by_the_wall_clock(patch: pytest.MonkeyPatch, _store: Store) -> None:
    """Where somebody lands in a new version hangs on when it is looked at."""
    plain, looks = migrate.landing, count()
    patch.setattr(migrate, "landing", lambda *given: migrate.Landing(migrate.STOP) if next(looks) else plain(*given))


def forgets_mails_taken_back(patch: pytest.MonkeyPatch, _store: Store) -> None:
    plain = Retold.as_read
    patch.setattr(Retold, "as_read", lambda self, entry, renamed: plain(self, replace(entry, gone=""), renamed))


def forgets_the_watermark(patch: pytest.MonkeyPatch, _store: Store) -> None:
    plain = Retold.as_read
    patch.setattr(Retold, "as_read", lambda self, entry, renamed: plain(self, replace(entry, since=0), renamed))


def sees_what_came_later(patch: pytest.MonkeyPatch, _store: Store) -> None:
    plain = Retold.as_read

    def as_read(self: Retold, entry: Entry, renamed: Renamed) -> Loaded:
        return plain(self, replace(entry, upto=10**9), renamed)

    patch.setattr(Retold, "as_read", as_read)


def forgets_switches(patch: pytest.MonkeyPatch, _store: Store) -> None:
    def bases(self: Journal) -> dict[int, Basis]:
        return {number: replace(basis, switches=()) for number, basis in plain(self).items()}

    plain = Journal.bases
    patch.setattr(Journal, "bases", bases)


def decides_by_todays_files(patch: pytest.MonkeyPatch, store: Store) -> None:
    newest = store.load_files()

    def then(_self: Journal, _application: int) -> Files:
        return newest

    patch.setattr(Journal, "files_then", then)


def forgets_what_was_known_then(patch: pytest.MonkeyPatch, _store: Store) -> None:
    """The files of that day without the versions that people still stood on, and how they came from them."""
    plain = Journal.files_then

    def then(self: Journal, application: int) -> Files | None:
        files = plain(self, application)
        return files and replace(files, older={}, moves={})

    patch.setattr(Journal, "files_then", then)


def keeps_what_is_worked_out(patch: pytest.MonkeyPatch, _store: Store) -> None:
    """A decision remembers somebody from the one before it."""
    plain, last = core.advance, list[Person]()

    def advance(book: Book, person: Person, *more: object) -> Decision:
        spared = last[-1].spared if last else person.spared
        decided = plain(book, replace(person, spared=person.spared | spared), *more)  # type: ignore[arg-type]
        last.append(decided.person)
        return decided

    patch.setattr(replaying, "advance", advance)


PLANTS: tuple[Plant, ...] = (
    reads_todays_stock, answers_in_another_order, moves_by_the_wall_clock, forgets_mails_taken_back,
    forgets_the_watermark, sees_what_came_later, forgets_switches, decides_by_todays_files, forgets_what_was_known_then,
    keeps_what_is_worked_out,
)  # fmt: skip


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_fault_bites(story: NinetyDays, monkeypatch: pytest.MonkeyPatch, plant: Plant) -> None:
    plant(monkeypatch, story.store)
    assert not replay(story.store, (), None).equal


def test_a_difference_names_person_moment_and_what_came_out(story: NinetyDays, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "landing", lambda *_: migrate.Landing(migrate.STOP))
    said = "\n".join(replay(story.store, (), None).lines())
    assert "decided up to 2027-" in said
    assert "  was written  version after_order" in said
    assert "was taken away, and they leave" in said
