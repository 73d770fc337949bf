"""Requests to providers as metrics and traces see them: how long each took, and what the provider made of it."""

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any, TypeVar, cast

from nurture import spans
from nurture.model.mail import Fate, Handover

Method = TypeVar("Method", bound=Callable[..., Any])
_OF = {Fate.in_doubt: "doubt", Fate.refused: "refused", Fate.planned: "later"}


def posting(post: Method) -> Method:
    """A provider's `post`, as a stretch of work."""

    @wraps(post)
    async def watched(provider: Any, request: Any) -> Any:
        with spans.span(spans.POST, provider=provider.name):
            return await post(provider, request)

    return cast(Method, watched)


def reading(read: Method) -> Method:
    """A provider's `read`, counted: once a request, by the worst that it says of its mails."""

    @wraps(read)
    def watched(provider: Any, request: Any, answer: Any) -> Iterator[Handover]:
        found: Iterator[Handover] = read(provider, request, answer)
        if not spans.watched():
            return found
        told = list(found)
        spans.count(spans.ANSWERED, provider=provider.name, answer=made_of_it(told))
        return iter(told)

    return cast(Method, watched)


def made_of_it(found: Sequence[Handover]) -> str:
    """`halt`, `pause`, `doubt`, `refused`, `later` or `taken`: the first of these that holds for any of the mails."""
    if any(one.halts for one in found):
        return "halt"
    if any(one.fate is Fate.planned and one.retry_at is not None for one in found):
        return "pause"
    fates = {one.fate for one in found}
    return next((word for fate, word in _OF.items() if fate in fates), "taken")
