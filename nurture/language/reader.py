"""From a tree to checked values by the step table: every key known, every value understood (language.md 9.2)."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from nurture.language import hints
from nurture.language.grammar import FAMILIES
from nurture.language.names import CODES, Names, did_you_mean, nearest
from nurture.language.opens import CURE, WHY, speaks_of_opening
from nurture.language.shapes import (
    Anything,
    Family,
    Forms,
    Known,
    Many,
    Named,
    Part,
    Pattern,
    PlainOr,
    Shape,
    Table,
)
from nurture.language.stretches import MOST
from nurture.language.tree import ListNode, MappingNode, Node, ScalarNode
from nurture.language.values import PLAIN, matches
from nurture.model.place import Place, Problem

T = TypeVar("T")
NEEDS_ID = "id: a name of its own, since what happened at this step is kept by it"
UNREAD = Table("unread", "a step", "Stands in the place of what was not understood, so that the rest is judged.", ())


@dataclass(slots=True)
class Fields:
    """One mapping as read: the values of the keys that were understood, and the nodes they came from."""

    table: Table
    node: MappingNode
    values: dict[str, object] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        """Where the mapping begins."""
        return self.node.place

    def get(self, key: str, kind: type[T]) -> T | None:
        """The value of a key, if it is there, was understood and is of that kind."""
        value = self.values.get(key)
        return value if isinstance(value, kind) else None

    def text(self, key: str, default: str = "") -> str:
        """The text of a key, or the default."""
        value = self.values.get(key)
        return value if isinstance(value, str) else default

    def flag(self, key: str, *, default: bool) -> bool:
        """The yes or no of a key, or the default."""
        value = self.values.get(key)
        return value if isinstance(value, bool) else default

    def many(self, key: str, kind: type[T]) -> tuple[T, ...]:
        """The understood values of a list; empty when it is not there."""
        value = self.values.get(key)
        return tuple(item for item in value if isinstance(item, kind)) if isinstance(value, tuple) else ()

    def named(self, key: str, kind: type[T]) -> dict[str, T]:
        """The understood values of a mapping of the author's names; empty when it is not there."""
        value = self.values.get(key)
        if not isinstance(value, dict):
            return {}
        return {name: item for name, item in value.items() if isinstance(item, kind)}

    def written(self, key: str) -> bool:
        """Whether the author wrote the key, understood or not."""
        return key in self.node

    def place_of(self, key: str) -> Place:
        """Where the value of a key stands; without the key, where the mapping begins."""
        node = self.node.get(key)
        return node.place if node else self.place

    def place_of_key(self, key: str) -> Place:
        """Where the key itself stands; without it, where the mapping begins."""
        node = self.node.key(key)
        return node.place if node else self.place


class Reader:
    """Reads the nodes of one file; what is wrong gathers in `problems`."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.problems: list[Problem] = []
        self._told: Counter[str] = Counter()

    def say(self, code: str, place: Place, message: str, hint: str = "") -> None:
        """Keep a finding."""
        self.keep(Problem(code, place, message, hint))

    def keep(self, problem: Problem) -> None:
        """Keep a finding, unless its file has more of them than anybody will read."""
        if self.crowded(problem.place):
            return
        self.problems.append(problem)
        self._told[problem.place.file] += 1
        if self.crowded(problem.place):
            message = f"{MOST} findings are shown; what comes after this one was not looked at"
            self.problems.append(Problem("E100", problem.place, message))

    def crowded(self, place: Place) -> bool:
        """Whether the file of a place has so many findings that the rest of it is not looked at."""
        return self._told[place.file] >= MOST

    def fields(self, node: Node | None, table: Table, label: str) -> Fields | None:
        """The values of a mapping by its table; None when there is no mapping."""
        if not isinstance(node, MappingNode):
            if node is not None:
                self.say("E114", node.place, f"'{label}' takes keys and values", hints.of_mapping(table))
            return None
        fields = Fields(table, node)
        for name, child in node:
            if self.crowded(name.place):
                return fields
            self._field(fields, name, child)
        self._missing(fields)
        return fields

    def _field(self, fields: Fields, name: ScalarNode, child: Node) -> None:
        key = fields.table.key(name.text)
        if key is None:
            self._other(fields, name, child)
            return
        value = self.value(key.name, child, key.shape)
        if value is not None:
            fields.values[key.name] = value

    def _other(self, fields: Fields, name: ScalarNode, child: Node) -> None:
        """A key of the author's own, where the table takes such; else a stranger."""
        others = fields.table.others
        shape = others.shape if others else None
        if others is None or not isinstance(shape, Named) or not _of_form(name.text, shape.key):
            self._stranger(fields.table, name)
            return
        if isinstance(shape.key, Known) and self.value(name.text, name, shape.key) is None:
            return
        value = self.value(name.text, child, shape.each)
        if value is not None:
            before = fields.named(others.name, object)
            fields.values[others.name] = {**before, name.text: value}

    def _stranger(self, table: Table, name: ScalarNode) -> None:
        hint = hints.of_key(table, name.text)
        belongs = "does not belong to" if table.stranger == "E113" else "is not a part of"
        self.say(table.stranger, name.place, f"'{name.text}' {belongs} {table.called}", hint)

    def _missing(self, fields: Fields) -> None:
        table = fields.table
        meant = {nearest(key.text, table.names) for key, _ in fields.node if table.key(key.text) is None}
        missing = [key for key in table.keys if key.required and not fields.written(key.name)]
        missing = [key for key in missing if key.name not in meant]  # a misspelt key has its own finding
        if any(key.name == "id" for key in missing) and table.stranger == "E113":
            self.say("E211", fields.place, f"{table.called} needs an id", NEEDS_ID)
            missing = [key for key in missing if key.name != "id"]
        if missing:
            hint = hints.of_missing(missing[0]) if len(missing) == 1 else ""
            self.say("E115", fields.place, f"{table.called} needs {hints.all_of(missing)}", hint)
        self._one_of(fields)
        if table.some_of and not any(map(fields.written, table.some_of)):
            self.say("E115", fields.place, f"{table.called} needs {hints.either(table.some_of)}")
        for name, fellow in table.beside:
            if fields.written(name) and not fields.written(fellow):
                self.say(table.stranger, fields.place_of_key(name), f"'{name}' only goes with '{fellow}'")

    def _one_of(self, fields: Fields) -> None:
        table = fields.table
        written = [name for name in fields.node.keys if name in table.one_of]
        if table.one_of and not written:
            self.say("E115", fields.place, f"{table.called} needs {hints.either(table.one_of)}")
        for name in written[1:]:
            message = f"'{written[0]}' and '{name}' do not go together in {table.called}"
            self.say(table.stranger, fields.place_of_key(name), message, "write only one of them")

    def value(self, label: str, node: Node, shape: Shape) -> object | None:
        """The value of a node by its shape; None, with a finding, when it is not understood."""
        if self.crowded(node.place):
            return None
        composed = _COMPOSED.get(type(shape))
        if composed is not None:
            return composed(self, label, node, shape)
        if isinstance(shape, Anything) and not isinstance(node, ScalarNode):
            return node
        if not isinstance(node, ScalarNode):
            self.say("E114", node.place, f"'{label}' takes a single value", hints.of_value(shape, ""))
            return None
        value = PLAIN[type(shape)](node, shape)
        if value is None:
            self._not_understood(label, node, shape)
        return value

    def _not_understood(self, label: str, node: ScalarNode, shape: Shape) -> None:
        if node.value is None:
            self.say("E114", node.place, f"'{label}' is empty", hints.of_value(shape, ""))
            return
        self.say("E114", node.place, f"'{label}: {node.text}' is not understood", hints.of_value(shape, node.text))

    def _known(self, label: str, node: Node, shape: Known) -> str | None:
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
            self.say("E114", node.place, f"'{label}' takes the name of {hints.with_article(shape.what)}")
            return None
        names = self.names.of(shape.what)
        if names is None or node.value in names or node.value in shape.also:
            return node.value
        if shape.form is not None and matches(shape.form.regex, node.value):
            return node.value
        if shape.form is not None:
            words = (*shape.also, *names)
            kinds = f"{', '.join(shape.also)}, a {shape.what} of the catalogue, or {shape.form.of}"
            hint = did_you_mean(node.value, words, kinds)
            self.say("E114", node.place, f"'{label}: {node.value}' is not understood", hint)
            return None
        folder = f" (templates/{node.value}/)" if shape.what == "mail" else ""
        words = (*names, *shape.also)
        today = self.names.of_today(shape.what, node.value)
        hint = today or did_you_mean(node.value, words, hints.of_name(shape.what, node.value, words))
        if shape.what == "event" and speaks_of_opening(node.value):
            hint = f"{WHY}; {CURE}"
        self.say(CODES[shape.what], node.place, f"there is no {shape.what} '{node.value}'{folder}", hint)
        return None

    def _many(self, label: str, node: Node, shape: Many) -> tuple[object, ...] | None:
        if not isinstance(node, ListNode):
            if not shape.alone or (isinstance(node, ScalarNode) and node.value is None):
                self.say("E114", node.place, f"'{label}' takes a list")
                return None
            only = self.value(label, node, shape.each)
            return None if only is None else (only,)
        self._how_many(label, node, shape)
        values = (self.value(label, item, shape.each) for item in node.items[: shape.most])
        return tuple(value for value in values if value is not None)

    def _how_many(self, label: str, node: ListNode, shape: Many) -> None:
        count = len(node.items)
        if count >= shape.least and (shape.most is None or count <= shape.most):
            return
        wanted = f"exactly {shape.least}" if shape.least == shape.most else f"at least {shape.least}"
        if shape.most is not None and count > shape.most:
            wanted = f"at most {shape.most}" if shape.least != shape.most else wanted
        entries = "1 entry" if count == 1 else f"{count} entries"
        self.say("E114", node.place, f"'{label}' has {entries}; it takes {wanted}")

    def _named(self, label: str, node: Node, shape: Named) -> dict[str, object] | None:
        if not isinstance(node, MappingNode):
            self.say("E114", node.place, f"'{label}' takes names and values")
            return None
        found: dict[str, object] = {}
        for name, child in node:
            key = self.value(label, name, shape.key)
            value = self.value(name.text, child, shape.each)
            if isinstance(key, str) and value is not None:
                found[key] = value
        return found

    def _part(self, label: str, node: Node, shape: Part) -> Fields | None:
        return self.fields(node, shape.table, label)

    def _plain_or(self, label: str, node: Node, shape: PlainOr) -> object | None:
        if isinstance(node, MappingNode):
            return self.value(label, node, shape.mapping)
        if isinstance(node, ListNode) and shape.listed is not None:
            return self.value(label, node, shape.listed)
        return self.value(label, node, shape.plain)

    def _forms(self, label: str, node: Node, shape: Forms) -> Fields | None:
        family = FAMILIES[shape.family]
        if not isinstance(node, MappingNode):
            self.say("E114", node.place, f"'{label}' takes {family.called}, with keys and values")
            return None
        verbs = [key for key, _ in node if family.table(key.text)]
        if not verbs:
            self._no_verb(family, node)
            return Fields(UNREAD, node)
        if family.strange == "E111" and len(verbs) > 1:
            message = f"'{verbs[0].text}' and '{verbs[1].text}' in one step; a step does one thing"
            self.say("E112", verbs[1].place, message, "make it a step of its own")
            return Fields(UNREAD, node)
        table = _meant(family, [verb.text for verb in verbs])
        return self.fields(node, table, label) if table else None

    def _no_verb(self, family: Family, node: MappingNode) -> None:
        verbs = [table.verb for table in family.tables]
        word = _would_be_verb(family, node)
        if word is None:
            self.say("E115", node.place, f"{family.called} needs one of {', '.join(verbs)}")
            return
        hint = did_you_mean(word.text, verbs, f"one of {', '.join(verbs)}")
        cannot = "is not something a step can do" if family.strange == "E111" else f"is not a part of {family.called}"
        self.say(family.strange, word.place, f"'{word.text}' {cannot}", hint)


def _of_form(word: str, key: Pattern | Known) -> bool:
    return isinstance(key, Known) or matches(key.regex, word)


def _meant(family: Family, verbs: list[str]) -> Table | None:
    """The table of the first verb that takes the other words as its keys: `{every: year, day: ..}` is about a day."""
    tables = [table for verb in verbs if (table := family.table(verb)) is not None]
    return next((table for table in tables if all(map(table.key, verbs))), tables[0] if tables else None)


def _would_be_verb(family: Family, node: MappingNode) -> ScalarNode | None:
    """The key that was meant as the verb: one that no fellow knows, else the first."""
    siblings = {key.name for table in family.tables for key in table.keys} | family.common
    words = [key for key, _ in node if key.text not in family.common]
    strange = [key for key in words if key.text not in siblings]
    return next(iter([*strange, *words]), None)


_COMPOSED: dict[type, Callable[..., object | None]] = {
    Known: Reader._known,
    Many: Reader._many,
    Named: Reader._named,
    Part: Reader._part,
    Forms: Reader._forms,
    PlainOr: Reader._plain_or,
}
