"""A mail of prepared parts is the mail: byte for byte what the standard library's email package writes whole."""

import email
import email.policy
from collections.abc import Callable, Sequence
from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from nurture.deliver import message, prepared
from nurture.deliver.message import as_bytes, with_dots
from nurture.links import Links
from nurture.model.mail import Email, Woven
from nurture.model.step import Send
from nurture.render.mail import render
from tests.hunting import hunt_drawn
from tests.laws.test_woven_laws import LINKS, MAILS, asked, project, somebody
from tests.random_templates import HOSTILE
from tests.stock_message import stock_message
from tests.unit.deliver.test_message import MAIL, PICTURES

EDGES = [
    "\n",
    "\r\n",
    "\r",
    ".",
    " ",
    "\t",
    "=",
    "é",
    "سلمى",
    "😀",
    "\u2028",
    "\x0b\x0c",
    "a" * 74,
    "b" * 33,
    "\ufdd0",
    "",
]
EXAMPLES = [
    (Woven(("a" * 75, "\n"), (" ",)), Woven(("a" * 75, "\n"), ("",))),
    (Woven(("", "\nx"), ("\r",)), Woven(("", "\nx"), (".",))),
    (Woven(("é " * 40, "\n.\n"), ("سلمى" * 40,)), Woven(("é " * 40, "\n.\n"), ("a" * 400,))),
    (Woven(("a" * 73 + " ", "\n"), ("x",)), Woven(("a" * 73 + " ", "\n"), ("",))),
    (Woven(("b. " * 99, " = " * 99, "\n"), ("é", "")), Woven(("b. " * 99, " = " * 99, "\n"), ("", "y" * 80))),
]
PIECES = st.lists(st.sampled_from(EDGES) | HOSTILE, max_size=6).map("".join)


@st.composite
def woven(draw: st.DrawFn) -> tuple[Woven, Woven]:
    """Two readers' texts of one pattern."""
    pattern = tuple(draw(st.lists(PIECES, min_size=1, max_size=4)))
    values = st.tuples(*[PIECES] * (len(pattern) - 1))
    return Woven(pattern, draw(values)), Woven(pattern, draw(values))


def mail_of(text: Woven, html: Woven) -> Email:
    return replace(MAIL, text=str(text), html=str(html), woven=(text, html))


def is_itself(readers: Sequence[Woven]) -> bool:
    """Whether each reader's mail, in this order and once more, is what is written whole."""
    mails = [mail_of(one, readers[0]) for one in readers]
    return all(as_bytes(mail) == stock_message(mail) and knows_its_dots(mail) for mail in (*mails, *mails))


def knows_its_dots(mail: Email) -> bool:
    """Whether a line that begins with a dot is told of, which would end the mail on its way (RFC 5321 4.5.2)."""
    data, dots = with_dots(mail)
    return dots or b"\n." not in data


@settings(max_examples=150, deadline=None)
@given(woven())
@example(EXAMPLES[0])
@example(EXAMPLES[1])
@example(EXAMPLES[2])
@example(EXAMPLES[3])
@example(EXAMPLES[4])
def test_whatever_the_values_are_a_mail_is_what_the_email_package_writes(readers):
    assert is_itself(readers)
    event(f"prepared: {prepared._KNOWN.get(readers[0].pattern) is not None and bool(readers[0].values)}")


@settings(max_examples=60, deadline=None)
@given(woven())
def test_no_line_is_longer_than_it_may_be_and_every_text_is_read_back(readers):
    data = as_bytes(mail_of(*readers))
    assert all(len(line) <= 78 for line in data.partition(b"\r\n\r\n")[2].split(b"\r\n"))
    said = email.message_from_bytes(data, policy=email.policy.default)
    for part, text in zip(said.iter_parts(), readers, strict=True):
        whole = str(text).replace("\r\n", "\n").replace("\r", "\n")
        assert part.get_payload(decode=True).decode().replace("\r\n", "\n") == whole


def made(folder: str, send: Send, locale: str, text: Callable[[], object], links: Links | None = LINKS) -> Email | None:
    """The mail to somebody who is called so; None where the template fails for them."""
    book, files, _ = project(folder)
    found = render(book, files, asked(send, book, text), somebody(book, locale, text), links)
    return found if isinstance(found, Email) else None


@pytest.mark.parametrize(("folder", "mail"), MAILS)
def test_every_mail_in_every_language_is_what_the_email_package_writes(folder, mail):
    book, _, sends = project(folder)
    for locale in book.rules.locales:
        for called in ("Salma", "Zoë & Şükrü", "سلمى"):
            found = made(folder, sends[mail], locale, lambda called=called: called)
            assert found is not None
            assert found.woven is not None
            assert as_bytes(found) == stock_message(found)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(MAILS), st.data())
def test_no_value_makes_a_mail_other_than_the_email_package_does(which, data):
    folder, mail = which
    book, _, sends = project(folder)
    links = data.draw(st.sampled_from([LINKS, None]))
    locale = data.draw(st.sampled_from(book.rules.locales))
    found = made(folder, sends[mail], locale, lambda: data.draw(HOSTILE), links)
    event(f"rendered: {found is not None}")
    if found is not None:
        assert as_bytes(found) == stock_message(found)


def test_pictures_travel_as_the_email_package_writes_them():
    mail = replace(MAIL, images=PICTURES)
    assert as_bytes(mail) == stock_message(mail)


def test_a_weaving_that_says_something_else_is_not_used():
    other = Woven(("Dear ", ",\n"), ("Omar",))
    mail = replace(MAIL, woven=(other, other))
    assert as_bytes(mail) == as_bytes(MAIL) == stock_message(MAIL)


# ---- the law sees what it is for ----


def _anyhow(pattern: Sequence[str]) -> prepared.Prepared:
    """Every piece for itself, wherever lines end."""
    pieces = [part.encode() for part in pattern]
    parts: list[bytes | tuple[bytes, ...]] = [prepared.quoted_printable(pieces[0])]
    for piece in pieces[1:]:
        parts += [(b"", b""), prepared.quoted_printable(piece)]
    return PREPARED(pattern)._replace(parts=tuple(parts))


def _without_ends(pattern: Sequence[str]) -> prepared.Prepared:
    ready = PREPARED(pattern)
    parts = tuple(part.removesuffix(b"\r\n") if isinstance(part, bytes) else part for part in ready.parts)
    return ready._replace(parts=parts)


def _of_the_first(text: Woven) -> prepared.Encoded:
    return FIRST.setdefault(text.pattern, ENCODED(text))


PREPARED, ENCODED = prepared._prepared, prepared.encoded_woven
FIRST: dict[tuple[str, ...], prepared.Encoded] = {}
FAULTS = {
    "pieces are encoded by themselves": (prepared, "_prepared", _anyhow),
    "line ends are lost between parts": (prepared, "_prepared", _without_ends),
    "values do not count as beyond ASCII": (prepared, "_beyond_ascii", lambda _data: 0),
    "what the first was called, all are": (message, "encoded_woven", _of_the_first),
    "the edge is not looked at": (prepared, "_BLANKS", (b"never",)),
    "a line break beside a value is taken for certain": (prepared, "CERTAIN", -1_000),
    "dots are not looked for": (prepared, "_has_dots", lambda _part: False),
    "line ends of other systems stay": (prepared, "_foreign", lambda _text: False),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_law_sees(fault):
    where, name, wrong = FAULTS[fault]
    with patch.object(where, name, wrong), patch.dict(prepared._KNOWN, clear=True):
        assert hunt_drawn(st.sampled_from(EXAMPLES) | woven(), lambda readers: not is_itself(readers), tries=500)
