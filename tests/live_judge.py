"""What must hold after a live run: the server's log against the store, mail by mail, and both against what was wanted.

Of the product only `nurture outbox` and `nurture explain` are asked; the rest is read in the store's file.
"""

import json
import re
import sqlite3
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import psycopg

from tests import live_shop
from tests.live_server import Server
from tests.live_shop import SERVICE, Person, Wanted
from tests.projects import Project

KEPT = "figures.json"
DEAD = re.compile(r"batch\.recovered put_back=(\d+) in_doubt=(\d+)")
TWICE = "accepted twice, and no service that was in doubt"
NOWHERE = "wanted, and neither accepted, nor in doubt and listed, nor lied about"
NOT_WANTED = "accepted or in doubt, and never wanted"
NOT_TAKEN = "gone by the store, and not by the server's log"
NOT_KNOWN = "accepted by the server's log, and by the store neither gone nor in doubt"
UNSETTLED = "in doubt, though an event of it was taken in"
FORGED = "forged posts were not refused"
STANDS = """SELECT message.key, coalesce(message.fate, batch.status) FROM message
    LEFT JOIN batch_member ON batch_member.key = message.key LEFT JOIN batch ON batch.id = batch_member.batch"""
GONE = frozenset({"settled", "accepted", "delivered"})  # a batch is settled when its mails were accepted
DOUBTED = """SELECT DISTINCT message.key FROM message JOIN reason ON reason.person = message.person
    AND reason.sequence = message.sequence AND reason.subject = message.subject AND reason.step = message.step
    AND reason.due_at = message.due_at WHERE reason.why = 'in doubt'"""

Line = dict[str, Any]


@dataclass
class Figures:
    """What came of a live run. `fell`: how the store stood when the process was dead; mails are counted by key."""

    seed: int
    asked_kills: int = 0
    kills: int = 0
    with_two_daemons: int = 0
    started_whole: int = 0
    fell: Counter[str] = field(default_factory=Counter)
    took_over: int = 0
    mails: int = 0
    decided_by_the_last_kill: int = 0
    requests: int = 0
    largest_request: int = 0
    accepted: int = 0
    accepted_twice: int = 0
    lost: int = 0
    said_to_be_taken_and_not: int = 0
    ever_in_doubt: int = 0
    settled_by_events: int = 0
    settled_otherwise: int = 0
    in_doubt: int = 0
    in_doubt_of_service: int = 0
    in_doubt_though_accepted: int = 0
    put_back: int = 0
    recovered_in_doubt: int = 0
    service_twice: int = 0
    told_of: int = 0
    posts_taken: int = 0
    posts_unanswered: int = 0
    forged_posts_refused: int = 0
    seconds: float = 0.0

    def keep(self, root: Path) -> None:
        """Keep how far it came, so that a run that is cut off can go on."""
        (root / KEPT).write_text(json.dumps(vars(self)), encoding="utf-8")

    @classmethod
    def kept(cls, root: Path) -> "Figures | None":
        """How far a run came that was cut off."""
        if not (root / KEPT).exists():
            return None
        found = json.loads((root / KEPT).read_text("utf-8"))
        return cls(**{**found, "fell": Counter(found["fell"])})

    def lines(self) -> Iterator[str]:
        """For people."""
        for one in fields(self):
            value = getattr(self, one.name)
            yield f"{one.name.replace('_', ' '):<26} {dict(value) if isinstance(value, Counter) else value}"


# What the store, the outbox and the server say


def in_store(project: Project, question: str) -> list[tuple[Any, ...]]:
    """Ask the store, without the product and without changing anything."""
    config = project.root / "config.toml"
    url = tomllib.loads(config.read_text("utf-8")).get("store", {}).get("url", "") if config.exists() else ""
    if url.startswith("postgresql:"):
        with psycopg.connect(url) as elsewhere:
            return list(elsewhere.execute(question.encode()))
    file = project.root / "nurture.db"
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30) as store:
        return store.execute(question).fetchall()


def doubtful(project: Project) -> dict[str, tuple[str, str]]:
    """What `nurture outbox` lists as in doubt: (person's id, mail) by key."""
    document = json.loads(project.ok("outbox", "--in-doubt", "--all", "--json").out)
    assert document["counts"]["in_doubt"] == len(document["mails"])
    return {one["key"]: (one["person"], one["mail"]) for one in document["mails"]}


def accepted(server: Server, who: dict[str, Person]) -> dict[str, tuple[str, str]]:
    """What the server took: (person's id, mail) by key."""
    return named(server.accepted, who)


def named(lines: Iterable[Line], who: dict[str, Person]) -> dict[str, tuple[str, str]]:
    """Person's id and mail by key; the mail by its subject line."""
    found: dict[str, tuple[str, str]] = {}
    for line in lines:
        one = who[line["to"].partition("@")[0]]
        mails = [mail for mail in live_shop.SUBJECTS if one.subject(mail) == plain(line["subject"])]
        assert len(mails) == 1, line
        assert found.setdefault(line["key"], (one.id, mails[0])) == (one.id, mails[0]), line
    return found


def plain(text: str) -> str:
    """Text without the signs that isolate a name in it."""
    return re.sub("[\u2066-\u2069\u200e\u200f]", "", text)


# The judge


@dataclass
class Judge:
    """Holds the server's log against the store, and both against what was wanted."""

    project: Project
    server: Server
    who: dict[str, Person]
    figures: Figures

    @property
    def wanted(self) -> Wanted:
        return live_shop.expected(self.who.values())

    def times(self) -> Counter[str]:
        """How often each mail was accepted."""
        return Counter(line["key"] for line in self.server.accepted)

    def breaches(self) -> dict[str, list[str]]:
        """Whatever must not be, by what it is: keys, or persons' ids and mails."""
        taken, doubts = accepted(self.server, self.who), doubtful(self.project)
        lied = named(self.server.untaken, self.who)
        stands = dict(in_store(self.project, STANDS))
        found = Counter((taken | doubts | lied).values())
        refusals = self.server.control().get("refusals", {})
        gone = {key for key, state in stands.items() if state in GONE}
        may_go_twice = {key for key, (_, mail) in taken.items() if mail in SERVICE}
        breaches = {
            TWICE: [key for key, times in self.times().items() if times > 1 + (key in may_go_twice)],
            NOWHERE: [f"{person} {mail}" for person, mail in (self.wanted - found).elements()],
            NOT_WANTED: [f"{person} {mail}" for person, mail in (found - self.wanted).elements()],
            NOT_TAKEN: sorted(gone - taken.keys() - lied.keys()),
            NOT_KNOWN: sorted(taken.keys() - gone - doubts.keys()),
            UNSETTLED: sorted(doubts.keys() & self.server.told_of),
            FORGED: [f"{status}: {times}" for status, times in refusals.items() if status not in ("0", "403")],
        }
        return {name: some for name, some in breaches.items() if some}

    def judge(self) -> None:
        """AssertionError with all that does not hold."""
        breaches = self.breaches()
        self.count()
        self.figures.accepted_twice, self.figures.lost = (len(breaches.get(name, ())) for name in (TWICE, NOWHERE))
        told = {name: f"{len(some)}, such as {some[:3]}" for name, some in breaches.items()}
        assert not told, told
        assert self.server.control()["refused"] == []
        for person, mail in list(doubtful(self.project).values())[:2]:
            assert "in doubt: it may have gone" in self.project.ok("explain", person, "--mail", mail).out

    def count(self) -> None:
        """The figures that follow from the store and the log."""
        one, times, counts = self.figures, self.times(), self.server.control()
        taken, doubts = accepted(self.server, self.who), doubtful(self.project)
        lied, stands = named(self.server.untaken, self.who), dict(in_store(self.project, STANDS))
        said = [DEAD.findall(log.read_text("utf-8")) for log in self.project.root.glob("daemon-*.log")]
        one.put_back = sum(int(back) for log in said for back, _ in log)
        one.recovered_in_doubt = sum(int(doubt) for log in said for _, doubt in log)
        requests = Counter(line["id"] for line in self.server.accepted)
        one.requests, one.largest_request = len(requests), max(requests.values(), default=0)
        one.mails, one.accepted, one.in_doubt = self.wanted.total(), len(times), len(doubts)
        one.said_to_be_taken_and_not = len(lied.keys() - taken.keys())
        one.in_doubt_of_service = sum(mail in SERVICE for _, mail in doubts.values())
        one.in_doubt_though_accepted = len(doubts.keys() & times.keys())
        ever = {row[0] for row in in_store(self.project, DOUBTED)}
        happened = {row[0] for row in in_store(self.project, "SELECT DISTINCT key FROM happening")}
        settled = {key for key in ever if stands[key] in GONE}
        by_events = {key for key in settled & happened if times[key] == 1}
        one.ever_in_doubt, one.settled_by_events = len(ever), len(by_events)
        one.settled_otherwise = len(settled - by_events)
        answers = counts.get("answers", {})
        one.told_of, one.posts_unanswered = len(self.server.told_of), answers.get("0", 0)
        one.posts_taken, one.forged_posts_refused = answers.get("204", 0), counts.get("refusals", {}).get("403", 0)
        assert set(answers) <= {"0", "204", "503"}, answers  # 503: it could not keep the post, and has it once more
