"""Where talking to a mail server can be cut or refused: nothing has gone before the final dot, and after it only an
answer says."""

import asyncio
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from nurture.deliver.smtp import Smtp
from nurture.model.happening import Bounce
from nurture.model.mail import Email, Fate, Handover
from tests.sockets import listening, reset

from .test_message import MAIL

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
GOOD = {
    "connect": "220 mail.example ESMTP",
    "EHLO": "250 mail.example",
    "MAIL": "250 sender ok",
    "RCPT": "250 reader ok",
    "DATA": "354 go on",
    "dot": "250 2.0.0 queued as 4711",
    "RSET": "250 ok",
    "QUIT": "221 bye",
}
LOGIN = {"user": "shop", "password": "hidden-word"}
CLOSE, RESET, SILENCE, HALF, NOISE, ENDLESS = CUTS = "close", "reset", "silence", "half", "noise", "endless"


class Script:
    """A mail server that answers as written; `says` replaces the answer to a verb, `once` only its first."""

    def __init__(self, says: dict[str, str] | None = None, once: dict[str, str] | None = None) -> None:
        self.says, self.once = {**GOOD, **(says or {})}, dict(once or {})
        self.verbs: list[str] = []
        self.mails: list[bytes] = []
        self.connections = 0
        self.ended = threading.Event()

    def __call__(self, connection: socket.socket) -> None:
        self.connections += 1
        file = connection.makefile("rb")
        try:
            going_on = self.say(connection, "connect")
            while going_on:
                line = file.readline()
                verb = line[:4].decode().strip().upper()
                if not verb:
                    return
                self.verbs.append(verb)
                going_on = self.say(connection, verb)
                if verb == "DATA" and going_on and self.says["DATA"].startswith("354"):
                    going_on = self.take(connection, file)
        finally:
            file.close()
            self.ended.set()

    def take(self, connection: socket.socket, file: object) -> bool:
        """The message up to the dot."""
        lines = []
        while (line := file.readline()) not in (b".\r\n", b""):
            lines.append(line)
            if "body" in self.says:
                return self.say(connection, "body")
        if line:
            self.mails.append(b"".join(lines))
        return bool(line) and self.say(connection, "dot")

    def say(self, connection: socket.socket, verb: str) -> bool:
        """One answer; whether the connection goes on."""
        answer = self.once.pop(verb, "") or self.says.get(verb, "502 what?")
        if answer == SILENCE:
            connection.recv(65536)
            connection.recv(65536)
        if answer == RESET:
            reset(connection)
        if answer in (CLOSE, RESET, SILENCE):
            return False
        while answer == ENDLESS:  # until nobody listens any more
            connection.sendall(b"250-and one thing more\r\n" * 50)
        if answer == HALF:
            connection.sendall(b"25")
            return False
        connection.sendall(b"\x00" * 9000 + b"\r\n" if answer == NOISE else f"{answer}\r\n".encode())
        return not answer.startswith("421")


def handed(port: int, *mails: Email, between: Callable[[], None] = lambda: None, **options: object) -> list[Handover]:
    """The mails one after the other through one provider with one connection."""

    async def all_of_them() -> list[Handover]:
        settings = {"security": "none", "user": "", "password": "", "wait": 0.3, **options}
        provider = Smtp("127.0.0.1", port, clock=lambda: NOW, connections=1, **settings)
        found = []
        for mail in mails:
            (request,) = provider.build([mail])
            found += provider.read(request, await provider.post(request))
            await asyncio.to_thread(between)
        await provider.close()
        return found

    return asyncio.run(all_of_them())


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("verb", ["connect", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_cut_before_the_dot_is_certainly_not_gone(verb: str, cut: str) -> None:
    server = Script({verb: cut})
    with listening(server) as port:
        (handover,) = handed(port, MAIL)
    assert (handover.key, handover.fate, handover.halts) == (MAIL.key, Fate.planned, False)
    assert server.mails == []


@pytest.mark.parametrize("cut", [CLOSE, RESET, SILENCE])
def test_a_cut_amid_a_message_too_large_to_be_on_its_way_whole_is_certainly_not_gone(cut: str) -> None:
    mail = replace(MAIL, text="long\n" * 4_000_000)
    with listening(Script({"body": cut})) as port:
        (handover,) = handed(port, mail)
    assert (handover.fate, handover.halts) == (Fate.planned, False)


@pytest.mark.parametrize("cut", [CLOSE, RESET])
def test_a_cut_amid_a_message_that_has_left_us_whole_is_in_doubt(cut: str) -> None:
    with listening(Script({"body": cut})) as port:
        (handover,) = handed(port, MAIL)
    assert handover.fate is Fate.in_doubt


@pytest.mark.parametrize(
    "cut", [CLOSE, RESET, SILENCE, HALF, NOISE, ENDLESS, "25", "354 what", "999 what", "199 what", "abc"]
)
def test_a_cut_after_the_dot_is_in_doubt_and_not_tried_again(cut: str) -> None:
    server = Script({"dot": cut})
    with listening(server) as port:
        (handover,) = handed(port, MAIL)
    assert (handover.key, handover.fate, handover.halts) == (MAIL.key, Fate.in_doubt, False)
    assert (len(server.mails), server.connections) == (1, 1)


@pytest.mark.parametrize(
    ("verb", "answer", "fate", "halts"),
    [
        ("connect", "421 too busy", Fate.planned, False),
        ("connect", "554 no", Fate.planned, False),
        ("MAIL", "421 closing", Fate.planned, False),
        ("MAIL", "451 4.7.1 later", Fate.planned, False),
        ("MAIL", "552 5.3.4 message too big", Fate.refused, False),
        ("MAIL", "550 5.7.1 sender not allowed", Fate.planned, True),
        ("MAIL", "530 5.7.0 authentication required", Fate.planned, True),
        ("RCPT", "450 4.2.0 greylisted", Fate.planned, False),
        ("RCPT", "452 4.2.2 mailbox full", Fate.planned, False),
        ("RCPT", "550 5.1.1 no such user", Fate.refused, False),
        ("RCPT", "553 5.1.3 bad address", Fate.refused, False),
        ("RCPT", "554 5.7.1 Relay access denied", Fate.planned, True),
        ("RCPT", "554 5.7.1 <unknown[127.0.0.1]>: Client host rejected: Access denied", Fate.planned, True),
        ("RCPT", "550 5.1.8 Sender address rejected: Domain not found", Fate.planned, True),
        ("RCPT", "530 5.7.0 authentication required", Fate.planned, True),
        ("DATA", "451 later", Fate.planned, False),
        ("DATA", "554 no valid recipients", Fate.refused, False),
        ("dot", "250 queued", Fate.accepted, False),
        ("dot", "251 will do", Fate.accepted, False),
        ("dot", "421 closing", Fate.planned, False),
        ("dot", "451 4.3.0 try again", Fate.planned, False),
        ("dot", "552 5.3.4 too big", Fate.refused, False),
        ("dot", "554 5.7.1 looks like spam", Fate.refused, False),
        ("dot", "550-5.7.26 not authenticated\r\n550 5.7.26 SPF", Fate.planned, True),
        ("dot", "550 5.7.515 Access denied", Fate.planned, True),
        ("dot", "550 5.7.28 unusual rate of unsolicited mail", Fate.planned, False),
    ],
)
def test_each_answer(verb: str, answer: str, fate: Fate, halts: bool) -> None:
    with listening(Script({verb: answer})) as port:
        (handover,) = handed(port, MAIL)
    assert (handover.key, handover.fate, handover.halts) == (MAIL.key, fate, halts)


@pytest.mark.parametrize(
    ("verb", "answer", "bounce"),
    [
        ("RCPT", "550 5.1.1 no such user", Bounce.hard),
        ("dot", "550 5.1.1 no such user", Bounce.hard),
        ("RCPT", "550 no such user", None),
        ("RCPT", "452 4.2.2 mailbox full", None),
        ("MAIL", "553 5.1.3 bad address", None),
        ("dot", "554 5.7.1 looks like spam", Bounce.refused_us),
        ("dot", "550 5.7.28 unusual rate of unsolicited mail", Bounce.refused_us),
        ("dot", "250 queued", None),
    ],
)
def test_an_address_is_gone_only_by_a_code_that_says_so(verb: str, answer: str, bounce: Bounce | None) -> None:
    with listening(Script({verb: answer})) as port:
        (handover,) = handed(port, MAIL)
    assert handover.bounce is bounce


def test_words_are_kept_without_addresses_and_within_bounds() -> None:
    answer = f"550 5.1.1 <{MAIL.to_address}>: Recipient address rejected {'x' * 400}"
    with listening(Script({"RCPT": answer})) as port:
        (handover,) = handed(port, MAIL)
    assert handover.detail.startswith("the mail server refuses this mail: 550 5.1.1 <(address)>: Recipient")
    assert MAIL.to_address not in handover.detail
    assert len(handover.detail) < 400


def test_nobody_at_the_door_is_certainly_not_gone() -> None:
    with listening(Script()) as port:
        pass
    (handover,) = handed(port, MAIL)
    assert handover.fate is Fate.planned


def test_one_connection_serves_many_mails() -> None:
    server = Script()
    with listening(server) as port:
        fates = [one.fate for one in handed(port, MAIL, MAIL, MAIL)]
    assert fates == [Fate.accepted] * 3
    assert (server.connections, len(server.mails), server.verbs.count("QUIT")) == (1, 3, 1)


def test_a_refused_mail_leaves_the_connection_ready_for_the_next() -> None:
    server = Script(once={"RCPT": "550 5.1.1 no such user"})
    with listening(server) as port:
        fates = [one.fate for one in handed(port, MAIL, MAIL)]
    assert fates == [Fate.refused, Fate.accepted]
    assert server.connections == 1
    assert server.verbs[1:4] == ["MAIL", "RCPT", "RSET"]


class Leaving(Script):
    """Ends each connection after one mail."""

    def take(self, connection: socket.socket, file: object) -> bool:
        super().take(connection, file)
        return False


def test_a_kept_connection_that_was_closed_meanwhile_is_opened_anew_once() -> None:
    server = Leaving()
    with listening(server) as port:
        fates = [one.fate for one in handed(port, MAIL, MAIL, between=lambda: server.ended.wait(10))]
    assert fates == [Fate.accepted, Fate.accepted]
    assert (server.connections, len(server.mails)) == (2, 2)


@pytest.mark.parametrize("answer", ["421 idle too long", CLOSE, RESET])
def test_a_kept_connection_that_ends_at_the_next_mail_is_opened_anew_once(answer: str) -> None:
    server = Script()

    def turn() -> None:
        server.once["MAIL"] = answer

    with listening(server) as port:
        fates = [one.fate for one in handed(port, MAIL, MAIL, between=turn)]
    assert fates == [Fate.accepted, Fate.accepted]
    assert (server.connections, len(server.mails)) == (2, 2)


def test_a_server_that_always_ends_the_connection_is_asked_twice_and_no_more() -> None:
    server = Script()

    def turn() -> None:
        server.says["MAIL"] = "421 not now"

    with listening(server) as port:
        first, second = handed(port, MAIL, MAIL, between=turn)
    assert (first.fate, second.fate) == (Fate.accepted, Fate.planned)
    assert server.connections == 2


@pytest.mark.parametrize("cut", [CLOSE, SILENCE])
def test_a_kept_connection_that_dies_after_the_dot_is_in_doubt(cut: str) -> None:
    server = Script()

    def turn() -> None:
        server.says["dot"] = cut

    with listening(server) as port:
        first, second = handed(port, MAIL, MAIL, between=turn)
    assert (first.fate, second.fate) == (Fate.accepted, Fate.in_doubt)
    assert (server.connections, len(server.mails)) == (1, 2)


def test_quit_that_fails_changes_nothing() -> None:
    with listening(Script({"QUIT": CLOSE})) as port:
        (handover,) = handed(port, MAIL)
    assert (handover.fate, handover.detail) == (Fate.accepted, "250 2.0.0 queued as 4711")


def test_lines_that_begin_with_a_dot_arrive_as_they_were() -> None:
    server = Script()
    text = ".\r\n..\r\n.first\r\n"
    mail = replace(MAIL, text=text, html="<p>.</p>")
    with listening(server) as port:
        (request,) = Smtp("127.0.0.1", port, "none", "", "", lambda: NOW).build([mail])
        handed(port, mail)
    assert server.mails[0].replace(b"\r\n..", b"\r\n.") == request.mails[0].data


def test_a_server_without_starttls_halts_and_is_sent_nothing() -> None:
    server = Script()
    with listening(server) as port:
        (handover,) = handed(port, MAIL, security="starttls")
    assert (handover.fate, handover.halts) == (Fate.planned, True)
    assert "smtp.security" in handover.detail
    assert "MAIL" not in server.verbs


def test_a_server_without_login_halts_where_one_is_wanted() -> None:
    with listening(Script()) as port:
        (handover,) = handed(port, MAIL, **LOGIN)
    assert (handover.fate, handover.halts) == (Fate.planned, True)
    assert "smtp.user" in handover.detail


@pytest.mark.parametrize(
    ("answer", "halts"),
    [("535 5.7.8 hidden-word is wrong", True), ("534 too weak", True), ("454 4.7.0 later", False), (CLOSE, False)],
)
def test_a_login_that_fails(answer: str, halts: bool) -> None:
    with listening(Script({"EHLO": "250-mail.example\r\n250 AUTH PLAIN", "AUTH": answer})) as port:
        (handover,) = handed(port, MAIL, **LOGIN)
    assert (handover.fate, handover.halts) == (Fate.planned, halts)
    assert "hidden-word" not in handover.detail


def test_a_password_outside_ascii_halts_in_words() -> None:
    with listening(Script({"EHLO": "250-mail.example\r\n250 AUTH PLAIN"})) as port:
        (handover,) = handed(port, MAIL, **{**LOGIN, "password": "пароль"})
    assert handover.fate is Fate.planned
    assert "пароль" not in handover.detail


def test_closing_does_not_wait_for_a_mail_that_nobody_waits_for() -> None:
    server = Script({"dot": SILENCE})

    async def cancelled() -> Fate:
        provider = Smtp("127.0.0.1", port, "none", "", "", lambda: NOW, 1, 300.0)
        (request,) = provider.build([MAIL])
        task = asyncio.ensure_future(provider.post(request))
        async with asyncio.timeout(10):
            while not server.mails:
                await asyncio.sleep(0.001)
            task.cancel()
            (handover,) = provider.read(request, await task)
            await provider.close()
        return handover.fate

    with listening(server) as port:
        assert asyncio.run(cancelled()) is Fate.in_doubt


def test_the_password_stands_in_nothing_that_is_printed() -> None:
    assert "hidden-word" not in repr(Smtp("mail.example", 587, "starttls", "shop", "hidden-word", lambda: NOW))
