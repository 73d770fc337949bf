"""When a receiving server refuses us and not the mailbox: what its enhanced status code says (email.md 4.2)."""

import re
from enum import Enum


class Against(Enum):
    """What they have against us: our mail is not proven to be ours, readers complain, or something else of ours."""

    authentication = "authentication"
    complaints = "complaints"
    policy = "policy"


# RFC 7372: 20 to 26; Gmail: 27, 29, 30, 32 and 40; Microsoft: 515.
_AUTHENTICATION = frozenset({*range(20, 28), 29, 30, 32, 40, 515})
_COMPLAINTS = frozenset({28})  # Gmail: mail of an unusual rate, that its readers did not ask for
# RFC 3463: 1 no such mailbox, 2 no such system, 3 no such address, 6 moved away; RFC 7505: 10, takes no mail at all.
_GONE = re.compile(r"(?<![\d.])5\.1\.(?:1|2|3|6|10)(?![\d.])")
_SECURITY = re.compile(r"(?<![\d.])[45]\.7\.(\d{1,3})(?![\d.])")


def against_us(words: str) -> Against | None:
    """What a server that does not take a mail has against us, by a code X.7.Y in its words; None without one.

    An address must never pay for it: such a refusal says nothing about whether the mailbox is there.
    """
    found = [int(number) for number in _SECURITY.findall(words)]
    if not found:
        return None
    if any(number in _AUTHENTICATION for number in found):
        return Against.authentication
    return Against.complaints if any(number in _COMPLAINTS for number in found) else Against.policy


def address_gone(words: str) -> bool:
    """Whether a code in a server's words says that there is no such mailbox, and never will be."""
    return against_us(words) is None and _GONE.search(words) is not None
