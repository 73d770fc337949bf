"""The pages behind links: whole in every language, harmless whatever stands in them, a project may say them anew."""

import re
from base64 import b64encode
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.model.book import Book
from nurture.model.event import Money
from nurture.model.rules import Rules
from nurture.render.check import check_templates
from nurture.render.frame import Words, read_words
from nurture.render.page_words import BUILT_IN, WHAT, built_in, page_problems, words_for
from nurture.render.pages import Button, House, Kind, View, accepted, html, spoken, style, style_source

TITLES = (("en", "Coffee tips"), ("ar", "نصائح القهوة"))
HOUSE = House("Kestrel", "4 rue du Four", ("en", "ar"))
THEME = Button("spare", "spare_offer", (("en", "Mother's Day"),), (("theme", "mothers_day"),))
HOSTILE = "</style><script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}{what}\u202e\u2066"


class Tags(HTMLParser):
    """What a browser would see: every tag with its attributes, and the text outside of <style>."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.lasttag != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def whole(kind: Kind, locale: str) -> View:
    return View(
        kind,
        (locale,),
        TITLES,
        "feedback given",
        (("score", 9),),
        (Button("leave", "leave_button", quiet=False), Button("back", "mistake", hidden=(("of", "1"),))),
        (THEME, Button("all", "all_button")),
    )


@pytest.mark.parametrize("locale", BUILT_IN)
@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.word)
def test_every_page_is_whole_in_every_language(kind: Kind, locale: str):
    seen = Tags(html(whole(kind, locale), HOUSE))
    (root,) = seen.named("html")
    assert root == {"lang": locale, "dir": "rtl" if locale in ("ar", "he") else "ltr"}
    assert [len(seen.named(tag)) for tag in ("main", "h1", "title", "header", "footer", "style")] == [1] * 6
    assert "Kestrel" in seen.text
    assert "4 rue du Four" in seen.text
    assert WHAT not in seen.text
    assert all(form == {"method": "post"} for form in seen.named("form"))
    assert len(seen.named("form")) == len(seen.named("button")) == 4
    assert not {name for name, _ in seen.tags} & {"script", "link", "img", "iframe", "base", "object"}
    assert not [attributes for _, attributes in seen.tags if "style" in attributes or "src" in attributes]
    assert built_in(locale)["mistake"] in seen.text


@pytest.mark.parametrize("locale", BUILT_IN)
def test_every_language_says_every_word_with_its_place_for_the_title(locale: str):
    words, english = built_in(locale), built_in("en")
    assert list(words) == list(english)
    assert {name for name, text in words.items() if WHAT in text} == {n for n, text in english.items() if WHAT in text}
    assert all(text == text.strip() and text for text in words.values())
    same = {name for name in words if words[name] == english[name]}
    assert locale == "en" or not same


def test_a_topic_without_a_title_has_words_of_its_own():
    assert "Letters about Coffee tips will come to you again." in Tags(html(View(Kind.back, (), TITLES), HOUSE)).text
    assert "These letters will come to you again." in Tags(html(View(Kind.back), HOUSE)).text


def test_a_house_of_which_nothing_is_known_yet_still_speaks():
    seen = Tags(html(View(Kind.lost), House()))
    assert "This link does not work" in seen.text
    assert not seen.named("header")
    assert not seen.named("footer")


@pytest.mark.parametrize(
    ("wanted", "got"),
    [((), "en"), (("ar-EG",), "ar"), (("fr", "he"), "he"), (("fr",), "en"), (("nonsense!",), "en"), (("TR_tr",), "tr")],
)
def test_the_readers_language_then_the_houses(wanted: tuple[str, ...], got: str):
    assert Tags(html(View(Kind.lost, wanted), HOUSE)).named("html")[0]["lang"] == got


def test_a_title_is_shown_in_the_pages_language_else_in_the_houses_first():
    assert "نصائح القهوة" in html(View(Kind.left, ("ar",), TITLES), HOUSE)
    assert "Coffee tips" in html(View(Kind.left, ("he",), TITLES), HOUSE)
    assert "Trucs" in html(View(Kind.left, ("he",), (("nl", "Trucs"),)), HOUSE)


@pytest.mark.parametrize(
    ("value", "english", "arabic"),
    [
        (9, "9", "9"),
        (1234.5, "1,234.5", "1,234.5"),
        (True, "yes", "نعم"),
        (False, "no", "لا"),
        (Money(Decimal("24.50"), "EUR"), "€24.50", "€"),
        (date(2027, 3, 2), "March 2, 2027", "2027"),
        (datetime(2027, 3, 2, 23, 30, tzinfo=UTC), "March 3, 2027", "2027"),
        (("a", "b"), "a, b", "a, b"),
    ],
)
def test_the_values_of_an_answer_are_written_as_their_reader_writes_them(value, english: str, arabic: str):
    house = House("K", "", ("en",), zone="Europe/Paris")
    for locale, expected in (("en", english), ("ar", arabic)):
        seen = Tags(html(View(Kind.answer, (locale,), said="x", fields=(("how_much", value),)), house))
        assert expected in seen.text
        assert "how much" in seen.text


@given(st.text(max_size=40) | st.just(HOSTILE))
def test_whatever_a_title_a_value_or_the_house_is_called_it_stays_text(text: str):
    plain = View(Kind.left, (), (("en", "x"),), "x", (("x", "x"),), (), (THEME,))
    hostile = View(
        Kind.left, (), (("en", text),), text, ((text, text),), (), (Button(text, "all_button", (), ((text, text),)),)
    )
    calm = Tags(html(plain, House("x", "x")))
    seen = Tags(html(hostile, House(text or "x", text or "x")))
    shape = [name for name, _ in calm.tags if name != "strong" and name != "bdi"]
    assert [
        name
        for name, _ in seen.tags
        if name not in ("strong", "bdi", "dl", "div", "dt", "dd", "header", "footer", "address")
    ] == [name for name in shape if name not in ("dl", "div", "dt", "dd", "header", "footer", "address")]
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", "".join(seen.words))


def test_hostile_text_is_shown_as_it_was_written():
    seen = Tags(html(View(Kind.left, (), (("en", HOSTILE),)), House(HOSTILE, "x")))
    assert "<script>alert(1)</script>" in seen.text
    assert "{{ 7 * 7 }}" in seen.text
    assert not seen.named("script")
    assert not seen.named("img")


@pytest.mark.parametrize(
    "own", [b"", b"\xef\xbb\xbf:root { --act: #123456; }\r\n", "a::after { content: 'é' }".encode()]
)
def test_the_style_sheet_is_the_one_that_the_policy_names(own: bytes):
    templates = {"templates/_layout/page.css": own}
    page = html(View(Kind.lost), House(templates=templates))
    inside = page.partition("<style>")[2].partition("</style>")[0]
    assert inside == style(templates)
    assert own.decode("utf-8-sig").strip() in inside
    digest = b64encode(sha256(inside.encode()).digest()).decode()
    assert style_source(templates) == f"'sha256-{digest}'"


@pytest.mark.parametrize(
    ("own", "code", "line"),
    [(b"p {}\n</style><script>", "E223", 2), (b"\xff", "E100", 1), (b"@import url(<x>)", "E223", 1)],
)
def test_a_style_sheet_that_would_be_more_is_a_finding_and_is_not_used(own: bytes, code: str, line: int):
    templates = {"templates/_layout/page.css": own}
    found = check_templates(Book(rules=Rules(project="k", locales=("en",))), templates)
    assert [(problem.code, problem.place.line) for problem in found] == [(code, line)]
    assert html(View(Kind.lost), House(templates=templates)) == html(View(Kind.lost), House())


def test_a_program_is_answered_in_one_line():
    assert spoken(View(Kind.left, ("tr",)), HOUSE) == "Abonelikten çıktınız"


@pytest.mark.parametrize(
    ("header", "locales"),
    [
        ("ar-EG,ar;q=0.9,en;q=0.8", ("ar-EG", "ar", "en")),
        ("", ()),
        ("*", ()),
        ("nonsense!;q=1, he", ("he",)),
        ("x" * 100_000, ()),
        (",".join(["tr"] * 50), ("tr",) * 9),
    ],
)
def test_what_a_browser_accepts(header: str, locales: tuple[str, ...]):
    assert accepted(header) == locales


def test_a_project_says_one_word_otherwise_and_the_rest_stays():
    templates = {"templates/_layout/en.toml": b'why = "x"\n[page]\nmore = "Less of this?"\n'}
    locale, words = words_for(templates, ["en"])
    assert (locale, words["more"], words["yes"]) == ("en", "Less of this?", "yes")


def test_a_project_may_say_all_of_it_in_another_language_and_not_a_part():
    whole_page = "[page]\n" + "".join(f"{name} = 'fr {WHAT}'\n" for name in built_in("en"))
    file = "templates/_layout/fr.toml"
    assert words_for({file: whole_page.encode()}, ["fr"])[0] == "fr"
    assert words_for({file: b'[page]\nyes = "oui"\n'}, ["fr", "tr"])[0] == "tr"
    assert list(page_problems(file, whole_page.encode())) == []


@pytest.mark.parametrize(
    ("file", "text", "code", "line", "words"),
    [
        ("en", 'x = 1\n[page]\nmoer = "Less?"', "E110", 3, "'moer' is not a word of the pages"),
        ("en", "[page]\nmore = 7", "E114", 2, "'more' must be text"),
        ("en", '[page]\nmore = " "', "E114", 2, "'more' must be text"),
        ("en", '[page]\nleft_text = "Gone."', "E115", 2, "'left_text' must say {what}"),
        ("fr", '[page]\nyes = "oui"', "E115", 1, "'leave_title' is missing"),
    ],
)
def test_what_is_wrong_in_the_words_is_a_finding_and_does_no_harm(
    file: str, text: str, code: str, line: int, words: str
):
    path = f"templates/_layout/{file}.toml"
    (problem,) = page_problems(path, text.encode())
    assert (problem.code, problem.place.file, problem.place.line) == (code, path, line)
    assert words in problem.message
    assert words_for({path: text.encode()}, [file])[1] == built_in("en")


def test_a_project_says_what_its_events_and_fields_are_called():
    names = '[page.names]\n"feedback.given" = "تقييمكم"\nscore = "النقاط"\n'.encode()
    file = "templates/_layout/ar.toml"
    house = House("K", "", ("en", "ar"), templates={file: names})
    view = View(Kind.answer, ("ar",), said="feedback.given", fields=(("score", 9), ("how_so", "x")))
    text = Tags(html(view, house)).text
    assert [word in text for word in ("تقييمكم", "النقاط", "how so", "feedback")] == [True, True, True, False]
    assert list(page_problems(file, names)) == []
    (problem,) = page_problems(file, b'[page.names]\n"feedback.given" = 7\n')
    assert (problem.code, problem.place.line) == ("E114", 2)
    (problem,) = page_problems(file, b"[page]\nnames = 7\n")
    assert (problem.code, problem.place.line) == ("E114", 2)


def test_the_words_of_the_footer_and_of_the_pages_stand_in_one_file():
    footer = (Path(__file__).parents[3] / "templates" / "_layout" / "en.toml").read_bytes()
    file = "templates/_layout/en.toml"
    whole = read_words(file, footer)
    assert isinstance(whole, Words)
    assert read_words(file, footer + b'[page]\nmore = "Less?"\n') == whole
    found = check_templates(Book(rules=Rules(project="k", locales=("en",))), {file: footer + b'[page]\nmoer = "x"\n'})
    assert [problem.code for problem in found] == ["E110"]


@pytest.mark.parametrize("text", [b"\xff\xfe", b"= no toml", b"page = 7", b"", b"[other]\nx = 1"])
def test_a_words_file_without_a_page_says_nothing_of_pages(text: bytes):
    assert list(page_problems("templates/_layout/fr.toml", text)) == []
    assert words_for({"templates/_layout/en.toml": text}, ["en"])[1] == built_in("en")


def test_the_document_names_every_word_as_it_is():
    shown = (Path(__file__).parents[3] / "docs" / "links.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", shown, flags=re.MULTILINE)) == built_in("en")
