"""Mails that go in a row on a connection to a mail server, and commands that travel together."""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from io import BufferedReader

import pytest

from nurture.deliver.smtp import Smtp
from nurture.model.mail import Fate, Handover
from tests.sockets import listening

from .test_message import MAIL
from .test_smtp_cuts import CLOSE, GOOD, NOW, RESET, SILENCE, Script, handed


class Together(Script):
    """The same, and it offers PIPELINING. `turns` are answers to a verb by how often it was said."""

    def __init__(self, says: dict[str, str] | None = None, turns: dict[tuple[str, int], str] | None = None) -> None:
        super().__init__({"EHLO": "250-mail.example\r\n250 PIPELINING", **(says or {})})
        self.turns, self.said = turns or {}, Counter[str]()

    def say(self, connection: socket.socket, verb: str) -> bool:
        self.said[verb] += 1
        if turn := self.turns.get((verb, self.said[verb])):
            self.once[verb] = turn
        return super().say(connection, verb)


class Reading(Together):
    """It judges its second mail, and those after it but the last, only when it has read what comes with their dot.

    `loses`: as a broken server it forgets what came with the dot.
    """

    def __init__(self, mails: int, loses: bool = False) -> None:
        super().__init__()
        self.first, self.last, self.loses = 2, mails - 1, loses

    def take(self, connection: socket.socket, file: BufferedReader) -> bool:
        self.mails.append(b"".join(iter(file.readline, b".\r\n")))
        came = [file.readline() for _ in range(3)] if self.first <= len(self.mails) <= self.last else []
        if not self.say(connection, "dot") or not came:
            return True
        if self.loses:
            self.last = 0
            return True
        return all(self.say(connection, line[:4].decode()) for line in came) and self.take(connection, file)


@pytest.mark.parametrize(
    ("says", "fate", "mails"),
    [
        ({}, Fate.accepted, 1),
        ({"MAIL": "451 later", "RCPT": "503 MAIL first", "DATA": "503 MAIL first"}, Fate.planned, 0),
        ({"RCPT": "550 5.1.1 nobody", "DATA": "503 nobody to send to"}, Fate.refused, 0),
        ({"RCPT": "550 5.1.1 nobody", "dot": "554 no valid recipients"}, Fate.refused, 1),  # 354 all the same
        ({"DATA": "452 full"}, Fate.planned, 0),
        ({"DATA": CLOSE}, Fate.planned, 0),
        ({"MAIL": CLOSE}, Fate.planned, 0),
        ({"RCPT": "550 5.1.1 nobody", "DATA": CLOSE}, Fate.refused, 0),
        ({"dot": CLOSE}, Fate.in_doubt, 1),
        ({"dot": "554 no"}, Fate.refused, 1),
    ],
)
def test_commands_that_travel_together_mean_what_they_mean_apart(says: dict[str, str], fate: Fate, mails: int) -> None:
    server = Together(says)
    with listening(server) as port:
        (handover,) = handed(port, MAIL)
    assert (handover.fate, len(server.mails)) == (fate, mails)
    assert (server.mails == [b""]) is ("nobody" in says.get("RCPT", "") and mails == 1)


def run_of(
    port: int, count: int, clock: Callable[[], datetime] = lambda: NOW, wait: float = 10.0
) -> tuple[list[Handover], list[Handover]]:
    """So many mails in one run: what became of each, and of those that went on in another."""

    async def whole() -> tuple[list[Handover], list[Handover]]:
        provider = Smtp("127.0.0.1", port, "none", "", "", clock, connections=1, wait=wait)
        (run,) = provider.build([replace(MAIL, key=f"key{number}") for number in range(count)])
        answer = await provider.post(run)
        found, more = list(provider.read(run, answer)), []
        for rest in provider.again(run, answer):
            more = list(provider.read(rest, await provider.post(rest)))
        await provider.close()
        return found, more

    return asyncio.run(whole())


def test_the_mails_of_a_run_go_on_one_connection_and_each_has_its_own_fate() -> None:
    server = Together()
    server.once = {"RCPT": "550 5.1.1 nobody", "dot": "554 no"}
    with listening(server) as port:
        found, more = run_of(port, 4)
    assert [one.fate for one in found] == [Fate.refused, Fate.accepted, Fate.accepted, Fate.accepted]
    assert (server.connections, more) == (1, [])


def test_a_run_ends_when_its_time_is_over_and_goes_on_in_another() -> None:
    server = Together()
    later = iter(NOW + timedelta(seconds=number / 10) for number in range(10_000))
    with listening(server) as port:
        found, more = run_of(port, 6, lambda: next(later))
    went = [one for one in found if one.fate is Fate.accepted]
    assert 0 < len(went) < 6
    assert all(one.blameless for one in found[len(went) :])
    assert len(more) == 6 - len(went)
    assert more[0].fate is Fate.accepted


def test_no_mail_of_a_run_goes_where_nobody_answers_or_the_sender_is_refused() -> None:
    with listening(Script({"connect": CLOSE})) as port:
        found, more = run_of(port, 3)
    assert [(one.fate, one.blameless) for one in found] == [(Fate.planned, False)] * 3
    assert more == []
    server = Together({"MAIL": "550 5.7.1 not this sender"})
    with listening(server) as port:
        found, _ = run_of(port, 3)
    assert [(one.halts, one.blameless) for one in found] == [(True, False), (False, True), (False, True)]


def test_a_run_that_is_cut_leaves_one_mail_in_doubt_and_the_others_where_they_were() -> None:
    server = Together({"dot": SILENCE})
    server.once = {"dot": GOOD["dot"]}

    async def cancelled() -> list[Fate]:
        provider = Smtp("127.0.0.1", port, "none", "", "", lambda: NOW, 1, 300.0)
        (run,) = provider.build([replace(MAIL, key=f"key{number}") for number in range(4)])
        task = asyncio.ensure_future(provider.post(run))
        async with asyncio.timeout(10):
            while len(server.mails) < 2:
                await asyncio.sleep(0.001)
            task.cancel()
            found = [one.fate for one in provider.read(run, await task)]
            await provider.close()
        return found

    with listening(server) as port:
        assert asyncio.run(cancelled()) == [Fate.accepted, Fate.in_doubt, Fate.planned, Fate.planned]


def test_a_mail_is_begun_with_the_dot_of_the_one_before_it() -> None:
    server = Reading(5)
    with listening(server) as port:
        found, more = run_of(port, 5)
    assert [one.fate for one in found] == [Fate.accepted] * 5
    assert (more, len(server.mails), server.connections) == ([], 5, 1)


def test_a_server_that_loses_what_comes_with_a_dot_is_asked_anew_and_no_mail_begun_so_any_more() -> None:
    server = Reading(6, loses=True)
    with listening(server) as port:
        found, more = run_of(port, 6, wait=0.2)
    assert [one.fate for one in found] == [Fate.accepted] * 6
    assert (more, len(server.mails), server.connections) == ([], 6, 2)


@pytest.mark.parametrize("answer", ["421 so many and no more", CLOSE, RESET])
@pytest.mark.parametrize("verb", ["MAIL", "dot"])
def test_a_connection_that_ends_where_a_mail_was_begun_already(verb: str, answer: str) -> None:
    server = Together(turns={(verb, 3): answer})
    with listening(server) as port:
        found, more = run_of(port, 5)
    third = Fate.accepted if verb == "MAIL" else Fate.planned if answer.startswith("421") else Fate.in_doubt
    assert [one.fate for one in found] == [Fate.accepted, Fate.accepted, third, Fate.accepted, Fate.accepted]
    assert (more, len(server.mails), server.connections) == ([], 5, 2)


@pytest.mark.parametrize(("verb", "answer"), [("RCPT", "550 5.1.1 nobody"), ("dot", "554 no"), ("MAIL", "451 later")])
def test_a_mail_that_is_refused_where_it_was_begun_already_leaves_the_others_alone(verb: str, answer: str) -> None:
    server = Together(turns={(verb, 3): answer})
    with listening(server) as port:
        found, more = run_of(port, 5)
    third = Fate.planned if verb == "MAIL" else Fate.refused
    assert [one.fate for one in found] == [Fate.accepted, Fate.accepted, third, Fate.accepted, Fate.accepted]
    assert (more, server.connections) == ([], 1)


def test_a_mail_begun_with_the_dot_of_one_that_halts_all_does_not_go() -> None:
    server = Together(turns={("dot", 3): "530 5.7.0 log in first"})
    with listening(server) as port:
        found, _ = run_of(port, 5)
    assert [(one.halts, one.blameless) for one in found[2:]] == [(True, False), (False, True), (False, True)]
    assert [sum(f"--=_key{number}_=--".encode() in mail for mail in server.mails) for number in range(5)] == [1] * 5


@pytest.mark.parametrize("mails", [1, 4])
def test_a_mail_whose_dot_had_not_gone_when_it_was_cut_has_certainly_not_gone(mails: int) -> None:
    server = Together(turns={("DATA", mails): SILENCE})

    async def cancelled() -> list[Fate]:
        provider = Smtp("127.0.0.1", port, "none", "", "", lambda: NOW, 1, 300.0)
        (run,) = provider.build([replace(MAIL, key=f"key{number}") for number in range(mails)])
        task = asyncio.ensure_future(provider.post(run))
        async with asyncio.timeout(10):
            while server.said["DATA"] < mails:
                await asyncio.sleep(0.001)
            task.cancel()
            found = [one.fate for one in provider.read(run, await task)]
            await provider.close()
        return found

    with listening(server) as port:
        assert asyncio.run(cancelled()) == [*[Fate.accepted] * (mails - 1), Fate.planned]
    assert len(server.mails) == mails - 1
