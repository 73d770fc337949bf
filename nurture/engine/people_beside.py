"""What is known of one person beside their mails: things, numbers, gifts, and what waits on the shop's desk."""

from collections.abc import Iterator, Mapping

from nurture.decide.clock import Clock
from nurture.decide.explain import day_words, moment_words
from nurture.model.event import Money, MonthDay
from nurture.model.person import Person, Reserved
from nurture.store.desk import Desk
from nurture.store.webhooks import HANDED, PLANNED

MANY = 100
SHOWN = 12


def beside_lines(desk: Desk, person: Person, clock: Clock) -> Iterator[str]:
    """Each part that there is, with its heading."""
    for heading, lines in (
        ("Things:", thing_lines(person)),
        ("Numbers:", number_lines(person, clock)),
        ("Gifts:", gift_lines(person, clock)),
        ("Letters:", letter_lines(desk, person, clock)),
        ("Tasks:", task_lines(desk, person)),
        ("Drafts:", draft_lines(desk, person, clock)),
        ("Webhooks:", webhook_lines(desk, person, clock)),
    ):
        found = list(lines)
        if found:
            yield heading
            yield from (f"  {line}" for line in found)


def thing_lines(person: Person) -> Iterator[str]:
    """`subscription S-1: renews_on 2027-04-02, price 24.50 EUR`."""
    for kind, things in sorted(person.things.items()):
        for key, fields in sorted(things.items()):
            yield f"{kind} {key}: {fields_words(fields) or 'nothing known'}"


def number_lines(person: Person, clock: Clock) -> Iterator[str]:
    """`cups: brewed 12, told Mon 01 Mar 12:00`."""
    for name, (told_at, fields) in sorted(person.numbers.items()):
        yield f"{name}: {fields_words(fields)}, told {moment_words(told_at, clock)}"


def fields_words(fields: Mapping[str, object]) -> str:
    """What is known, in one line."""
    return ", ".join(f"{name} {value_words(value)}" for name, value in sorted(fields.items()) if value is not None)


def value_words(value: object) -> str:
    """A value as people write it."""
    match value:
        case Money():
            return f"{value.amount} {value.currency}"
        case MonthDay():
            return f"--{value.month:02}-{value.day:02}"
        case bool():
            return "yes" if value else "no"
        case tuple() | frozenset():
            return " ".join(sorted(str(item) for item in value))
    return str(value)


def gift_lines(person: Person, clock: Clock) -> Iterator[str]:
    """`birthday_bag (birthday): given Mon 01 Mar 10:00, code BDAY-7K, good until Mon 15 Mar, not used yet`."""
    for enrolment in person.enrolments:
        for gift in enrolment.gifts:
            yield f"{gift.gift} ({enrolment.sequence}): {gift_words(gift, clock)}"


def gift_words(gift: Reserved, clock: Clock) -> str:
    """Where a gift stands."""
    if gift.given_at is None:
        return "waits for the mail that carries it" if gift.state == "waiting" else gift.state
    words = [f"given {moment_words(gift.given_at, clock)}"]
    words += [f"code {gift.code}"] if gift.code else []
    words += [f"good until {day_words(gift.expires_on)}"] if gift.expires_on else []
    words += [f"used {moment_words(gift.used_at, clock)}" if gift.used_at else "not used yet"]
    return ", ".join(words)


def letter_lines(desk: Desk, person: Person, clock: Clock) -> Iterator[str]:
    """`Mon 01 Mar 10:00  question 7: Re: Welcome`: what they wrote to us, the newest first."""
    for one in desk.replies.newest(SHOWN, person=person.id):
        waits = ", waits for an answer" if one.open else ""
        yield f"{moment_words(one.at, clock)}  {one.kind} {one.number}: {one.subject or 'no subject'}{waits}"


def task_lines(desk: Desk, person: Person) -> Iterator[str]:
    """`due Tue 02 Mar for lena: Ring Salma`."""
    for one in desk.tasks.of_person(person.id):
        taken = f", taken by {one.taken_by}" if one.taken_by else ""
        yield f"due {day_words(one.due_on)} for {one.owner}{taken}: {one.text}"


def draft_lines(desk: Desk, person: Person, clock: Clock) -> Iterator[str]:
    """`is_it_right_now waits for lena's approval since Mon 01 Mar 10:00`."""
    for one in desk.drafts.waiting(MANY, person.id):
        yield f"{one.intent.mail} waits for the approval of {one.approver} since {moment_words(one.since, clock)}"


def webhook_lines(desk: Desk, person: Person, clock: Clock) -> Iterator[str]:
    """`erp_customer_flag of vip: 2 tries, next Mon 01 Mar 10:08, answered 503`."""
    for one in desk.webhooks.lying((PLANNED, HANDED), MANY, person.id):
        next_ = f", next {moment_words(one.next_at, clock)}" if one.next_at and one.state == PLANNED else ""
        said = f", {one.detail}" if one.detail else ""
        yield f"{one.endpoint} of {one.sequence}: {one.tries} {'try' if one.tries == 1 else 'tries'}{next_}{said}"
