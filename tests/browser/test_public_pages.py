"""Every public page in five languages on a phone, in one start of Chromium: by keyboard alone, without a script.

Each is as a reader sees it: its language and direction, nothing cut or beside the screen, readable, large enough to
touch, and nothing that axe finds. `NURTURE_PICTURES` names a folder for screenshots, for people who want to look.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nurture.links import Links
from nurture.model import event as names
from nurture.render.page_words import built_in
from nurture.render.pages import Kind, View, html
from tests.axe_judge import axe_source, findings
from tests.browser.test_pages import CONTRASTS, LIGHT_AA, PHONE, PICTURES, TOUCH
from tests.chromium import FLAGS, PATIENCE, chromium
from tests.unit.web.site import TOPIC, Client, Shop, served

PASSED = 15  # rules that any page of ours has something for: fewer, and axe has not looked
NEW = "a.rather.long.address.of.a.reader@a-provider-{}.example"
FIELDS = {"score": 9, "words": "a_very_long_answer_without_a_space" * 4}
BESIDE = """() => [...document.querySelectorAll('body *')].map(one => [one, one.getBoundingClientRect()])
  .filter(([one, box]) => box.width && (box.left < -0.5 || box.right > innerWidth + 0.5))
  .map(([one]) => one.outerHTML.slice(0, 90))"""
SMALL = f"""() => [...document.querySelectorAll('button, select, input[type=email], label.choice')]
  .filter(one => one.getBoundingClientRect().height < {TOUCH} || one.getBoundingClientRect().width < {TOUCH})
  .map(one => one.outerHTML)"""
UNLABELLED = """() => [...document.querySelectorAll('input:not([type=hidden]), select')]
  .filter(one => one.labels.length !== 1 || !one.labels[0].innerText.trim()).map(one => one.outerHTML)"""
SEEN = f"""() => [document.documentElement.lang, document.documentElement.dir,
  ({BESIDE})(), ({SMALL})(), ({UNLABELLED})(), ({CONTRASTS})()]"""
FOCUSED = """selector => [document.activeElement.matches(selector),
  parseFloat(getComputedStyle(document.activeElement).outlineWidth)]"""


@dataclass
class Reader:
    """One reader at a phone: `page` runs no script of ours; in `beside` axe looks at the same."""

    shop: Shop
    client: Client
    page: Any
    beside: Any
    axe: str
    locale: str
    person: str = ""
    seen: list[str] = field(default_factory=list)

    @property
    def links(self) -> Links:
        return self.shop.links

    async def opens(self, url: str, name: str) -> None:
        await self.page.goto(self.client.base + self.shop.path(url))
        await self.looks(name)

    async def looks(self, name: str) -> None:
        """What holds of every page."""
        page = self.page
        language, direction, beside, small, unlabelled, contrasts = await page.evaluate(SEEN)
        assert language == self.locale, name
        assert direction == ("rtl" if self.locale in ("ar", "he") else "ltr"), name
        assert beside == small == unlabelled == [], name
        assert contrasts, name
        assert [one for one in contrasts if one[1] < LIGHT_AA] == [], name
        if PICTURES:
            place = Path(PICTURES) / f"{self.locale}-{len(self.seen):02}-{name.replace(' ', '-')}.png"
            await page.screenshot(path=str(place), full_page=True)
        await self.beside.set_content(await page.content())
        wrong, passed = await findings(self.beside, self.axe)
        assert wrong == [], name
        assert passed >= PASSED, name
        self.seen.append(name)

    async def goes_to(self, selector: str) -> None:
        """By the tabulator alone; and it shows where one is."""
        for _ in range(40):
            await self.page.keyboard.press("Tab")
            is_there, outline = await self.page.evaluate(FOCUSED, selector)
            if is_there:
                assert outline >= 2, selector
                return
        raise AssertionError(f"no key leads to {selector}")

    async def presses(self, do: str, name: str) -> None:
        await self.goes_to(f"button[value='{do}'], form:has(input[name=do][value='{do}']) button")
        async with self.page.expect_navigation():
            await self.page.keyboard.press("Enter")
        await self.looks(name)

    async def asks(self, address: str, name: str) -> None:
        await self.goes_to("input[name=address]")
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.type(address)
        await self.presses("address", name)

    async def chooses(self) -> None:
        """The page of choices, and a change of address."""
        choices = self.links.preferences(self.person, "k")
        await self.opens(choices, "choices")
        for box in ("topic.offers", "theme.mothers_day"):
            await self.goes_to(f"input[name='{box}']")
            await self.page.keyboard.press("Space")
        await self.presses("choices", "choices saved")
        assert await self.page.get_by_role("status").count() == 1
        await self.asks("no address", "address wrong")
        await self.asks(NEW.format(self.locale), "address asked")
        history = self.shop.shop.store.histories([self.person])[self.person]
        asked = next(one.id for one in history if one.name == names.ADDRESS_ASKED)
        await self.opens(self.links.new_address(self.person, asked, "k"), "new address")
        await self.opens(self.links.disown(self.person, asked, "k"), "was it not you")
        await self.opens(self.links.new_address(self.person, asked, "k"), "new address again")
        await self.presses("confirm", "address changed")
        await self.opens(self.links.disown(self.person, asked, "k"), "was it not you")
        await self.presses("disown", "address back")
        await self.opens(self.links.new_address(self.person, asked, "k"), "link no longer good")

    async def leaves(self) -> None:
        """Leaving, themes, an answer, and coming back by the mail that asks to confirm."""
        await self.opens(self.links.unsubscribe(self.person, TOPIC, "k"), "unsubscribe")
        await self.presses("leave", "unsubscribed")
        await self.presses("back", "back")
        await self.opens(self.links.spare(self.person, "deals", "k"), "spare")
        await self.presses("spare", "spared")
        await self.opens(self.links.answer(self.person, "feedback.given", FIELDS, "k"), "answer")
        await self.presses("answer", "answered")
        await self.opens(self.links.answer(self.person, "no.such", {}, "k"), "closed")
        await self.opens(self.links.unsubscribe(self.person, TOPIC, "k"), "unsubscribe")
        await self.presses("leave", "unsubscribed")
        await self.presses("all", "everything left")
        await self.opens(self.links.preferences(self.person, "k"), "choices all off")
        await self.opens(self.links.confirm(self.person, TOPIC, "k"), "confirm")
        await self.presses("confirm", "confirmed")

    async def errs(self) -> None:
        """What is not ours, and what we cannot do now, in the language that the browser asks for."""
        await self.page.goto(f"{self.client.base}/u/cut-off")
        await self.looks("no such link")
        await self.page.set_content(html(View(Kind.busy, (self.locale,)), house_of(self.shop)))
        await self.looks("busy")


def house_of(shop: Shop) -> Any:
    """Who speaks on the pages."""
    from nurture.engine.answering import Answering

    answering = Answering(shop.shop, lambda: shop.live, lambda: shop.now)
    answering.begin()
    return answering.house


SAID = [
    names.CONSENT_REFUSED, names.THEME_SPARED, names.ADDRESS_ASKED, names.ADDRESS_ADDED, names.ADDRESS_ADDED,
    names.ADDRESS_KEPT, names.CONSENT_REFUSED, names.CONSENT_LIFTED, names.THEME_SPARED, "feedback.given",
    names.CONSENT_REFUSED, names.CONSENT_REFUSED, names.CONSENT_GIVEN,
]  # fmt: skip


def test_every_page_in_five_languages(shop: Shop):
    async def story() -> None:
        from playwright.async_api import async_playwright

        async with served(shop) as client, async_playwright() as playwright, AsyncExitStack() as stack:
            browser = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
            stack.push_async_callback(browser.close)
            for locale in ("en", "tr", "ar", "he", "hy"):
                scheme = "dark" if locale in ("tr", "he") else "light"
                screen = {"viewport": PHONE, "color_scheme": scheme, "locale": locale}
                plain = await browser.new_context(**screen, java_script_enabled=False)
                judging = await browser.new_context(**screen)
                for context in (plain, judging):
                    context.set_default_timeout(PATIENCE)
                pages = await plain.new_page(), await judging.new_page()
                reader = Reader(shop, client, *pages, axe_source(), locale, shop.contact(locale, locale=locale))
                await reader.chooses()
                await reader.leaves()
                await reader.errs()
                assert shop.said(reader.person) == SAID
                await plain.close()
                await judging.close()

    asyncio.run(story())


def test_all_languages_say_all_words():
    for locale in ("tr", "ar", "he", "hy"):
        assert built_in(locale).keys() == built_in("en").keys()
        assert [name for name, text in built_in(locale).items() if text == built_in("en")[name]] == []
