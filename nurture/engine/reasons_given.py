"""Reasons by why, counted for metrics while anybody watches."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import wraps
from typing import ParamSpec

from nurture import spans
from nurture.model.decision import Decision

P = ParamSpec("P")


def watched(decide_page: Callable[P, Sequence[Decision]]) -> Callable[P, list[Decision]]:
    """What decides a page, as a stretch of work; its reasons are counted."""

    @wraps(decide_page)
    def page(*given: P.args, **more: P.kwargs) -> list[Decision]:
        if not spans.watched():
            return list(decide_page(*given, **more))
        with spans.span(spans.PAGE):
            decided = list(decide_page(*given, **more))
        found = Counter(reason.why.value.replace(" ", "_") for one in decided for reason in one.reasons)
        for why, number in found.items():
            spans.count(spans.DECIDED, number, why=why)
        return decided

    return page
