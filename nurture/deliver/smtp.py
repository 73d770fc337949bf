"""A mail server of one's own: SMTP (RFC 5321) by the standard library, in threads.

It promises less than an API. The server that takes a mail is mostly a relay: a refusal by the reader's own server
comes back hours later as a bounce to the sender's mailbox, which nothing here reads; our key travels in no field that
a server reports; and an answer that is lost can be asked of nobody. What holds: nothing has gone before the final dot
of DATA, so until then a mail waits and is tried again; from then on it is in doubt until the server answers.
SMTPUTF8 (RFC 6531) is not used: an address outside ASCII is refused, in words.
"""

import asyncio
import queue
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from nurture.deliver.message import CannotBeSaid, with_dots
from nurture.deliver.smtp_answer import Answer, Phase, read_answer
from nurture.deliver.smtp_line import Line, SafeLine
from nurture.deliver.smtp_run import MOST, Progress, Run, runs
from nurture.deliver.smtp_talk import Envelope, Leaving, Talk, good, socket_of
from nurture.deliver.watched import posting, reading
from nurture.model.mail import Email, Fate, Handover

SHUTTING_DOWN = 421
Told = tuple[Answer, smtplib.SMTP | None]  # and the connection on which the next mail was begun


class Stale(Exception):
    """A kept connection turned out to be closed before anything of a mail was said on it."""


@dataclass(slots=True)
class Smtp:
    """Hands mails to `host`:`port`, on at most `connections` connections that are kept and used again.

    `security`: "starttls" and "tls" check the server's certificate against the system's authorities; "none" is for
    loopback and for one's own network. Without a `user` there is no login. `clock` tells the instant (UTC) of an
    answer. `wait`: seconds for each answer of the server; twice as long for its verdict on a mail.
    """

    host: str
    port: int
    security: str
    user: str
    password: str = field(repr=False)
    clock: Callable[[], datetime] = field(repr=False)
    connections: int = 4
    wait: float = 30.0
    _idle: "queue.SimpleQueue[smtplib.SMTP]" = field(default_factory=queue.SimpleQueue, init=False, repr=False)
    _busy: set[smtplib.SMTP] = field(default_factory=set, init=False, repr=False, compare=False)
    _loses: bool = field(default=False, init=False, repr=False, compare=False)
    _threads: ThreadPoolExecutor | None = field(default=None, init=False, repr=False, compare=False)
    _trust: ssl.SSLContext | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The word in config.toml."""
        return "smtp"

    @property
    def at_once(self) -> int:
        """One run of mails on each connection."""
        return self.connections

    async def close(self) -> None:
        """Say goodbye on every connection. The next mail opens new ones.

        A mail still in hand is one that nobody waits for any more (its post was cancelled, and is in doubt): it is
        cut off, so that the process need not wait for it either.
        """
        threads, self._threads = self._threads, None
        if threads is not None:
            for connection in list(self._busy):
                hang_up(connection)
            await asyncio.to_thread(threads.shutdown, cancel_futures=True)
        await asyncio.to_thread(self._part)

    @property
    def each(self) -> int:
        """So many go one after the other on a connection."""
        return MOST

    @property
    def apart(self) -> bool:
        """Each mail is a transaction of its own."""
        return True

    def keys(self, request: Run) -> tuple[str, ...]:
        """The send keys of a run."""
        return tuple(mail.key for mail in request.mails)

    def build(self, mails: Sequence[Email]) -> Iterator[Run | Handover]:
        """Messages and their envelopes; a mail that cannot be written is refused with the reason."""
        made: list[Envelope] = []
        for mail in mails:
            try:
                made.append(Envelope(mail.key, mail.from_address, mail.to_address, *with_dots(mail)))
            except CannotBeSaid as fault:
                yield Handover(mail.key, Fate.refused, str(fault))
        yield from runs(made, self.connections)

    @posting
    async def post(self, request: Run) -> tuple[Answer, ...]:
        """A run of mails, in a thread: an answer for each that was tried. A cancellation is an answer too."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self.connections, thread_name_prefix="smtp")
        progress = Progress(request.mails, self.clock)
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._post_run, progress)
        except asyncio.CancelledError:
            return progress.cut()
        return tuple(progress.answers)

    @reading
    def read(self, request: Run, answer: tuple[Answer, ...]) -> Iterator[Handover]:
        """What the answers mean; the password is taken out of the server's words."""
        for mail, one in zip(request.mails, answer, strict=False):
            yield read_answer(mail.key, one, self.password)
        for mail in request.mails[len(answer) :]:
            yield Handover(mail.key, Fate.planned, "its turn had not come", blameless=True)

    def again(self, request: Run, answer: tuple[Answer, ...]) -> Iterator[Run]:
        """The mails of a run that were not tried."""
        if left := request.mails[len(answer) :]:
            yield Run(left)

    def _post_run(self, progress: Progress) -> None:
        """One mail after the other, on the connection on which it was begun already, if it was."""
        begun: smtplib.SMTP | None = None
        going_on = True
        while going_on and (mail := progress.begin()) is not None:
            answer, begun = self._post(mail, begun, progress.leave)
            going_on = progress.heard(answer)
        if begun is not None:  # it waits for a message that does not come: without a dot nothing goes
            begun.close()

    def _post(self, mail: Envelope, begun: smtplib.SMTP | None, leaving: Leaving) -> Told:
        """On a kept connection when there is one; on a new one, once, when the kept one was closed."""
        try:
            kept = begun or self._idle.get_nowait()
        except queue.Empty:
            return self._anew(mail, leaving)
        try:
            return self._talk(Talk(kept, self.wait, begun is not None), mail, leaving, kept=True)
        except Stale:
            return self._anew(mail, leaving)

    def _anew(self, mail: Envelope, leaving: Leaving) -> Told:
        phase = Phase.connect
        connection = None
        try:
            connection = self._connect()
            phase = Phase.greet
            connection.ehlo_or_helo_if_needed()
            if self.security == "starttls":
                phase = Phase.secure
                connection.starttls(context=self._trusted())
            if self.user:
                phase = Phase.login
                connection.login(self.user, self.password)
        except Exception as fault:  # noqa: BLE001  (whatever it is, no mail was begun)
            if connection is not None:
                connection.close()
            return self._trouble(phase, fault), None
        return self._talk(Talk(connection, self.wait), mail, leaving, kept=False)

    def _connect(self) -> smtplib.SMTP:
        connection = (
            SafeLine(self.host, self.port, timeout=self.wait, context=self._trusted())
            if self.security == "tls"
            else Line(self.host, self.port, timeout=self.wait)
        )
        socket_of(connection).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the dot goes out by itself
        return connection

    def _trusted(self) -> ssl.SSLContext:
        if self._trust is None:
            self._trust = ssl.create_default_context()
        return self._trust

    def _trouble(self, phase: Phase, fault: Exception) -> Answer:
        """A fault as an answer; with the reply, where the standard library raises one to refuse a greeting or login."""
        if isinstance(fault, smtplib.SMTPResponseException) and phase <= Phase.login:
            text: bytes | str = fault.smtp_error
            if isinstance(text, bytes):  # the server's; in a str the standard library says that it was no reply
                return Answer(self.clock(), phase, fault.smtp_code, text)
        return Answer(self.clock(), phase, fault=str(fault) or type(fault).__name__, kind=type(fault))

    def _talk(self, talk: Talk, mail: Envelope, leaving: Leaving, *, kept: bool) -> Told:
        """One mail on a connection. Stale when a kept connection does not even take MAIL."""
        connection = talk.connection
        self._busy.add(connection)
        try:
            code, text = talk.whole(mail, self._one_by_one(leaving))
        except Exception as fault:
            connection.close()
            if kept and talk.phase is Phase.sender:
                self._loses = self._loses or (talk.begun and isinstance(fault.__context__, TimeoutError))
                raise Stale from fault
            return self._trouble(talk.phase, fault), None
        finally:
            self._busy.discard(connection)
        if kept and talk.phase is Phase.sender and (code == SHUTTING_DOWN or code <= 0):
            connection.close()
            raise Stale
        goes_on = talk.ahead and code != SHUTTING_DOWN and code > 0
        if not goes_on:
            self._keep(connection, talk.phase, code)
        return Answer(self.clock(), talk.phase, code, text), connection if goes_on else None

    def _one_by_one(self, leaving: Leaving) -> Leaving:
        """With a server that lost what came with a dot, though it offers PIPELINING, no mail is begun so again."""
        return (lambda _together: leaving(False)) if self._loses else leaving

    def _keep(self, connection: smtplib.SMTP, phase: Phase, code: int) -> None:
        """Ready for the next mail, or closed; the answer to this one stands already."""
        try:
            if code == SHUTTING_DOWN or code <= 0:
                connection.close()
            elif phase is Phase.dot or good(connection.rset()[0]):
                self._idle.put(connection)
            else:
                connection.close()
        except (OSError, smtplib.SMTPException):
            connection.close()

    def _part(self) -> None:
        """QUIT everywhere; a server that no longer listens is no trouble."""
        while not self._idle.empty():
            connection = self._idle.get_nowait()
            try:
                connection.quit()
            except (OSError, smtplib.SMTPException):
                connection.close()


def hang_up(connection: smtplib.SMTP) -> None:
    """End a connection that another thread waits on; it gets an error at once."""
    with suppress(OSError, ValueError, smtplib.SMTPException):  # it ended by itself meanwhile
        socket_of(connection).shutdown(socket.SHUT_RDWR)
