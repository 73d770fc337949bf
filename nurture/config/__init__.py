"""config.toml and the environment become one Config; all problems at once, each with its line.

The operator's file, beside the marketer's sequences (language.md 3). Keys and passwords are never
in it: it names the environment variables that hold them (`*_env`).
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from nurture.config.values import (
    Wrong,
    addresses,
    filled,
    length,
    listen,
    loopback,
    mail_host,
    one_day,
    one_of,
    port,
    rate,
    text,
    variable,
    web_address,
    whole,
    yes_or_no,
)
from nurture.model.place import Place, Problem
from nurture.model.values import dataclass

FILE = "config.toml"
PROVIDERS = ("folder", "smtp", "sendgrid")
MODES = ("live", "test")
SECURITIES = ("starttls", "tls", "none")
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

    `rate_per_second` and `rate_per_family` None are as fast as it goes; `web_listen` None starts no web part.
    `unset` holds the findings of environment variables that the provider needs and nobody set: see `sending_problems`.
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
    rate_per_family: float | None = None
    web_url: str = ""
    web_listen: tuple[str, int] | None = None
    metrics_listen: tuple[str, int] | None = None
    tick_every: timedelta = timedelta(seconds=5)
    sendgrid_each_request: int = 100
    sendgrid_events_key: str = ""
    sendgrid_inbound_key: str = ""
    sendgrid_inbound_secret: str = field(default="", repr=False)
    sendgrid_logs: bool = False
    shopify_secret: str = field(default="", repr=False)
    woocommerce_secret: str = field(default="", repr=False)
    stripe_secret: str = field(default="", repr=False)
    warm_up_since: date | None = None
    warm_up_first_day: int = 50
    unset: tuple[Problem, ...] = ()


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
    "sendgrid.each_request": Key(whole(1, 1000), 100),
    "sendgrid.events_key": Key(text),
    "sendgrid.inbound_key": Key(text),
    "sendgrid.inbound_secret_env": Key(variable),
    "sendgrid.logs": Key(yes_or_no, False),
    "smtp.host": Key(mail_host),
    "smtp.port": Key(port, 587),
    "smtp.security": Key(one_of(*SECURITIES), "starttls"),
    "smtp.user": Key(text),
    "smtp.password_env": Key(variable),
    "shops.shopify_secret_env": Key(variable),
    "shops.woocommerce_secret_env": Key(variable),
    "shops.stripe_secret_env": Key(variable),
    "warm_up.since": Key(one_day),
    "warm_up.first_day": Key(whole(1, 1_000_000), 50),
    "rate.per_second": Key(rate, None),
    "rate.per_family": Key(rate, None),
    "web.url": Key(web_address),
    "web.listen": Key(listen),
    "web.metrics": Key(listen),
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
    problems += split_address(settings, lines, environment)
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
    """Keys that name an environment variable which is not set, or empty, or holds what cannot travel as a header."""
    for name in names:
        variable, place = str(settings[name]), find_place(name, lines)
        value = secret_of(variable, environment)
        message = f"'{name}' names the environment variable {variable}, which "
        if variable and not value:
            yield Problem("E115", place, f"{message}is not set", f"export {variable}=…, or take the line out")
        elif name == "sendgrid.key_env" and not (value.isascii() and value.isprintable()):
            words = f"{message}holds signs that no key has"
            yield Problem("E115", place, words, f"export {variable}=… once more, as SendGrid shows it")


def secret_of(variable: str, environment: Mapping[str, str]) -> str:
    """What an environment variable holds; the line end that a file with a secret leaves behind it is no part of it."""
    return environment.get(variable, "").rstrip("\r\n")


def erases(config: Config) -> bool:
    """Whether the provider keeps people of its own, and has to be told whom to erase."""
    return config.provider == "sendgrid" and bool(config.sendgrid_key)


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
        return secret_of(settings[name], environment)

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
        rate_per_family=settings["rate.per_family"],
        web_url=settings["web.url"],
        web_listen=settings["web.listen"],
        metrics_listen=settings["web.metrics"],
        tick_every=settings["tick.every"],
        sendgrid_each_request=settings["sendgrid.each_request"],
        sendgrid_events_key=settings["sendgrid.events_key"],
        sendgrid_inbound_key=settings["sendgrid.inbound_key"],
        sendgrid_inbound_secret=secret("sendgrid.inbound_secret_env"),
        sendgrid_logs=settings["sendgrid.logs"],
        shopify_secret=secret("shops.shopify_secret_env"),
        woocommerce_secret=secret("shops.woocommerce_secret_env"),
        stripe_secret=secret("shops.stripe_secret_env"),
        warm_up_since=settings["warm_up.since"],
        warm_up_first_day=settings["warm_up.first_day"],
        unset=unset,
    )


def split_address(settings: Mapping[str, Any], lines: list[str], environment: Mapping[str, str]) -> tuple[Problem, ...]:
    """A store's address whose password holds an @: what follows would be taken for the host, and shown as such."""
    name = "store.url_env" if settings["store.url_env"] else "store.url"
    url = secret_of(settings["store.url_env"], environment) or settings["store.url"]
    if not re.match(r"postgres[^:]*://[^/?]*@[^/?]*@", url):
        return ()
    words = f"'{name}' names an address of the store with more than one @"
    return (Problem("E114", find_place(name, lines), words, "write an @ of the password as %40, and a / as %2F"),)


def absolute(url: str, root: Path) -> str:
    """A SQLite file is meant from the project's folder; `postgres://` is another word for `postgresql://`."""
    url = re.sub("^postgres://", "postgresql://", url)
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
