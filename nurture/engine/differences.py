"""What a change of the files means, in words rather than lines of YAML (language.md 11.6)."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nurture.model.book import Book
from nurture.model.place import Place
from nurture.model.sequence import Sequence
from nurture.model.step import AnyStep, Branch, Send, Set, Stop, Tag, Untag, WaitDay, WaitLength, WaitUntil, WaitWeekday

NOT_SHAPE = frozenset({"place", "steps", "nodes", "name", "lineage", "note", "about", "owner"})
WORDS = {"class_": "class", "while_": "while", "condition": "if"}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it was: what it is called, in one word how, and the particulars."""

    what: str
    how: str
    details: tuple[str, ...] = ()


def book_changes(old: Book | None, new: Book) -> Iterator[Change]:
    """Sequences that are new, changed or gone, then the house."""
    before: Mapping[str, Sequence] = old.sequences if old else {}
    for name, sequence in sorted(new.sequences.items()):
        if name not in before:
            yield Change(name, "new", (f"status {sequence.status.value}",))
        else:
            details = tuple(sequence_changes(before[name], sequence))
            if details:
                yield Change(name, "changed", details)
    for name in sorted(before.keys() - new.sequences.keys()):
        yield Change(name, "gone")
    if old is not None:
        yield from house_changes(old, new)


def house_changes(old: Book, new: Book) -> Iterator[Change]:
    """Limits, mutes and the rest apply to everybody from now on."""
    details = tuple(field_changes(old.rules, new.rules))
    if details:
        yield Change("house/rules", "changed", details)
    for name in ("catalogue", "stages", "moments", "topics", "themes", "tags"):
        if plain(getattr(old, name)) != plain(getattr(new, name)):
            yield Change(f"house/{name}", "changed")


def file_changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Iterator[Change]:
    """Mails whose text is new, changed or gone; a changed text reaches everybody, also those inside."""
    mails = sorted({path.split("/")[1] for path in old.keys() | new.keys() if path.startswith("templates/")})
    for mail in mails:
        before = {path: data for path, data in old.items() if path.startswith(f"templates/{mail}/")}
        after = {path: data for path, data in new.items() if path.startswith(f"templates/{mail}/")}
        if before == after:
            continue
        touched = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
        names = ", ".join(path.rsplit("/", 1)[1] for path in touched)
        yield Change(f"mail {mail}", "changed" if before and after else "new" if after else "gone", (names,))


def sequence_changes(old: Sequence, new: Sequence) -> Iterator[str]:
    """The parts of a sequence that differ, then its steps by their ids."""
    yield from field_changes(old, new)
    before, after = dict(steps_of(old.steps)), dict(steps_of(new.steps))
    for name, words in after.items():
        if name not in before:
            yield f"+ {name}: {words}"
        elif before[name] != words:
            yield f"~ {name}: {before[name]} -> {words}"
    for name in before:
        if name not in after:
            yield f"- {name}"
    if [name for name in before if name in after] != [name for name in after if name in before]:
        yield "~ the steps are in another order"


def field_changes(old: object, new: object) -> Iterator[str]:
    """The fields of two values of one class that differ, by the word an author writes for them."""
    for field in dataclasses.fields(old):  # type: ignore[arg-type]
        before, after = plain(getattr(old, field.name)), plain(getattr(new, field.name))
        if field.name not in NOT_SHAPE and before != after:
            word = WORDS.get(field.name, field.name)
            short = f"{word}: {shown(before)} -> {shown(after)}"
            yield f"~ {short if len(short) <= 80 else word}"


def plain(value: object) -> object:
    """A value without its places, so that moving a line changes nothing; conditions are their words."""
    if isinstance(value, Place):
        return None
    if hasattr(value, "text") and hasattr(value, "root"):
        return value.text
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and type(value).__str__ is object.__str__:
        named = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"kind": type(value).__name__, **named}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return tuple(plain(item) for item in value)
    return value


def shown(value: object) -> str:
    """A plain value for people."""
    if value is None or value == ():
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {shown(item)}" for key, item in value.items() if item is not None and key != "kind")
    if isinstance(value, tuple):
        return ", ".join(shown(item) for item in value)
    return str(getattr(value, "value", value))


def steps_of(steps: tuple[AnyStep, ...]) -> Iterator[tuple[str, str]]:
    """Every step with its id and its words, those inside branches too."""
    for step in steps:
        condition = f" if {step.condition.text}" if step.condition else ""
        yield step.id, f"{step_words(step)}{condition}"
        if isinstance(step, Branch):
            for arm in step.arms:
                yield from steps_of(arm.steps)


def step_words(step: AnyStep) -> str:
    """One step as one would tell it to a colleague."""
    match step:
        case Send():
            variant = f"/{step.variant}" if step.variant else ""
            return f"send {step.mail}{variant} ({step.class_}, valid {step.valid_for})"
        case WaitLength():
            return f"wait {step.length}{f' at {step.at:%H:%M}' if step.at else ''}"
        case WaitDay():
            return f"wait until day {step.day} at {step.at:%H:%M}"
        case WaitUntil():
            return f"wait until {'.'.join(step.path)}{f' minus {step.minus}' if step.minus else ''} at {step.at:%H:%M}"
        case WaitWeekday():
            return f"wait until a weekday between {step.start:%H:%M} and {step.end:%H:%M}"
        case Branch():
            return "branch " + " / ".join(arm.condition.text if arm.condition else "else" for arm in step.arms)
        case Tag() | Untag():
            return f"{type(step).__name__.lower()} {' '.join(step.tags)}"
        case Set():
            return "set " + ", ".join(f"person.{name}" for name, _ in step.values)
        case Stop():
            return f"stop: {step.reason}"
    return type(step).__name__.lower()
