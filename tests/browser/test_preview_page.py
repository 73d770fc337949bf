"""The page of `preview --all` in Chromium: nothing sticks out, every frame has its mail, and dark is really dark."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nurture.engine.preview import Desk, everywhere, read_tree
from nurture.engine.preview_page import page_of, page_written
from nurture.engine.preview_reader import made_up_reader
from nurture.engine.starter import make_project
from tests.chromium import FLAGS, PATIENCE, chromium

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WIDTHS = {"phone": 375, "desktop": 700}
FILLED = "!document.querySelector('iframe:not([data-filled])')"
WIDER = "document.documentElement.scrollWidth - window.innerWidth"
BACKGROUND = """() => {
  for (let one = document.body.firstElementChild?.nextElementSibling || document.body; one; one = one.parentElement) {
    const found = getComputedStyle(one).backgroundColor;
    if (found !== 'rgba(0, 0, 0, 0)') return found;
  }
  return 'none';
}"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of one mail and that of every mail of the starter book."""
    root = tmp_path_factory.mktemp("pages")
    make_project(root)
    tree = read_tree(root)
    desk = Desk(tree.book, tree.files, None, NOW)
    reader = made_up_reader(tree.book, None, NOW)
    every = list(everywhere(desk, tuple(sorted(tree.book.mails)), reader))
    one = [shown for shown in every if shown[0] == "happy_birthday"]
    return {
        "one": page_written(root, "happy_birthday", page_of("kestrel", one)),
        "all": page_written(root, "", page_of("kestrel", every)),
    }


@contextmanager
def opened(page: Path, width: int, scheme: str = "light") -> Iterator[Any]:
    """The page from the disk in a window of this width; a word on its console or a request to a server is a failure."""
    from playwright.sync_api import sync_playwright

    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        tab.set_default_timeout(PATIENCE)
        tab.on("console", lambda message: faults.append(message.text))
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("request", lambda asked: faults.append(asked.url) if asked.url.startswith("http") else None)
        tab.goto(page.as_uri())
        yield tab
        browser.close()
    assert faults == []


def brightness(colour: str) -> float:
    """0 is black and 1 white, by the plain mean of a colour as Chromium says it."""
    red, green, blue = (int(part) for part in re.findall(r"\d+", colour)[:3])
    return (red + green + blue) / 765


def see_all(tab: Any) -> None:
    """Scroll through the page until every frame has its mail."""
    for frame in tab.query_selector_all("iframe"):
        frame.scroll_into_view_if_needed()
    tab.wait_for_function(FILLED, timeout=PATIENCE)


@pytest.mark.parametrize("width", [375, 768, 1280, 2300])
def test_nothing_sticks_out_of_the_page_at_any_width(pages, width):
    with opened(pages["one"], width) as tab:
        see_all(tab)
        assert tab.evaluate(WIDER) == 0
        outside = tab.evaluate(
            "[...document.querySelectorAll('.frame')]"
            ".filter(one => one.getBoundingClientRect().right > innerWidth + 1).length"
        )
        assert outside == 0
        tab.click("#full")
        assert tab.evaluate(WIDER) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_frame_holds_its_mail_in_its_width_and_its_colours_whatever_the_reader_prefers(pages, scheme):
    with opened(pages["one"], 1280, scheme) as tab:
        see_all(tab)
        frames = tab.query_selector_all("iframe")
        assert len(frames) == 5 * 4
        for element in frames:
            frame = element.content_frame()
            device = element.evaluate("one => one.closest('figure').className")
            assert frame.evaluate("innerWidth") == WIDTHS[device]
            assert frame.evaluate("document.documentElement.scrollWidth") <= WIDTHS[device]
            assert len(frame.evaluate("document.body.innerText").strip()) > 100
            shown = element.get_attribute("data-scheme")
            light = brightness(frame.evaluate(BACKGROUND))
            assert light < 0.3 if shown == "dark" else light > 0.8
            tall = element.evaluate("one => parseFloat(one.style.height)")
            assert tall >= frame.evaluate("document.body.scrollHeight") - 1  # the whole mail, with nothing to scroll


def test_mails_are_put_into_the_page_of_all_only_where_one_looks(pages):
    with opened(pages["all"], 1280) as tab:
        tab.wait_for_selector("iframe[data-filled]")
        counted = tab.evaluate(
            "[document.querySelectorAll('iframe[srcdoc]').length, document.querySelectorAll('iframe').length]"
        )
        assert counted[0] < counted[1] / 4
        last = tab.evaluate("document.querySelector('#jump').lastElementChild.value")
        tab.select_option("#jump", last)
        tab.wait_for_selector(f"section[id='{last}'] iframe[data-filled]")
        assert tab.evaluate(f"document.getElementById('{last}').getBoundingClientRect().top") < 900
        tab.evaluate("scrollTo(0, 0)")
        tab.wait_for_function("document.querySelector('#jump').value === document.querySelector('section').id")
        assert tab.evaluate(WIDER) == 0


def test_languages_widths_and_colours_can_be_taken_out_and_the_rest_has_more_room(pages):
    with opened(pages["one"], 1280) as tab:
        wide = "document.querySelector('figure.phone .frame').getBoundingClientRect().width"
        before = tab.evaluate(wide)
        for kind in ("desktop", "dark", "locale-ar"):
            tab.click(f"button[data-kind='{kind}']")
        shown = tab.evaluate(
            "[...document.querySelectorAll('figure')].filter(one => one.checkVisibility())"
            ".map(one => one.closest('article').dataset.kinds + ' ' + one.dataset.kinds)"
        )
        assert shown == [f"locale-{code} phone light" for code in ("en", "tr", "he", "hy")]
        assert tab.evaluate(wide) > before
        tab.click("button[data-kind='dark']")
        assert tab.evaluate("[...document.querySelectorAll('figure')].filter(one => one.checkVisibility()).length") == 8
        assert tab.get_attribute("button[data-kind='dark']", "aria-pressed") == "true"


def test_one_language_can_be_made_larger_by_a_click(pages):
    with opened(pages["one"], 1280) as tab:
        tab.wait_for_selector("iframe[data-filled]")
        wide = "document.querySelector('figure.desktop .frame').getBoundingClientRect().width"
        assert tab.evaluate(wide) < 450
        tab.click("figure.desktop .frame >> nth=0")
        assert tab.evaluate(wide) == 700
        assert tab.evaluate(WIDER) == 0
