"""Mails that go in a row on a connection to a mail server, and commands that travel together."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nurture.deliver.smtp import Smtp
from nurture.model.mail import Fate, Handover
from tests.sockets import listening

from .test_message import MAIL
from .test_smtp_cuts import CLOSE, GOOD, NOW, SILENCE, Script, handed


class Together(Script):
    """The same, and it offers PIPELINING."""

    def __init__(self, says: dict[str, str] | None = None) -> None:
        super().__init__({"EHLO": "250-mail.example\r\n250 PIPELINING", **(says or {})})


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


def run_of(port: int, count: int, clock: Callable[[], datetime] = lambda: NOW) -> tuple[list[Handover], list[Handover]]:
    """So many mails in one run: what became of each, and of those that went on in another."""

    async def whole() -> tuple[list[Handover], list[Handover]]:
        provider = Smtp("127.0.0.1", port, "none", "", "", clock, connections=1)
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
