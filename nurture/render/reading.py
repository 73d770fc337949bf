"""Reading a template for what it names: every name is given, in the catalogue, and known where it is printed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from jinja2 import nodes

from nurture.model.place import Place, Problem
from nurture.render.check_calls import findings
from nurture.render.compiled import parsed
from nurture.render.environment import AUTHORS_FILTERS
from nurture.render.given import Fact, Giving
from nurture.render.source import Piece, nearest
from nurture.render.tokens import Token, tokens_in

ANYTHING = Fact("", False)
FILTERS: Mapping[str, tuple[frozenset[str], str]] = {
    "day": (frozenset({"", "day", "moment"}), "a day or a moment"),
    "money": (frozenset({"", "number", "money"}), "an amount"),
    "list_and": (frozenset({"", "tags", "list"}), "a list"),
}
_SIMPLE = (nodes.Compare, nodes.And, nodes.Or, nodes.BinExpr, nodes.Concat, nodes.Neg, nodes.List, nodes.Tuple)
_DIVISIONS = (nodes.Div, nodes.FloorDiv, nodes.Mod)


@dataclass
class Reading:
    """One pass over one piece of a template, for one step that gives it its names."""

    piece: Piece
    giving: Giving
    problems: list[Problem] = field(default_factory=list)
    tokens: Sequence[Token] = ()
    next_output: int = 0
    here: Token | None = None
    beside: Sequence[Token] = ()

    def run(self) -> list[Problem]:
        """All findings, in the order of the text."""
        if "{" not in self.piece.text:
            return self.problems
        self.tokens = tokens_in(self.piece.text)
        self.block(parsed(self.piece.text).body, dict(self.giving.names), frozenset())
        return self.problems

    def block(self, body: Sequence[nodes.Node], names: Mapping[str, Fact], known: frozenset[str]) -> None:
        """Statements one after another; `known` are the names a test around them has shown to be known."""
        for node in body:
            if isinstance(node, nodes.Output):
                for part in node.nodes:
                    if not isinstance(part, nodes.TemplateData):
                        self.output(part, names, known)
            elif isinstance(node, nodes.If):
                self.condition(node, names, known)
            elif isinstance(node, nodes.For):
                self.loop(node, names, known)
            else:
                self.statement(node.lineno)
                word = re.sub(r"[-+\s]", "", self.here.text[2:].lstrip("-+ ").split()[0]) if self.here else "this"
                self.say("E223", f"'{{% {word} %}}' is not used in mails", "", "only if, for and their ends are")

    def output(self, node: nodes.Expr, names: Mapping[str, Fact], known: frozenset[str]) -> None:
        """A `{{ … }}`: what it prints must be known."""
        outputs = [token for token in self.tokens if not token.statement]
        self.here = outputs[self.next_output] if self.next_output < len(outputs) else None
        self.next_output += 1
        found = self.value(node, names, known)
        if found.maybe_unknown:
            name = dotted(node) or _first_name(node)
            hint = f"{{{{ {name} | or_else('…') }}}}"
            self.say("E222", f"'{name}' is not known of everybody, and printing it would fail", name, hint)
        if found.tells_age:
            name = dotted(node) or _first_name(node)
            self.say(
                "W325", f"'{name}' tells a reader's age or year of birth", name, "leave it out; few like to read it"
            )

    def condition(self, node: nodes.If, names: Mapping[str, Fact], known: frozenset[str]) -> None:
        """An `if` with its `elif` and `else`."""
        self.statement(node.lineno)
        self.value(node.test, names, known)
        shows, denies = shown_known(node.test)
        self.block(node.body, names, known | shows)
        for other in node.elif_:
            self.condition(other, names, known | denies)
        self.block(node.else_, names, known | denies)

    def loop(self, node: nodes.For, names: Mapping[str, Fact], known: frozenset[str]) -> None:
        """A `for` over a given list."""
        self.statement(node.lineno)
        found = self.value(node.iter, names, known)
        name = dotted(node.iter)
        if node.test is not None or node.recursive or not isinstance(node.target, nodes.Name):
            self.say("E223", "a loop is written '{% for x in list %}' here", "", "ask with {% if %} inside it")
        if found.maybe_unknown:
            self.say("E222", f"'{name}' is not known of everybody", name, f"{{% if {name} is known %}} round the loop")
        if found.kind not in ("", "tags", "lines", "list"):
            self.say("E223", f"'{name}' is not a list, so there is nothing to go through", name, "")
        target = node.target.name if isinstance(node.target, nodes.Name) else ""
        inside = {**names, target: found.parts.get("", Fact("text" if found.kind == "tags" else "", False))}
        self.block(node.body, inside, known)
        self.block(node.else_, names, known)

    def value(self, node: nodes.Node, names: Mapping[str, Fact], known: frozenset[str]) -> Fact:
        """What an expression gives; findings on the way."""
        path = dotted(node)
        if path:
            found = self.named(path, names)
            return replace(found, maybe_unknown=False) if path in known else found
        if isinstance(node, nodes.Const):
            kinds = {str: "text", bool: "bool"}
            return Fact(kinds.get(type(node.value), "number"), False)
        if isinstance(node, nodes.Filter):
            return self.filter(node, names, known)
        if isinstance(node, nodes.Test):
            return self.test(node, names, known)
        if isinstance(node, nodes.CondExpr):
            return self.choice(node, names, known)
        if isinstance(node, nodes.Not):
            return self.opposite(node, names, known)
        if isinstance(node, _SIMPLE):
            return self.together(node, names, known)
        if isinstance(node, nodes.Call) and dotted(node.node) in set(self.giving.offered.calls) - names.keys():
            values = {word.key: self.value(word.value, names, known) for word in node.kwargs}
            for finding in findings(node, self.giving.offered, values):
                self.say(*finding)
            return Fact("text", False)
        self.say("E223", "this is more than a mail may ask", "", "work it out in the sequence and give it by 'with'")
        return ANYTHING

    def together(self, node: nodes.Node, names: Mapping[str, Fact], known: frozenset[str]) -> Fact:
        """Comparisons, arithmetic, `~`: unknown when a part is; an `and` tells its right side what is known."""
        if self.fixed(node):
            return ANYTHING
        inside = known
        parts: list[Fact] = []
        for child in node.iter_child_nodes():
            operand = child.expr if isinstance(child, nodes.Operand) else child
            if isinstance(child, nodes.Operand) and child.op == "notin":
                self.sure(node, names, inside)
            parts.append(self.value(operand, names, inside))
            if isinstance(node, nodes.And):
                inside |= shown_known(operand)[0]
        kind = "text" if isinstance(node, nodes.Concat) else "number" if isinstance(node, nodes.BinExpr) else ""
        kind = "list" if isinstance(node, nodes.List | nodes.Tuple) else kind
        asks = isinstance(node, nodes.Compare | nodes.And | nodes.Or)
        return Fact(kind, not asks and any(part.maybe_unknown for part in parts))

    def fixed(self, node: nodes.Node) -> bool:
        """Whether it asks nothing of the reader, which is a finding: the answer, or its failure, is always the same."""
        worked_out = isinstance(node, nodes.BinExpr | nodes.Compare) or _is_minus_text(node)
        if worked_out and next(node.find_all(nodes.Name), None) is None:
            self.say("E223", "this is the same for every reader", "", "write what comes out of it")
            return True
        if isinstance(node, _DIVISIONS) and isinstance(node.right, nodes.Const) and node.right.value == 0:
            self.say("E223", "nothing can be divided by 0", "", "")
            return True
        return False

    def named(self, path: str, names: Mapping[str, Fact]) -> Fact:
        """The fact behind a dotted name; E220 for a name that is not given, E221 for a fact that is not there."""
        first, *rest = path.split(".")
        found = names.get(first)
        if found is None:
            if self.giving.by:
                message = self.giving.refusal.format(name=first, by=self.giving.by)
                self.say("E220", message, first, nearest(first, names))
            return ANYTHING
        so_far = first
        for part in rest:
            if part not in found.parts:
                hint = nearest(part, (other for other in found.parts if other), before=f"{so_far}.")
                self.say("E221", f"nothing is called '{so_far}.{part}' in the catalogue", path, hint)
                return ANYTHING
            found, so_far = found.parts[part], f"{so_far}.{part}"
        return found

    def filter(self, node: nodes.Filter, names: Mapping[str, Fact], known: frozenset[str]) -> Fact:
        """A filter of the closed list, with something it can write."""
        found = self.value(node.node, names, known) if node.node else ANYTHING
        if node.name not in AUTHORS_FILTERS:
            hint = nearest(node.name, AUTHORS_FILTERS)
            self.say("E223", f"there is no filter '{node.name}'", node.name, hint or ", ".join(AUTHORS_FILTERS))
            return ANYTHING
        wanted = 1 if node.name == "or_else" else 0
        if len(node.args) != wanted or node.kwargs or node.dyn_args or node.dyn_kwargs:
            self.say("E223", f"'{node.name}' takes {wanted or 'no'} value in brackets", node.name, "")
        if node.name == "or_else":
            instead = [self.value(argument, names, known) for argument in node.args]
            return replace(found, maybe_unknown=any(fact.maybe_unknown for fact in instead))
        kinds, words = FILTERS[node.name]
        if found.kind not in kinds:
            name = dotted(node.node) if node.node else ""
            self.say("E223", f"'{node.name}' needs {words}, and '{name}' is a {found.kind}", name or node.name, "")
        return replace(found, kind="text")

    def test(self, node: nodes.Test, names: Mapping[str, Fact], known: frozenset[str]) -> Fact:
        """`is known` or `is unknown`."""
        self.value(node.node, names, known)
        if node.name not in ("known", "unknown"):
            self.say("E223", f"'is {node.name}' is not a test", node.name, "use 'is known' or 'is unknown'")
        return Fact("bool", False)

    def choice(self, node: nodes.CondExpr, names: Mapping[str, Fact], known: frozenset[str]) -> Fact:
        """`a if question else b`; without an else, nothing is printed."""
        self.value(node.test, names, known)
        shows, denies = shown_known(node.test)
        first = self.value(node.expr1, names, known | shows)
        second = self.value(node.expr2, names, known | denies) if node.expr2 else Fact(first.kind, False)
        return replace(
            first,
            maybe_unknown=first.maybe_unknown or second.maybe_unknown,
            tells_age=first.tells_age or second.tells_age,
        )

    def opposite(self, node: nodes.Not, names: Mapping[str, Fact], known: frozenset[str]) -> Fact:
        """`not`: of something unknown it would be a yes, and unknown is never a yes."""
        self.value(node.node, names, known)
        self.sure(node.node, names, known)
        return Fact("bool", False)

    def sure(self, node: nodes.Node, names: Mapping[str, Fact], known: frozenset[str]) -> None:
        """Every name in a negated question must be known, since Jinja has no third answer."""
        if isinstance(node, nodes.Test):
            return
        for path in _paths(node):
            if path not in known and Reading(self.piece, self.giving).named(path, names).maybe_unknown:
                hint = f"ask '{path} is known and …' first"
                self.say(
                    "E222", f"'{path}' is not known of everybody, and 'not' would turn that into a yes", path, hint
                )

    def statement(self, line: int) -> None:
        """Stand on the `{% … %}` of a line of the piece; where there are several, a word tells which."""
        self.beside = [
            token
            for token in self.tokens
            if token.statement and self.piece.text.count("\n", 0, token.offset) + 1 == line
        ]
        self.here = self.beside[0] if self.beside else None

    def say(self, code: str, message: str, word: str, hint: str) -> None:
        """A finding at a word inside the token that is being read."""
        self.problems.append(Problem(code, self.place(word), message, hint))

    def place(self, word: str) -> Place:
        """Where a word stands in the current token, else the token itself."""
        if self.here is None:
            return self.piece.place(0)
        for token in self.beside if self.here.statement and word else (self.here,):
            found = re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", token.text) if word else None
            if found is not None:
                return self.piece.place(token.offset + found.start(), len(word))
        return self.piece.place(self.here.offset, len(self.here.text))


def dotted(node: nodes.Node | None) -> str:
    """`person.orders.count` for such an expression, else nothing."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        before = dotted(node.node)
        return f"{before}.{node.attr}" if before else ""
    return ""


def _paths(node: nodes.Node) -> Iterator[str]:
    """The dotted names in an expression, outside of tests for being known."""
    path = dotted(node)
    if path:
        yield path
    elif not isinstance(node, nodes.Test):
        for child in node.iter_child_nodes():
            yield from _paths(child)


def _is_minus_text(node: nodes.Node) -> bool:
    """`-'a'`; a number with a minus sign is a number."""
    return isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const) and isinstance(node.node.value, str)


def _first_name(node: nodes.Node) -> str:
    return next(_paths(node), "this")


def shown_known(test: nodes.Node) -> tuple[frozenset[str], frozenset[str]]:
    """The names a question shows to be known when the answer is yes, and when it is no."""
    nothing: frozenset[str] = frozenset()
    if isinstance(test, nodes.Test):
        name = frozenset({dotted(test.node)} - {""})
        return (
            (name, nothing) if test.name == "known" else (nothing, name) if test.name == "unknown" else (nothing,) * 2
        )
    if isinstance(test, nodes.Not):
        shows, denies = shown_known(test.node)
        return denies, shows
    if isinstance(test, nodes.And):
        return shown_known(test.left)[0] | shown_known(test.right)[0], nothing
    if isinstance(test, nodes.Or):
        return nothing, shown_known(test.left)[1] | shown_known(test.right)[1]
    if isinstance(test, nodes.Compare) and all(operand.op != "notin" for operand in test.ops):
        return frozenset(_paths(test)), nothing
    path = dotted(test)
    return (frozenset({path}), nothing) if path else (nothing, nothing)
