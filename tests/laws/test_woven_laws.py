"""A woven mail is the mail: byte for byte what stock Jinja renders, and what a provider makes of pattern and values."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import assume, event, example, given, settings
from hypothesis import strategies as st
from jinja2 import Template
from jinja2.compiler import CodeGenerator

from nurture.language.project import read_project
from nurture.links import Links
from nurture.model.book import Book
from nurture.model.decision import Intent
from nurture.model.event import MonthDay
from nurture.model.mail import Email, Woven
from nurture.model.person import Orders, Person
from nurture.model.step import Offer, Send, flow
from nurture.render import generator, weaving
from nurture.render.environment import Sandbox
from nurture.render.folding import Folding
from nurture.render.mail import render
from nurture.render.weaving import Part, woven_page, woven_text
from tests.hunting import hunt_drawn
from tests.random_templates import FLAGS, HOSTILE, TAME, WORDS, loose, reader_of, readers, templates
from tests.stock_mails import EMPTY_LINES, stock_mail

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LINKS = Links("https://shop.example", b"a secret", "shop")
URLS = st.sampled_from(["https://shop.example/u/abc.def", "mailto:a@b.example?subject=unsubscribe%20tips"])
FOOTER = Woven(("\n* * *\nUnsubscribe: ", "\n\n\n\nKestrel\n"), ("https://shop.example/u/1",))


# ---- templates as Jinja has them ----


def _stock(made: Sandbox) -> None:
    made.code_generator_class = CodeGenerator  # type: ignore[assignment]


OURS = {escaped: loose(escaped) for escaped in (True, False)}
STOCK = {escaped: loose(escaped, _stock) for escaped in (True, False)}


@lru_cache(maxsize=64)
def template(source: str, escaped: bool, woven: bool) -> Template:
    """A template for both kinds of text. Raises what Jinja raises for a source that is none."""
    return (OURS if woven else STOCK)[escaped].from_string(source)


def finished(text: str, escaped: bool) -> str:
    """What a mail made of a rendered part before there was weaving."""
    if escaped:
        return text.replace("\u2068", "<bdi>").replace("\u2069", "</bdi>")
    return EMPTY_LINES.sub("\n\n", text).strip("\n") + "\n" + str(FOOTER)


def by_stock(source: str, context: Mapping[str, object], escaped: bool) -> str | type[Exception]:
    """The part as stock Jinja makes it, or what it raises."""
    try:
        return finished(template(source, escaped, woven=False).render(context), escaped)
    except Exception as fault:  # noqa: BLE001  (whatever a template raises)
        return type(fault)


def by_us(source: str, context: Mapping[str, object], escaped: bool) -> Part | type[Exception]:
    """The same, woven."""
    try:
        ready = template(source, escaped, woven=True)
        pieces = list(ready.root_render_func(ready.new_context(dict(context), shared=True)))
    except Exception as fault:  # noqa: BLE001  (whatever a template raises)
        return type(fault)
    return woven_page(pieces) if escaped else woven_text(pieces, FOOTER)


def is_itself(source: str, readers_: Sequence[Mapping[str, object]], escaped: bool) -> bool:
    """Whether every reader's part is stock Jinja's and is woven truthfully."""
    for context in readers_:
        expected, found = by_stock(source, context, escaped), by_us(source, context, escaped)
        if isinstance(expected, str) != isinstance(found, Part):
            return False
        if not isinstance(found, Part):
            if found is not expected:
                return False
        elif found.whole != expected or not is_woven(found, may_lack=weaving._HOLE in expected):
            return False
    return True


def is_woven(part: Part, may_lack: bool = False) -> bool:
    """Whether the woven form says the same, with nothing in a value that could shape the page."""
    if part.woven is None:
        return may_lack
    fits = len(part.woven.pattern) == len(part.woven.values) + 1
    return fits and str(part.woven) == part.whole and not any("<" in value for value in part.woven.values)


CASES = st.tuples(templates(), st.lists(readers(), min_size=1, max_size=3), st.booleans())


@settings(max_examples=400, deadline=None)
@given(CASES)
@example(("{% if yes %}\n{% endif %}\n\n{{ a }}\n\n", [reader_of({"a": "", "name": "", "yes": True})], False))
@example(("x{{ a }}\n\n{{ b }}", [reader_of({"a": "", "b": "\n\ny", "name": ""})], False))
@example(("{{ a }}{{ '<' }}", [reader_of({"a": "\u2068<\u2069", "name": ""})], True))
def test_what_is_woven_is_what_stock_jinja_renders(case):
    assert is_itself(*case)
    event(f"renders: {isinstance(by_us(case[0], case[1][0], case[2]), Part)}")


@st.composite
def _alike(draw: st.DrawFn) -> tuple[str, dict[str, object], dict[str, object]]:
    """A template, and two readers who differ in nothing but the words they are called by."""
    source = draw(templates(TAME, st.sampled_from(FLAGS), wild=False))
    length = draw(st.integers(0, 3))
    flags = dict(zip(FLAGS, draw(st.tuples(st.booleans(), st.booleans())), strict=True))

    def one() -> dict[str, object]:
        told = {name: draw(WORDS) for name in ("a", "b", "c", "name")}
        return reader_of({**told, "items": tuple(draw(WORDS) for _ in range(length)), **flags})

    return source, one(), one()


def share(case: tuple[str, dict[str, object], dict[str, object]], escaped: bool) -> bool:
    """Whether both readers get the same pattern."""
    source, one, other = case
    parts = [by_us(source, context, escaped) for context in (one, other)]
    if parts[0] is parts[1]:
        return True  # what both raise
    return (
        all(isinstance(part, Part) and part.woven for part in parts)
        and len({part.woven.pattern for part in parts if isinstance(part, Part) and part.woven}) == 1
    )


@settings(max_examples=300, deadline=None)
@given(_alike(), st.booleans())
def test_readers_of_the_same_structure_share_a_pattern(case, escaped):
    assume(weaving._HOLE not in case[0])
    assert share(case, escaped)
    assert is_itself(case[0], case[1:], escaped)


# ---- what a provider makes of it ----


def substituted(woven: Woven, tags: Sequence[str]) -> str:
    """As SendGrid puts a text together: every tag found and replaced one after another, also in what is in already."""
    text = "".join(part for pair in zip(woven.pattern, (*tags, ""), strict=True) for part in pair)
    for tag, value in zip(tags, woven.values, strict=True):
        text = text.replace(tag, value)
    return text


def tags_of(prefix: str, woven: Woven) -> list[str]:
    """Tags of which none begins another."""
    return [f"{prefix}{number}-" for number in range(len(woven.values))]


def arrives(case: tuple[str, Sequence[Mapping[str, object]], bool], prefix: str, free: bool = True) -> bool:
    """Whether every reader's part comes out of the replacement as it was; where `free`, of those without the prefix."""
    source, contexts, escaped = case
    for context in contexts:
        part = by_us(source, context, escaped)
        if not isinstance(part, Part) or part.woven is None:
            continue
        taken = prefix in part.whole or prefix in "".join(part.woven.pattern)
        if not (free and taken) and substituted(part.woven, tags_of(prefix, part.woven)) != part.whole:
            return False
    return True


@settings(max_examples=400, deadline=None)
@given(CASES, st.sampled_from(["-nv-", "nv", "%", "a", "-", "\ufdd0", "&"]))
def test_tags_that_occur_nowhere_are_replaced_by_the_same_bytes(case, prefix):
    assert arrives(case, prefix)


def test_the_law_of_replacement_sees_a_tag_that_occurs_in_a_value():
    assert hunt_drawn(CASES, lambda case: not arrives(case, "-nv-", free=False), tries=3_000)


def test_a_tag_can_come_about_where_a_value_and_a_pattern_meet():
    woven = Woven(("", "", "-", ""), ("1-", "one", "two"))  # `-n` is in no part and in no value
    assert all("-n" not in part for part in (*woven.pattern, *woven.values))
    met = Woven(("-", " ", ""), ("n1-", "x"))
    assert all("-n" not in part for part in (*met.pattern, *met.values))
    assert "-n" in str(met)
    assert substituted(met, ["-n0-", "-n1-"]) != str(met)


# ---- the mails of the starter book and of the examples ----


@cache
def project(folder: str) -> tuple[Book, dict[str, bytes], dict[str, Send]]:
    """A book, its files, and a step for each of its mails."""
    root = ROOT / folder
    files = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for part in ("sequences", "templates")
        for path in sorted((root / part).rglob("*"))
        if path.is_file()
    }
    book = read_project(files).book
    assert book is not None
    steps = (node.step for name in sorted(book.sequences) for node in flow(book.sequences[name].steps).values())
    return book, files, {step.mail: step for step in steps if isinstance(step, Send)}


BOOKS: dict[str, tuple[Book, dict[str, bytes], dict[str, Send]]] = {}
FOLDERS = (".", "docs/examples/subscription_software")
MAILS = [(folder, mail) for folder in FOLDERS for mail in sorted(project(folder)[2])]
KNOWN: Mapping[str, object] = {
    "text": "Salma", "number": 3, "day": date(2027, 4, 2), "moment": NOON, "money": Decimal("11.50"), "bool": True,
    "tags": ("moka", "filter"), "lines": (),
}  # fmt: skip


def asked(send: Send, book: Book, text: Callable[[], object], variant: str = "") -> Intent:
    """The intent to send a mail; `text` gives what is told in words."""
    given_ = {
        name: text() if value.kind.value == "text" else KNOWN.get(value.kind.value, text())
        for name, value in send.variables
    }
    if isinstance(send, Offer):
        given_ |= {"rung": text(), "rung_title": text()}
    return Intent(
        "ab12", "p1", "s", 1, "1", send.id, send.mail, send.class_, send.topic, "", NOON, NOON, NOON, NOON.date(),
        "Europe/Paris", "own", "salma@shop.example", given_, variant,
    )  # fmt: skip


def somebody(book: Book, locale: str, text: Callable[[], object], known: bool = True) -> Person:
    """A reader of whom everything is known, or nothing."""
    facts: dict[str, object] = {}
    for name, field in book.catalogue.person.items() if known else ():
        year_free = field.type == "day" and field.year_optional
        facts[name] = text() if field.type == "text" else MonthDay(5, 14) if year_free else KNOWN.get(field.type)
    orders = Orders((date(2025, 11, 21),), NOON, NOON, Decimal(40)) if known else Orders()
    return Person("p1", NOON, facts={**facts, "locale": locale, "country": "FR"}, orders=orders)


_FOLDINGS: list[Folding] = []


def foldings(book: Book, files: Mapping[str, bytes], links: Links | None) -> Folding:
    """One for each book, kept over all examples, so that readers meet what others left."""
    known = next((one for one in _FOLDINGS if one.is_for(book, files, links)), None)
    if known is None:
        known = Folding(book, files, links, plain_first=0)
        _FOLDINGS[8:] = []
        _FOLDINGS.insert(0, known)
    return known


def fits(folder: str, intent: Intent, person: Person, links: Links | None) -> Email | None:
    """The mail, which is stock Jinja's and is woven; None where the template fails for this reader."""
    book, files, _ = BOOKS.get(folder) or project(folder)
    found = render(book, files, intent, person, links)
    folding = foldings(book, files, links)
    for key in ("ef56", intent.key):  # what the first leaves behind must not show in the second
        anew = replace(intent, key=key)
        assert folding.render(anew, person) == render(book, files, anew, person, links)
    try:
        expected = stock_mail(book, files, intent, person, links)
    except Exception:  # noqa: BLE001  (whatever a template raises)
        assert not isinstance(found, Email)
        return None
    if not isinstance(found, Email):
        assert found.code == "E223"  # an empty subject
        return None
    assert (found.subject, found.text, found.html) == (expected.subject, expected.text, expected.html)
    strange = weaving._HOLE in found.text + found.html
    for whole, one in zip((found.text, found.html), found.woven or (None, None), strict=True):
        assert is_woven(Part(whole, one), may_lack=strange)
    return found


@pytest.mark.parametrize(("folder", "mail"), MAILS)
def test_every_mail_in_every_language_is_stock_jinjas_and_shared(folder, mail):
    book, _, sends = project(folder)
    variants = ("", *book.mails[mail].variants)
    for locale in book.rules.locales:
        for variant in variants:
            made = [
                fits(folder, asked(sends[mail], book, said, variant), somebody(book, locale, said), LINKS)
                for said in (lambda: "Salma", lambda: "Jonathan")
            ]
            patterns = {tuple(part.pattern for part in one.woven) for one in made if one is not None and one.woven}
            assert len(patterns) == 1
            fits(
                folder, asked(sends[mail], book, lambda: "T-1", variant), somebody(book, locale, str, known=False), None
            )


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(MAILS), st.data())
def test_no_value_makes_a_mail_other_than_stock_jinjas(which, data):
    folder, mail = which
    book, _, sends = project(folder)
    locale = data.draw(st.sampled_from(book.rules.locales))

    def text() -> object:
        return data.draw(HOSTILE)

    intent = asked(sends[mail], book, text)
    for _ in range(2):
        found = fits(folder, intent, somebody(book, locale, text), data.draw(st.sampled_from([LINKS, None])))
        event(f"rendered: {found is not None}")
        intent = replace(intent, key="cd34")


BLOCKS = st.sampled_from([
    "Dear {{ person.first_name | or_else('you') }},", "{{ person.first_name | or_else('') }}", "{{ person.country }}",
    "## {{ person.first_name | or_else('-') }}", "> {{ person.country }}", "`{{ list | list_and }}`", "- {{ x }}",
    "**[go {{ today | day }}](https://a.example/?n={{ person.first_name | or_else('-') }})**",
    "{{ ' ' ~ size ~ ' ' }} a", "{% if person.first_name is known %}b{% else %}\n\nc{% endif %}",
    "\n{% for x in list %}\n\n- {{ x }}\n\n{% endfor %}",
    "{% if list %}", "{% else %}", "{% endif %}", "_{{ today | day }}_", "<!--[if mso]>{{ size }}<![endif]-->",
    '<p style="width: {{ size }}px" title="{{ person.first_name | or_else(1) }}">{{ size }}</p>', "<b>x</b>",
])  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(st.lists(BLOCKS, max_size=7), st.sampled_from([".md", ".html"]), st.sampled_from(["en", "ar"]), st.data())
def test_no_template_of_any_format_is_rendered_otherwise(blocks, ending, locale, data):
    book, files, sends = project(".")
    source = "---\nsubject: Hello {{ person.first_name | or_else('you') }}\n---\n" + "\n\n".join(blocks)
    told: dict[str, object] = {"list": tuple(data.draw(st.lists(HOSTILE, max_size=3))), "size": data.draw(HOSTILE)}
    asked_ = replace(asked(sends["welcome_hello"], book, str), mail="anew", variables=told)
    person = somebody(book, locale, lambda: data.draw(HOSTILE))
    anew = {**files, f"templates/anew/{locale}{ending}": source.encode()}
    with patch.dict(BOOKS, {"anew": (book, anew, sends)}):
        event(f"rendered: {fits('anew', asked_, person, data.draw(st.sampled_from([LINKS, None]))) is not None}")


# ---- the laws see what they are for ----


def _as_one_value(piece: str, shape: list[str | None], values: list[str]) -> None:
    shape.append(None)
    values.append(piece)


FAULTS = {
    "white space at a value's edge stays in it": patch.object(weaving, "_peeled", _as_one_value),
    "marks of direction stay in a value": patch.object(weaving, "_set_apart", _as_one_value),
    "empty lines inside a value stay": patch.object(weaving, "_squeezed", str),
    "a page's pattern is not finished": patch.object(weaving._PAGES, "finish", str),
    "a text's pattern is not finished": patch.object(weaving._TEXTS, "finish", str),
    "values are not escaped": patch.object(Sandbox, "escaped", staticmethod(str)),
}


@pytest.fixture
def forgotten() -> Iterator[None]:
    """What was worked out with a fault, or before it, is not used again."""

    def forget() -> None:
        weaving._PAGES.known.clear()
        weaving._TEXTS.known.clear()
        template.cache_clear()

    forget()
    yield
    forget()


@pytest.mark.parametrize("fault", FAULTS)
def test_the_law_of_the_same_bytes_sees_a_fault(fault, forgotten):
    with FAULTS[fault]:
        assert hunt_drawn(CASES, lambda case: not is_itself(*case), tries=3_000)


def test_the_law_of_sharing_sees_a_value_that_is_taken_for_the_pattern(forgotten):
    with patch.object(generator, "is_everybodys", lambda _node: True):
        assert hunt_drawn(_alike(), lambda case: not share(case, True), tries=3_000)
