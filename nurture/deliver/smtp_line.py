"""A connection to a mail server by the standard library, but for what a server can say without end.

smtplib bounds the length of a line and not how many make a reply: a server that goes on for ever would have our
thread, and our memory.
"""

import smtplib
from typing import BinaryIO

MOST_LINES = 100  # of one reply; a long greeting to EHLO has twenty


class _Few:
    """A file of replies of which so many lines are read; an OSError then, which smtplib takes for the end."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.left = file, MOST_LINES

    def readline(self, most: int = -1) -> bytes:
        """The next line."""
        self.left -= 1
        if self.left < 0:
            raise OSError(f"a reply of more than {MOST_LINES} lines")
        return self.file.readline(most)

    def close(self) -> None:
        """As of any file."""
        self.file.close()


class Line(smtplib.SMTP):
    """Without TLS, or before STARTTLS."""

    file: _Few | None = None

    def getreply(self) -> tuple[int, bytes]:
        """A reply of bounded length; SMTPServerDisconnected where it goes on."""
        if self.file is None and self.sock is not None:
            self.file = _Few(self.sock.makefile("rb"))
        if self.file is not None:
            self.file.left = MOST_LINES
        return super().getreply()


class SafeLine(Line, smtplib.SMTP_SSL):
    """With TLS from the first byte."""
