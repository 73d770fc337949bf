"""Each benchmark runs at a tiny size and says what it measured; what it measures is not judged here."""

import json
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks import frame, idle_tick, population, status
from benchmarks.__main__ import NAMES, main
from benchmarks.population import Population, populated
from nurture.engine.rebuilding import recompute, taken_in
from nurture.engine.replaying import replay
from nurture.engine.tick import tick, zone_of
from nurture.wiring import live

PEOPLE = 100
QUICK = ("idle_tick", "decisions", "ingest", "status", "holiday")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def tiny(kept: Path, monkeypatch: pytest.MonkeyPatch) -> Population:
    """A population of four copies of a sample of 25 who lived two days; the benchmarks find it too."""
    monkeypatch.setenv("NURTURE_BENCHMARKS", str(kept))
    monkeypatch.setattr(population, "SAMPLE", PEOPLE // 4)
    monkeypatch.setattr(populated, "__defaults__", (PEOPLE // 4, 2, population.SEED, 0))
    return populated(PEOPLE)


def test_a_population_is_a_true_store(tiny: Population) -> None:
    with tiny.opened() as shop:
        store, book = shop.store, live(shop.store).book
        (page,) = store.everybody()
        histories = store.histories(page)
        anew = [
            recompute(book, person, taken)
            for person, arrived in store.people(page, tiny.moment)
            if (taken := taken_in(person, arrived, histories[person.id]))
        ]
        assert len(page) == PEOPLE
        assert store.differences(anew, zone_of(book)) == []
        again = replay(store, [], None)
        assert again.equal
        assert again.people == PEOPLE // 4, "the copies hold no digest"


def test_a_copy_is_decided_as_its_original_is(tiny: Population) -> None:
    with population.spoiled(tiny) as spoiled, spoiled.opened() as shop:
        store, book = shop.store, live(shop.store).book
        tick(store, book, spoiled.moment.replace(hour=15))
        (page,) = store.everybody()
        known = {label: person for person, label in store.labels(page).items()}
        people = {person.id: person for person, _ in store.people(page, spoiled.moment.replace(hour=15))}
        for label, id_ in known.items():
            original, _, copy = label.partition(".")
            if copy:
                here, there = people[id_], people[known[original]]
                assert [one.mail for one in here.messages] == [one.mail for one in there.messages]
                assert [one.step for one in here.enrolments] == [one.step for one in there.enrolments]


def test_the_quick_ones_run_and_write_json(
    tiny: Population, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module, name, less in ((idle_tick, "TICKS", 5), (idle_tick, "ROUNDS", 1), (status, "TIMES", 1)):
        monkeypatch.setattr(module, name, less)
    main([*QUICK, str(PEOPLE), "--json", str(tmp_path / "figures.json")])
    told = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in told["benchmarks"]] == list(QUICK)
    assert all(one["figures"] and one["processor_seconds"] > 0 for one in told["benchmarks"])
    assert {"python", "sqlite", "nurture"} <= set(told["versions"])
    assert f"idle tick, {PEOPLE} people" in capsys.readouterr().out


def test_every_benchmark_has_its_measure() -> None:
    assert all(callable(import_module(f"benchmarks.{name}").measure) for name in NAMES)


def test_how_much_more_is_told_for_two_sizes() -> None:
    (one,) = frame.growth("idle tick", {100: 2.0, 1_000: 3.0}, "1.5 times")
    assert (one.what, one.reached) == ("idle tick, 1,000 people against 100", "1.50 times")
    assert frame.growth("idle tick", {100: 2.0}, "1.5 times") == []
