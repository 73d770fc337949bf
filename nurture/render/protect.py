"""Hiding Jinja from the makers of HTML: MJML and the writing of styles into elements must not tear it.

Where a token stands decides how it is hidden: between elements as a comment, since comments stay where they are even
inside tables; in the value of an attribute, a style sheet or a title as a word. Where it cannot be kept it is refused.
"""

import re
from contextlib import suppress
from dataclasses import field
from difflib import get_close_matches

from nurture.model.values import dataclass
from nurture.render.settled import settled
from nurture.render.tokens import LETTERS, TOKEN, Hidden, Misplaced, Token, mark_of

RAW = frozenset({"style", "script", "title", "textarea", "mj-style", "mj-title", "mj-preview"})
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
MJML = frozenset(
    "mjml mj-accordion mj-accordion-element mj-accordion-text mj-accordion-title mj-all mj-attributes mj-body"
    " mj-breakpoint mj-button mj-carousel mj-carousel-image mj-class mj-column mj-divider mj-font mj-group mj-head"
    " mj-hero mj-html-attributes mj-html-attribute mj-image mj-include mj-navbar mj-navbar-link mj-preview mj-raw"
    " mj-section mj-selector mj-social mj-social-element mj-spacer mj-style mj-table mj-text mj-title"
    " mj-wrapper".split()
)
WORDLESS = frozenset("mjml mj-head mj-body mj-wrapper mj-section mj-group mj-column".split())  # lose words of their own
ADDRESSES = frozenset({"href", "src", "action", "background", "background-url"})
_SIZES = re.compile(
    r"width|height|(?:inner-|container-|icon-)?padding.*|font-size|icon-size|icon-height|line-height|.*border-radius|.*border-width"
)
_COMMENT = re.compile(rf"<!--(?:{TOKEN.pattern}|(?!-->).)*-->", re.DOTALL)
_NEXT = re.compile(rf"(?P<token>{TOKEN.pattern})|(?P<comment><!--)|</?(?P<tag>[a-zA-Z][^\s/>]*)", re.DOTALL)
_ATTRIBUTE = re.compile(
    rf"(?P<space>\s*)(?:(?P<end>/?>)|(?P<token>{TOKEN.pattern})|(?P<name>[^\s=>/{{\"'<]+)"
    rf"(?:(?P<equals>\s*=\s*)(?:\"(?P<double>(?:{TOKEN.pattern}|[^\"])*)\"|'(?P<single>(?:{TOKEN.pattern}|[^'])*)'"
    rf"|(?P<bare>(?:{TOKEN.pattern}|[^\s>\"'])+)))?|(?P<stray>.))",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute as the author wrote it, and the offset of its value."""

    tag: str
    name: str
    value: str
    offset: int


@dataclass(frozen=True, slots=True)
class Element:
    """One element's beginning: its tag in small letters, its offset, and its attributes."""

    tag: str
    offset: int
    attributes: tuple[Attribute, ...]

    def get(self, name: str) -> Attribute | None:
        """An attribute by name."""
        return next((one for one in self.attributes if one.name == name), None)


@dataclass
class Scan:
    """One pass over an HTML or MJML text, from its beginning to its end."""

    text: str
    letters: str
    first: int
    mjml: bool = False
    locale: str = ""  # of a page or frame, which may ask for it anywhere
    out: list[str] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    open: list[tuple[str, int]] = field(default_factory=list)

    def run(self) -> Hidden:
        """The text with marks. Raises Misplaced at the first thing that cannot be kept."""
        at = 0
        while match := _NEXT.search(self.text, at):
            self.words(at, match.start())
            if match["token"]:
                self.out.append(self.between(match["token"], match.start()))
                at = match.end()
            elif match["comment"]:
                at = self.comment(match.start())
            else:
                at = self.tag(match)
        self.words(at, len(self.text))
        if self.mjml and self.open:
            tag, offset = self.open[-1]
            raise Misplaced(Token(f"<{tag}", offset), f"<{tag}> is not closed", f"</{tag}>")
        return Hidden("".join(self.out), tuple(self.tokens), self.letters, self.first)

    def words(self, start: int, end: int) -> None:
        """Running text; MJML takes no `<` in it."""
        text = self.text[start:end]
        if self.mjml and "<" in text and not text.lstrip().startswith(("<!", "<?")):
            offset = start + text.index("<")
            raise Misplaced(Token("<", offset), "'<' stands for itself here, which MJML cannot read", "write &lt;")
        said = text.strip()
        if self.mjml and said and not said.startswith("<") and (not self.open or self.open[-1][0] in WORDLESS):
            offset = start + text.index(said)
            raise Misplaced(
                Token(said.split()[0], offset), "words stand alone here, and MJML drops them", "<mj-text>…</mj-text>"
            )
        self.out.append(text)

    def settle(self, token: str) -> str | None:
        """What a token comes to for every reader, where that is known already."""
        return settled(token, self.locale) if self.locale else None

    def word(self, token: str, offset: int) -> str:
        """A token as a word; a Jinja comment as nothing, and what is settled as it is."""
        if token.startswith("{#"):
            return ""
        known = self.settle(token)
        if known is not None:
            return known
        self.tokens.append(Token(token, offset))
        return mark_of(self.letters, self.first + len(self.tokens) - 1)

    def between(self, token: str, offset: int) -> str:
        """A token between elements."""
        known = self.settle(token)
        if known is not None:
            return known
        word = self.word(token, offset)
        return word and f"<!--{word}-->"

    def hidden(self, start: int, end: int) -> str:
        """A stretch of the text with its tokens as words."""
        return TOKEN.sub(lambda match: self.word(match.group(), start + match.start()), self.text[start:end])

    def comment(self, start: int) -> int:
        """What is meant for Outlook stays, with its tokens; other comments go."""
        found = _COMMENT.match(self.text, start)
        if found is None:
            raise Misplaced(Token("<!--", start), "this comment is not closed", "-->")
        if found.group().startswith(("<!--[if", "<!--<![endif]")):
            self.out.append(self.hidden(start, found.end()))
        return found.end()

    def tag(self, match: re.Match[str]) -> int:
        """A tag with its attributes, and what it holds where that is no HTML; answers where it ends."""
        closing = match.group().startswith("</")
        name = match["tag"].lower()
        self.out.append(match.group())
        at, attributes, alone = self.attributes(name, match.end())
        if closing:
            self.close(name, match.start())
            return at
        if self.mjml and name.startswith("mj-") and name not in MJML:
            near = get_close_matches(name, MJML, n=1)
            hint = f"did you mean <{near[0]}>?" if near else ""
            raise Misplaced(Token(f"<{name}", match.start()), f"MJML has no <{name}>", hint)
        self.elements.append(Element(name, match.start(), tuple(attributes)))
        if name in RAW and not alone:
            return self.raw(name, match.start(), at)
        if not alone and name not in VOID:
            self.open.append((name, match.start()))
        return at

    def close(self, name: str, offset: int) -> None:
        """The end of an element; MJML takes it in its order only."""
        if self.mjml and (not self.open or self.open[-1][0] != name):
            wanted = f"</{self.open[-1][0]}>" if self.open else ""
            raise Misplaced(Token(f"</{name}>", offset), f"</{name}> closes nothing that is open here", wanted)
        if self.open and self.open[-1][0] == name:
            self.open.pop()

    def raw(self, name: str, begin: int, start: int) -> int:
        """What stands in a style sheet or a title."""
        end = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(self.text, start)
        if end is None:
            raise Misplaced(Token(f"<{name}", begin), f"<{name}> is not closed", f"</{name}>")
        held = self.hidden(start, end.start())
        if self.mjml and "<" in held:
            offset = self.text.find("<", start)
            raise Misplaced(
                Token("<", offset), "'<' stands for itself here, which MJML cannot read", "write it without"
            )
        self.out += [held, end.group()]
        return end.end()

    def attributes(self, tag: str, at: int) -> tuple[int, list[Attribute], bool]:
        """The attributes of a tag: where it ends, what they are, and whether it closes itself."""
        found: list[Attribute] = []
        while match := _ATTRIBUTE.match(self.text, at):
            at = match.end()
            if match["end"]:
                self.out.append(match.group())
                return at, found, match["end"] == "/>"
            if match["token"]:
                self.between_attributes(match)
            elif match["name"]:
                found.append(self.attribute(tag, match))
            elif match["stray"] == "/":
                self.out.append(match.group())
            else:
                stray = Token(match["stray"], match.start("stray"))
                raise Misplaced(stray, f"the tag <{tag}> cannot be read here", f'<{tag} name="value">')
        raise Misplaced(Token(f"<{tag}", at - 1), f"the tag <{tag}> is not closed", ">")

    def between_attributes(self, match: re.Match[str]) -> None:
        """A token inside a tag but outside a value: what would become of it, no tool can say."""
        if match["token"].startswith("{#"):
            return
        token = Token(match["token"], match.start("token"))
        raise Misplaced(
            token,
            f"'{token.text}' stands inside a tag but not inside a value",
            "put it inside the quotes: title=\"{{ 'a' if … else 'b' }}\"",
        )

    def attribute(self, tag: str, match: re.Match[str]) -> Attribute:
        """One attribute; its value always comes out in double quotes."""
        name = match["name"].lower()
        kind = next((kind for kind in ("double", "single", "bare") if match[kind] is not None), "")
        if not kind:
            self.out.append(match.group())
            return Attribute(tag, name, "", match.start("name"))
        start, end = match.span(kind)
        for token in TOKEN.finditer(self.text, start, end):
            if self.settle(token.group()) is None:
                refuse_in_value(tag, name, Token(token.group(), token.start()), self.text[start : token.start()])
        value = self.hidden(start, end).replace('"', "&quot;")
        self.out.append(f'{match["space"] or " "}{match["name"]}="{value}"')
        return Attribute(tag, name, match[kind], start)


def refuse_in_value(tag: str, name: str, token: Token, before: str) -> None:
    """Raises Misplaced for a token in a value that is read before it has one; `before` stands before it there."""
    if token.text.startswith("{#"):
        return
    if name in ("class", "css-class", "mj-class"):
        raise Misplaced(
            token,
            f"'{token.text}' names a class, and styles are written into the elements before it is known",
            'give the element both styles\' classes in an {% if %} round it, or use style="…"',
        )
    if tag.startswith("mj-") and _SIZES.fullmatch(name):
        raise Misplaced(token, f"'{token.text}' is a size, which MJML works out before it is known", "write a number")
    if name == "style" and not token.statement and ":" not in TOKEN.sub("", before).rpartition(";")[2]:
        message = f"'{token.text}' would be a style of its own; only its value can come from outside"
        raise Misplaced(token, message, 'style="color: {{ … }}"')
    if token.statement and name in (*ADDRESSES, "style"):
        raise Misplaced(
            token, f"'{token.text}' cannot stand inside a link, a picture or a style", "{{ 'a' if … else 'b' }}"
        )


def hide_html(text: str, letters: str = LETTERS, first: int = 0, mjml: bool = False, locale: str = "") -> Hidden:
    """Replace every token of an HTML or MJML text by a mark, the first with the number `first`."""
    return Scan(text, letters, first, mjml, locale).run()


def elements(text: str) -> list[Element]:
    """The elements of an HTML or MJML text in their order, up to the first thing that cannot be kept."""
    scan = Scan(text, LETTERS, 0, locale="en")  # a frame may ask for its locale anywhere
    with suppress(Misplaced):
        scan.run()
    return scan.elements
