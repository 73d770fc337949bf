"""The page of somebody's choices at a desk, light and dark, by keyboard alone; on a phone: test_public_pages."""

import asyncio
from typing import Any

import pytest

from nurture.model import event as names
from tests.browser.test_pages import DESK, browsing, by_keyboard, sound
from tests.unit.web.site import Shop

SAVE = {"en": "Save my choices", "ar": "حفظ اختياراتي"}


async def tab_to(page: Any, selector: str) -> None:
    """Go to an element with the tabulator alone, and see that it shows where one is."""
    for _ in range(30):
        await page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if await focused.count() and await focused.evaluate("(element, one) => element.matches(one)", selector):
            outline = await focused.evaluate("element => getComputedStyle(element).outlineWidth")
            assert float(outline.removesuffix("px")) >= 2
            return
    raise AssertionError(f"no key leads to {selector}")


async def labelled(page: Any) -> None:
    """Every field has a label of words, and every box a group with a name."""
    for field in await page.locator("input:not([type=hidden]), select").all():
        assert await field.evaluate(
            "element => element.labels.length === 1 && element.labels[0].innerText.trim() !== ''"
        )
    for box in await page.locator("input[type=checkbox]").all():
        assert await box.evaluate("element => element.closest('fieldset').querySelector('legend').innerText !== ''")


@pytest.mark.parametrize("locale", list(SAVE))
def test_a_reader_chooses_by_keyboard_alone(shop: Shop, locale: str):
    person = shop.contact(locale=locale)
    scheme = "dark" if locale == "ar" else "light"
    name = f"choices-{locale}-desk"

    async def story() -> None:
        async with browsing(shop, DESK, scheme) as (page, client):
            await page.goto(client.base + shop.path(shop.links.preferences(person, "k1")))
            await sound(page, locale, f"{name}-1")
            await labelled(page)
            await tab_to(page, "input[name='topic.offers']")
            await page.keyboard.press("Space")
            await tab_to(page, "input[name='theme.mothers_day']")
            await page.keyboard.press("Space")
            await tab_to(page, "input[name^='measure.']")
            await page.keyboard.press("Space")
            await by_keyboard(page, SAVE[locale])
            assert await page.get_by_role("status").count() == 1
            await sound(page, locale, f"{name}-2-saved")

    asyncio.run(story())
    assert shop.said(person) == [names.CONSENT_REFUSED, names.TRACKING_GIVEN, names.THEME_SPARED]
