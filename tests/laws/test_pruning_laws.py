"""What is pruned changes nothing that is decided: a story lived with pruning all the time is the one without it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, func, select, update

from nurture.engine.pruning import prune_all
from nurture.engine.replaying import replay
from nurture.engine.tick import tick
from nurture.model.keeping import KINDS, Keep
from nurture.model.length import Length, Unit
from nurture.store import pruning
from nurture.store.codec import micros
from nurture.store.open import Store
from nurture.store.tables import (
    AGENDA,
    CODE,
    CONSENT,
    DECISION,
    ENROLMENT,
    EVENT,
    FOOTING,
    INSTALLATION,
    MESSAGE,
    PERSON,
    PLANNED,
    REASON,
    SUPPRESSION,
    TASK,
    WEBHOOK,
)  # fmt: skip
from tests.ninety_days import NinetyDays

DAY = Length(1, Unit.day)
KEEP = Keep(DAY, Length(12, Unit.day), DAY, DAY, DAY, Length(0, Unit.day))
SEED, PEOPLE, DAYS = 5, 5, 45
KEPT = (PERSON, EVENT, MESSAGE, ENROLMENT, CONSENT, SUPPRESSION, PLANNED, AGENDA, CODE, TASK, WEBHOOK)
"""What decisions are made of, and what they leave: whole."""
BLANKED = {"message": {"variables"}}


class Pruned(NinetyDays):
    """The same story, and after each round everything goes that may."""

    def round(self) -> None:
        super().round()
        for one in prune_all(self.shop, KEEP, self.now, lambda _done: None):
            self.did_it(one.kind, one.rows)


def rows(store: Store) -> dict[str, list[dict[str, Any]]]:
    found = {}
    with store.database.reading() as connection:
        for table in KEPT:
            asked = select(*[one for one in table.c if one.name not in BLANKED.get(table.name, ())])
            found[table.name] = [dict(row) for row in connection.execute(asked).mappings()]
    return found


def number(store: Store, table: Any) -> int:
    with store.database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def alike(story: NinetyDays) -> NinetyDays:
    """In a store of one id: ids of people follow from it."""
    with story.store.database.writing() as connection:
        connection.execute(update(INSTALLATION).values(store="one"))
    story.store.id = "one"
    story.live()
    return story


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The story without pruning."""
    lived = alike(NinetyDays(tmp_path_factory.mktemp("whole"), SEED, PEOPLE, DAYS))
    yield lived
    lived.store.close()


def pruned(folder: Path) -> NinetyDays:
    return alike(Pruned(folder, SEED, PEOPLE, DAYS))


def test_with_pruning_everything_is_decided_as_without_it(whole: NinetyDays, tmp_path: Path) -> None:
    lived = pruned(tmp_path)
    assert rows(lived.store) == rows(whole.store)
    assert all(lived.did.get(kind) for kind in ("reasons", "journal", "bodies")), lived.did
    assert number(lived.store, REASON) < number(whole.store, REASON) / 5
    assert number(lived.store, DECISION) < number(whole.store, DECISION) / 2
    assert number(lived.store, FOOTING) <= 2 * number(lived.store, PERSON)
    found = replay(lived.store, (), None)
    assert found.equal, "\n".join(found.lines())
    assert not found.left_out
    assert 0 < found.footings <= found.people
    assert found.decisions == number(lived.store, DECISION)
    lived.store.close()


def test_after_a_long_quiet_time_the_journal_counts_on_and_proves_what_comes_after(tmp_path: Path) -> None:
    lived = NinetyDays(tmp_path, SEED, people=3, days=4)
    lived.live()
    before = number(lived.store, DECISION)
    for _ in range(6):
        lived.now += timedelta(days=60)
        tick(lived.store, lived.live_book().book, lived.now)
        assert all(one.rows >= 0 for one in prune_all(lived.shop, KEEP, lived.now, lambda _done: None))
    assert number(lived.store, DECISION) == 1
    lived.now += timedelta(days=1)
    lived.complains("p0")
    lived.round()
    since = number(lived.store, DECISION) - 1
    assert 0 < since < before
    found = replay(lived.store, (), None)
    assert (found.equal, found.decisions) == (True, since)
    lived.store.close()


def test_the_law_catches_a_prune_that_takes_old_mails(
    whole: NinetyDays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(connection: Connection, page: Any, before: Any, _now: Any) -> pruning.Pruned:
        connection.execute(delete(MESSAGE).where(MESSAGE.c.decided_at < micros(before)))
        return pruning._prune_reasons(connection, page, before, _now)

    monkeypatch.setitem(pruning._STEPS, "reasons", greedy)
    lived = pruned(tmp_path)
    here, there = rows(lived.store), rows(whole.store)
    assert [name for name in there if name != "message" and here[name] != there[name]], "all was decided alike"
    lived.store.close()


def test_every_kind_is_pruned_in_the_one_way_or_the_other() -> None:
    assert {*pruning._STEPS, "posts"} == set(KINDS)
    assert pruning._STEPS.keys() == pruning._PAGES.keys() == pruning._COUNTS.keys()
