"""What a change of the files means, in words rather than lines of YAML (language.md 11.6)."""

import dataclasses
import re
from collections.abc import Iterator, Mapping

from nurture.decide.lineages import lineage_of
from nurture.engine.step_words import step_changes, step_words, steps_of
from nurture.model.book import Book
from nurture.model.plain import plain
from nurture.model.sequence import Sequence
from nurture.model.values import dataclass

NOT_SHAPE = frozenset(
    {"place", "steps", "nodes", "name", "lineage", "note", "about", "owner", "was", "removed", "switch"}
)
WORDS = {"class_": "class", "while_": "while", "condition": "if"}
HOUSE = ("catalogue", "stages", "moments", "topics", "themes", "tags", "house")
_SUBJECT = re.compile(rb"^subject:[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it was: what it is called, in one word how, and the particulars."""

    what: str
    how: str
    details: tuple[str, ...] = ()


def book_changes(old: Book | None, new: Book, former: Mapping[str, str] | None = None) -> Iterator[Change]:
    """Sequences that are new, changed or gone, then the house; `former` names sequences that were renamed."""
    before: Mapping[str, Sequence] = old.sequences if old else {}
    was = former or {}
    for name, sequence in sorted(new.sequences.items()):
        if was.get(name, name) not in before:
            yield Change(name, "new", (f"status {sequence.status.value}",))
        else:
            renamed = [f"> {was[name]}  is now  {name}"] if name in was else []
            details = (*renamed, *sequence_changes(before[was.get(name, name)], sequence))
            if details:
                yield Change(name, "changed", details)
    for name in sorted(before.keys() - new.sequences.keys() - set(was.values())):
        yield Change(name, "gone")
    if old is not None:
        yield from house_changes(old, new)


def house_changes(old: Book, new: Book) -> Iterator[Change]:
    """Limits, mutes and the rest apply to everybody from now on."""
    details = tuple(field_changes(old.rules, new.rules))
    if details:
        yield Change("house/rules", "changed", details)
    for name in HOUSE:
        before, after = plain(getattr(old, name)), plain(getattr(new, name))
        if before != after:
            yield Change(f"house/{name}" if name != "house" else "house", "changed", tuple(_parts(before, after)))


def _parts(before: object, after: object) -> Iterator[str]:
    """The named parts of a house file that are new, gone or changed."""
    old, new = _by_name(before), _by_name(after)
    for name in old.keys() | new.keys():
        if old.get(name) != new.get(name):
            sign = "+" if name not in old else "-" if name not in new else "~"
            yield f"{sign} {name}"


def _by_name(value: object) -> dict[str, object]:
    """The parts of a house file by what they are called."""
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items() if key != "kind"}
    if isinstance(value, tuple | list | frozenset | set):
        named = [(item.get("id") or item.get("name") if isinstance(item, Mapping) else item, item) for item in value]
        return {str(name): item for name, item in named}
    return {}


def file_changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Iterator[Change]:
    """Mails whose text is new, changed or gone; a changed text reaches everybody, also those inside."""
    mails = sorted({path.split("/")[1] for path in old.keys() | new.keys() if path.startswith("templates/")})
    for mail in mails:
        before, after = _texts(old, mail), _texts(new, mail)
        if before == after:
            continue
        touched = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
        how = "changed" if before and after else "new" if after else "gone"
        subjects = _subject_words(before, after) if how == "changed" else ()
        yield Change(f"mail {mail}", how, (", ".join(touched), *subjects))


def _texts(files: Mapping[str, bytes], mail: str) -> dict[str, bytes]:
    folder = f"templates/{mail}/"
    return {path.removeprefix(folder): data for path, data in files.items() if path.startswith(folder)}


def _subject_words(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[str]:
    """`subject en, fr, he changed, ar NOT changed`: a translation that was forgotten shows."""
    both = sorted(path for path in before.keys() & after.keys() if _subject(before[path]) is not None)
    changed = [path for path in both if _subject(before[path]) != _subject(after[path])]
    kept = [path for path in both if path not in changed]
    if changed:
        forgotten = f", {', '.join(_language(path) for path in kept)} NOT changed" if kept else ""
        yield f"subject {', '.join(_language(path) for path in changed)} changed{forgotten}"


def _subject(data: bytes) -> bytes | None:
    found = _SUBJECT.search(data[:4_000])
    return found.group(1) if found else None


def _language(path: str) -> str:
    return path.rsplit(".", 1)[0]


def sequence_changes(old: Sequence, new: Sequence) -> Iterator[str]:
    """The parts of a sequence that differ, then its steps: `>` renamed, `~` changed, `-` gone, `+` new."""
    yield from field_changes(old, new)
    before = {step.id: step for step in steps_of(old.steps)}
    there = {lineage_of(old, name): name for name in before}
    former = {step.id: there.get(lineage_of(new, step.id), "") for step in steps_of(new.steps)}
    yield from (f"> {was}  is now  {name}" for name, was in former.items() if was and was != name)
    for step in steps_of(new.steps):
        was = former[step.id]
        if was:
            yield from step_changes(step.id, before[was], step)
    yield from (f"- {name}" for name in before if name not in former.values())
    yield from (f"+ {step.id}: {step_words(step)}" for step in steps_of(new.steps) if not former[step.id])
    kept = [was for was in former.values() if was]
    if kept != [name for name in before if name in kept]:
        yield "~ the steps are in another order"


def field_changes(old: object, new: object) -> Iterator[str]:
    """The fields of two values of one class that differ, by the word an author writes for them."""
    for field in dataclasses.fields(old):  # type: ignore[arg-type]
        before, after = plain(getattr(old, field.name)), plain(getattr(new, field.name))
        if field.name not in NOT_SHAPE and before != after:
            word = WORDS.get(field.name, field.name)
            if isinstance(before, tuple) and isinstance(after, tuple):
                before, after = _only(before, after), _only(after, before)
            short = f"{word}: {shown(before)} -> {shown(after)}"
            yield f"~ {short if len(short) <= 120 else word}"


def _only(these: tuple[object, ...], others: tuple[object, ...]) -> tuple[object, ...]:
    """Those of a list that the other one does not have."""
    return tuple(one for one in these if one not in others)


def shown(value: object) -> str:
    """A plain value for people."""
    if value is None or value == ():
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {shown(item)}" for key, item in value.items() if item is not None and key != "kind")
    if isinstance(value, tuple):
        return ", ".join(shown(item) for item in value)
    return str(getattr(value, "value", value))
