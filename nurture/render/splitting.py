"""A template taken apart: what many readers of a mail share, and the outputs that are put in for each.

An output such as `{{ person.first_name | or_else('you') }}` asks for what the mail is given and for nothing else, so it
comes out the same wherever and whenever it is worked out. It becomes a *slot*. What is left, with its conditions and
loops, comes out the same for all who are the same in what it asks for (`Read`), and so does a slot.
"""

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from jinja2 import Template, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from nurture.model.values import dataclass
from nurture.render.generator import is_everybodys
from nurture.render.markers import MOST_SLOTS
from nurture.render.told import OWN

ADDRESSES = frozenset({"unsubscribe_url", "preferences_url"})  # one for each mail; with or without `OWN` before them
ASKS_THE_READER = frozenset({"day", "money", "list_and"})  # filters that write as the reader's locale and zone want it
READER = "_reader"
_JINJAS_OWN = frozenset({"loop", "caller", "varargs", "kwargs", "self", "super"})
_STRAIGHT = (nodes.Template, nodes.If, nodes.For)  # what is put out in these is put out piece by piece
_SPELT = ("_address", "_plain")


class How(Enum):
    """What of a value is asked: all of it, whether it is known, or whether it holds."""

    value = "value"
    known = "known"
    holds = "holds"


class Read(NamedTuple):
    """A question that a template asks of what it is given: `person.first_name` by its names."""

    how: How
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """A slot that only calls `answer`: the event and its fields."""

    event: str
    fields: tuple[tuple[str, str | int], ...]


class Around(NamedTuple):
    """What stands before and behind a value, where the value is known."""

    path: tuple[str, ...]
    before: str
    behind: str


@dataclass(frozen=True, slots=True)
class Slot:
    """An output as a template of its own, and what it asks for.

    `address` is the name of the reader's own address that it shows and nothing else; `answered` the answer;
    `around` says that it puts one word between words that are always the same, as long as that is known; `bare` that
    the marks that set a word apart are taken out of it.
    """

    template: Template
    reads: tuple[Read, ...]
    address: str = ""
    answered: Answered | None = None
    around: Around | None = None
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Split:
    """A template without its slots, what it still asks for, and its slots."""

    template: Template
    reads: tuple[Read, ...]
    slots: tuple[Slot, ...]


def split(tree: nodes.Template, file: str, environment: ImmutableSandboxedEnvironment) -> Split:
    """Take a parsed template apart; the tree is changed."""
    names = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
    found = list(_slots(tree, _JINJAS_OWN | names))[:MOST_SLOTS]
    slots = []
    for number, (output, place) in enumerate(found):
        expression = output.nodes[place]
        output.nodes[place] = nodes.EnvironmentAttribute(f"markers[{number}]", lineno=output.lineno)
        slots.append(_slot(expression, file, environment))
    return Split(_compiled(tree, file, environment), reads_of(tree), tuple(slots))


def reads_of(node: nodes.Node) -> tuple[Read, ...]:
    """Every question that a template or a part of one asks, each once."""
    found = set(_reads(node))
    needed = (one for one in found if one.how is How.value or Read(How.value, one.path) not in found)
    return tuple(sorted(needed, key=str))


def _slots(node: nodes.Node, taken: frozenset[str]) -> Iterator[tuple[nodes.Output, int]]:
    """Every output that asks only for what the mail is given, but for those that are worked up further."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Output):
            for place, expression in enumerate(child.nodes):
                if _is_own(expression, taken):
                    yield child, place
        elif isinstance(child, _STRAIGHT) and not getattr(child, "recursive", False):
            yield from _slots(child, taken)


def _is_own(expression: nodes.Expr, taken: frozenset[str]) -> bool:
    if isinstance(expression, nodes.TemplateData) or is_everybodys(expression):
        return False
    return not taken.intersection(name.name for name in _names(expression))


def _names(node: nodes.Node) -> Iterator[nodes.Name]:
    if isinstance(node, nodes.Name):
        yield node
    yield from node.find_all(nodes.Name)


def _slot(expression: nodes.Expr, file: str, environment: ImmutableSandboxedEnvironment) -> Slot:
    reads = reads_of(expression)
    bare = expression
    while isinstance(bare, nodes.Filter) and bare.name in _SPELT and bare.node is not None:
        bare = bare.node
    shown = bare.name if isinstance(bare, nodes.Name) and bare.name.removeprefix(OWN) in ADDRESSES else ""
    tree = nodes.Template([nodes.Output([expression], lineno=expression.lineno)], lineno=1)
    tree.set_environment(environment)
    return Slot(
        _compiled(tree, file, environment), reads, shown, _answered(bare), _around(bare), bare is not expression
    )


def _around(node: nodes.Node | None) -> Around | None:
    """What an expression puts round one value: `' ' ~ person.first_name if person.first_name is known`."""
    if path := _path(node):
        return Around(path, "", "")
    if isinstance(node, nodes.Filter) and node.name == "or_else":
        return _around(node.node)
    if isinstance(node, nodes.CondExpr) and isinstance(node.test, nodes.Test) and node.test.name == "known":
        found = _around(node.expr1)
        return found if found is not None and found.path == _path(node.test.node) else None
    if not isinstance(node, nodes.Concat):
        return None
    words = [one.value if isinstance(one, nodes.Const) and isinstance(one.value, str) else None for one in node.nodes]
    if words.count(None) != 1:
        return None
    place = words.index(None)
    found = _around(node.nodes[place])
    before, behind = ("".join(map(str, those)) for those in (words[:place], words[place + 1 :]))
    return found and Around(found.path, before + found.before, found.behind + behind)


def _answered(node: nodes.Expr) -> Answered | None:
    """What a call of `answer` says, where it says the same for everybody."""
    if not (isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == "answer"):
        return None
    if node.dyn_args is not None or node.dyn_kwargs is not None or len(node.args) != 1:
        return None
    event, fields = node.args[0], tuple((one.key, _said(one.value)) for one in node.kwargs)
    named = _said(event)
    known = tuple((name, value) for name, value in fields if value is not None)
    return Answered(named, known) if isinstance(named, str) and len(known) == len(fields) else None


def _said(node: nodes.Expr) -> str | int | None:
    """A word, a whole number, true or false that is written out; None for anything else."""
    value: object = node.value if isinstance(node, nodes.Const) else None
    return value if isinstance(value, str | int) else None


def _compiled(tree: nodes.Template, file: str, environment: ImmutableSandboxedEnvironment) -> Template:
    return Template.from_code(environment, environment.compile(tree, filename=file), environment.globals)


def _reads(node: nodes.Node) -> Iterator[Read]:
    """Every question that is asked below a node."""
    if isinstance(node, nodes.Filter) and node.name in ASKS_THE_READER:
        yield Read(How.value, (READER,))
    if isinstance(node, nodes.Test) and node.name in ("known", "unknown") and (path := _path(node.node)):
        yield Read(How.known, path)
        return
    if isinstance(node, nodes.If | nodes.CondExpr) and (path := _path(node.test)):
        yield Read(How.holds, path)
        for child in node.iter_child_nodes():
            if child is not node.test:
                yield from _reads(child)
        return
    if path := _path(node):
        yield Read(How.value, path)
        return
    for child in node.iter_child_nodes():
        yield from _reads(child)


def _path(node: nodes.Node | None) -> tuple[str, ...]:
    """`person.orders.count` by its names; nothing for anything else."""
    names: list[str] = []
    while isinstance(node, nodes.Getattr):
        names.append(node.attr)
        node = node.node
    return (node.name, *reversed(names)) if isinstance(node, nodes.Name) and node.ctx == "load" else ()
