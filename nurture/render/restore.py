"""Putting Jinja back into a page that was made without it: every token exactly once, fit for where it stands.

The page comes out as parts: what is the same for every reader, and what Jinja works out. Jinja never reads the former.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from types import MappingProxyType

from jinja2 import Template, nodes

from nurture.model.values import dataclass
from nurture.render.environment import HTML, Sandbox
from nurture.render.protect import ADDRESSES, VOID
from nurture.render.tokens import CLOSING, LETTERS, MIDDLE, OPENING, Hidden, Misplaced, Token, refuse_count

PICTURE = re.compile(r"(?:\.?/)?_images/([A-Za-z0-9][\w.-]*)")
_ATTRIBUTE = re.compile(r'\s([^\s="]+)="([^"]*)"')
_PARTS = re.compile(
    r"<!--(?P<comment>.*?)-->"
    r"|(?P<begin><(?P<raw>style|title|textarea)\b[^>]*>)(?P<held>.*?)</(?P=raw)>"
    r'|(?P<tag></?[a-zA-Z][^"<>]*(?:"[^"]*"[^"<>]*)*>)',
    re.DOTALL,
)
_HELD = re.compile("\x02(\\d+)\x03")


@dataclass(frozen=True, slots=True)
class Source:
    """A part that Jinja works out."""

    text: str


Part = str | Source
Write = Callable[[Token, str], str]  # a token and what stands before it in its value


class Restoring:
    """One page; `hidden` are the templates it was made of, with marks numbered apart from each other.

    `renamed` says, by the number of a template's first mark, how the names in it become those of the page.
    """

    def __init__(self, *hidden: Hidden, renamed: Mapping[int, Callable[[str], str]] = MappingProxyType({})) -> None:
        self.tokens = {one.first + number: token for one in hidden for number, token in enumerate(one.tokens)}
        self.rename = {
            one.first + number: renamed[one.first]
            for one in hidden
            if one.first in renamed
            for number in range(len(one.tokens))
        }
        self.letters = hidden[0].letters if hidden else LETTERS
        self.hole = re.compile(rf"{self.letters}(\d{{5}}){self.letters}|{PICTURE.pattern}")
        self.seen: list[int] = []
        self.inside: list[int] = []  # where the open tags began, so that two paragraphs are two places
        self.statements: list[tuple[Token, str, list[int]]] = []

    def run(self, html: str) -> tuple[Part, ...]:
        """The parts of a page. Raises Misplaced where a token was lost or doubled, or its end stands elsewhere."""
        parts: list[Part] = []
        done = at = 0  # up to where the page is in parts; up to where it was looked at
        mark = self.next_mark(html, 0)
        for match in _PARTS.finditer(html):
            if match.end() <= mark:  # most of a page is the same for every reader
                if match["tag"]:
                    self.enter(match["tag"], match.start())
                at = match.end()
                continue
            parts.append(html[done:at])
            parts += self.words(html[at : match.start()])
            parts += self.part(match)
            done = at = match.end()
            mark = self.next_mark(html, at)
        parts.append(html[done:at])
        parts += self.words(html[at:])
        if self.statements:
            raise Misplaced(self.statements[-1][0], f"'{self.statements[-1][0].text}' has no end here")
        times = Counter(self.seen)
        for number, token in self.tokens.items():
            refuse_count(token, times[number])
        return joined(parts)

    def next_mark(self, html: str, at: int) -> int:
        """Before where there is nothing to put in."""
        found = [place for sought in (self.letters, "_images/") if (place := html.find(sought, at)) >= 0]
        return min(found, default=len(html))

    def part(self, match: re.Match[str]) -> Iterator[Part]:
        """One tag or comment, or an element that holds no elements."""
        if match["tag"]:
            yield from self.tag(match["tag"], match.start())
        elif match["raw"]:
            write = _styled if match["raw"] == "style" else _plain
            yield match["begin"]
            yield from self.split(match["held"], write)
            yield f"</{match['raw']}>"
        else:
            yield from self.comment(match["comment"])

    def words(self, text: str) -> Iterator[Part]:
        """Running text, where an `_images/` is a word like any other."""
        return self.split(text, self.here, pictures=False)

    def here(self, token: Token, _before: str) -> str:
        """A token between elements; a statement and its end must stand inside the same ones."""
        opening, middle, closing = (kind.match(token.text) for kind in (OPENING, MIDDLE, CLOSING))
        if opening:
            self.statements.append((token, opening[1], list(self.inside)))
        elif middle or closing:
            _begun, kind, inside = self.statements[-1] if self.statements else (token, "", [])
            if inside != self.inside or kind not in (("if", "for") if middle else (closing[1] if closing else "",)):
                raise Misplaced(
                    token,
                    f"'{token.text}' and its beginning stand in different paragraphs or emphases",
                    "put both into one, or round whole elements; the rows of a table stand in a <tbody>",
                )
            if closing:
                self.statements.pop()
        return token.text

    def comment(self, held: str) -> Iterator[Part]:
        """A mark between elements, or what is meant for Outlook."""
        mark = self.hole.fullmatch(held)
        if mark is not None and mark[1]:
            yield from self.words(held)
            return
        yield "<!--"
        yield from self.split(held, _plain)
        yield "-->"

    def tag(self, tag: str, start: int) -> Iterator[Part]:
        """A tag: it opens or closes a place, and its values get their tokens."""
        self.enter(tag, start)
        at = 0
        if self.holds(tag):
            for found in _ATTRIBUTE.finditer(tag):
                yield tag[at : found.start(2)]
                yield from self.split(found[2], WRITERS.get(found[1], _plain))
                at = found.end(2)
        yield tag[at:]

    def enter(self, tag: str, start: int) -> None:
        """Keep which tags are open."""
        step = _step(tag)
        if step < 0:
            del self.inside[-1:]
        elif step > 0:
            self.inside.append(start)

    def holds(self, text: str) -> bool:
        """Whether there may be anything to put in."""
        return self.letters in text or "_images/" in text

    def split(self, text: str, write: Write, pictures: bool = True) -> Iterator[Part]:
        """A stretch of the page as parts; `write` says how a token is written there."""
        at = 0
        for match in self.hole.finditer(text) if self.holds(text) else ():
            token = self.tokens.get(int(match[1])) if match[1] else None
            if match[1] and token is not None:
                number = int(match[1])
                self.seen.append(number)
                source = write(token, text[: match.start()])
                source = self.rename[number](source) if number in self.rename else source
            elif match[1] or not pictures:
                continue
            else:
                source = f"{{{{ _image('{match[2]}') | _plain }}}}"
            yield text[at : match.start()]
            yield Source(source)
            at = match.end()
        yield text[at:]


@lru_cache(maxsize=4096)
def _step(tag: str) -> int:
    """1 for a tag that opens a place, -1 for one that closes it, else 0."""
    if tag.startswith("</"):
        return -1
    return 0 if tag.endswith("/>") or tag.strip("<>").split()[0].lower() in VOID else 1


def _plain(token: Token, _before: str) -> str:
    return token.text if token.statement else f"{{{{ ({token.expression}) | _plain }}}}"


def _address(token: Token, before: str) -> str:
    """A whole address is checked, a part of one percent-encoded."""
    if token.statement:
        raise Misplaced(token, f"'{token.text}' cannot stand inside a link or a picture", "{{ 'a' if … else 'b' }}")
    return f"{{{{ ({token.expression}) | {'_quoted' if before else '_address'} }}}}"


def _styled(token: Token, _before: str) -> str:
    return token.text if token.statement else f"{{{{ ({token.expression}) | _styled }}}}"


WRITERS: Mapping[str, Write] = {"style": _styled, **dict.fromkeys(ADDRESSES, _address)}


def joined(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The same parts, with neighbours of one kind made one."""
    made: list[Part] = []
    for fixed, group in groupby(parts, key=lambda part: isinstance(part, str)):
        if fixed:
            made.append("".join(part for part in group if isinstance(part, str)))
        else:
            made += group
    return tuple(made)


def template_of(parts: Sequence[Part], file: str, environment: Sandbox = HTML) -> Template:
    """One Jinja template of a page's parts. Raises jinja2.TemplateSyntaxError when the parts are none together."""
    code = environment.compile(tree_of(parts, file, environment), filename=file)
    return Template.from_code(environment, code, environment.globals)


def tree_of(parts: Sequence[Part], file: str, environment: Sandbox = HTML) -> nodes.Template:
    """A page's parts as Jinja parses them.

    What is the same for every reader never goes through Jinja's lexer: it takes its place in the parsed template.
    """
    held = [part for part in parts if isinstance(part, str)]
    numbers = iter(range(len(held)))
    source = "".join(part.text if isinstance(part, Source) else f"\x02{next(numbers)}\x03" for part in parts)
    tree = environment.parse(source, filename=file)
    for node in tree.find_all(nodes.TemplateData):
        node.data = _HELD.sub(lambda match: held[int(match[1])], node.data)
    return tree
