"""One mail on an open connection to a mail server, and how far it got: MAIL, RCPT, DATA, the message, the dot.

Where the server offers PIPELINING (RFC 2920) the first three travel together, and those of the next mail with the dot
of the one before it. Its replies come in their order, so each still belongs to its command, and a message follows only
when all three were taken.
"""

import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import field

from nurture.deliver.smtp_answer import Phase
from nurture.model.values import dataclass

DOT = b".\r\n"
GOES_ON = 354
VERDICT = 2  # so many times longer than `wait`: servers look through a mail before they answer the dot
_MORE = getattr(socket, "MSG_MORE", 0)  # on Linux: what follows at once travels in the same packet


@dataclass(frozen=True, slots=True)
class Envelope:
    """One mail on its way: the send key, from whom, to whom, and the message.

    `dots` says whether a line of it may begin with a dot: to look for one takes as long as to send it.
    """

    key: str
    sender: str
    reader: str
    data: bytes = field(repr=False)
    dots: bool = True


Leaving = Callable[[bool], Envelope | None]  # asked as the dot goes out: the mail to begin with it, where one may be


@dataclass(slots=True)
class Talk:
    """A mail and the connection it goes on; `phase` is how far it got, also when a fault ends it. `wait`: seconds.

    `begun`: its commands went with the dot of the mail before it. `ahead`: those of the next went with its own.
    """

    connection: smtplib.SMTP
    wait: float
    begun: bool = False
    phase: Phase = Phase.sender
    ahead: bool = False

    def whole(self, mail: Envelope, leaving: Leaving) -> tuple[int, bytes]:
        """The last reply that says anything of the mail. Raises what the connection raises, and what `leaving` does."""
        together = self.connection.has_extn("pipelining")
        code, text = (self._together if together else self._in_turn)(mail)
        if self.phase is Phase.data and code == GOES_ON:
            self.phase = Phase.body
            self._send_body(mail)
            after = leaving(together)
            self.phase, self.ahead = Phase.dot, after is not None
            return self._verdict(DOT if after is None else DOT + commands(after))
        return code, text

    def _send_body(self, mail: Envelope) -> None:
        """The message; the dot follows at once."""
        line = socket_of(self.connection)
        try:
            line.sendall(
                stuffed(mail.data) if mail.dots else mail.data, 0 if isinstance(line, ssl.SSLSocket) else _MORE
            )
        except OSError as fault:
            self.connection.close()
            raise smtplib.SMTPServerDisconnected(str(fault)) from fault

    def _in_turn(self, mail: Envelope) -> tuple[int, bytes]:
        code, text = self.connection.docmd(f"MAIL FROM:<{mail.sender}>")
        if good(code):
            self.phase = Phase.reader
            code, text = self.connection.docmd(f"RCPT TO:<{mail.reader}>")
        if good(code) and self.phase is Phase.reader:
            self.phase = Phase.data
            code, text = self.connection.docmd("DATA")
        return code, text

    def _together(self, mail: Envelope) -> tuple[int, bytes]:
        """The first reply that refuses, or that of DATA; the replies after it are read, and mean nothing."""
        if not self.begun:
            self.connection.send(commands(mail))
        code, text = self.connection.getreply()
        if not good(code):
            self._passed_over(2)
            return code, text
        self.phase = Phase.reader
        code, text = self.connection.getreply()
        if not good(code):
            self._passed_over(1)
            return code, text
        self.phase = Phase.data
        return self.connection.getreply()

    def _passed_over(self, replies: int) -> None:
        """What a server says to commands that a refusal before them made void; a message that it waits for is empty.

        It has no reader, so nothing comes of it (RFC 2920 3.1). A connection that ends here is not used again.
        """
        try:
            said = [self.connection.getreply()[0] for _ in range(replies)]
            if said[-1] == GOES_ON:
                self.connection.send(DOT)
                self.connection.getreply()
        except (OSError, smtplib.SMTPException):
            self.connection.close()

    def _verdict(self, dot: bytes) -> tuple[int, bytes]:
        """The dot, and what the server makes of the mail."""
        line = socket_of(self.connection)
        line.settimeout(self.wait * VERDICT)
        self.connection.send(dot)
        answered = self.connection.getreply()
        line.settimeout(self.wait)
        return answered


def commands(mail: Envelope) -> bytes:
    """From whom, to whom, and that the message comes."""
    return f"MAIL FROM:<{mail.sender}>\r\nRCPT TO:<{mail.reader}>\r\nDATA\r\n".encode("ascii")


def good(code: int) -> bool:
    """Whether the server goes along."""
    return 200 <= code < 300


def stuffed(data: bytes) -> bytes:
    """A line that begins with a dot gets another (RFC 5321 4.5.2), so that only the last one ends the mail."""
    begun = b"." + data if data.startswith(b".") else data
    return begun.replace(b"\n.", b"\n..")


def socket_of(connection: smtplib.SMTP) -> socket.socket:
    """The connection's socket; SMTPServerDisconnected when there is none any more."""
    if connection.sock is None:
        raise smtplib.SMTPServerDisconnected("the connection is closed")
    return connection.sock
