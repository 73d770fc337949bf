"""Every public page before axe, in five languages, light and dark: it finds nothing."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.axe_judge import axe_source, findings
from tests.chromium import FLAGS, PATIENCE, chromium
from tests.unit.web.site import TOPIC, Client, Shop, copied, make_shop, opened, served

PHONE = {"width": 360, "height": 720}
PASSED = 15  # rules that any page of ours has something for: fewer, and axe has not looked


@pytest.fixture(scope="module")
def made_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("axe")
    make_shop(root)
    return root


@pytest.fixture
def shop(tmp_path: Path, made_shop: Path) -> Iterator[Shop]:
    with opened(copied(made_shop, tmp_path / "shop"), web_url="") as shop:
        yield shop


@asynccontextmanager
async def judged(shop: Shop, scheme: str) -> AsyncIterator[tuple[Any, Client]]:
    """A page in which axe may run: the policy of ours, which lets no script in, is set aside for it."""
    from playwright.async_api import async_playwright

    async with served(shop) as client, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        context = await browser.new_context(viewport=PHONE, color_scheme=scheme, bypass_csp=True)
        context.set_default_timeout(PATIENCE)
        yield await context.new_page(), client
        await browser.close()


@pytest.mark.parametrize("locale", ["en", "tr", "ar", "he", "hy"])
def test_axe_finds_nothing_on_any_page(shop: Shop, locale: str):
    source, person = axe_source(), shop.contact(locale=locale)
    links = shop.links
    paths = [
        shop.path(links.preferences(person, "k")),
        shop.path(links.confirm(person, TOPIC, "k")),  # confirmed already
        shop.leave(person),
        shop.path(links.spare(person, "mothers_day", "k")),
        shop.path(links.answer(person, "feedback.given", {"score": 9, "words": "good"}, "k")),
        "/u/none-of-ours",
    ]

    async def story() -> None:
        async with judged(shop, "dark" if locale in ("tr", "he") else "light") as (page, client):

            async def judge(name: str) -> None:
                wrong, passed = await findings(page, source)
                assert wrong == [], name
                assert passed >= PASSED, name

            for path in paths:
                await page.goto(client.base + path)
                await judge(path[:3])
            await page.goto(client.base + shop.leave(person))
            for button in (0, -1, 0):  # leave, everything, by mistake
                async with page.expect_navigation():
                    await page.get_by_role("button").nth(button).click()
                await judge(f"after button {button}")
            await page.goto(client.base + shop.path(links.preferences(person, "k")))
            async with page.expect_navigation():
                await page.get_by_role("button").nth(-1).click()
            await judge("everything off")
            await page.goto(client.base + shop.path(links.confirm(person, TOPIC, "k")))
            await judge("to be confirmed")
            async with page.expect_navigation():
                await page.get_by_role("button").click()
            await judge("confirmed")

    asyncio.run(story())


def test_axe_sees_what_is_wrong(shop: Shop):
    """A page of ours with its faults put in: what it does not find here it would find nowhere."""
    source, person = axe_source(), shop.contact()

    async def story() -> None:
        async with judged(shop, "light") as (page, client):
            await page.goto(client.base + shop.path(shop.links.preferences(person, "k")))
            await page.evaluate(
                "() => { document.documentElement.lang = ''; document.querySelector('h1').style.color = '#e0d0c0';"
                " document.querySelector('label[for=language]').remove(); }"
            )
            wrong, _ = await findings(page, source)
            assert {words.split(":")[0] for words in wrong} >= {"html-has-lang", "color-contrast", "select-name"}

    asyncio.run(story())
