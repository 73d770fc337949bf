"""What SendGrid is asked about mails that went: its own OpenAPI documents judge the log and the lists, by Prism."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from nurture.deliver.sendgrid_logs import Answered, Doubt, Evidence, look_up
from nurture.deliver.sendgrid_suppressions import LISTS, NotToldError, Suppressions
from nurture.engine.hand_over import directly
from nurture.engine.syncing import last_sync, sync
from nurture.model.happening import Happening
from tests.email_logs import Logs
from tests.prism_server import DOCUMENTS, prism
from tests.sending_worlds import open_shop

from .ways import NOW

KEY = "SG.key"
LOGS, LISTED = DOCUMENTS / "tsg_logs_v3.json", DOCUMENTS / "tsg_suppressions_v3.json"
DOUBTS = [Doubt(f"k{n}", f"{who}@shop.example", NOW) for n, who in enumerate(("r1", "r2", "o'r"), 1)]


@pytest.fixture(scope="module")
def lists() -> Iterator[str]:
    """Where Prism serves the lists."""
    with prism(LISTED) as url:
        yield url


async def asked(logs: Logs) -> Answered:
    """What comes of these doubts, with Prism reading along before our log."""
    async with logs.served() as url:
        with prism(LOGS, url) as watched:
            return await look_up(watched, KEY, DOUBTS)


def test_the_log_is_asked_and_answers_as_the_document_says() -> None:
    logs = Logs({"m1.recvd-1": ("r1@shop.example", "k1"), "m2": ("r2@shop.example", "another")})
    found = asyncio.run(asked(logs))
    assert found.problem == "", "Prism refuses what the document does not have, in both directions"
    assert [(one.key, one.message) for one in found.found] == [("k1", "m1.recvd-1")]
    assert isinstance(found.found[0], Evidence)
    assert len(logs.asked) == len(DOUBTS)


def test_a_log_of_ours_that_drifts_from_the_document_is_caught() -> None:
    logs = Logs({"m1": ("r1@shop.example", "k1")}, left_out="subject")
    assert asyncio.run(asked(logs)) == Answered((), "the log answered 500")


def test_every_list_is_asked_for_and_read_as_the_document_says(lists: str) -> None:
    async def pages(name: str) -> list[Happening]:
        return [one async for page in Suppressions(lists, KEY).pages(name, NOW) for one in page]

    for name, (_, what, _) in LISTS.items():
        found = asyncio.run(pages(name))
        assert found, name
        assert {one.what for one in found} == {what}


def test_a_whole_night_is_told_and_one_without_a_key_is_not(lists: str, store_url: str) -> None:
    shop = open_shop(store_url)
    config = replace(shop.workshop.config, provider="sendgrid", sendgrid_url=lists, sendgrid_key=KEY)
    try:
        found = asyncio.run(sync(replace(shop.workshop, config=config), NOW, directly))
        assert set(found) == set(LISTS)
        assert last_sync(shop.store) == NOW
        config = replace(config, sendgrid_url=f"{lists}/nowhere")
        with pytest.raises(NotToldError, match="404"):
            asyncio.run(sync(replace(shop.workshop, config=config), NOW, directly))
    finally:
        shop.store.close()
