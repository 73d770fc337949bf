"""The sandbox in which templates run: nothing can be called, changed or reached that is not given."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from urllib.parse import quote
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import format_currency
from jinja2 import StrictUndefined, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from nurture.model.event import MonthDay
from nurture.model.values import dataclass
from nurture.render.calls import Giver
from nurture.render.generator import PatternsApart
from nurture.render.locales import babel_locale
from nurture.render.markers import MARKERS
from nurture.render.values import END_OF_ISOLATE, ISOLATE, Attributes, Isolated, Unknown, WrongValue, amount_of
from nurture.render.weaving import Shared

READER = "_reader"
A_LEAP_YEAR = 2000
WORDS_KEPT = 4096
_NEEDS_ESCAPING = re.compile("[&<>'\"]").search
_NO_STYLE = re.compile(r"[^A-Za-z0-9#%., -]+")


@dataclass(frozen=True, slots=True)
class Reader:
    """How values are written for one reader: locale with territory, IANA zone, and the currency of bare numbers."""

    locale: str
    zone: str
    currency: str


def _reader(context: Context) -> Reader:
    reader = context.resolve(READER)
    assert isinstance(reader, Reader), "render() always gives the reader"  # noqa: S101
    return reader


@pass_context
def day(context: Context, value: object) -> object:
    """A day or moment as the locale writes it, on the reader's clock: `2 أبريل 2027`."""
    reader = _reader(context)
    locale = babel_locale(reader.locale)
    if isinstance(value, Unknown):
        return value
    if isinstance(value, MonthDay):
        return format_skeleton("MMMMd", datetime(A_LEAP_YEAR, *value, tzinfo=ZoneInfo("UTC")), locale=locale)
    if isinstance(value, datetime):
        value = value.astimezone(ZoneInfo(reader.zone)).date()
    if isinstance(value, date):
        return _in_words(value, locale)
    raise WrongValue("'day' needs a day or a moment")


@pass_context
def money(context: Context, value: object) -> object:
    """An amount with its currency, as the locale writes it; a bare number is in the project's currency."""
    reader = _reader(context)
    if isinstance(value, Unknown):
        return value
    found = amount_of(value, reader.currency)
    if found is None:
        raise WrongValue("'money' needs an amount")
    return _in_figures(str(found[0]), found[1], babel_locale(reader.locale))


@lru_cache(maxsize=WORDS_KEPT)
def _in_words(when: date, locale: Locale) -> str:
    """Many readers of a mail are told the same day, and Babel works on it longer than on all the rest of a page."""
    return format_date(when, "long", locale=locale)


@lru_cache(maxsize=WORDS_KEPT)
def _in_figures(amount: str, currency: str, locale: Locale) -> str:
    return format_currency(Decimal(amount), currency, locale=locale)


def or_else(value: object, instead: object) -> object:
    """The value, or what stands in for it when it is not known."""
    return instead if isinstance(value, Unknown) else value


@pass_context
def list_and(context: Context, value: object) -> object:
    """A list in words: `a, b and c`."""
    if isinstance(value, Unknown):
        return value
    if not isinstance(value, tuple | list):
        raise WrongValue("'list_and' needs a list")
    write: Callable[[object], str] = escape if context.eval_ctx.autoescape else str
    words = format_list([str(write(part)) for part in value], locale=babel_locale(_reader(context).locale))
    return Markup(words) if context.eval_ctx.autoescape else words


def escaped(value: object) -> str:
    """What MarkupSafe's `escape` says, without its mark; most words need no escaping and are taken as they are."""
    if type(value) is Markup:
        return str.__str__(value)
    if (type(value) is str or type(value) is Shared) and _NEEDS_ESCAPING(value) is None:
        return value
    if type(value) is Isolated and _NEEDS_ESCAPING(value) is None:
        return str(value)
    return str.__str__(escape(value))


def plain(value: object) -> str:
    """For an attribute of a tag: escaped, and without the marks that become <bdi> in text."""
    text = escaped(value)
    if ISOLATE in text or END_OF_ISOLATE in text:
        text = text.replace(ISOLATE, "").replace(END_OF_ISOLATE, "")
    return text if type(text) is Shared else Markup(text)


def address(value: object) -> str:
    """For a whole address in a link: only https, http, mailto and cid, so that a value cannot run a script."""
    text = plain(value)
    if not text.lower().startswith(("https://", "http://", "mailto:", "cid:")):
        raise WrongValue("a link must start with https://")
    return text


def quoted(value: object) -> str:
    """For a part of an address: percent-encoded."""
    return quote(str(value).replace(ISOLATE, "").replace(END_OF_ISOLATE, ""), safe="")


def styled(value: object) -> str:
    """For a value in a style: a size, a number or a colour; what could begin another style or an address goes."""
    return _NO_STYLE.sub("", str(value))


def is_known(value: object) -> bool:
    """Whether something is known of this reader."""
    return not isinstance(value, Unknown)


def is_unknown(value: object) -> bool:
    """Whether something is not known of this reader."""
    return isinstance(value, Unknown)


AUTHORS_FILTERS = ("day", "list_and", "money", "or_else")


class Sandbox(ImmutableSandboxedEnvironment):
    """Nothing can be called, and a dot reads only what is given; as the checker says it (E223)."""

    # Not worked out when a file is compiled, since `{{ 99999999 ** 99999999 }}` would take for ever.
    intercepted_binops = frozenset({"*", "**"})
    code_generator_class = PatternsApart
    pattern_piece, escaped = Shared, staticmethod(escaped)  # what the generated code makes pieces with
    markers = MARKERS

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:  # noqa: ARG002  (Jinja asks so)
        """Only the values that a mail is given have parts, and none of those begins with an underscore."""
        return isinstance(obj, Attributes) and not attr.startswith("_")

    def is_safe_callable(self, obj: object) -> bool:
        """Only what makes an address: `answer`, `spare` and `image`."""
        return isinstance(obj, Giver)


def environment(escaped: bool) -> Sandbox:
    """A sandbox for HTML (escaped) or for text and subjects (not)."""
    made = Sandbox(
        undefined=StrictUndefined,
        autoescape=escaped,
        keep_trailing_newline=True,
        trim_blocks=not escaped,
        lstrip_blocks=not escaped,
    )
    made.globals.clear()
    made.filters.clear()
    made.filters.update(day=day, list_and=list_and, money=money, or_else=or_else)
    made.filters.update(_plain=plain, _address=address, _quoted=quoted, _styled=styled)
    made.tests.clear()
    made.tests.update(known=is_known, unknown=is_unknown)
    return made


HTML = environment(escaped=True)
TEXT = environment(escaped=False)
