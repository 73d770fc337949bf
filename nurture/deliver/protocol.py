"""What a provider is: build (pure), post (the one effect), read (pure); and handing over through one."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from nurture.model.mail import Email, Handover

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class Provider(Protocol[Request, Answer]):
    """One way out. What a provider cannot say is refused with a reason, never dropped (architecture.md 6)."""

    @property
    def name(self) -> str:
        """The provider's name as config.toml spells it."""
        ...

    @property
    def at_once(self) -> int:
        """How many requests it can have on the way at one time."""
        ...

    @property
    def each(self) -> int:
        """How many mails one request carries at the most."""
        ...

    @property
    def apart(self) -> bool:
        """Whether each mail of a request is answered by itself, so that what befalls one says nothing of the others."""
        ...

    def build(self, mails: Sequence[Email]) -> Iterator[Request | Handover]:
        """The requests for these mails; a mail that cannot be said becomes its refusal. Pure.

        Each mail is in one request or refused, and is there once.
        """
        ...

    def keys(self, request: Request) -> tuple[str, ...]:
        """The send keys of the mails in a request."""
        ...

    async def post(self, request: Request) -> Answer:
        """Send one request, at most once. The only method that touches the world.

        It raises nothing: what can go wrong comes back as an answer, a cancellation too (as a doubt, unless the mail
        has certainly not gone).
        """
        ...

    def read(self, request: Request, answer: Answer) -> Iterator[Handover]:
        """What the answer means for each mail of the request, in our words. Pure.

        `planned` only where the mail has certainly not gone; where it may have, `in_doubt`.
        """
        ...

    def again(self, request: Request, answer: Answer) -> Iterator[Request | Handover]:
        """Requests for the mails that this answer left blameless (`Handover.blameless`). Pure.

        They come to an end: a request of one mail leaves none blameless, and those made here are smaller.
        """
        ...

    async def close(self) -> None:
        """Let connections go; it can be used again afterwards, in another event loop.

        Called in the loop that posted, before that loop ends.
        """
        ...


class OneEach:
    """A provider whose requests carry one mail each, and its key as `key`."""

    __slots__ = ()

    @property
    def each(self) -> int:
        """One."""
        return 1

    @property
    def apart(self) -> bool:
        """There is one, so it makes no difference."""
        return False

    def keys(self, request: Any) -> tuple[str, ...]:
        """The one."""
        return (request.key,)

    def again(self, _request: Any, _answer: Any) -> Iterator[Any]:
        """Nobody was kept back by another."""
        return iter(())


async def hand_over(provider: Provider[Request, Answer], mails: Sequence[Email]) -> AsyncIterator[Handover]:
    """Hand mails to a provider; exactly one handover for each, as soon as it is known."""
    gate = asyncio.Semaphore(provider.at_once)

    async def one(request: Request) -> list[Handover]:
        async with gate:
            answer = await provider.post(request)
        answers = {found.key: found for found in provider.read(request, answer)}
        for smaller in provider.again(request, answer):
            found = [smaller] if isinstance(smaller, Handover) else await one(smaller)
            answers |= {told.key: told for told in found}
        return list(answers.values())

    posted: list[Request] = []
    for request in provider.build(mails):
        if isinstance(request, Handover):
            yield request
        else:
            posted.append(request)
    tasks = [asyncio.ensure_future(one(request)) for request in posted]  # begun in this order
    try:
        for answered in asyncio.as_completed(tasks):
            for handover in await answered:
                yield handover
    finally:  # nobody may be listening any more: nothing goes on behind the back of the store
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
