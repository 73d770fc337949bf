"""Findings about sequences beside each other and beside their mails: E204 of variants, W311, W317, E348."""

from collections.abc import Iterator
from itertools import pairwise

from nurture.language.lint_flow import sends
from nurture.language.names import did_you_mean
from nurture.language.possible import possible_with_one_order
from nurture.language.written import Project, Written
from nurture.model.book import Book, Mail
from nurture.model.place import Problem
from nurture.model.sequence import Sequence, Status
from nurture.model.step import Send
from nurture.model.trigger import AnyTrigger, DayTrigger, EventTrigger, LapseTrigger, ManualTrigger, StageTrigger

DELIVERED = "order.delivered"


def findings(project: Project) -> Iterator[Problem]:
    """All findings that need more than one file."""
    yield from _missing_variants(project)
    yield from _missing_translations(project)
    yield from _equal_priorities(project.sequences)
    yield from _first_order(project)


def _missing_variants(project: Project) -> Iterator[Problem]:
    """E204 for a variant whose folder is not there: the mail would go without it, and nobody would know."""
    for written in project.sequences:
        for send in sends(written):
            mail = project.book.mails.get(send.mail)
            if mail is None:
                continue
            fields = written.steps[send.id]
            if mail.only_variants and not fields.written("variant"):
                message = f"templates/{mail.name} holds only variants, and this step names none of them"
                place = fields.place_of("mail" if fields.table.verb == "ladder" else "send")
                yield Problem("E204", place, message, f"variant: {' | '.join(sorted(mail.variants))}")
            for variant in _wanted_variants(written, send, mail):
                there = (
                    f"{mail.name} has: {', '.join(sorted(mail.variants))}"
                    if mail.variants
                    else "make that folder, or leave 'variant' out"
                )
                message = f"there is no variant '{variant}' (templates/{mail.name}/{variant}/)"
                yield Problem("E204", fields.place_of("variant"), message, did_you_mean(variant, mail.variants, there))


def _wanted_variants(written: Written, send: Send, mail: Mail) -> list[str]:
    """Those that are not there: one that is named; or, where nothing else could go instead, each that can be meant."""
    if send.variant_from is None:
        return [send.variant] if send.variant and send.variant not in mail.variants else []
    if not mail.only_variants or str(send.variant_from) not in written.words:
        return []
    by_hand = {"manual"} - {"manual" for trigger in written.sequence.start if isinstance(trigger, ManualTrigger)}
    return [word for word in written.words[str(send.variant_from)] if word not in mail.variants | by_hand]


def _missing_translations(project: Project) -> Iterator[Problem]:
    """W311, once for each mail and language, where the mail is first used."""
    seen: set[str] = set()
    for written in project.sequences:
        for send in sends(written):
            if send.mail in seen or send.mail not in project.book.mails:
                continue
            seen.add(send.mail)
            for locale, instead in _missing(send.mail, project.book):
                fields = written.steps[send.id]
                place = fields.place_of("mail" if fields.table.verb == "ladder" else "send")
                message = f"templates/{send.mail} has no {locale} version; readers of it get {instead}"
                yield Problem("W311", place, message, _cure(project, send.mail, locale))


def _cure(project: Project, mail: str, locale: str) -> str:
    """To go on with the copy that is there; a new file where there is none."""
    copy = project.copies.get((mail, locale)) or project.copies.get((mail, locale.partition("-")[0]))
    if copy is None:
        return f"nurture new mail {mail} --locale {locale}"
    return f"translate {copy} and take out 'untranslated: true'"


def _missing(mail: str, book: Book) -> Iterator[tuple[str, str]]:
    here, wanted = book.mails[mail].locales, book.rules.locales
    instead = next((locale for locale in wanted if locale in here), sorted(here)[0])
    for locale in wanted:
        if locale not in here and locale.split("-")[0] not in here:
            yield locale, instead


def _equal_priorities(sequences: tuple[Written, ...]) -> Iterator[Problem]:
    """W317: within a class, equal priorities leave it to the name who goes first."""
    live = [each for each in sequences if each.sequence.status is Status.live and _priority_understood(each)]
    ranked = sorted(live, key=lambda each: (each.sequence.class_, each.sequence.priority, each.sequence.name))
    for one, other in pairwise(ranked):
        first, second = one.sequence, other.sequence
        same = (first.class_, first.priority) == (second.class_, second.priority)
        if same and first.class_ != "service" and _meet(first, second):
            message = f"priority {second.priority} is also that of '{first.name}'; on one day the name decides"
            yield other.at("W317", "priority", message, "give one of them another priority")


def _priority_understood(written: Written) -> bool:
    return not written.fields.written("priority") or written.fields.get("priority", int) is not None


def _meet(one: Sequence, other: Sequence) -> bool:
    return not one.stage or not other.stage or bool(set(one.stage) & set(other.stage))


def _first_order(project: Project) -> Iterator[Problem]:
    """E348: the moment after a first order is the one that most decides whether there is a second (mission A6)."""
    live = [each.sequence for each in project.sequences if each.sequence.status is Status.live]
    if project.catalogue is None or project.book.catalogue.orders is None or not live:
        return
    if not any(_follows_first_order(sequence, project.book) for sequence in live):
        place = project.catalogue.place_of_key("orders")
        message = "nobody follows up a first order: no live sequence starts from it"
        event = _to_follow(project.book)
        yield Problem("E348", place, message, f"start: {{event: {event}, if: person.orders.count == 1}}")


def _to_follow(book: Book) -> str:
    """The event to begin a follow-up with: the parcel's arrival where the catalogue has it, else the order."""
    orders = book.catalogue.orders
    return DELIVERED if DELIVERED in _order_events(book) or orders is None else orders.event


def _follows_first_order(sequence: Sequence, book: Book) -> bool:
    if sequence.stage and not any(_reachable(stage, book) for stage in sequence.stage):
        return False
    return any(_starts_from_order(trigger, book) for trigger in sequence.start)


def _reachable(name: str, book: Book) -> bool:
    """Whether somebody with one order can be in a stage or moment."""
    rules = {stage.id: stage.enter for stage in book.stages} | {moment.id: moment.while_ for moment in book.moments}
    return name not in rules or possible_with_one_order(rules[name].root)


def _starts_from_order(trigger: AnyTrigger, book: Book) -> bool:
    if trigger.condition is not None and not possible_with_one_order(trigger.condition.root):
        return False
    match trigger:
        case EventTrigger(event=event) | LapseTrigger(event=event):
            return event in _order_events(book)
        case DayTrigger(path=path):
            return path == ("person", "orders", "first_at")
        case StageTrigger(stage=stage, left=False):
            return _reachable(stage, book)
        case _:
            return False


def _order_events(book: Book) -> set[str]:
    """The order itself and what happens to it, told by the field that names it; not what undoes it."""
    orders = book.catalogue.orders
    if orders is None:
        return set()
    named = {event for event, fields in book.catalogue.events.items() if orders.id_field and orders.id_field in fields}
    return (named | {orders.event}) - set(orders.undone_by)
