"""One intent becomes one mail: language, direction, footer, headers, and what is not known."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from nurture.language.project import read_project
from nurture.links import PREFERENCES, UNSUBSCRIBE, verify
from nurture.model.event import Money, MonthDay
from nurture.model.mail import Email
from nurture.model.person import Orders, Person
from nurture.render.mail import Version, render, version_for

from .conftest import LINKS, NOW, intent

HELLO = "---\nsubject: \"Hello {{ person.first_name | or_else('friend') }}\"\npreheader: Before\n---\n"


class Structure(HTMLParser):
    """The tags of a page, and whether they nest."""

    VOID = frozenset({"meta", "br", "hr", "img", "link"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def headers(mail):
    return dict(mail.headers)


def test_text_and_html_come_from_one_markdown(mail):
    written = mail(HELLO + "# Title\n\nTwo **bold** words.\n\n- one\n- two\n\n[Look](https://a.example/x)\n")
    assert "Title\n\nTwo bold words.\n\n- one\n- two\n\nLook: https://a.example/x\n" in written.text
    assert "<strong>bold</strong>" in written.html
    assert written.subject == "Hello friend"
    assert Structure(written.html).seen.count("li") == 2


@pytest.mark.parametrize(
    ("asked", "used"),
    [("ar-EG", "ar"), ("ar", "ar"), ("fr-CA", "en"), ("", "en"), ("pt_br", "pt-BR"), ("nonsense!", "en")],
)
def test_locale_chain(mail, asked, used):
    texts = {"en": HELLO + "English", "ar": HELLO + "عربي", "pt-BR": HELLO + "Olá"}
    assert mail(texts, {"locale": asked}).locale == used


def test_untranslated_copy_is_never_sent(mail):
    texts = {"en": HELLO + "English", "ar": "---\nsubject: x\nuntranslated: true\n---\nEnglish"}
    assert mail(texts, {"locale": "ar"}).locale == "en"


def test_right_to_left_is_said_on_page_and_wrapper(mail):
    written = mail({"ar": HELLO + "مرحبًا {{ person.first_name }}"}, {"locale": "ar", "first_name": "Salma"})
    assert written.direction == "rtl"
    assert written.html.count('dir="rtl"') == 3
    assert "<bdi>Salma</bdi>" in written.html
    assert "مرحبًا \u2068Salma\u2069" in written.text
    assert written.subject == "\u200fHello \u2068Salma\u2069"


def test_name_in_another_direction_is_isolated_in_a_left_to_right_mail_too(mail):
    assert "Dear \u2068سلمى\u2069," in mail(HELLO + "Dear {{ person.first_name }},", {"first_name": "سلمى"}).text
    assert "Dear Salma," in mail(HELLO + "Dear {{ person.first_name }},", {"first_name": "Salma"}).text


def test_filters(mail):
    body = (
        "{{ today | day }}\n\n{{ person.birthday | day }}\n\n{{ person.spent | money }}"
        "\n\n{{ person.likes | list_and }}"
        "\n\n{{ person.orders.first_at | day | or_else('never') }}\n\n{{ person.orders.total | money }}\n"
    )
    facts = {"birthday": MonthDay(5, 14), "spent": Money(Decimal("9.50"), "USD"), "likes": frozenset({"b", "a", "c"})}
    orders = Orders((date(2026, 1, 2),), datetime(2026, 1, 1, 21, 0, tzinfo=UTC), None, Decimal(24))
    expected = "November 21, 2026\n\nMay 14\n\n$9.50\n\na, b, and c\n\nJanuary 2, 2026\n\n€24.00\n"
    assert mail(HELLO + body, facts, orders).text.startswith(expected)
    assert "May 14" in mail(HELLO + body, facts, orders).html


@pytest.mark.parametrize(
    ("facts", "day", "amount"),
    [
        ({}, "November 21, 2026", "€9.50"),
        ({"locale": "en-GB"}, "21 November 2026", "€9.50"),
        ({"locale": "en_au"}, "21 November 2026", "EUR9.50"),
        ({"country": "GB"}, "21 November 2026", "€9.50"),
        ({"locale": "en", "country": "nl"}, "21 November 2026", "€ 9,50"),
        ({"locale": "en-US", "country": "GB"}, "November 21, 2026", "€9.50"),  # what they say of themselves is nearer
        ({"locale": "fr-BE"}, "21 November 2026", "9,50 €"),  # there is no French: English as in Belgium
        ({"locale": "nonsense!", "country": "??"}, "November 21, 2026", "€9.50"),
        ({"locale": "en", "country": "TR"}, "November 21, 2026", "€9.50"),  # CLDR knows no English of Turkey
        ({"locale": "pt-BR", "country": "PT"}, "21 de novembro de 2026", "€ 9,50"),  # the mail is Brazil's
    ],
)
def test_days_and_amounts_are_written_as_where_the_reader_is(mail, facts, day, amount):
    values = HELLO + "{{ today | day }}\n\n{{ person.spent | money }}\n"
    written = mail({"en": values, "pt-BR": values}, {**facts, "spent": Money(Decimal("9.50"), "EUR")}).text
    assert written.replace("\xa0", " ").startswith(f"{day}\n\n{amount}\n")


def test_unknown_is_a_value_of_its_own(mail):
    body = (
        "{% if person.country is known %}known{% else %}not known{% endif %} "
        "{% if person.country == 'FR' %}yes{% elif person.country is unknown %}unknown{% endif %} "
        "{{ person.first_name | or_else('friend') }}{{ ', ' ~ person.country if person.country is known }}."
    )
    assert mail(HELLO + body).text.startswith("not known unknown friend.")
    assert mail(HELLO + body, {"country": "FR"}).text.startswith("known yes friend, FR.")
    assert mail(HELLO + body, {"country": " \n"}).text.startswith("not known unknown friend.")


def test_printing_an_unknown_is_a_problem_at_its_line(fault):
    problem = fault(HELLO + "One\n\nTwo {{ person.country }}\n")
    assert (problem.code, str(problem.place)) == ("E222", "templates/hello/en.md:7:1")
    assert "person.country" in problem.message


def test_printing_an_unknown_in_a_subject_is_a_problem_there(fault):
    problem = fault('---\nsubject: "Hi {{ person.country }}"\n---\nText')
    assert (problem.code, problem.place.line) == ("E222", 2)


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        ("a\n\n{{ codee }}", "E220", 7),
        ("a\n\n{% if x %}", "E223", 7),
        ("{{ 1 / 0 }}", "E223", 5),
        ("a\n\n{{ today | upper }}", "E223", 7),
        ("{{ person.first_name | day | or_else('x') }}", "E223", 5),
        ("**{% if today %}a**{% endif %}", "E223", 5),
        ("[x]({{ person.site }})", "E223", 5),
        ("[x](https://a)\n\n[y]({{ 'https://b' }}) [x]({{ person.site }})", "E223", 7),
    ],
)
def test_a_templates_fault_is_a_problem(fault, body, code, line):
    problem = fault(HELLO + body, {"first_name": "Salma", "site": "javascript:alert(1)"})
    assert (problem.code, problem.place.line) == (code, line)


def test_sandbox_gives_no_way_out(fault):
    for body in ("{{ person.__class__ }}", "{{ person._values }}", "{{ today.replace(year=1) }}", "{{ ''.join }}"):
        assert fault(HELLO + body).code in ("E220", "E223")


def test_loop_over_a_given_list(mail):
    written = mail(HELLO + "{% for taste in person.likes %}\n- {{ taste }}\n{% endfor %}\n", {"likes": ("b", "a")})
    assert "- b\n" in written.text
    assert Structure(written.html).seen.count("li") == 2


def test_missing_mail(write):
    problem = write({}, {})
    assert (problem.code, problem.place.file) == ("E204", "templates/hello/en.md")


def test_headers_let_the_reader_leave(mail):
    written = mail(HELLO + "Text")
    said = headers(written)
    assert said["Message-ID"] == "<ab12@kestrel.example>"
    assert said["List-Id"] == "<tips.kestrel.kestrel.example>"
    assert said["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = said["List-Unsubscribe"].strip("<>")
    token = verify(url.rpartition("/")[2], b"secret", UNSUBSCRIBE, "kestrel")
    assert token is not None
    assert (token.person, token.subject, token.key) == ("p1", "tips", "ab12")
    assert url in written.html
    assert url in written.text
    assert "Topic: Coffee tips." in written.text
    assert "4 rue du Four, Nantes" in written.html
    assert "4 rue du Four, Nantes" in written.text


@pytest.mark.parametrize(("written", "shown"), [("postal_address: 7 rue Haute, Nantes", True), ("", False)])
def test_the_postal_address_of_the_rules_stands_under_a_mail(book, written, shown):
    rules = f"project: kestrel\nsender: {{name: Kestrel, address: hello@kestrel.example}}\n{written}\n"
    read = read_project({"sequences/house/rules.yaml": rules.encode()}).partial.rules
    templates = {"templates/hello/en.md": (HELLO + "Text").encode()}
    found = render(replace(book, rules=read), templates, intent(), Person("p1", NOW), LINKS)
    assert isinstance(found, Email)
    assert ["7 rue Haute, Nantes" in part for part in (found.html, found.text)] == [shown, shown]


def test_without_a_web_address_the_reader_leaves_by_letter(mail):
    written = mail(HELLO + "Text", links=None)
    assert headers(written)["List-Unsubscribe"] == "<mailto:lena@kestrel.example?subject=unsubscribe%20tips>"
    assert "List-Unsubscribe-Post" not in headers(written)


def test_service_cannot_be_left_and_speaks_with_its_own_sender(mail):
    written = mail(HELLO + "Text", class_="service", topic="")
    assert set(headers(written)) == {"Message-ID"}
    assert (written.from_name, written.from_address) == ("Care", "care@kestrel.example")
    assert "Unsubscribe" not in written.text + written.html


def test_another_sender_speaks_for_a_topic_too(mail):
    assert mail(HELLO + "Text", topic="tips").from_name == "Kestrel"
    assert mail(HELLO + "Text", topic="care").from_name == "Care"


def test_the_page_of_choices_is_linked_under_every_mail_but_service(mail):
    made = mail(HELLO + "Text")
    for part in (made.text, made.html):
        (token,) = set(re.findall(r"https://shop\.example/p/([\w-]+)", part))
        found = verify(token, b"secret", PREFERENCES)
        assert found is not None
        assert found.person == "p1"
        assert "Your choices" in part
    service = mail(HELLO + "Text", class_="service", topic="")
    assert "/p/" not in service.text + service.html
    assert "/p/" not in mail(HELLO + "Text", links=None).text


def test_opens_are_told_apart_only_for_who_agreed(mail):
    assert mail(HELLO + "Text").tracked is False
    assert mail(HELLO + "Text", tracked=True).tracked is True


def test_date_is_when_it_was_decided(mail):
    assert mail(HELLO + "Text").date == datetime(2026, 11, 21, 23, 30, tzinfo=UTC)


def test_domains_are_ascii(mail):
    assert mail(HELLO + "x", address="ali@örnek.example").to_address == "ali@xn--rnek-4qa.example"


HOSTILE = [
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}{% if %}",
    "a\r\nBcc: x@y.example",
    "\u202eevil\u2069\u2069</p></div>",
    '" onmouseover="x',
    "**bold** [x](https://evil.example)",
    "jj00000jj",
    "\x00\x1b[31m",
    "&lt;b&gt;",
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("locale", ["en", "ar"])
def test_hostile_values_stay_text(mail, value, locale):
    body = "Dear {{ person.first_name }}, **{{ code }}**\n\n[go](https://a.example/?n={{ code }})\n\n![{{ code }}](https://a.example/b.png)"
    plain = mail({locale: HELLO + body}, {"locale": locale, "first_name": "Ann"}, variables={"code": "Ann"})
    hostile = mail({locale: HELLO + body}, {"locale": locale, "first_name": value}, variables={"code": value})
    assert [tag for tag in Structure(hostile.html).seen if tag != "bdi"] == [
        tag for tag in Structure(plain.html).seen if tag != "bdi"
    ]
    assert "49" not in hostile.text
    for line in (hostile.subject, hostile.to_name, *(said for _, said in hostile.headers)):
        assert not set(line) & set("\r\n\0\u202e")
    assert hostile.text.count("\u2068") == hostile.text.count("\u2069")
    assert hostile.headers == plain.headers


def test_literal_braces_made_by_markdown_do_not_run(mail):
    written = mail(HELLO + "{\\{ person.country }}\n")
    assert "{{ person.country }}" in written.text
    assert "<p>{{ person.country }}</p>" in re.sub(' style="[^"]*"', "", written.html)


def test_own_frame_and_words(mail, fault):
    base = b"<html><body>{{ content }}|{{ unsubscribe_url }}|{{ postal_address }}|{{ why }}</body></html>"
    words = b'why = "About {topic}"\nwhy_service = "a"\nunsubscribe = "Leave"\nreply = "Write"\n'
    extra = {"templates/_layout/base.html": base, "templates/_layout/en.toml": words}
    written = mail(HELLO + "Text", extra=extra)
    assert "|About Coffee tips</body>" in written.html
    assert "Leave: https://shop.example/u/" in written.text
    assert fault(HELLO + "x", extra={"templates/_layout/base.html": b"{{ content }}"}).code == "E311"
    broken = fault(HELLO + "x", extra={"templates/_layout/base.html": base + b"{{ nothing }}"})
    assert (broken.code, broken.place.file) == ("E220", "templates/_layout/base.html")


def test_a_version_is_made_once_whoever_reads_it_and_anew_when_its_text_changes(book):
    def version(text: str, **facts: str) -> Version:
        found = version_for(
            book.rules, {"templates/hello/en.md": text.encode()}, intent(), Person("p", NOW, facts=facts)
        )
        assert isinstance(found, Version)
        return found

    first, second = version(HELLO + "Once.", first_name="Salma"), version(HELLO + "Once.", locale="en-GB")
    assert first.mail is second.mail
    assert first.mail.templates is second.mail.templates
    assert version(HELLO + "Twice.").mail is not first.mail
