"""Live runs: the installed daemon, a server in SendGrid's shape beside it, events that arrive, and `kill -9`."""

import os
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from nurture.wiring import now
from tests import live_shop
from tests.daemon_nursery import Nursery, shared
from tests.daemons import ask, daemon, free_port, until
from tests.live_judge import FORGED, NOT_TAKEN, NOWHERE, TWICE, UNSETTLED
from tests.live_run import accepted, at_rest, configure, fleet, in_store, live_run
from tests.live_server import Server, server_process
from tests.live_shop import BEANS, FIRST_BAG, RIGHT_TO_LEFT, SERVICE, SORRY, TOPICS, WELCOME, Person
from tests.projects import Project
from tests.sendgrid_server import KEY

KILLS, MAILS, RATE = 20, 300, 24.0
SEED = "LIVE_RUN_SEED"  # in the environment: the same moments once more
ONE_CLICK = "List-Unsubscribe=One-Click"
BASE = "https://mail.shop.example"


@pytest.fixture
def born() -> Nursery:
    """One for all: loading the modules takes longer than a run."""
    return shared()


def test_killed_at_20_moments_nothing_goes_twice_and_nothing_is_lost(empty: Project, born: Nursery) -> None:
    seed = int(os.environ[SEED]) if SEED in os.environ else None
    found = live_run(empty.root, KILLS, MAILS, RATE, seed, born=born)
    told = "\n".join(found.lines())
    print(told)
    # What it proves it proves only if kills fell where it hurts.
    assert found.kills == KILLS, told
    assert found.fell["handed"] >= 3, told
    assert found.recovered_in_doubt > 0, told
    assert found.in_doubt_though_accepted > 0, told
    assert found.settled_by_events > 0, told
    assert found.forged_posts_refused > 0, told
    assert found.took_over > 0, told
    assert found.started_whole > 0, told
    assert found.with_two_daemons >= KILLS / 5, told
    assert found.largest_request > 1, told
    assert found.accepted > found.mails / 3, told


@pytest.mark.parametrize(
    ("planted", "moments", "breaches"),
    [
        ("every_doubt_again", ["handing"], {TWICE}),
        ("doubts_taken_for_sent", ["failing"], {NOT_TAKEN, NOWHERE}),
        ("events_not_read_and_forgers_believed", ["failing", "handing"], {UNSETTLED, FORGED}),
    ],
)
def test_with_a_fault_planted_in_the_daemon_the_run_does_not_pass(
    empty: Project, born: Nursery, planted: str, moments: list[str], breaches: set[str]
) -> None:
    with patch.object(born, "planted", planted), pytest.raises(AssertionError) as found:
        live_run(empty.root, 3, 50, RATE, 7, born=born, moments=moments, people=nobody_complains)
    assert [one for one in breaches if one not in str(found.value)] == []


def nobody_complains(count: int, first: int, together: int) -> list[Person]:
    """People without a mail that may go twice."""
    who = live_shop.people(count, first, together)
    return [one for one in who if SORRY not in live_shop.STORIES[one.story].mails]


def take_in(project: Project, who: list[Person]) -> None:
    live_shop.take_contacts(project, who)
    live_shop.take_events(project, (row for one in who for row in one.events(now())))


def test_the_right_people_get_the_right_mail_and_who_leaves_gets_no_more(project: Project) -> None:
    live_shop.make(project)
    port, who = free_port(), {one.id: one for one in live_shop.people(40)}
    wanted = live_shop.expected(who.values())
    with server_process(project.root / "accepted.log", "--bodies") as server, fleet(project) as daemons:
        configure(project, server, web=port)
        running = daemons.grow(1)
        for wave in (list(who.values())[:20], list(who.values())[20:]):
            take_in(project, wave)
        until(lambda: at_rest(project, wanted.total()), lambda: running.log)
        assert Counter(accepted(server, who).values()) == wanted
        assert server.control()["refused"] == []
        mails = received(server, who)
        for one, mail, line in mails:
            holds_what_it_should(one, mail, line["body"])
        assert len({line["message_id"] for line in server.accepted}) == len(server.accepted)

        welcomed = [(one, way_out(line["body"])) for one, mail, line in mails if mail == WELCOME]
        leaving, staying = welcomed[::2], welcomed[1::2]
        near = f"http://127.0.0.1:{port}"  # a web server in front would speak https
        answers = [way_to_answer(line["body"]) for _, mail, line in mails if mail == FIRST_BAG]
        before = in_store(project, "SELECT count(*) FROM event")
        for address in [address for _, address in welcomed] + answers:
            assert ask(address.replace(BASE, near))[0] == 200
        assert in_store(project, "SELECT count(*) FROM event") == before
        for _, address in leaving:
            assert ask(address.replace(BASE, near), ONE_CLICK.encode())[0] == 200

        live_shop.take_events(project, (one.event(*live_shop.NEXT_BAG, now()) for one, _ in welcomed))
        wanted += Counter((one.id, BEANS) for one, _ in staying)
        until(lambda: at_rest(project, wanted.total()), lambda: running.log)
        daemons.stop()
        assert Counter(accepted(server, who).values()) == wanted
        for one, _ in leaving:
            assert "refused" in project.ok("explain", one.id, "--mail", BEANS).out
    assert [word for word in ("@", "p1", "salma", "/u/", KEY.lower()) if word in running.log.lower()] == []


def received(server: Server, who: dict[str, Person]) -> list[tuple[Person, str, dict[str, Any]]]:
    """Every mail as the server took it, with the person and the mail that it should be."""
    found = accepted(server, who)
    return [(who[found[line["key"]][0]], found[line["key"]][1], line) for line in server.accepted]


def holds_what_it_should(one: Person, mail: str, body: dict[str, Any]) -> None:
    """Address, language, direction, what the mail is about, and a way out of all but service."""
    text, html = (part["value"] for part in body["content"])
    assert body["personalizations"][0]["to"][0]["email"] == one.address
    assert body["from"]["email"] == "hello@kestrel.example"
    (root,) = re.findall(r"<html\b[^>]*>", html)
    assert re.search(rf'\blang="{one.language}\b', root), root
    assert ('dir="rtl"' in root) == (one.language in RIGHT_TO_LEFT), root
    assert "4 rue du Four" in text
    assert "4 rue du Four" in html
    if one.name:
        assert one.name in text or mail == BEANS
    if mail == SORRY:
        assert [number for number in (1, 2) if one.ticket(number) in text and one.ticket(number) in html]
    headers = body["headers"]
    if mail in SERVICE:
        assert "List-Unsubscribe" not in headers
        return
    assert way_out(body) in html
    assert way_out(body) in text
    assert headers["List-Unsubscribe-Post"] == ONE_CLICK
    assert TOPICS[mail] in headers["List-Id"]


def way_out(body: dict[str, Any]) -> str:
    """The address in List-Unsubscribe."""
    found = re.search(rf"<({re.escape(BASE)}/u/[^>]+)>", body["headers"]["List-Unsubscribe"])
    assert found, body["headers"]
    return found[1]


def way_to_answer(body: dict[str, Any]) -> str:
    """An address by which a reader says what they think."""
    found = re.search(rf"{re.escape(BASE)}/a/[\w.~-]+", body["content"][1]["value"])
    assert found, body["content"]
    return found[0]


def test_a_copy_that_is_started_elsewhere_mails_nobody_and_says_why(project: Project, tmp_path: Path) -> None:
    live_shop.make(project)
    who = [one for one in live_shop.people(40) if one.story == "complains"]
    with server_process(tmp_path / "accepted.log") as server, fleet(project) as daemons:
        configure(project, server)
        running = daemons.grow(1)
        take_in(project, who)
        until(lambda: at_rest(project, len(who)), lambda: running.log)
        for copy in (whole_copy(project, tmp_path / "whole"), store_alone(project, tmp_path / "alone")):
            again = [one.event("complaint.opened", live_shop.JUST, 3, now()) for one in who]
            live_shop.take_events(copy, again)
            with daemon(copy, SENDGRID_KEY=KEY) as other:
                other.until_said("daemon.holds")
                assert "cop" in other.log
                assert "--accept" in other.log
                assert "cop" in copy.ok("status").out
                assert other.stop() == 0
            assert copy.run("run", "--once").code in (1, 4)
            assert len(server.accepted) == len(who)
        live_shop.take_events(project, (one.event("complaint.opened", live_shop.JUST, 4, now()) for one in who))
        until(lambda: at_rest(project, 2 * len(who)), lambda: running.log)
        daemons.stop()
    assert Counter(line["to"] for line in server.accepted) == {one.address: 2 for one in who}


def whole_copy(project: Project, to: Path) -> Project:
    """Everything in the folder, also what the installation remembers."""
    shutil.copytree(project.root, to)
    return Project(to)


def store_alone(project: Project, to: Path) -> Project:
    """A new project with the same files, and the store's own files beside them."""
    to.mkdir()
    Project(to).ok("init")
    for file in (project.root / "config.toml", *project.root.glob("nurture.db*")):
        shutil.copy(file, to)
    return Project(to)
