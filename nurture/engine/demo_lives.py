"""What the demo's customers do beside buying: answers, friends who come, subscriptions, and the cups they brew.

Randomness is drawn from the generator that is handed in, as in demo_people: it invents a world, and decides nothing.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random  # noqa: TID251 - invents the demo's world; no decision is drawn

from nurture.engine.demo_shapes import Deed, Someone
from nurture.model.event import NUMBERS_TOLD, THING_CHANGED, THING_REMOVED
from nurture.render.locales import day_names

MONTH, WEEK, DAY = timedelta(days=30), timedelta(days=7), timedelta(days=1)
FRIENDS = ("Noa", "Emre", "Ani", "Nour", "Grace", "Rashid", "Tamar", "Elif")
PLANS = (("Filter, 250 g", 11.5), ("Espresso, 250 g", 12.5), ("House blend, 500 g", 19.0))
WEEKS = 9  # for so many weeks before today cups are counted


def further_deeds(draw: Random, person: Someone, done: Sequence[Deed], today: datetime) -> Iterator[Deed]:
    """What one contact does beside what is `done` by them already."""
    delivered = [deed for deed in done if deed.name == "order.delivered"]
    ordered = [deed for deed in done if deed.name == "order.placed"]
    if delivered and draw.random() < 0.5:
        yield answer(draw, person, delivered[0].at)
    if ordered and draw.random() < 0.15:
        at = ordered[0].at + timedelta(days=draw.randint(20, 90))
        yield Deed(person.id, "referral.converted", at, {"friend_name": draw.choice(FRIENDS)})
    if len(ordered) > 1 and draw.random() < 0.5:
        yield from subscription(draw, person, ordered[1].at, today)
        yield from cups(draw, person, max(ordered[1].at, today - WEEK * WEEKS), today)


def answer(draw: Random, person: Someone, there: datetime) -> Deed:
    """A button of the check-in letter, a day or two after it came."""
    score = draw.choice([9, 9, 9, 6, 3])
    words = "A little bitter." if score < 9 else ""
    return Deed(
        person.id, "feedback.given", there + timedelta(days=draw.randint(7, 9)), {"score": score, "words": words}
    )


def subscription(draw: Random, person: Someone, since: datetime, today: datetime) -> Iterator[Deed]:
    """A bag every month from some day on; some stop it again."""
    key = f"S-{person.id}"
    plan, price = draw.choice(PLANS)
    bags = draw.choice([1, 1, 2])
    stops = draw.random() < 0.2
    yield Deed(person.id, "subscription.started", since, {"subscription_id": key})
    at = since
    while at < today:
        fields = {"renews_on": (at + MONTH).date(), "price": price, "plan": plan, "bags_a_month": bags}
        yield Deed(person.id, THING_CHANGED, at, {"thing": "subscription", "key": key, "fields": fields})
        if stops and draw.random() < 0.3:
            gone = at + timedelta(days=draw.randint(3, 25))
            yield Deed(person.id, "subscription.cancelled", gone, {"subscription_id": key})
            yield Deed(person.id, THING_REMOVED, gone, {"thing": "subscription", "key": key})
            return
        at += MONTH


def cups(draw: Random, person: Someone, since: datetime, today: datetime) -> Iterator[Deed]:
    """What was brewed in each week, told on the Sunday at 20:00 UTC."""
    names = day_names(str(person.facts["locale"]))
    sunday = (since + DAY * (6 - since.weekday())).replace(hour=20, minute=0)
    while sunday < today:
        brewed = draw.choice([0, 4, 7, 9, 12, 15, 18, 24])
        told = {"brewed": brewed, "grams": brewed * 15, "best_day": names[draw.randint(0, 6)]}
        yield Deed(person.id, NUMBERS_TOLD, sunday, {"numbers": "cups", "fields": told})
        sunday += WEEK
