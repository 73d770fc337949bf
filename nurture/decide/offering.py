"""Which rung a ladder's mail offers: the first that fits, is rested and was not taken (language.md 6.13)."""

from datetime import datetime

from nurture.decide.clock import local_day
from nurture.decide.conditions import looks, truth
from nurture.decide.draft import Draft
from nurture.decide.inside import Inside
from nurture.decide.ladders import closed_until, offers, why_not
from nurture.model.decision import Look
from nurture.model.house import Rung
from nurture.model.step import Offer
from nurture.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """The rung that is offered, or none with the words for it; and what was looked at, rung by rung."""

    rung: Rung | None
    words: str = ""
    looks: tuple[Look, ...] = ()


def choose(draft: Draft, inside: Inside, offer: Offer, now: datetime) -> Choice:
    """The first rung that fits this person now."""
    rule = draft.book.house.ladder(offer.ladder)
    if rule is None:
        return Choice(None, f"there is no ladder {offer.ladder}")
    scene = draft.scene(now, inside)
    had = offers(scene, rule)
    closed = closed_until(scene, rule, had)
    if closed is not None:
        day = local_day(closed, draft.clock)
        words = f"{rule.stop_after} refused in a row; left alone until {day.day} {day:%b %Y}"
        return Choice(None, f"{rule.name}: {words}", (Look(rule.name, words, "no"),))
    seen: list[Look] = []
    for rung in rule.rungs:
        against = why_not(scene, rule, rung, had)
        if against:
            seen.append(Look(f"{rule.name}.{rung.id}", against, "no"))
        elif rung.condition is None or truth(rung.condition, scene):
            return Choice(rung, looks=(*seen, Look(f"{rule.name}.{rung.id}", "the first that fits", "yes")))
        else:
            seen += looks(rung.condition, scene)
    return Choice(None, f"no rung of {rule.name} fits", tuple(seen))
