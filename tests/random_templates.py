"""Random Jinja templates, far more than a mail may hold, and hostile values for what they name."""

from collections.abc import Callable
from decimal import Decimal

from hypothesis import strategies as st
from markupsafe import Markup

from nurture.render.environment import READER, Reader, Sandbox, environment
from nurture.render.values import Attributes, Isolated, Unknown

NAMES = ("a", "b", "c", "person.first_name")
FLAGS = ("yes", "no")
NASTY = [
    "<", ">", "<b>", "</p>", "&", "&amp;", '"', "'", "\n", "\n\n\n", "\r\n", " ", "\t", "  \n \n\t\n ", "{{ a }}", "{%",
    "{# ", "}}", "-nv-0-", "-nv-", "nv", "%", "\u2066", "\u2068", "\u2069", "\u202e", "\u200f", "\ufdd0", "\x00",
    "\x1b", "\x85", "\u2028", "א", "عب", "é", "😀", "cid:", "a", "word", "0", "\\n", "%(a)s", "$&", "\\1",
]  # fmt: skip
WORDS = st.from_regex(r"[a-zé0-9]{1,12}", fullmatch=True)
HOSTILE = (
    st.lists(st.sampled_from(NASTY), max_size=8).map("".join)
    | st.text(max_size=20)
    | st.sampled_from(["", "x" * 10_000, "<" * 10_000, "\n" * 10_000, " \u2068" * 5_000])
)
VALUES = (
    HOSTILE
    | HOSTILE.map(Isolated)
    | HOSTILE.map(Markup)
    | st.integers(-5, 5)
    | st.sampled_from([True, False, None, Decimal("1.50"), Unknown("a")])
)
SAID = st.lists(st.sampled_from([*(one for one in NASTY if "{" not in one), "Hello", ", ", "<p>", "\n\n"]), max_size=4)


@st.composite
def readers(draw: st.DrawFn, values: st.SearchStrategy[object] = VALUES) -> dict[str, object]:
    """What a template may name, with any values."""
    told = {name: draw(values) for name in ("a", "b", "c")}
    items = draw(st.lists(values, max_size=3))
    return reader_of(
        {**told, "items": tuple(items), "name": draw(values), **dict(zip(FLAGS, (True, False), strict=True))}
    )


def reader_of(told: dict[str, object]) -> dict[str, object]:
    """The same as a template gets it."""
    person = Attributes("person", {"first_name": told["name"]}, frozenset({"age"}))
    return {**told, "person": person, READER: Reader("en_IE", "Europe/Dublin", "EUR")}


LITERALS = ("'x'", "' '", "''", "'\\n'", "3", "1.5", "'x' * 3")


def _expressions(
    names: tuple[str, ...], filters: tuple[str, ...], literals: tuple[str, ...] = LITERALS
) -> st.SearchStrategy[str]:
    """What may stand between braces."""
    name = st.sampled_from(names)
    literal = st.sampled_from(literals)
    simple = name | literal

    def more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return (
            st.tuples(inner, inner).map(lambda two: f"({two[0]} ~ {two[1]})")
            | st.tuples(inner, st.sampled_from(FLAGS), inner).map(lambda all_: "({} if {} else {})".format(*all_))
            | st.tuples(inner, st.sampled_from(FLAGS)).map(lambda two: "({} if {})".format(*two))
            | st.tuples(inner, st.sampled_from(filters)).map(lambda two: "({} | {})".format(*two))
        )

    return simple | st.recursive(simple, more, max_leaves=4)


FILTERS = ("or_else('-')", "_plain", "_quoted", "_styled", "_address", "money", "list_and")
ANY = _expressions((*NAMES, "items", "why", "_page_why", "v", "loop.index", "missing"), FILTERS, (*LITERALS, "'<i>'"))
TAME = _expressions(NAMES, ("or_else('-')", "_plain", "_quoted"))
CONDITIONS = st.sampled_from([*FLAGS, "a", "b is known", "a is unknown", "items", "a == b", "c > 1"])


def templates(
    expressions: st.SearchStrategy[str] = ANY, conditions: st.SearchStrategy[str] = CONDITIONS, wild: bool = True
) -> st.SearchStrategy[str]:
    """Whole templates; `wild` ones hold statements that no mail may have."""
    words = SAID.map("".join) | st.just("word")
    leaf = words | expressions.map("{{{{ {} }}}}".format) | expressions.map("{{{{- {} -}}}}".format)

    def more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        body = st.lists(inner, max_size=4).map("".join)
        kinds: list[st.SearchStrategy[str]] = [
            st.tuples(conditions, body, body).map(
                lambda all_: "{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format(*all_)
            ),
            st.tuples(conditions, body).map(lambda two: "{{% if {} %}}\n{}\n{{% endif %}}\n".format(*two)),
            body.map("{{% for a in items %}}{}{{% else %}}none{{% endfor %}}".format),
            body.map("{{% for x in items %}}{}{{{{ x }}}}\n{{% endfor %}}".format),
        ]
        if wild:
            kinds += [
                st.tuples(expressions, body).map(lambda two: "{{% set v = {} %}}{}".format(*two)),
                body.map("{{% set v %}}{}{{% endset %}}{{{{ v }}}}".format),
                body.map("{{% filter _plain %}}{}{{% endfilter %}}".format),
                st.tuples(body, expressions).map(
                    lambda two: "{{% macro m(a) %}}{}{{% endmacro %}}{{{{ m({}) }}}}".format(*two)
                ),
                st.tuples(body, body).map(
                    lambda two: (
                        "{{% macro m() %}}{}{{{{ caller() }}}}{{% endmacro %}}{{% call m() %}}{}{{% endcall %}}".format(
                            *two
                        )
                    )
                ),
                st.tuples(expressions, body).map(lambda two: "{{% with a = {} %}}{}{{% endwith %}}".format(*two)),
                body.map("{{% autoescape false %}}{}{{% endautoescape %}}".format),
                body.map("{{% autoescape yes %}}{}{{% endautoescape %}}".format),
                body.map("{{% for a in items recursive %}}{}{{{{ loop(()) }}}}{{% endfor %}}".format),
                body.map("{{% block b %}}{}{{% endblock %}}".format),
                body.map("{{% raw %}}{{{{ a }}}}{{% endraw %}}{}".format),
            ]
        return st.one_of(kinds)

    piece = st.recursive(leaf, more, max_leaves=8)
    return st.lists(piece, max_size=5).map("".join)


def loose(escaped: bool, change: Callable[[Sandbox], None] = lambda _made: None) -> Sandbox:
    """The sandbox of mails in which macros can be called, so that the generator is asked all that Jinja has."""
    made = environment(escaped)
    change(made)
    made.is_safe_callable = lambda _obj: True  # type: ignore[method-assign]
    return made
