"""SendGrid, v3 Mail Send: many mails a request, posted with aiohttp.

Nothing of SendGrid's own client is used: it connects anew for every request, has no time-out and logs the key.
SendGrid knows no idempotency key, so a request whose answer is lost may or may not have been taken: that is *in
doubt*, and never posted again from here. The requests are made in `sendgrid_bundle` and `sendgrid_body`, the answers
read in `sendgrid_answer`.
"""

import asyncio
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.metadata import version
from io import BytesIO
from typing import TYPE_CHECKING

from yarl import URL  # aiohttp's own form of an address: made once, not for every request

from nurture.deliver.sendgrid_answer import Answer, Reached, read_answers
from nurture.deliver.sendgrid_bundle import MOST_MAILS, Post, requests, without
from nurture.deliver.watched import posting, reading
from nurture.model.mail import Email, Handover

if TYPE_CHECKING:
    import aiohttp

__all__ = ["Post", "SendGrid"]

PATH = "/v3/mail/send"
ACCEPTED = 202
IN_ONE_PIECE = 1024 * 1024  # bytes; more would hold up the event loop, of which aiohttp warns
MOST_READ = 64 * 1024  # bytes of an answer that are looked at
IDLE = 15.0  # seconds a connection is kept unused: less than servers keep it, so that few die under a request
READING = 10.0  # seconds for the words of an answer whose status is known


@dataclass(slots=True)
class SendGrid:
    """Posts to `url`/v3/mail/send with `key`. `clock` tells the instant (UTC) at which an answer came.

    `connections`: how many are open at most. `connect_within` and `answer_within`: seconds, for the connection and
    for each wait on the server after it. `each_request`: how many mails travel in one at the most: after a cut all of
    it are in doubt. A proxy of the environment is not used, a redirect not followed: both would
    carry the key elsewhere.
    """

    url: str
    key: str = field(repr=False)
    clock: Callable[[], datetime] = field(repr=False)
    connections: int = 100
    connect_within: float = 5.0
    answer_within: float = 30.0
    each_request: int = 100
    _address: URL = field(default=URL(), init=False, repr=False, compare=False)
    _session: "aiohttp.ClientSession | None" = field(default=None, init=False, repr=False, compare=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The word in config.toml."""
        return "sendgrid"

    @property
    def at_once(self) -> int:
        """As many as there are connections: rate × latency, 1,000 mails/s at 100 ms."""
        return self.connections

    @property
    def each(self) -> int:
        """What was set, within what SendGrid takes."""
        return max(1, min(self.each_request, MOST_MAILS))

    @property
    def apart(self) -> bool:
        """A request is taken whole or not at all."""
        return False

    async def close(self) -> None:
        """Let the connections go. Call it in the event loop that posted, before that loop ends."""
        session, loop = self._session, self._loop
        self._session = self._loop = None
        if session is not None and loop is asyncio.get_running_loop():
            await session.close()

    def build(self, mails: Sequence[Email]) -> Iterator[Post | Handover]:
        """Requests of mails that share all but their readers' own; what SendGrid would not take is refused."""
        return requests(mails, self.each)

    def keys(self, request: Post) -> tuple[str, ...]:
        """The send keys, in the order of the personalizations."""
        return request.keys

    @posting
    async def post(self, request: Post) -> Answer:
        """One POST, at most once. Every way it can end is an answer, a cancellation too."""
        import aiohttp

        try:
            session = self._open()
        except Exception as fault:  # noqa: BLE001  (an address that is none; nothing was posted)
            return Answer(self.clock(), Reached.never, fault=words_of(fault))
        try:
            return await self._post(session, request)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as fault:  # no connection came about
            return Answer(self.clock(), Reached.never, fault=words_of(fault))
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as fault:  # none was tried
            return Answer(self.clock(), Reached.never, fault=f"{words_of(fault)} is no address of a web server")
        except asyncio.CancelledError:
            return Answer(self.clock(), Reached.perhaps, fault="nurture stopped waiting for the answer")
        except Exception as fault:  # noqa: BLE001  (whatever happened, the bytes may have left)
            return Answer(self.clock(), Reached.perhaps, fault=words_of(fault))

    async def _post(self, session: "aiohttp.ClientSession", request: Post) -> Answer:
        body = request.body if len(request.body) <= IN_ONE_PIECE else BytesIO(request.body)
        response = await session.post(self._address, data=body, allow_redirects=False)
        try:
            said = response.headers.get
            answer = Answer(
                self.clock(),
                Reached.answered,
                response.status,
                message_id=said("X-Message-Id", ""),
                reset=said("X-RateLimit-Reset", ""),
                retry_after=said("Retry-After", ""),
                media_type=said("Content-Type", ""),
            )
            return answer if answer.status == ACCEPTED else replace(answer, body=await beginning(response))
        finally:
            response.release()

    def _open(self) -> "aiohttp.ClientSession":
        """The session of the running event loop; one of a loop that has ended is left to it."""
        import aiohttp

        if not (self.key.isascii() and self.key.isprintable()):  # else aiohttp says so when a connection stands already
            raise ValueError("the key holds signs that no key has")
        loop = asyncio.get_running_loop()
        if self._session is None or self._loop is not loop:
            wait = aiohttp.ClientTimeout(total=None, sock_connect=self.connect_within, sock_read=self.answer_within)
            trust = ssl.create_default_context() if self.url.startswith("https:") else True  # 30 ms of certificates
            connector = aiohttp.TCPConnector(limit=self.connections, keepalive_timeout=IDLE, ssl=trust)
            self._address = URL(self.url.rstrip("/") + PATH)
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=wait,
                headers={
                    "Authorization": f"Bearer {self.key}",
                    "Content-Type": "application/json",
                    "User-Agent": f"nurture/{version('nurture')}",
                },
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
            self._loop = loop
        return self._session

    @reading
    def read(self, request: Post, answer: Answer) -> Iterator[Handover]:
        """What the answer means; the key is taken out of SendGrid's words, should it ever repeat it."""
        yield from read_answers(request.keys, answer, self.key)

    def again(self, request: Post, answer: Answer) -> Iterator[Post | Handover]:
        """Without the mails that SendGrid named, or by halves where it named none."""
        left = {one.key for one in self.read(request, answer) if one.blameless}
        if left:
            yield from without(request, [mail for mail in request.mails if mail.key in left])


async def beginning(response: "aiohttp.ClientResponse") -> bytes:
    """As much of an answer as is worth reading. The status stands already: what goes wrong here changes no fate."""
    import aiohttp

    got = bytearray()
    try:
        async with asyncio.timeout(READING):
            while len(got) < MOST_READ and (more := await response.content.read(MOST_READ - len(got))):
                got += more
    except (aiohttp.ClientError, OSError, TimeoutError, asyncio.CancelledError):
        return bytes(got)
    return bytes(got)


def words_of(fault: Exception) -> str:
    """A fault's own words, or at least its name. Of an answer that breaks off aiohttp shows the object it had begun."""
    if not isinstance(getattr(fault, "message", ""), str):
        return "the answer broke off in its head"
    return str(fault) or type(fault).__name__
