"""Mails of the starter book in Chromium: nothing sticks out, every word can be read, every picture shows."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.chromium import chromium as there
from tools.pictures import SCHEMES, WIDTHS, Page, browser, faults, opened, pages

LOCALES = ("en", "tr", "ar", "he", "hy")
MAILS = ("what_is_new_at_the_roastery", "first_bag_check_in", "roasters_table")
"""A picture, headings and a divider; answers and a list; MJML with columns."""
BIGGEST = 40_000  # bytes of a page without its pictures


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser; a machine without one skips, unless nothing may be skipped."""
    there()
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def written() -> dict[tuple[str, str], Page]:
    return {(page.mail, page.locale): page for page in pages(MAILS)}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("device", WIDTHS)
@pytest.mark.parametrize("locale", LOCALES)
def test_nothing_is_wrong_to_the_eye(chromium, written, locale, device, scheme):
    for mail in MAILS:
        with opened(chromium, written[mail, locale], WIDTHS[device], scheme) as tab:
            assert faults(tab, locale) == [], mail


@pytest.mark.parametrize("locale", LOCALES)
def test_dark_is_dark_and_light_is_light(chromium, written, locale):
    ground = "getComputedStyle(document.querySelector('.sheet')).backgroundColor"
    seen = []
    for scheme in SCHEMES:
        with opened(chromium, written[MAILS[0], locale], WIDTHS["phone"], scheme) as tab:
            seen.append(sum(int(part) for part in tab.evaluate(f"{ground}.match(/\\d+/g).slice(0, 3)")))
    assert seen[0] > 700
    assert seen[1] < 120


@pytest.mark.parametrize("locale", LOCALES)
def test_the_mark_stands_where_reading_begins(chromium, written, locale):
    with opened(chromium, written[MAILS[0], locale], WIDTHS["desktop"], "light") as tab:
        mark, name = (tab.locator(f".mast {one}").bounding_box()["x"] for one in ("img", ".mast-name"))
    assert (mark > name) == (locale in ("ar", "he"))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("color: #685a4d", "color: #c9bfb4", "has a contrast of"),
        ("data:image/png;base64,", "data:image/png;base64,AAAA", "does not show"),
        ("<div class=\"words\"", "<div style=\"width:700px\">x</div><div class=\"words\"", "sticks out"),
        ('dir="rtl"', 'dir="ltr"', "says lang and dir"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found(chromium, written, before, after, said):
    page = written[MAILS[1], "ar"]
    assert before in page.html
    with opened(chromium, replace(page, html=page.html.replace(before, after)), WIDTHS["phone"], "light") as tab:
        assert any(said in fault for fault in faults(tab, "ar"))


def test_every_mail_stays_small():
    from nurture.engine.preview import Desk, everywhere, read_tree
    from nurture.engine.preview_reader import made_up_reader
    from nurture.model.place import Problem
    from tools.pictures import LINKS, NOW, ROOT

    tree = read_tree(ROOT)
    desk = Desk(tree.book, tree.files, LINKS, NOW)
    for mail, locale, shown in everywhere(desk, tuple(tree.book.mails), made_up_reader(tree.book, None, NOW)):
        assert not isinstance(shown, Problem)
        assert len(shown.email.html.encode()) < BIGGEST, (mail, locale)
