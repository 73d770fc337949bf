"""What of a mail is the pattern that readers share, and what is each reader's own."""

import pytest

from nurture.model.mail import Woven
from nurture.render.generator import EVERYBODYS
from nurture.render.layout import TOLD
from nurture.render.settled import SETTLED
from nurture.render.weaving import Shared, woven_page, woven_text

from .conftest import FRONT

NO_FOOTER = Woven(("",), ())
BODY = FRONT + "Dear {{ person.first_name | or_else('reader') }},\n\nyour code is {{ code }}.\n"


def own(part):
    """The values of a part that is woven."""
    assert str(part.woven) == part.whole
    return part.woven.values


def test_text_and_page_are_woven(mail):
    made = mail(BODY, {"first_name": "Salma"})
    text, html = made.woven
    assert (str(text), str(html)) == (made.text, made.html)
    assert text.values[:2] == html.values[:2] == ("Salma", "A-1")
    assert [value for value in text.values if value.startswith("https://shop.example/u/")]


def test_readers_who_differ_in_values_alone_share_everything_else(mail):
    one, other = (mail(BODY, {"first_name": name}, key=key).woven for name, key in (("Salma", "a1"), ("Zoë", "b2")))
    assert [part.pattern for part in one] == [part.pattern for part in other]
    assert [part.values for part in one] != [part.values for part in other]


def test_another_way_through_a_condition_is_another_pattern(mail):
    body = FRONT + "Dear {% if visits > 1 %}old{% else %}new{% endif %} friend"
    one, same, other = (mail(body, variables={"visits": visits}).woven[1].pattern for visits in (2, 3, 1))
    assert one == same
    assert one != other


def test_a_name_that_is_not_known_shares_with_those_that_are(mail):
    body = FRONT + "Hello{{ ', ' ~ person.first_name if person.first_name is known }}\n\nagain"
    known, unknown = (mail(body, facts).woven for facts in ({"first_name": "Salma"}, {}))
    assert [part.pattern for part in known] == [part.pattern for part in unknown]


def test_a_name_set_apart_has_its_marks_in_the_pattern(mail):
    one, other = (mail({"ar": BODY}, {"locale": "ar", "first_name": name}).woven[1] for name in ("Salma", "سلمى"))
    assert one.pattern == other.pattern
    assert (one.values[0], other.values[0]) == ("Salma", "سلمى")
    assert one.pattern[0].endswith("<bdi>")


def test_what_the_house_says_and_a_subject_for_all_are_the_patterns(mail):
    made = mail("---\nsubject: Hello\npreheader: Good news\n---\nDear {{ person.first_name }}", {"first_name": "Salma"})
    assert [value for value in made.woven[1].values if not value.startswith("https://")] == ["Salma"]


def test_a_subject_with_a_name_is_the_readers_own(mail):
    front = '---\nsubject: "Hello {{ person.first_name }}"\n---\n'
    assert "Hello Salma" in mail(front + "Dear you", {"first_name": "Salma"}).woven[1].values


def test_a_mail_that_asks_nothing_of_its_reader_is_woven_too(mail):
    made = mail(FRONT + "One **two** three\n\n* four")
    text, _ = made.woven
    assert text.pattern[0].startswith("One two three\n\n- four\n")
    assert len(text.values) == 2  # where to leave, and the page of all choices


def test_a_value_in_a_style_shapes_the_page(mail):
    body = FRONT + '<p style="width: {{ visits }}px">{{ code }}</p>'
    one, other = (mail({"en.html": body}, variables={"code": "A", "visits": size}).woven[1] for size in (2, 3))
    assert one.pattern != other.pattern
    assert one.values[0] == other.values[0] == "A"


def test_markup_is_never_a_value():
    part = woven_page([Shared("<p>"), "<b>", "a", Shared("</p>")])
    assert own(part) == ("a",)
    assert part.woven.pattern == ("<p><b>", "</p>")


@pytest.mark.parametrize(
    ("pieces", "values"),
    [
        (["a", Shared("\n\n"), "", Shared("\nb")], ("a",)),
        (["a", Shared("\nx"), "", Shared("\n\n\nb")], ("a", "")),
        ([Shared("x\n"), " a\t", Shared("\n\ny")], ("a",)),
        ([Shared("x"), " a ", Shared("\n\n\ny")], (" a ",)),
        ([Shared("x "), "\n\n\n", Shared("y")], ()),
        ([Shared("x"), "a\n \n\n\nb", Shared("y")], ("a\n\nb",)),
        ([Shared("x"), "a < b", Shared("y")], ()),
        (["\n", "a", "", "\n"], ("a", "")),
    ],
)
def test_white_space_that_an_empty_line_may_swallow_is_the_patterns(pieces, values):
    assert own(woven_text(pieces, NO_FOOTER)) == values


def test_a_sign_that_stands_for_values_cannot_be_woven():
    part = woven_page([Shared("<p>\ufdd0"), "a", Shared("</p>")])
    assert part.woven is None
    assert part.whole == "<p>\ufdd0a</p>"
    assert own(woven_page([Shared("<p>"), "\ufdd0", Shared("</p>")])) == ("\ufdd0",)


def test_what_is_everybodys_is_told_by_the_house():
    assert {name for name in TOLD if name not in EVERYBODYS} == {
        *("subject", "preheader"),
        *("unsubscribe_url", "preferences_url"),
    }
    assert set(SETTLED) < EVERYBODYS
