"""A shop for long runs of refusals: three mails for every order, a SendGrid with lists, and who must get what.

Who has refused what is kept here in plain Python, from what was done to them alone; nothing of nurture's is asked.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tests import small_project
from tests.live_run import plain
from tests.projects import Project
from tests.sendgrid_faults import error
from tests.sendgrid_server import KEY, Line, SendGridServer, sendgrid

LETTER, CARE, RECEIPT = "letter", "care", "receipt"
MAILS = (LETTER, CARE, RECEIPT)
ALL = frozenset(MAILS)
NEWS = frozenset({LETTER, CARE})
SECRET = {"SENDGRID_KEY": KEY, "INBOUND": "inbound-secret", "SHOPIFY": "shpss_x"}
SEQUENCE = """\
sequence: {name}{was}
title: A {mail} with every order
stage: any
class: {kind}
{about}
status: live
start: {{event: order.placed, settle: 0 minutes, fresh: 30 days}}
again: {{per: event.order_id, running: alongside}}
steps:
  - {{send: {mail}, at_once: true, with: {{order: start.order_id}}}}
"""
KINDS = {LETTER: ("news", "topic: {letters}"), CARE: ("care", "topic: care"), RECEIPT: ("service", "because: contract")}
TOPICS = """\
topics:
  {letters}: {{title: {{en: Letters}}, basis: opt_in{was}}}
  care: {{title: {{en: After your order}}, basis: customer}}
"""
TEXT = "---\nsubject: A {mail} about {{{{ order | or_else('none') }}}}\n---\nHello, this is a {mail}.\n"
CONFIG = """\
[provider]
name = "sendgrid"
[sendgrid]
url = "{server}"
key_env = "SENDGRID_KEY"
events_key = "{events}"
inbound_secret_env = "INBOUND"
[shops]
shopify_secret_env = "SHOPIFY"
[web]
url = "http://127.0.0.1:{port}"
listen = "127.0.0.1:{port}"
[tick]
every = "1 second"
"""


@dataclass
class Names:
    """What the topic and the sequence of the letters are called by now, and before."""

    letters: str = "letters"
    sequence: str = "letter"
    letters_was: str = ""
    sequence_was: str = ""

    def write(self, root: Path) -> None:
        """The files as these names have them; a sequence has the file of its name."""
        was = f", was: {self.letters_was}" if self.letters_was else ""
        house = root / "sequences" / "house"
        (house / "topics.yaml").write_text(TOPICS.format(letters=self.letters, was=was), encoding="utf-8")
        if self.sequence_was:
            (root / "sequences" / f"{self.sequence_was}.yaml").unlink(missing_ok=True)
        for mail, (kind, about) in KINDS.items():
            name = self.sequence if mail == LETTER else mail
            was = f"\nwas: {self.sequence_was}" if mail == LETTER and self.sequence_was else ""
            text = SEQUENCE.format(name=name, was=was, mail=mail, kind=kind, about=about.format(letters=self.letters))
            (root / "sequences" / f"{name}.yaml").write_text(text, encoding="utf-8")


def write(project: Project, server: str, port: int, events_key: str) -> None:
    """The project's files."""
    root = project.root
    small_project.write(root)
    (root / small_project.SEQUENCE).unlink()
    house = root / "sequences" / "house"
    small_project.edit(root, "sequences/house/rules.yaml", "limits:\n  - {max: 3, within: 7 days}\n", "")
    small_project.edit(root, "sequences/house/rules.yaml", "[en, tr]", "[en]")
    small_project.edit(root, "sequences/house/catalogue.yaml", "order.delivered", "order.cancelled")
    for mail in ("how_are_you", "one_question"):
        for file in (root / "templates" / mail).iterdir():
            file.unlink()
        (root / "templates" / mail).rmdir()
    for mail in MAILS:
        (root / "templates" / mail).mkdir()
        (root / "templates" / mail / "en.md").write_text(TEXT.format(mail=mail), encoding="utf-8")
    (house / "stages.yaml").write_text("stages:\n  - {id: all, title: All, enter: true}\n", encoding="utf-8")
    Names().write(root)
    config = CONFIG.format(server=server, port=port, events=events_key)
    (root / "config.toml").write_text(config, encoding="utf-8")


class ListingServer(SendGridServer):
    """The server in SendGrid's shape, with its lists of whom it does not write to, and its erase job."""

    lists: dict[str, list[Line]]
    erased: list[str]
    slow: float  # seconds before it answers that it will erase

    async def taken(self, request: web.BaseRequest) -> web.Response:
        """A mail; or a page of a list, or a request to erase."""
        name = request.path.rpartition("/")[2]
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return error(401)
        if request.path.startswith("/v3/suppression/"):
            first, most = int(request.query["offset"]), int(request.query["limit"])
            return web.json_response(self.lists.get(name, [])[first : first + most])
        if request.path == "/v3/recipients/erasejob":
            self.erased += json.loads(await request.read())["email_addresses"]
            await asyncio.sleep(self.slow)
            return web.json_response({"job_id": "1"}, status=202)
        return await super().taken(request)


@contextmanager
def listing_server() -> Iterator[ListingServer]:
    """Such a server in a thread of this process."""
    with sendgrid(kind=ListingServer) as server:
        assert isinstance(server, ListingServer)
        server.lists, server.erased, server.slow = {}, [], 0.0
        yield server


@dataclass(frozen=True)
class Mail:
    """An accepted mail, as the server's log has it: which, about whose order of which round, and where it went."""

    mail: str
    order: str
    address: str
    line: Line = field(compare=False, hash=False)

    @property
    def one(self) -> str:
        """Whose order it is about."""
        return self.order.partition("-")[2]


def mail_of(line: Line) -> Mail:
    """A line of the server's log."""
    found = re.fullmatch(r"A (\w+) about (\S+)", plain(line["subject"]))
    assert found is not None, line["subject"]
    return Mail(found[1], found[2], line["to"], line)


@dataclass
class Crowd:
    """The people: which mails each refused by now, which addresses are theirs, and who is one with whom."""

    size: int
    refused: dict[str, set[str]] = field(default_factory=dict)
    address: dict[str, str] = field(default_factory=dict)
    owner: dict[str, str] = field(default_factory=dict)
    group: dict[str, str] = field(default_factory=dict)
    barred: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for one in self.names:
            self.refused[one], self.group[one] = set(), one
            self.moves(one, f"{one}@shop.example")

    @property
    def names(self) -> list[str]:
        """The shop's ids."""
        return [f"c{number}" for number in range(self.size)]

    def moves(self, one: str, address: str) -> None:
        """They have this address from now on; what was theirs stays known as theirs."""
        self.address[one], self.owner[address] = address, one

    def said_no(self, one: str, mails: frozenset[str]) -> None:
        """They refuse, and so does whoever they are one with."""
        for each in self.with_(one):
            self.refused[each] |= mails

    def merge(self, one: str, other: str) -> None:
        """They are one: a refusal of either is a refusal."""
        both = self.refused[one] | self.refused[other]
        for each in [*self.with_(one), *self.with_(other)]:
            self.refused[each] = set(both)
            self.group[each] = self.group[one]

    def with_(self, one: str) -> list[str]:
        """Everybody they are one with, themselves too."""
        return [each for each in self.names if self.group[each] == self.group[one]]

    def free(self) -> list[str]:
        """Who has refused nothing."""
        return [one for one in self.names if not self.refused[one]]

    def single(self) -> list[str]:
        """Who is one with nobody."""
        return [one for one in self.names if len(self.with_(one)) == 1]

    def wrong(self, mail: Mail) -> bool:
        """Whether somebody got what they had refused: whose order it is about, or whose address it went to."""
        whose = {mail.one, self.owner.get(mail.address, mail.one)}
        return any(mail.mail in self.refused[one] for one in whose)

    def wanted(self, order: str) -> set[tuple[str, str]]:
        """The mails (which, about which order) that an order of everybody must lead to."""
        return {(mail, f"{order}-{one}") for one in self.names for mail in ALL - self.refused[one]}
