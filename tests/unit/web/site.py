"""A shop with its web part on loopback, for tests: a real store, real links, a real server and a plain client."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from nurture.engine.applying import LiveBook, apply, live_book
from nurture.engine.check import check
from nurture.engine.project import read_files
from nurture.engine.starter import make_project
from nurture.engine.workshop import Workshop
from nurture.links import STORED_AS, Links
from nurture.store.rows import AnyRow, ContactRow, EventRow
from nurture.web.app import application, serving
from nurture.wiring import workshop

NOW = datetime(2027, 3, 9, 10, tzinfo=UTC)
DAY = timedelta(days=1)
TOPIC = "coffee_tips"
DEALS = "  deals: {title: {en: Bargains}}\n"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def make_shop(root: Path) -> None:
    """A project made from the starter book, with a second theme, applied a day ago, in which nobody is yet."""
    make_project(root)
    topics = root / "sequences" / "house" / "topics.yaml"
    text = topics.read_text(encoding="utf-8")
    topics.write_text(text.replace("tags:", DEALS + "tags:"), encoding="utf-8")
    reapply(root, NOW - DAY)


def reapply(root: Path, now: datetime = NOW) -> None:
    """Apply the files of the project as they are now."""
    files = read_files(root)
    checking = check(files)
    assert checking.book is not None, [str(problem) for problem in checking.problems]
    with workshop(root) as shop:
        apply(shop.store, checking.book, files, now, "a test")


@dataclass
class Shop:
    """An open shop, with somebody in it and the links of their mails."""

    shop: Workshop
    links: Links
    live: LiveBook | None
    now: datetime = NOW
    arrivals: list[datetime] = field(default_factory=list)

    def take(self, *rows: AnyRow) -> None:
        self.shop.store.importing(self.now).take(rows, lambda row, why: pytest.fail(f"{row}: {why}"))

    def contact(self, id_: str = "c1", locale: str = "en", **facts: object) -> str:
        """Somebody who agreed to everything; our id of them."""
        topics = tuple(self.live.book.topics) if self.live else ()
        known = {"locale": locale, "zone": "Europe/Paris", **facts}
        self.take(ContactRow(outside_id=id_, address=f"{id_}@shop.example", facts=known, topics=topics, basis="opt_in"))
        found = self.shop.store.find(id_)
        assert found
        return found

    def happened(self, name: str, id_: str = "c1", **fields: object) -> None:
        self.take(EventRow(outside_id=id_, name=name, at=self.now, fields=fields))

    def path(self, url: str) -> str:
        return url.removeprefix(self.links.base)

    def leave(self, person: str, topic: str = TOPIC, key: str = "k1") -> str:
        return self.path(self.links.unsubscribe(person, topic, key))

    def said(self, person: str) -> list[str]:
        """The names of what the person said by links, in order."""
        history = self.shop.store.histories([person])[person]
        return [event.name for event in history if event.origin.value == "live"]

    async def run(self, function: Callable[..., Any], *arguments: object) -> Any:
        """Off the loop, as the daemon does it; one at a time."""
        async with self.lock:
            return await asyncio.to_thread(function, *arguments)

    def __post_init__(self) -> None:
        self.lock = asyncio.Lock()


@contextmanager
def opened(root: Path, web_url: str = "https://letters.example") -> Iterator[Shop]:
    """The shop of a folder, which would be reached at `web_url`."""
    with workshop(root) as shop:
        links = Links(web_url, shop.store.secret(STORED_AS, NOW), "kestrel_coffee")
        changed = replace(shop, config=replace(shop.config, web_url=web_url), links=links)
        yield Shop(changed, links, live_book(shop.store))


@dataclass
class Client:
    """A plain client, which follows no redirect and sends no cookie."""

    session: aiohttp.ClientSession
    base: str

    async def ask(self, method: str, path: str, **how: Any) -> tuple[int, str, Any]:
        """Status, text and headers."""
        async with self.session.request(method, self.base + path, allow_redirects=False, **how) as answer:
            return answer.status, await answer.text(), answer.headers

    async def get(self, path: str, **how: Any) -> tuple[int, str, Any]:
        return await self.ask("GET", path, **how)

    async def post(self, path: str, data: Any = None, **how: Any) -> tuple[int, str, Any]:
        return await self.ask("POST", path, data=data, **how)


@asynccontextmanager
async def served(shop: Shop, live: Callable[[], LiveBook | None] | None = None) -> AsyncIterator[Client]:
    """The web part on a free port of loopback, and a client of it."""
    app = application(
        shop.shop, live or (lambda: shop.live), lambda: shop.now, shop.run, lambda: shop.arrivals.append(shop.now)
    )
    async with serving(app, "127.0.0.1", 0) as (host, port), aiohttp.ClientSession() as session:
        yield Client(session, f"http://{host}:{port}")


def copied(made: Path, to: Path) -> Path:
    """The same project once more, of which a person has said that it may mail."""
    shutil.copytree(made, to)
    with workshop(to) as shop:
        shop.store.accept()
    return to
