"""What a header can hold, and words of a provider that can be kept: one place for both."""

import re
from collections.abc import Iterable

LONGEST_WORDS = 300  # characters of a provider's answer that are kept
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;:]+")
_PLAIN_ADDRESS = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", re.ASCII)


class CannotBeSaid(Exception):
    """A mail cannot be written in this provider's form; the text says which part and why."""


def one_line(text: str, what: str) -> str:
    """The text; CannotBeSaid when it would end a header and begin another."""
    if "\n" in text or "\r" in text or "\0" in text:
        raise CannotBeSaid(f"{what} has a line break in it")
    return text


def address(text: str, whose: str) -> str:
    """The address, local@domain; CannotBeSaid when no mail system would take it, in words that do not repeat it.

    Domains outside ASCII arrive here in their ASCII form (IDNA); a local part outside ASCII needs SMTPUTF8
    (RFC 6531), which too few receivers speak to promise it.
    """
    one_line(text, f"{whose}'s address")
    if not text.isascii():
        raise CannotBeSaid(f"{whose}'s address is not ASCII, which this provider cannot write (RFC 6531)")
    if not _PLAIN_ADDRESS.fullmatch(text) or ".." in text or text.startswith(".") or ".@" in text:
        raise CannotBeSaid(f"{whose} has no usable address")
    return text


def kept_words(text: str, secrets: Iterable[str] = ()) -> str:
    """What a provider said, fit to be stored: one line, bounded, without addresses and without our secrets."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "(secret)")
    words = " ".join(_ADDRESS.sub("(address)", text).split())
    return words if len(words) <= LONGEST_WORDS else f"{words[:LONGEST_WORDS]}…"
