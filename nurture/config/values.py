"""How each value of config.toml is read: what was written becomes what is meant, or why it cannot."""

import math
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple

SHORTEST_TICK, LONGEST_TICK = timedelta(seconds=1), timedelta(hours=1)
HIGHEST_RATE = 100_000
HOST = r"(?:[a-zA-Z0-9_-]{1,63}\.)*[a-zA-Z0-9_-]{1,63}"


class Wrong(NamedTuple):
    """Why a value is not understood: what it must be, and the cure."""

    message: str
    hint: str


def text(value: object) -> str | Wrong:
    """Any text of one line; a character that nobody sees stands in no path and no name."""
    if not isinstance(value, str):
        return Wrong("must be a text", "write it in quotes")
    hidden = re.search(r"[\x00-\x1f\x7f]", value)
    return Wrong("holds a character that cannot be seen", "write it anew, in one line") if hidden else value


def variable(value: object) -> str | Wrong:
    """The name of an environment variable. What is none may be the secret itself, and is never repeated."""
    found = text(value)
    if isinstance(found, Wrong) or re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*)?", found):
        return found
    words = "must be the name of an environment variable, and never what it holds"
    return Wrong(words, 'such as "SHOP_SECRET"; if a secret stood here, have a new one made')


def filled(value: object) -> str | Wrong:
    """A text that is not empty."""
    found = text(value)
    return found if isinstance(found, Wrong) or found.strip() else Wrong("is empty", "write it, or take the line out")


def one_of(*words: str) -> Callable[[object], str | Wrong]:
    """A word of a closed list."""

    def read(value: object) -> str | Wrong:
        found = text(value)
        if isinstance(found, Wrong) or found in words:
            return found
        return Wrong(f"is never '{value}'", f"one of: {', '.join(words)}")

    return read


def addresses(value: object) -> tuple[str, ...] | Wrong:
    """A list of e-mail addresses; anything else in it would let nobody have mail, and nobody would know why."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        return Wrong("must be a list of texts", "write it in [ ]")
    strange = [one for one in value if not re.fullmatch(r"[^\s@]+@[^\s@]+", one)]
    return Wrong(f"holds '{strange[0]}', which is no e-mail address", "write name@domain") if strange else tuple(value)


def port(value: object) -> int | Wrong:
    """The number of a port; truth is no number."""
    if type(value) is int and 1 <= value <= 65_535:
        return value
    return Wrong("must be a whole number from 1 to 65535", "587 is the usual one for smtp")


def whole(least: int, most: int) -> Callable[[object], int | Wrong]:
    """A whole number within bounds; truth is no number."""

    def read(value: object) -> int | Wrong:
        if type(value) is int and least <= value <= most:
            return value
        return Wrong(f"must be a whole number from {least} to {most:,}", f"write {least}, {most}, or one between")

    return read


def yes_or_no(value: object) -> bool | Wrong:
    """True or false."""
    return value if isinstance(value, bool) else Wrong("must be true or false", "write it without quotes")


def one_day(value: object) -> date | Wrong | None:
    """A day, as TOML writes it; empty is none."""
    if value == "":
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return Wrong("must be a day", "write it as 2027-03-01, without quotes")


def rate(value: object) -> float | Wrong:
    """How many a second; half a mail a second is one every two."""
    if type(value) in (int, float) and math.isfinite(number := float(str(value))) and 0 < number <= HIGHEST_RATE:
        return number
    return Wrong(f"must be a number above 0 and up to {HIGHEST_RATE}", "take the line out for as fast as it goes")


def length(value: object) -> timedelta | Wrong:
    """How long, in the language's words: `5 seconds`, `1 minute`."""
    found = re.fullmatch(r"([0-9]{1,6}) (second|minute|hour)s?", value.strip()) if isinstance(value, str) else None
    if not found:
        return Wrong(f"is not a length: {value!r}", 'write "5 seconds" or "1 minute"')
    meant = timedelta(**{f"{found[2]}s": int(found[1])})
    if not SHORTEST_TICK <= meant <= LONGEST_TICK:
        return Wrong(f"is out of bounds: {value!r}", "from 1 second to 1 hour")
    return meant


def listen(value: object) -> tuple[str, int] | Wrong | None:
    """Where to listen: `127.0.0.1:8080` or `[::1]:8080`; empty is nowhere."""
    if value == "":
        return None
    pattern = rf"(?:\[([0-9a-fA-F:.]+)\]|({HOST})):([0-9]{{1,5}})"
    found = re.fullmatch(pattern, value) if isinstance(value, str) else None
    if not found or not 1 <= int(found[3]) <= 65_535:
        return Wrong("is not an address to listen at", 'write "127.0.0.1:8080" or "[::1]:8080"')
    return found[1] or found[2], int(found[3])


def mail_host(value: object) -> str | Wrong:
    """The name or the number of a mail server, without a port; empty is none."""
    import ipaddress

    found = text(value)
    if isinstance(found, Wrong) or not found or re.fullmatch(HOST, found):
        return found
    try:
        return str(ipaddress.IPv6Address(found))
    except ValueError:
        words = "is not the name of a mail server"
        return Wrong(
            words, 'write "smtp.shop.example", without http:// or a port; the port is its own line: port = 587'
        )


def web_address(value: object) -> str | Wrong:
    """An https address, or http on this machine; nothing behind the host and its port. Empty is none."""
    from urllib.parse import urlsplit

    if value == "":
        return ""
    cure = 'write "https://mail.shop.example"'
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]+", value):
        return Wrong("must be a web address in plain letters", cure)
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return Wrong("is not a web address", cure)
    if parts.scheme not in ("https", "http") or not host:
        return Wrong("must begin with https://", cure)
    if parts.path not in ("", "/") or "?" in value or "#" in value or "@" in parts.netloc:
        return Wrong("must end with its host or port: no path, query, fragment or name before the host", cure)
    if parts.scheme == "http" and not loopback(host):
        return Wrong("must begin with https://: only an address of this machine may do without", cure)
    return value.rstrip("/")


def loopback(host: str) -> bool:
    """Whether a host is this machine itself: localhost, 127.0.0.0/8 or ::1."""
    import ipaddress

    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.casefold() == "localhost"
