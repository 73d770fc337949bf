"""A mail server that takes everything and keeps nothing, in a process of its own: `python -m benchmarks.smtp_sink`.

It prints its port; `VRFY mails` is answered with how many it took.
"""

import asyncio
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.frame import ROOT

END = b"\r\n.\r\n"
LONGEST = 64 * 1024 * 1024


@dataclass(slots=True)
class Sink:
    """What it has taken."""

    mails: int = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection (RFC 5321, with PIPELINING and 8BITMIME)."""
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            word = line[:4].upper()
            writer.write(self.answer(word))
            if word == b"DATA":
                await reader.readuntil(END)
                self.mails += 1
                writer.write(b"250 taken\r\n")
            elif word == b"QUIT":
                break
            await writer.drain()
        writer.close()

    def answer(self, word: bytes) -> bytes:
        """To one command."""
        if word == b"EHLO":
            return b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 67108864\r\n"
        if word == b"VRFY":
            return b"250 %d\r\n" % self.mails
        return {b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}.get(word, b"250 ok\r\n")


async def serve() -> None:
    """Until somebody ends it."""
    server = await asyncio.start_server(Sink().talk, "127.0.0.1", 0, limit=LONGEST)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@dataclass(frozen=True, slots=True)
class Port:
    """Where a sink listens."""

    number: int
    process: "subprocess.Popen[str]"

    def accepted(self) -> int:
        """How many mails it has taken."""
        with smtplib.SMTP("127.0.0.1", self.number, timeout=30) as asked:
            return int(asked.verify("mails")[1])


@contextmanager
def sink() -> Iterator[Port]:
    """A sink for as long as the block lasts."""
    words = [sys.executable, "-m", "benchmarks.smtp_sink"]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Port(int(process.stdout.readline()), process)
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    asyncio.run(serve())
