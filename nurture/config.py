"""config.toml and the environment become one Config; all problems at once, each with its line.

The operator's file, beside the marketer's sequences (language.md 3). Keys and passwords are never
in it: it names the environment variables that hold them (`*_env`).
"""

import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from nurture.model.place import Place, Problem

FILE = "config.toml"
PROVIDERS = ("folder", "smtp", "sendgrid")
MODES = ("live", "test")
SECURITIES = ("starttls", "tls", "none")
SHORTEST_TICK, LONGEST_TICK = timedelta(seconds=1), timedelta(hours=1)
HIGHEST_RATE = 100_000
HOST = r"(?:[a-zA-Z0-9_-]{1,63}\.)*[a-zA-Z0-9_-]{1,63}"
# What a provider cannot do without; `*_env` names an environment variable.
NEEDS: dict[str, tuple[str, ...]] = {
    "folder": (),
    "smtp": ("smtp.host",),
    "sendgrid": ("sendgrid.key_env", "sendgrid.url"),
}
SECRETS: dict[str, tuple[str, ...]] = {"smtp": ("smtp.password_env",), "sendgrid": ("sendgrid.key_env",)}


@dataclass(frozen=True, slots=True)
class Config:
    """Everything an operator can set. `only_to` empty means everybody; secrets come from the environment.

    `rate_per_second` None is as fast as it goes; `web_listen` None starts no web part. `unset` holds the
    findings of environment variables that the provider needs and nobody set: see `sending_problems`.
    """

    store_url: str
    folder: Path
    installation: Path
    provider: str = "folder"
    only_to: tuple[str, ...] = ()
    mode: str = "live"
    sendgrid_url: str = "https://api.sendgrid.com"
    sendgrid_key: str = field(default="", repr=False)
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: str = "starttls"
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    rate_per_second: float | None = None
    web_url: str = ""
    web_listen: tuple[str, int] | None = None
    tick_every: timedelta = timedelta(seconds=5)
    unset: tuple[Problem, ...] = ()


class Wrong(NamedTuple):
    """Why a value is not understood: what it must be, and the cure."""

    message: str
    hint: str


# Readers: what was written becomes what is meant, or why it cannot.


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


@dataclass(frozen=True, slots=True)
class Key:
    """One key of config.toml: how it is read, and what holds without it, as it would be written (None: nothing)."""

    read: Callable[[object], object]
    default: object = ""


KEYS: dict[str, Key] = {
    "mode": Key(one_of(*MODES), "live"),
    "store.url": Key(filled, "sqlite:///nurture.db"),
    "store.url_env": Key(variable),
    "provider.name": Key(one_of(*PROVIDERS), "folder"),
    "folder.path": Key(filled, "outbox"),
    "sendgrid.url": Key(web_address, "https://api.sendgrid.com"),
    "sendgrid.key_env": Key(variable),
    "smtp.host": Key(mail_host),
    "smtp.port": Key(port, 587),
    "smtp.security": Key(one_of(*SECURITIES), "starttls"),
    "smtp.user": Key(text),
    "smtp.password_env": Key(variable),
    "rate.per_second": Key(rate, None),
    "web.url": Key(web_address),
    "web.listen": Key(listen),
    "deliver.only_to": Key(addresses, []),
    "tick.every": Key(length, "5 seconds"),
}


def read_config(
    root: Path, written: str | None, environment: Mapping[str, str]
) -> tuple[Config | None, tuple[Problem, ...]]:
    """The configuration of the project at `root`; None when it has an error. No text is no file: all defaults.

    An unset environment variable that only sending needs is a finding beside a Config: whoever asks
    `explain` at another desk need not know the provider's key.
    """
    try:
        tree = dict(flatten(tomllib.loads(written or "")))
    except tomllib.TOMLDecodeError as error:
        return None, (Problem("E100", syntax_place(str(error)), f"this is not TOML: {error}"),)
    lines = (written or "").splitlines()
    settings = {name: key.read(key.default) if key.default is not None else None for name, key in KEYS.items()}
    problems: list[Problem] = []
    for name, value in tree.items():
        meant = KEYS[name].read(value) if name in KEYS else unknown(name)
        if isinstance(meant, Wrong):
            code = "E114" if name in KEYS else "E110"
            problems.append(Problem(code, find_place(name, lines), f"'{name}' {meant.message}", meant.hint))
        else:
            settings[name] = meant
    problems += unset_names(("store.url_env",), settings, lines, environment)
    problems += lacking(settings, lines)
    unset = tuple(unset_names(SECRETS.get(str(settings["provider.name"]), ()), settings, lines, environment))
    if problems:
        return None, tuple(sorted([*problems, *unset], key=lambda problem: problem.place.line))
    return build(root, settings, environment, unset), unset


def unknown(name: str) -> Wrong:
    """What is said of a key that does not exist."""
    near = get_close_matches(name, KEYS, n=1)
    return Wrong(f"is not a part of {FILE}", f"did you mean '{near[0]}'?" if near else f"known are: {', '.join(KEYS)}")


def lacking(settings: Mapping[str, object], lines: list[str]) -> Iterator[Problem]:
    """What the provider in use cannot do without, said at its table."""
    place = find_table("provider", lines) or find_place("provider.name", lines)
    provider = str(settings["provider.name"])
    for name in NEEDS[provider]:
        if not settings[name]:
            table, _, key = name.partition(".")
            yield Problem("E115", place, f"'{provider}' needs '{name}'", f'write it below [{table}]: {key} = "…"')
    if provider != "smtp":
        return
    user, password = settings["smtp.user"], settings["smtp.password_env"]
    if bool(user) != bool(password):
        there, missing = ("smtp.user", "smtp.password_env") if user else ("smtp.password_env", "smtp.user")
        yield Problem("E115", place, f"'{there}' needs '{missing}'", f"write both, or take '{there}' out")
    if password and settings["smtp.security"] == "none" and not loopback(str(settings["smtp.host"])):
        words = "'smtp.security' is never 'none' with a password, unless the host is this machine"
        yield Problem("E114", find_place("smtp.security", lines), words, "one of: starttls, tls")


def unset_names(
    names: tuple[str, ...], settings: Mapping[str, object], lines: list[str], environment: Mapping[str, str]
) -> Iterator[Problem]:
    """Keys that name an environment variable which is not set, or empty."""
    for name in names:
        variable = str(settings[name])
        if variable and not environment.get(variable):
            message = f"'{name}' names the environment variable {variable}, which is not set"
            yield Problem("E115", find_place(name, lines), message, f"export {variable}=…, or take the line out")


def sending_problems(config: Config) -> tuple[Problem, ...]:
    """What keeps this installation from sending, though all else works: asked where sending begins.

    Every mail but service needs an address where one click leaves (RFC 8058), and that is https.
    """
    found = list(config.unset)
    if config.provider != "folder" and not config.web_url:
        words = f"'{config.provider}' sends nothing without 'web.url': readers must be able to leave with one click"
        found.append(
            Problem("E115", Place(FILE), words, 'write below [web]: url = "https://…", where `nurture run` answers')
        )
    return tuple(found)


def build(
    root: Path, settings: Mapping[str, Any], environment: Mapping[str, str], unset: tuple[Problem, ...]
) -> Config:
    """Settings, read, as a Config; paths are meant from the project's folder."""

    def secret(name: str) -> str:
        return environment.get(settings[name], "")

    return Config(
        store_url=absolute(secret("store.url_env") or settings["store.url"], root),
        folder=root / settings["folder.path"],
        installation=root / ".nurture" / "installation.json",
        provider=settings["provider.name"],
        only_to=settings["deliver.only_to"],
        mode=settings["mode"],
        sendgrid_url=settings["sendgrid.url"],
        sendgrid_key=secret("sendgrid.key_env"),
        smtp_host=settings["smtp.host"],
        smtp_port=settings["smtp.port"],
        smtp_security=settings["smtp.security"],
        smtp_user=settings["smtp.user"],
        smtp_password=secret("smtp.password_env"),
        rate_per_second=settings["rate.per_second"],
        web_url=settings["web.url"],
        web_listen=settings["web.listen"],
        tick_every=settings["tick.every"],
        unset=unset,
    )


def absolute(url: str, root: Path) -> str:
    """A SQLite file is meant from the project's folder; every other URL stays as it is."""
    found = re.fullmatch(r"sqlite:///(?!/)(.+)", url)
    if not found or found[1] == ":memory:":
        return url
    return f"sqlite:///{(root / found[1]).resolve()}"


def flatten(tree: Mapping[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    """`[store] url = …` as `store.url`. An empty table is nothing, but where a value belongs it is a wrong one."""
    for key, value in tree.items():
        name = f"{before}{key}"
        if isinstance(value, dict) and value:
            yield from flatten(value, f"{name}.")
        elif not isinstance(value, dict) or not any(known.startswith(f"{name}.") for known in KEYS):
            yield name, value


def find_place(name: str, lines: list[str]) -> Place:
    """Where a key is written: tomllib keeps no places, so its table's header and then its line are looked for."""
    table, _, key = name.rpartition(".")
    current = ""
    for number, line in enumerate(lines, 1):
        header = re.match(r"\s*\[\s*([\w.\-]+)\s*\]", line)
        if header:
            current = header[1]
        wanted = key if current == table else name if not current else None
        found = re.match(rf"(\s*)(?:{re.escape(wanted)})\s*=", line) if wanted else None
        if found and wanted:
            return Place(FILE, number, len(found[1]) + 1, len(wanted))
    return Place(FILE)


def find_table(name: str, lines: list[str]) -> Place | None:
    """Where a table begins; None when it is not written."""
    for number, line in enumerate(lines, 1):
        if found := re.match(rf"(\s*)\[\s*{re.escape(name)}\s*\]", line):
            return Place(FILE, number, len(found[1]) + 1, len(found[0]) - len(found[1]))
    return None


def syntax_place(message: str) -> Place:
    """The place that tomllib writes at the end of its message."""
    found = re.search(r"line (\d+), column (\d+)", message)
    return Place(FILE, int(found[1]), int(found[2])) if found else Place(FILE)
