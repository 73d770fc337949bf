"""A daemon whose provider takes no mail says so where `status` reads it, and takes it back when mail goes again."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from nurture.deliver.protocol import OneEach
from nurture.engine.turns import AT_WORK
from nurture.model.mail import Email, Fate, Handover

from .life import NOW, PERSONAL, Clock, complain, living, runner, until


@dataclass
class Closed(OneEach):
    """A way out that is closed until a test opens it."""

    open: bool = False
    name: str = "folder"
    at_once: int = 1

    def build(self, mails: Sequence[Email]) -> Iterator[Email | Handover]:
        yield from mails

    async def post(self, _request: Email) -> bool:
        return self.open

    def read(self, request: Email, answer: bool) -> Iterator[Handover]:
        if answer:
            yield Handover(request.key, Fate.accepted)
        else:
            words = "the mail server does not take it now (connect): refused for salma@shop.example"
            yield Handover(request.key, Fate.planned, words, retry_at=NOW + timedelta(minutes=5))

    async def close(self) -> None:
        """Nothing is open."""


def test_an_outage_stands_in_the_daemons_state_until_mail_goes_again(root):
    clock, way_out = Clock(), Closed()

    async def scene():
        complain(root, "salma")
        async with living(root, clock, lambda shop: replace(shop, provider=way_out)) as one:
            await until(lambda: runner(root).state != AT_WORK)
            state = runner(root).state
            assert "(connect); next try 2027-03-09 10:05 UTC" in state
            assert not any(word in state for word in PERSONAL)
            way_out.open = True
            clock.at += timedelta(minutes=5)
            complain(root, "omar", at=clock.at)
            one.look()
            await until(lambda: runner(root).state == AT_WORK)

    asyncio.run(scene())
