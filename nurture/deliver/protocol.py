"""What a provider is: build (pure), post (the one effect), read (pure); and handing over through one."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

from nurture.model.mail import Email, Handover

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class Provider(Protocol[Request, Answer]):
    """One way out. What a provider cannot say is refused with a reason, never dropped (architecture.md 6)."""

    @property
    def name(self) -> str:
        """The provider's name as config.toml spells it."""
        ...

    def build(self, mails: Sequence[Email]) -> Iterator[Request | Handover]:
        """The requests for these mails, in order; a mail that cannot be said becomes its refusal. Pure."""
        ...

    def post(self, request: Request) -> Answer:
        """Send one request. The only method that touches the world; what can go wrong comes back as an answer."""
        ...

    def read(self, request: Request, answer: Answer) -> Iterator[Handover]:
        """What the answer means for each mail of the request, in our words. Pure."""
        ...


def hand_over(provider: Provider[Request, Answer], mails: Sequence[Email]) -> Iterator[Handover]:
    """Hand mails to a provider; exactly one handover for each, as soon as it is known."""
    for request in provider.build(mails):
        if isinstance(request, Handover):
            yield request
        else:
            yield from provider.read(request, provider.post(request))
