"""Many mails of a kind rendered at the price of one: what is the same for all is worked out once (architecture.md 4).

`render` says what a mail is; this says the same, byte for byte, for less. A mail's parts are kept by what they ask for
(`asking`): two readers who are the same in that get the same. Whatever is different in every mail, or goes wrong, is
left to `render`.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from jinja2 import Template

from nurture.links import Links
from nurture.model.book import Book
from nurture.model.decision import Intent
from nurture.model.mail import Email, new_woven
from nurture.model.person import Person
from nurture.model.place import Problem
from nurture.render.asking import Ask, OneMail, asks
from nurture.render.footer import SERVICE, Footer, Headers
from nurture.render.mail import Kind, kind_of, one_line, render, says_something, turned
from nurture.render.own_mails import is_own
from nurture.render.parts import Asking, Fixed, Line, Page, Text
from nurture.render.source import Piece
from nurture.render.splitting import Read, Split
from nurture.render.weaving import Shared

KINDS_KEPT = 512
PLAIN_FIRST = 4  # mails of a kind that `render` makes: to take a template apart takes as long as some dozen of them


class Folding:
    """The mails of one book, as its templates (path to bytes) stand. Not for two threads at once."""

    def __init__(
        self, book: Book, templates: Mapping[str, bytes], links: Links | None, plain_first: int = PLAIN_FIRST
    ) -> None:
        self.book, self.templates, self.links, self.plain_first = book, templates, links, plain_first
        self._kinds: dict[Hashable, _Folded | int] = {}

    def is_for(self, book: Book, templates: Mapping[str, bytes], links: Links | None) -> bool:
        """Whether it was made of these."""
        return self.book is book and self.templates is templates and self.links == links

    def render(self, intent: Intent, person: Person) -> Email | Problem:
        """What `render` makes of it."""
        found = self._folded(intent, person)
        if found is not None:
            try:
                made = found.mail(intent, person)
            except Exception:  # noqa: BLE001  (whatever it was, `render` says it, and where)
                made = None
            if made is not None:
                return made
        return render(self.book, self.templates, intent, person, self.links)

    def _folded(self, intent: Intent, person: Person) -> "_Folded | None":
        wanted = person.facts.get("locale")
        key = (intent.mail, intent.variant, intent.class_, intent.topic, intent.sequence, *intent.variables, wanted)
        found = self._kinds.get(key, 0)
        if isinstance(found, _Folded):
            return found
        if found >= self.plain_first:
            made = self._new(intent, person)
            self._kinds[key] = -1 if made is None else made
            return made
        if found >= 0:
            if len(self._kinds) >= KINDS_KEPT:
                self._kinds.clear()
            self._kinds[key] = found + 1
        return None

    def _new(self, intent: Intent, person: Person) -> "_Folded | None":
        if is_own(intent):
            return None
        kind = kind_of(self.book, self.templates, intent, person, self.links)
        try:
            return None if isinstance(kind, Problem) else _Folded(kind, intent)
        except Exception:  # noqa: BLE001  (`render` says for each mail what is wrong with it)
            return None


class _Folded:
    """Mails of one kind. Raises what a template raises, and nothing that `render` would not come to as well."""

    def __init__(self, kind: Kind, intent: Intent) -> None:
        mail, ready = kind.version.mail, kind.version.mail.templates
        if isinstance(ready, Problem):
            raise TypeError(ready.message)
        self.kind, self.links = kind, kind.links
        self.service = intent.class_ == SERVICE
        self.letter = kind.footer.leaving.url if kind.links is None else ""
        self.under = kind.footer_text(kind.footer).pattern
        self.headers = Headers(kind.book.rules, intent, kind.footer)
        asking = partial(self._asks, frozenset(intent.variables))
        self.subject = self._line(mail.written.subject, ready.subject, mail.splits.subject, asking)
        self.preheader = self._line(mail.written.preheader, ready.preheader, mail.splits.preheader, asking)
        self.text = Text(ready.text, mail.splits.text, asking, self._words, kind.links)
        self.page = Page(ready.page, mail.splits.page, asking, self._page_words, kind.links)

    def mail(self, intent: Intent, person: Person) -> Email:
        """The mail of one reader."""
        one = OneMail(intent, person, self.links, self.letter, self.service)
        one.subject, one.preheader = self.subject.of(one, self._subject), self.preheader.of(one, one_line)
        ways = tuple(way for way in (one.leave, one.choose) if way)
        text = self.text.of(one, new_woven(self.under, ways[: len(self.under) - 1]))
        page = self.page.of(one)
        return self.kind.email(intent, person, (one.subject, text, page), self.headers.of(intent.key, one.leave))

    def _line(self, piece: Piece, template: Template, apart: Split, asking: Asking) -> Line | Fixed:
        if "{" in piece.text:
            return Line(template, apart, asking, self._words, self.links)
        finish = self._subject if piece is self.kind.version.mail.written.subject else one_line
        return Fixed(finish((Shared(piece.text),)))

    def _subject(self, pieces: Sequence[str]) -> str:
        line = one_line(pieces)
        if not says_something(line):
            raise ValueError("the subject is empty")
        return turned(line, self.kind.version.locale)

    def _asks(self, given: frozenset[str], reads: Sequence[Read]) -> tuple[Ask, ...]:
        return asks(reads, given, self.kind.book.catalogue, self.kind.version.locale)

    def _footer(self, one: OneMail) -> Footer:
        leaving = replace(self.kind.footer.leaving, url=one.leave, preferences=one.choose)
        return replace(self.kind.footer, leaving=leaving)

    def _words(self, one: OneMail) -> dict[str, object]:
        """What the mail may name; worked out only where something is met for the first time."""
        if one.context is None:
            one.context = self.kind.context(one.intent, one.person, self._footer(one))
        return one.context[1]

    def _page_words(self, one: OneMail) -> dict[str, object]:
        words = self._words(one)
        told = one.context[0] if one.context else {}
        return self.kind.page_context(told, words, one.subject, one.preheader, one.person)
