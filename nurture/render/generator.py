"""How templates become Python: as Jinja does it, with every piece of output saying whether it is the pattern's.

Jinja lets a generator of one's own write constants and outputs (its native types use the same three places). The
code does what Jinja's does, in the same order; only the pieces are `Shared` where they are the template's own words, or
come out the same for everybody, or shape the page. Joined, as in a block that is kept in a variable, they are words.
"""

from collections.abc import Iterable

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame

from nurture.render.told import HOUSE, OWN, SETTLED

SHAPING = "_styled"  # the filter of a value in a style; in a class or a tag there is none (protect.py)
EVERYBODYS = frozenset({*HOUSE, *(OWN + name for name in (*HOUSE, *SETTLED)), *SETTLED, "image", "_image"})


class PatternsApart(CodeGenerator):
    """Jinja's own generator, but for how pieces of output are written."""

    words: tuple[str, ...] = ()

    def _output_const_repr(self, group: Iterable[object]) -> str:
        self.words = (*self.words, "".join(map(str, group)))
        return f"shared_{len(self.words)}"

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if isinstance(node, nodes.EnvironmentAttribute):  # a marker (`splitting`), put out as it is
            return
        if is_everybodys(node):
            self.write("Shared(")
        if frame.eval_ctx.volatile:
            self.write("(escaped if context.eval_ctx.autoescape else str)(")
        else:
            self.write("escaped(" if frame.eval_ctx.autoescape else "str(")
        if finalize.src is not None:
            self.write(finalize.src)

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if isinstance(node, nodes.EnvironmentAttribute):
            return
        super()._output_child_post(node, frame, finalize)
        if is_everybodys(node):
            self.write(")")

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802  (Jinja's name)
        """The whole module, with the template's words at its end, made once."""
        super().visit_Template(node, frame)
        self.writeline("Shared, escaped = environment.pattern_piece, environment.escaped")
        for number, words in enumerate(self.words, 1):
            self.writeline(f"shared_{number} = Shared({words!r})")


def is_everybodys(node: nodes.Expr) -> bool:
    """Whether what comes out is the pattern's: it is the same for everybody, or it shapes the page."""
    if isinstance(node, nodes.Filter) and node.name == SHAPING:
        return True
    names = [node] if isinstance(node, nodes.Name) else node.find_all(nodes.Name)
    return all(name.name in EVERYBODYS for name in names)
