"""What a batch is followed by: every stretch of work and every log event of it says its number, in whatever thread."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from nurture import observe, spans
from nurture.engine.sending import Sending
from nurture.engine.threads import Thread
from nurture.model.mail import Email, Fate, Handover
from tests.sending_worlds import Answer, Scripted, open_shop, planned


@dataclass
class Followed:
    """A watcher that keeps each stretch of work with its fields."""

    begun_: list[tuple[str, Mapping[str, spans.Field]]] = field(default_factory=list)

    def begun(self, name: str, fields: Mapping[str, spans.Field]) -> spans.Ended:
        self.begun_.append((name, fields))
        return lambda _fault: None

    def counted(self, name: str, fields: Mapping[str, spans.Field], times: int) -> None:
        """Nothing."""

    def noted(self, name: str, fields: Mapping[str, object]) -> None:
        """Nothing."""


async def posted(_mail: Email) -> None:
    with spans.span(spans.POST, provider="scripted"):
        await asyncio.sleep(0)


def doubts_the_first(mail: Email, nth: int) -> Answer:
    return Handover(mail.key, Fate.in_doubt if nth == 0 else Fate.accepted, "")


def test_rendering_requests_settling_and_doubts_say_their_batch(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "nurture")
    watcher, thread = Followed(), Thread("sending")

    async def story() -> None:
        shop = await thread.run(open_shop, tmp_path, Scripted(script=doubts_the_first, before=posted))
        await thread.run(planned, shop.store, 1, 2)
        with closing(shop.store):
            await Sending(shop.workshop, lambda: shop.live, shop.clock, thread.run).round()

    unwatch = spans.watch(watcher)
    try:
        asyncio.run(story())
    finally:
        unwatch()
        thread.close()
    found = {name: [fields.get("batch") for said, fields in watcher.begun_ if said == name] for name in spans.SPANS}
    (batch,) = set(found[spans.POST])
    assert isinstance(batch, int)
    assert len(found[spans.POST]) == 3
    assert found[spans.RENDER] == found[spans.SETTLE] == [batch]
    assert set(found[spans.CLAIM]) == {None}, "which it is, is found by claiming"
    (doubt,) = [one.__dict__["fields"] for one in caplog.records if one.__dict__["event"] == observe.BATCH_IN_DOUBT]
    assert doubt == {"mails": 1, "batch": batch}
    assert spans.followed() == {}
