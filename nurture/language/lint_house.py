"""Findings about the house: W313 between limits, W345, E114 for letters that would be orders, and two of its own.

W352: a stage or moment rule that moves with the clock in a way whose next change cannot be computed,
so that it must be asked again every midnight for everybody. W353: the last stage does not hold for
everybody, so who fits nowhere is put there all the same.
"""

import re
from collections.abc import Iterator

from nurture.language.reader import Fields
from nurture.language.replies import answers_of
from nurture.language.ways import days_of
from nurture.language.written import Project
from nurture.model.catalogue import Limit
from nurture.model.expression import Literal
from nurture.model.moving import computable_change
from nurture.model.place import Problem
from nurture.model.rules import CLASSES

_PERIODS = {"day": (1, 1), "week": (7, 7), "month": (28, 31)}
_NOBODY = re.compile(r"(no|do|don)[-_.]?(not|t)?[-_.]?reply", re.IGNORECASE)


def findings(project: Project) -> Iterator[Problem]:
    """All findings about rules.yaml and stages.yaml."""
    yield from _pointless_limits(project)
    yield from _unanswerable(project)
    yield from _letters_as_orders(project)
    yield from _stage_rules(project)


def _letters_as_orders(project: Project) -> Iterator[Problem]:
    """E114: a letter is no order, and undoes none."""
    rule, replies = project.book.catalogue.orders, project.rules and project.rules.get("replies", Fields)
    if rule is None or not replies:
        return
    for _, fields in answers_of(replies):
        for key in ("event", "answered"):
            if fields.text(key) in (rule.event, *rule.undone_by):
                message = f"'{key}: {fields.text(key)}' is not understood: by that event orders are counted"
                yield Problem("E114", fields.place_of(key), message, "an event of its own, in catalogue.yaml")


def _pointless_limits(project: Project) -> Iterator[Problem]:
    written = project.rules.many("limits", Fields) if project.rules else ()
    parts = [part for part in written if part.get("max", int)]
    limits = project.book.rules.limits
    for place, limit in enumerate(limits):
        for other_place, other in enumerate(limits):
            later_twin = place > other_place or not _makes_pointless(limit, other)
            if place != other_place and later_twin and _makes_pointless(other, limit):
                message = f"'{limit}' never matters: '{other}' is stricter"
                yield Problem("W313", parts[place].place, message, "leave one of them out")
                break


def _makes_pointless(strict: Limit, loose: Limit) -> bool:
    """Whether whoever keeps the one limit cannot break the other."""
    covered = _classes(loose) <= _classes(strict)
    longest = _span(loose)[1]
    periods = -(-longest // _span(strict)[0])
    if strict.per in ("week", "month") and strict.per != loose.per:
        periods += 1  # a stretch can touch one calendar period more
    return covered and strict.most * periods <= loose.most


def _classes(limit: Limit) -> frozenset[str]:
    return limit.classes or frozenset(CLASSES) - {"service"}


def _span(limit: Limit) -> tuple[int, int]:
    return days_of(limit.within) if limit.within else _PERIODS.get(limit.per, (1, 1))


def _unanswerable(project: Project) -> Iterator[Problem]:
    """W345: conversation is two-way."""
    rules = project.rules
    if rules is None:
        return
    senders = [rules.get("sender", Fields), *rules.named("senders", Fields).values()]
    for sender in filter(None, senders):
        key = "reply_to" if sender.text("reply_to") else "address"
        address = sender.text(key)
        if _NOBODY.search(address.split("@")[0]):
            message = f"nobody can answer '{address}'"
            yield Problem("W345", sender.place_of(key), message, "reply_to: an address that somebody reads")


def _stage_rules(project: Project) -> Iterator[Problem]:
    book = project.book
    rules = [(stage.enter, stage.id) for stage in book.stages] + [(each.while_, each.id) for each in book.moments]
    for rule, name in rules:
        if not computable_change(rule.root):
            message = f"when '{name}' next changes cannot be computed, so everybody is asked again every midnight"
            yield Problem("W352", rule.place, message, "compare days_since(…) with a plain number")
    if book.stages:
        last = book.stages[-1]
        if not (isinstance(last.enter.root, Literal) and last.enter.root.value is True):
            message = f"'{last.id}' is the last stage, so who fits nowhere is put there all the same"
            yield Problem("W353", last.enter.place, message, "enter: true")
