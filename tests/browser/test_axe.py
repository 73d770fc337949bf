"""What axe sees: a page of ours with faults put in. That it finds none is in test_public_pages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.axe_judge import axe_source, findings
from tests.chromium import FLAGS, PATIENCE, chromium
from tests.unit.web.site import Client, Shop, served

PHONE = {"width": 360, "height": 720}


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
