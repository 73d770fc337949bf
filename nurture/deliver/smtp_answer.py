"""What a mail server's answers, and the lack of one, mean for a mail. Pure.

One question decides: was the final dot of DATA sent? Before it nothing has gone; after it only an answer says.
"""

import re
import smtplib
from dataclasses import field
from datetime import datetime
from enum import IntEnum, auto

from nurture.deliver.plain import kept_words
from nurture.model.happening import Bounce
from nurture.model.mail import Fate, Handover
from nurture.model.refusing_us import Against, address_gone, against_us
from nurture.model.values import dataclass


class Phase(IntEnum):
    """How far a mail got."""

    connect = auto()
    greet = auto()
    secure = auto()
    login = auto()
    sender = auto()
    reader = auto()
    data = auto()
    body = auto()
    dot = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """The server's reply at `at` (UTC) in that phase, or the fault that came instead of one; `kind` is its class."""

    at: datetime
    phase: Phase
    code: int = 0
    text: bytes = field(default=b"", repr=False)
    fault: str = ""
    kind: type[Exception] | None = None


ABOUT_US = frozenset({530, 535, 538})  # authentication is wanted, wrong or too weak: no mail will go (RFC 4954 6)
TOO_LARGE = 552
# Before a mail: no STARTTLS or AUTH, no way to log in that both know, a user or password outside ASCII.
NEVER_WORKS = (smtplib.SMTPNotSupportedError, smtplib.SMTPException, UnicodeEncodeError)
LOOK = {
    Phase.secure: "the server offers no STARTTLS. Look at smtp.security of config.toml",
    Phase.login: "the server does not take the login. Look at smtp.user and smtp.password_env of config.toml",
    Phase.sender: "the server does not take the sender's address. Look at `sender` of the house rules, and at what this"
    " user may send as",
    Phase.reader: "the server refuses our host or sender, or does not relay for us. Look at smtp.user of"
    " config.toml, at `sender` of the house rules, and at whom the server relays for",
}
# Many servers keep their refusal of the host or the sender until RCPT.
_NOT_THE_READER = re.compile(rb"relay|client host rejected|sender address rejected|\b5\.1\.[78]\b", re.IGNORECASE)
# Their doubt is about our domain and not about this mail.
UNPROVEN = "the receiving side does not take our domain's word. `nurture doctor` shows its SPF, DKIM and DMARC"


def read_answer(key: str, answer: Answer, secret: str) -> Handover:
    """The table of outcomes; `secret` never stands in the words."""
    code, phase = answer.code, answer.phase
    text = answer.text.decode("utf-8", "replace")
    said = kept_words(f"{code} {text}" if code else answer.fault, [secret])
    if phase is Phase.dot and 200 <= code < 300:
        return Handover(key, Fate.accepted, said)
    remedy = halting(answer)
    if remedy:
        return Handover(key, Fate.planned, f"{remedy}: {said}", halts=True)
    if 500 <= code < 600 and phase >= Phase.sender and against_us(said) is Against.complaints:
        words = f"the receiving side says that readers do not want our mail: {said}"
        return Handover(key, Fate.planned, words, bounce=Bounce.refused_us)
    if 500 <= code < 600 and phase >= Phase.sender:
        return Handover(key, Fate.refused, f"the mail server refuses this mail: {said}", bounce=bounce_of(phase, said))
    if phase is Phase.dot and not 400 <= code < 500:
        return Handover(key, Fate.in_doubt, f"no clear answer came after the whole mail was sent: {said}")
    return Handover(key, Fate.planned, f"the mail server does not take it now ({phase.name}): {said}")


def halting(answer: Answer) -> str:
    """What a person has to look at, when it is not this mail that the server minds; empty when it is."""
    code, phase = answer.code, answer.phase
    if answer.kind in NEVER_WORKS and phase in LOOK:
        return LOOK[phase]
    if not 500 <= code < 600:
        return ""
    if phase in (Phase.secure, Phase.login):
        return LOOK[phase]
    if code in ABOUT_US:
        return LOOK[Phase.login]
    if phase is Phase.sender and code != TOO_LARGE:
        return LOOK[Phase.sender]
    if phase is Phase.reader and _NOT_THE_READER.search(answer.text):
        return LOOK[Phase.reader]
    text = answer.text.decode("utf-8", "replace")
    return UNPROVEN if against_us(text) is Against.authentication else ""


def bounce_of(phase: Phase, said: str) -> Bounce | None:
    """What a refusal means for the reader's address: gone only by a code that says so, and only where it was asked of.

    A refusal of us (X.7.Y) never counts against it. Without a code nothing is known.
    """
    if against_us(said) is not None:
        return Bounce.refused_us
    return Bounce.hard if phase >= Phase.reader and address_gone(said) else None
