"""What SendGrid's answers, and the lack of one, mean for the mails of a request. Pure: an answer has its instant.

One question decides: can the mail have gone? Only where it certainly has not may it go back into the queue.
"""

import re
from collections.abc import Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum, auto

from nurture.deliver.plain import kept_words
from nurture.model.mail import Fate, Handover
from nurture.model.values import dataclass

EPOCH_FROM = 1e9  # a Reset above is a unix time, one below counts seconds: SendGrid documents both
SOONEST = timedelta(seconds=1)
LATEST = timedelta(hours=1)  # a Reset further away than this is not believed
ERRORS_SHOWN = 3
_PLACE = re.compile(r"personalizations[.\[](\d{1,6})")
_NUMBER = re.compile(r"\d{1,15}(\.\d{0,9})?")


class Reached(Enum):
    """How far a request got."""

    never = auto()  # no connection: not a byte left
    perhaps = auto()  # bytes may have left, and no status came back
    answered = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back at `at` (UTC): a status with the headers that matter and the beginning of the body, or a fault."""

    at: datetime
    reached: Reached
    status: int = 0
    message_id: str = ""
    reset: str = ""
    retry_after: str = ""
    media_type: str = ""
    body: bytes = field(default=b"", repr=False)
    fault: str = ""


# Not about this mail: SendGrid, or the way to it, refuses us. Nothing has gone; a person has to look.
HALTS = {
    401: "SendGrid does not take the key. Put a valid one, allowed to send mail, where sendgrid.key_env of config.toml"
    " says, and look at the account's credit and state",
    402: "SendGrid wants to be paid. Look at the account",
    403: "SendGrid does not let this account send so. Verify the sender's domain at SendGrid, and that the key may send"
    " mail",
    404: "there is no mail/send at this address. Look at sendgrid.url of config.toml",
    405: "this address takes no mail. Look at sendgrid.url of config.toml",
    407: "a proxy stands before SendGrid and wants a name. Look at sendgrid.url of config.toml",
}
REDIRECTS = "the address answers with a redirect, which is not followed, for it would take the key along. Look at"
REDIRECTS += " sendgrid.url of config.toml"
NOT_SENDGRID = "a web page answered, not SendGrid. Look at sendgrid.url of config.toml"
NOT_OUR_SENDER = "SendGrid does not take the sender's address. Look at `sender` of the house rules"


def read_answers(keys: Sequence[str], answer: Answer, secret: str) -> list[Handover]:
    """What the answer to a request of many means for each of them, by their places in it.

    SendGrid takes a request whole or not at all. Where it refuses one and names who is to blame, the others are not,
    and where it names nobody, none is until it stood alone.
    """
    if len(keys) == 1 or not refuses_mails(answer):
        said = read_answer(keys[0], answer, secret)
        return said.of_each(keys)
    named = to_blame(answer, len(keys), secret)
    words = f"SendGrid refuses a request of {len(keys)} mails ({answer.status}){said_by(answer, secret)}"
    words = "another mail of its request was refused" if named else words
    return [
        Handover(key, Fate.refused, f"SendGrid refuses this mail ({answer.status}): {named[place]}")
        if place in named
        else Handover(key, Fate.planned, words, blameless=True)
        for place, key in enumerate(keys)
    ]


def refuses_mails(answer: Answer) -> bool:
    """Whether an answer refuses what was said, and neither us nor the moment."""
    status = answer.status
    if answer.reached is not Reached.answered or not 400 <= status < 500 or status in (408, 429) or status in HALTS:
        return False
    return not of_the_sender(answer)


def to_blame(answer: Answer, count: int, secret: str) -> dict[int, str]:
    """Places of a request of so many mails that SendGrid names, and what it says of each."""
    found: dict[int, list[str]] = {}
    for where, message in errors(answer.body):
        place = _PLACE.match(where)
        if place is not None and int(place[1]) < count:
            found.setdefault(int(place[1]), []).append(f"{message} ({where})")
    return {place: kept_words("; ".join(words[:ERRORS_SHOWN]), [secret]) for place, words in found.items()}


def of_the_sender(answer: Answer) -> bool:
    """Whether an error is about the sender, who is that of all mails."""
    return any(where == "from" or where.startswith("from.") for where, _ in errors(answer.body))


def read_answer(key: str, answer: Answer, secret: str) -> Handover:
    """The table of outcomes; `secret` never stands in the words."""
    said = said_by(answer, secret)
    status = answer.status
    if answer.reached is Reached.never:
        return Handover(key, Fate.planned, f"SendGrid was not reached: {kept_words(answer.fault, [secret])}")
    if answer.reached is Reached.perhaps:
        words = f"no answer came after the request left: {kept_words(answer.fault, [secret])}"
        return Handover(key, Fate.in_doubt, words)
    if status == 202:
        return Handover(key, Fate.accepted, kept_words(answer.message_id))
    if status == 200:
        return sandbox(key, answer)
    if status == 429:
        until = retry_at(answer)
        pause = f" of {(until - answer.at).total_seconds():,.0f} s" if until else ""
        return Handover(key, Fate.planned, f"SendGrid wants a pause{pause} (429){said}", retry_at=until)
    if status in HALTS or 300 <= status < 400:
        return Handover(key, Fate.planned, f"{HALTS.get(status, REDIRECTS)} ({status}){said}", halts=True)
    if 400 <= status < 500 and status != 408:
        return refusal(key, answer, said)
    return Handover(key, Fate.in_doubt, f"SendGrid answered {status}, which does not say whether it has the mail{said}")


def sandbox(key: str, answer: Answer) -> Handover:
    """200: checked and taken, and sent to nobody. But a web page at a wrong address answers 200 as well."""
    if "html" in answer.media_type.lower():
        return Handover(key, Fate.in_doubt, f"{NOT_SENDGRID} (200)", halts=True)
    return Handover(key, Fate.accepted, "SendGrid's sandbox (200): checked, and sent to nobody")


def refusal(key: str, answer: Answer, said: str) -> Handover:
    """A 4xx about this mail; one about the sender is about all mails, and must not use them up."""
    if of_the_sender(answer):
        return Handover(key, Fate.planned, f"{NOT_OUR_SENDER} ({answer.status}){said}", halts=True)
    return Handover(key, Fate.refused, f"SendGrid refuses this mail ({answer.status}){said}")


def said_by(answer: Answer, secret: str) -> str:
    """SendGrid's own words with the field they are about; nothing when the body is not in its form."""
    told = [f"{message} ({where})" if where else message for where, message in errors(answer.body)[:ERRORS_SHOWN]]
    return f": {kept_words('; '.join(told), [secret])}" if told else ""


def errors(body: bytes) -> list[tuple[str, str]]:
    """Field and message of each error. A 413 can be nginx's HTML, a 5xx anything: never trusted to be JSON."""
    import orjson

    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    found = told.get("errors") if isinstance(told, dict) else None
    if not isinstance(found, list):
        return []
    return [
        ("" if one.get("field") in (None, "null") else str(one["field"]), str(one.get("message") or "no reason given"))
        for one in found
        if isinstance(one, dict)
    ]


def retry_at(answer: Answer) -> datetime | None:
    """When SendGrid will listen again, within sane bounds; None when it does not say."""
    wait = reset_wait(answer.reset, answer.at)
    if wait is None:
        wait = retry_after_wait(answer.retry_after, answer.at)
    return None if wait is None else answer.at + min(max(wait, SOONEST), LATEST)


def reset_wait(text: str, at: datetime) -> timedelta | None:
    """X-RateLimit-Reset as the time to wait: a unix time, or seconds."""
    if not _NUMBER.fullmatch(text.strip()):
        return None
    number = float(text)
    return seconds(number - at.timestamp() if number > EPOCH_FROM else number)


def retry_after_wait(text: str, at: datetime) -> timedelta | None:
    """Retry-After as the time to wait: seconds, or a date (RFC 9110 10.2.3)."""
    if _NUMBER.fullmatch(text.strip()):
        return seconds(float(text))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - at


def seconds(number: float) -> timedelta:
    """So many seconds, cut where a timedelta could not hold them."""
    return timedelta(seconds=min(number, LATEST.total_seconds() * 2))
