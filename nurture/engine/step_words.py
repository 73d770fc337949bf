"""Steps as one would tell them to a colleague, for `diff`, `plan` and what follows from them."""

from collections.abc import Iterator
from dataclasses import replace

from nurture.decide.explain import WEEKDAYS
from nurture.model.step import (
    AnyStep,
    Branch,
    Enrol,
    Gift,
    MoveTo,
    Offer,
    Repeat,
    Send,
    Set,
    Split,
    Stop,
    Tag,
    Task,
    Untag,
    WaitDay,
    WaitEvent,
    WaitLength,
    WaitUntil,
    WaitWeekday,
    Webhook,
    inner,
)

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")


def steps_of(steps: tuple[AnyStep, ...]) -> Iterator[AnyStep]:
    """Every step, those inside others too, in the order of the file."""
    for step in steps:
        yield step
        for inside in inner(step):
            yield from steps_of(inside)


def step_words(step: AnyStep) -> str:
    """One step in words, with its own condition."""
    condition = f" if {step.condition.text}" if step.condition else ""
    return f"{_verb_words(step)}{condition}"


def _verb_words(step: AnyStep) -> str:
    match step:
        case Send():
            return _send_words(step)
        case WaitLength() | WaitDay() | WaitUntil() | WaitWeekday() | WaitEvent():
            return wait_words(step)
        case Branch():
            return "branch " + " / ".join(arm.condition.text if arm.condition else "else" for arm in step.arms)
        case Split():
            return "split " + " / ".join(f"{way.name} {way.weight}" for way in step.ways)
        case Repeat():
            until = f", until {step.until.text}" if step.until else ""
            return f"repeat {step.times} times every {step.every}{until}"
        case Gift():
            return f"gift {step.gift}{f', valid {step.valid}' if step.valid else ''}"
        case Task():
            return f'task for {step.to}: "{step.text.source}"'
        case Webhook():
            return f"webhook {step.endpoint}"
    return _small_words(step)


def _small_words(step: AnyStep) -> str:
    match step:
        case Tag() | Untag():
            return f"{type(step).__name__.lower()} {' '.join(step.tags)}"
        case Set():
            return "set " + ", ".join(f"person.{name}" for name, _ in step.values)
        case MoveTo():
            return f"move to {step.stage}{f', pinned for {step.pin}' if step.pin else ''}"
        case Enrol():
            return f"enrol in {step.sequence}"
        case Stop():
            return f"stop: {step.reason}"
    return type(step).__name__.lower()


def _send_words(step: Send) -> str:
    variant = f"/{step.variant}" if step.variant else ""
    what = f"ladder {step.ladder}, mail {step.mail}" if isinstance(step, Offer) else f"send {step.mail}"
    return f"{what}{variant} ({step.class_}, valid {step.valid_for})"


def wait_words(step: AnyStep) -> str:
    """A wait in words: `wait 3 days at 09:30`, `wait until day 6 at 10:00`."""
    match step:
        case WaitLength():
            return f"wait {step.length}{f' at {step.at:%H:%M}' if step.at else ''}"
        case WaitDay():
            return f"wait until day {step.day} at {step.at:%H:%M}"
        case WaitUntil():
            return f"wait until {'.'.join(step.path)}{f' minus {step.minus}' if step.minus else ''} at {step.at:%H:%M}"
        case WaitWeekday():
            days = ", ".join(WEEKDAYS[day] for day in sorted(step.days))
            least = f", at least {step.at_least}" if step.at_least else ""
            return f"wait until {days} between {step.start:%H:%M} and {step.end:%H:%M}{least}"
        case WaitEvent():
            fits = f" if {step.fits.text}" if step.fits else ""
            return f"wait for {' or '.join(step.events)}{fits}, up to {step.up_to}"
    return ""


def step_changes(name: str, old: AnyStep, new: AnyStep) -> Iterator[str]:
    """What is another in a step of one name; of a branch and a split arm by arm."""
    match old, new:
        case (Branch(), Branch()) if len(old.arms) == len(new.arms):
            for number, (before, after) in enumerate(zip(old.arms, new.arms, strict=True)):
                was = before.condition.text if before.condition else "else"
                now = after.condition.text if after.condition else "else"
                if was != now:
                    yield f"~ {name}, {ordinal(number)} arm: {was} -> {now}"
            return
    if isinstance(old, Send) and isinstance(new, Send) and (old.mail, new.mail) == (old.id, new.id):
        old = replace(old, mail=new.mail)  # that it is called otherwise is said already
    was, now = step_words(old), step_words(new)
    if was != now:
        yield f"~ {name}: {was} -> {now}"
    elif isinstance(new, Send) and isinstance(old, Send):
        yield from _quiet_changes(name, old, new)


def _quiet_changes(name: str, old: Send, new: Send) -> Iterator[str]:
    """The fields of a mail that its words do not tell."""
    for field in ("topic", "theme", "at_once", "approve", "if_capped", "if_muted", "if_no_consent", "window", "fixed"):
        was, now = getattr(old, field), getattr(new, field)
        if was != now:
            yield f"~ {name}: {field} {_said(was)} -> {_said(now)}"
    if [key for key, _ in old.variables] != [key for key, _ in new.variables]:
        yield f"~ {name}: what the mail is given"


def _said(value: object) -> str:
    return "none" if value in (None, "") else "yes" if value is True else "no" if value is False else _window(value)


def _window(value: object) -> str:
    start, end = getattr(value, "start", None), getattr(value, "end", None)
    return f"{start:%H:%M} to {end:%H:%M}" if start is not None and end is not None else str(value)


def ordinal(number: int) -> str:
    """`first`, `second`, from 0 on."""
    return ORDINALS[number] if number < len(ORDINALS) else f"{number + 1}th"
