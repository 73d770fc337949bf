"""Random edits of random books, as an apply would bring them: versions, first names, moves, former names."""

import random  # noqa: TID251 - which edits to make: the tests' choice, not nurture's
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from nurture.decide.lineages import traced
from nurture.model.book import Applied, Book, Move
from nurture.model.renaming import flattened
from nurture.model.sequence import Removal, Sequence
from nurture.model.step import AnyStep, Branch, Enrol, Repeat, Send, Split, WaitDay, WaitEvent, WaitLength, flow, inner
from tests import worlds as w

LENGTHS = ("1 hour", "12 hours", "1 day", "3 days", "9 days", "1 month")
Chance = random.Random


def applied(book: Book, at: datetime) -> Book:
    """A book of the working tree as the first one applied."""
    return replace(book, applied={name: Applied(1, at) for name in book.sequences})


def edited(book: Book, chance: Chance, at: datetime) -> Book:
    """The book after one more apply at an instant: some sequences changed, some renamed, the house now and then."""
    today = {name: f"{name}_of_now" for name in book.sequences if chance.random() < 0.15}
    renamed = book.renamed
    for was, name in today.items():
        renamed = flattened(renamed, "sequence", was, name)
    found: dict[str, Sequence] = {}
    versions: dict[str, Applied] = {}
    moves = {today.get(name, name): known for name, known in book.moves.items()}
    older = {(today.get(name, name), version): one for (name, version), one in book.older.items()}
    for was, old in book.sequences.items():
        name, number = today.get(was, was), book.version(was)
        if chance.random() < 0.3 and name == was:
            found[name], versions[name] = old, book.applied[was]
            continue
        new = _sequence(old, chance, was, name)
        found[name] = traced(new, old, number + 1)
        versions[name] = replace(book.applied[was], version=number + 1)
        older[name, number] = old
        due_now = chance.choice(["send", "old-day", "spread"])
        moves[name] = (*moves.get(name, ()), Move(number + 1, at, due_now, w.length("3 days")))
    found = {name: _each(one, lambda step: _enrols(step, today)) for name, one in found.items()}
    changed = replace(book, sequences=found, applied=versions, older=older, moves=moves, renamed=renamed)
    return _house(changed, chance)


def _house(book: Book, chance: Chance) -> Book:
    """Limits that are another, and a topic that is called otherwise."""
    if chance.random() < 0.3:
        book = replace(book, rules=replace(book.rules, min_gap=w.length("30 hours")))
    if chance.random() < 0.6 and "tips" in book.topics:
        topics = {("advice" if name == "tips" else name): one for name, one in book.topics.items()}
        sequences = {name: _each(one, _to_advice) for name, one in book.sequences.items()}
        renamed = flattened(book.renamed, "topic", "tips", "advice")
        book = replace(book, topics=topics, sequences=sequences, renamed=renamed)
    return book


def _enrols(step: AnyStep, today: dict[str, str]) -> AnyStep:
    return replace(step, sequence=today[step.sequence]) if isinstance(step, Enrol) and step.sequence in today else step


def _to_advice(step: AnyStep) -> AnyStep:
    return replace(step, topic="advice") if isinstance(step, Send) and step.topic == "tips" else step


def _each(sequence: Sequence, change: Callable[[AnyStep], AnyStep]) -> Sequence:
    """The sequence with every step changed."""
    steps = _in_all(sequence.steps, lambda some: [change(step) for step in some])
    return replace(sequence, steps=steps, nodes=flow(steps))


def _sequence(old: Sequence, chance: Chance, was: str, name: str) -> Sequence:
    removed: list[str] = []
    count = [0]

    def shuffled(some: list[AnyStep]) -> list[AnyStep]:
        found: list[AnyStep] = []
        for step in some:
            dice = chance.random()
            if dice < 0.12:
                removed.extend(_ids(step))
            elif dice < 0.55:
                found.append(_step(step, chance, count))
            else:
                found.append(step)
        if chance.random() < 0.25:
            count[0] += 1
            fresh = f"{old.name}_{len(old.nodes)}_{chance.randrange(10**6)}_{count[0]}"
            found.insert(chance.randrange(len(found) + 1), chance.choice([_send, _wait])(fresh, chance))
        if chance.random() < 0.2:
            chance.shuffle(found)
        return found

    steps = _in_all(old.steps, shuffled)
    ids = list(flow(steps))
    decisions = tuple(_removal(step, ids, chance) for step in removed if chance.random() < 0.8)
    keep = "finish_old" if chance.random() < 0.1 else "move"
    changed = {"steps": steps, "nodes": flow(steps), "removed": decisions, "on_change": keep}
    return replace(old, name=name, was=was if was != name else "", **changed)  # type: ignore[arg-type]


def _removal(step: str, ids: list[str], chance: Chance) -> Removal:
    how = chance.choice(["next", "next", "stop", "go_to"])
    if how == "go_to" and ids:
        return Removal(step, "", chance.choice(ids))
    return Removal(step, "stop" if how == "stop" else "next")


def _ids(step: AnyStep) -> list[str]:
    return [step.id, *(id_ for some in inner(step) for one in some for id_ in _ids(one))]


def _send(identity: str, chance: Chance) -> AnyStep:
    return w.send(identity, chance.choice(["care", "news", "service"]))


def _wait(identity: str, chance: Chance) -> AnyStep:
    return WaitLength(id=identity, place=w.HERE, length=w.length(chance.choice(LENGTHS)))


def _step(step: AnyStep, chance: Chance, count: list[int]) -> AnyStep:
    """A step renamed, or with another length, class or share."""
    changed: dict[str, Any] = {"was": ""}
    if chance.random() < 0.4:
        count[0] += 1
        changed |= {"id": f"{step.id}x{count[0]}", "was": step.id}
    match step:
        case WaitLength():
            changed |= {"length": w.length(chance.choice(LENGTHS)), "at": None}
        case WaitDay():
            changed["day"] = chance.randrange(0, 15)
        case WaitEvent():
            changed["up_to"] = w.length(chance.choice(LENGTHS))
        case Repeat():
            changed["every"] = w.length(chance.choice(LENGTHS))
        case Send():
            changed["class_"] = chance.choice(["care", "news", "service", step.class_])
        case Split():
            changed["ways"] = tuple(replace(way, weight=chance.randrange(1, 9)) for way in step.ways)
    return replace(step, **changed)


def _in_all(steps: tuple[AnyStep, ...], change: Callable[[list[AnyStep]], list[AnyStep]]) -> tuple[AnyStep, ...]:
    """Every list of steps changed, those inside others too."""
    return tuple(_within(step, change) for step in change(list(steps)))


def _within(step: AnyStep, change: Callable[[list[AnyStep]], list[AnyStep]]) -> AnyStep:
    match step:
        case Branch():
            return replace(step, arms=tuple(replace(arm, steps=_in_all(arm.steps, change)) for arm in step.arms))
        case Split():
            return replace(step, ways=tuple(replace(way, steps=_in_all(way.steps, change)) for way in step.ways))
        case WaitEvent():
            then, otherwise = _in_all(step.then, change), _in_all(step.otherwise, change)
            return replace(step, then=then, otherwise=otherwise)
        case Repeat():
            return replace(step, steps=_in_all(step.steps, change))
    return step
