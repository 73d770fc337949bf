"""Reading the body of an answer over the network: to its end, and never more than so much of it."""

from typing import Protocol


class Stream(Protocol):
    """A body that comes in pieces; `read` gives what is there, and nothing at its end."""

    async def read(self, n: int) -> bytes:
        """At most so many bytes, of what has come."""
        ...


async def whole(body: Stream, most: int) -> bytes:
    """The body to its end, or its first `most` bytes. One read is but the piece that has come so far."""
    got = b""
    while len(got) < most and (more := await body.read(most - len(got))):
        got += more
    return got
