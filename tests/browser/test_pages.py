"""The pages behind links in Chromium: without a script, by the keyboard, on a phone and a desk, light and dark."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from nurture.model.event import CONSENT_LIFTED, CONSENT_REFUSED, THEME_SPARED
from tests.chromium import FLAGS, PATIENCE, chromium
from tests.unit.web.site import Client, Shop, served

PHONE, DESK = {"width": 360, "height": 720}, {"width": 1280, "height": 800}
PICTURES = os.environ.get("NURTURE_PICTURES", "")  # a folder for screenshots, for people who want to look
LIGHT_AA = 4.5  # WCAG 2.2, 1.4.3
TOUCH = 44  # CSS pixels; WCAG 2.2, 2.5.5

# For each element with text of its own: its words, and the contrast of its colour with what is painted behind it.
CONTRASTS = """() => {
  const channel = c => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const found = parse(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const own = element => [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
  return [...document.body.querySelectorAll('*')].filter(own).map(element => {
    const one = luminance(parse(getComputedStyle(element).color)), two = luminance(behind(element));
    return [element.textContent.trim(), (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05)];
  });
}"""


@asynccontextmanager
async def browsing(shop: Shop, screen: dict[str, int], scheme: str) -> AsyncIterator[tuple[Any, Client]]:
    """A page of a browser that runs no script of ours, and the address of the shop's web part."""
    from playwright.async_api import async_playwright

    async with served(shop) as client, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        context = await browser.new_context(viewport=screen, color_scheme=scheme, java_script_enabled=False)
        context.set_default_timeout(PATIENCE)
        page = await context.new_page()
        page.faults = []
        page.on("console", lambda message: page.faults.append(message.text))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        yield page, client
        await browser.close()
        assert page.faults == []
        assert {url.split("/")[2] for url in page.asked} == {client.base.removeprefix("http://")}


async def sound(page: Any, locale: str, name: str) -> None:
    """What holds of every page: language, landmarks, no sideways scrolling, readable, large enough to touch."""
    root = page.locator("html")
    assert await root.get_attribute("lang") == locale
    assert await root.get_attribute("dir") == ("rtl" if locale in ("ar", "he") else "ltr")
    assert [await page.locator(tag).count() for tag in ("main", "h1", "header", "footer")] == [1] * 4
    assert await page.title() == f"{await page.locator('h1').inner_text()} · Kestrel Coffee"
    width = page.viewport_size["width"]
    for box in [await one.bounding_box() for one in await page.locator("body *:visible").all()]:
        assert box is None or (box["x"] >= 0 and box["x"] + box["width"] <= width + 1), name
    for button in await page.get_by_role("button").all():
        box = await button.bounding_box()
        assert box["height"] >= TOUCH
        assert box["width"] >= TOUCH
    thin = [(words, contrast) for words, contrast in await page.evaluate(CONTRASTS) if contrast < LIGHT_AA]
    assert thin == []
    if PICTURES:
        await page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


async def by_keyboard(page: Any, words: str) -> None:
    """Go to the button with the tabulator alone, see that it shows where one is, and press it."""
    for _ in range(12):
        await page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if await focused.count() and words in await focused.inner_text():
            outline = await focused.evaluate("element => getComputedStyle(element).outlineWidth")
            assert float(outline.removesuffix("px")) >= 2
            async with page.expect_navigation():
                await page.keyboard.press("Enter")
            return
    raise AssertionError(f"no key leads to {words!r}")


def screens(test: Any) -> Any:
    """On a phone and a desk, light and dark."""
    sizes = pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
    return sizes(pytest.mark.parametrize("scheme", ["light", "dark"])(test))


WORDS = {
    "en": ("Unsubscribe", "I did this by mistake", "Mother's Day", "Unsubscribe from everything", "Send my answer"),
    "ar": ("إلغاء الاشتراك", "فعلت هذا عن طريق الخطأ", "عيد الأم", "إلغاء الاشتراك في كل شيء", "إرسال جوابي"),
}


@screens
@pytest.mark.parametrize("locale", ["en", "ar"])
def test_a_reader_leaves_comes_back_and_answers_by_keyboard(
    shop: Shop, screen: dict[str, int], scheme: str, locale: str
):
    person = shop.contact(locale=locale)
    leave, mistake, theme, everything, answer = WORDS[locale]
    fields = {"score": 9, "words": "a_very_long_answer_without_a_space" * 4}
    name = f"{locale}-{'phone' if screen is PHONE else 'desk'}-{scheme}"

    async def story() -> None:
        async with browsing(shop, screen, scheme) as (page, client):
            await page.goto(client.base + shop.leave(person))
            await sound(page, locale, f"{name}-1-leave")
            assert shop.said(person) == []
            for number, words in enumerate([leave, mistake], 2):
                await by_keyboard(page, words)
                await sound(page, locale, f"{name}-{number}")
            await page.goto(client.base + shop.leave(person))
            for number, words in enumerate([leave, theme, everything, mistake], 4):
                await by_keyboard(page, words)
                await sound(page, locale, f"{name}-{number}")
            await page.goto(client.base + shop.path(shop.links.answer(person, "feedback.given", fields, "k")))
            await sound(page, locale, f"{name}-8-answer")
            await by_keyboard(page, answer)
            await sound(page, locale, f"{name}-9")

    asyncio.run(story())
    assert shop.said(person) == [
        CONSENT_REFUSED, CONSENT_LIFTED, CONSENT_REFUSED, THEME_SPARED, CONSENT_REFUSED, CONSENT_LIFTED,
        "feedback.given",
    ]  # fmt: skip


def test_a_link_that_is_none_has_a_page_of_its_own(shop: Shop):
    async def story() -> None:
        async with browsing(shop, PHONE, "light") as (page, client):
            answer = await page.goto(f"{client.base}/u/cut-off")
            assert answer.status == 404
            page.faults.clear()  # the browser notes every 404
            await sound(page, "en", "en-phone-lost")

    asyncio.run(story())
