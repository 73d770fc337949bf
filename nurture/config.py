"""config.toml and the environment become one Config; all problems at once, each with its line.

The operator's file, beside the marketer's sequences (language.md 3). Keys and passwords are never
in it: it names the environment variables that hold them (`*_env`).
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path

from nurture.model.place import Place, Problem

FILE = "config.toml"
PROVIDERS = ("folder",)
MODES = ("live", "test")


@dataclass(frozen=True, slots=True)
class Config:
    """Everything an operator can set. `only_to` empty means everybody; secrets come from the environment.

    `rate_per_second` None is as fast as it goes; `web_listen` None starts no web part.
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


@dataclass(frozen=True, slots=True)
class Key:
    """One key of config.toml: its type, what it is without being written, and its closed list if it has one."""

    kind: type
    default: object = ""
    one_of: tuple[str, ...] = ()


KEYS: dict[str, Key] = {
    "mode": Key(str, "live", MODES),
    "store.url": Key(str, "sqlite:///nurture.db"),
    "store.url_env": Key(str),
    "provider.name": Key(str, "folder", PROVIDERS),
    "folder.path": Key(str, "outbox"),
    "deliver.only_to": Key(list, ()),
}

# A link that nobody answers loses a reader's stop: until the web part stands, mails carry a mailto: link.
LATER = {"web": "the part that answers the links comes with a later version of nurture; mails carry a mailto: link"}


def read_config(
    root: Path, text: str | None, environment: Mapping[str, str]
) -> tuple[Config | None, tuple[Problem, ...]]:
    """The configuration of the project at `root`; None when it has an error. No text is no file: all defaults."""
    try:
        tree = tomllib.loads(text or "")
    except tomllib.TOMLDecodeError as error:
        return None, (Problem("E100", syntax_place(str(error)), f"this is not TOML: {error}"),)
    written = dict(flatten(tree))
    lines = (text or "").splitlines()
    problems = tuple(key_problems(written, lines)) + tuple(secret_problems(written, lines, environment))
    if problems:
        return None, tuple(sorted(problems, key=lambda problem: problem.place.line))
    settings = {name: written.get(name, key.default) for name, key in KEYS.items()}
    return build(root, settings, environment), ()


def build(root: Path, settings: Mapping[str, object], environment: Mapping[str, str]) -> Config:
    """Checked settings as a Config; paths are meant from the project's folder."""
    url = environment.get(str(settings["store.url_env"])) or str(settings["store.url"])
    addresses = settings["deliver.only_to"]
    return Config(
        store_url=absolute(url, root),
        folder=root / str(settings["folder.path"]),
        installation=root / ".nurture" / "installation.json",
        provider=str(settings["provider.name"]),
        only_to=tuple(str(address) for address in addresses) if isinstance(addresses, list) else (),
        mode=str(settings["mode"]),
    )


def absolute(url: str, root: Path) -> str:
    """A SQLite file is meant from the project's folder; every other URL stays as it is."""
    found = re.fullmatch(r"sqlite:///(?!/)(.+)", url)
    if not found or found[1] == ":memory:":
        return url
    return f"sqlite:///{(root / found[1]).resolve()}"


def flatten(tree: Mapping[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    """`[store] url = …` as `store.url`."""
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from flatten(value, f"{before}{key}.")
        elif not isinstance(value, dict):
            yield f"{before}{key}", value


def key_problems(written: Mapping[str, object], lines: list[str]) -> Iterator[Problem]:
    """Keys that do not exist, and values of the wrong kind."""
    for name, value in written.items():
        place = find_place(name, lines)
        if name.split(".")[0] in LATER and not value:
            continue
        if name.split(".")[0] in LATER:
            yield Problem("E110", place, f"'{name}' is not a part of {FILE} yet", LATER[name.split(".")[0]])
            continue
        if name not in KEYS:
            near = get_close_matches(name, KEYS, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known are: {', '.join(KEYS)}"
            yield Problem("E110", place, f"'{name}' is not a part of {FILE}", hint)
            continue
        key = KEYS[name]
        if not isinstance(value, key.kind) or (isinstance(value, list) and not all(isinstance(v, str) for v in value)):
            kind, cure = (
                ("a list of texts", "write it in [ ]") if key.kind is list else ("a text", "write it in quotes")
            )
            yield Problem("E114", place, f"'{name}' must be {kind}", cure)
        elif key.one_of and value not in key.one_of:
            yield Problem("E114", place, f"'{name}' is never '{value}'", f"one of: {', '.join(key.one_of)}")


def secret_problems(
    written: Mapping[str, object], lines: list[str], environment: Mapping[str, str]
) -> Iterator[Problem]:
    """A key that names an environment variable which is not set."""
    for name, value in written.items():
        if name in KEYS and name.endswith("_env") and isinstance(value, str) and value not in environment:
            message = f"'{name}' names the environment variable {value}, which is not set"
            yield Problem("E115", find_place(name, lines), message, f"export {value}=…, or take the line out")


def find_place(name: str, lines: list[str]) -> Place:
    """Where a key is written: tomllib keeps no places, so its table's header and then its line are looked for."""
    table, _, key = name.rpartition(".")
    current = ""
    for number, line in enumerate(lines, 1):
        header = re.match(r"\s*\[\s*([\w.\-]+)\s*\]", line)
        if header:
            current = header[1]
        found = re.match(rf"(\s*)(?:{re.escape(key)})\s*=", line)
        if found and current == table:
            return Place(FILE, number, len(found[1]) + 1, len(key))
    return Place(FILE)


def syntax_place(message: str) -> Place:
    """The place that tomllib writes at the end of its message."""
    found = re.search(r"line (\d+), column (\d+)", message)
    return Place(FILE, int(found[1]), int(found[2])) if found else Place(FILE)
