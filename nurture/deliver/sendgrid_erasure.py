"""Telling SendGrid whom to forget: POST /v3/recipients/erasejob, up to 5,000 addresses or 256 KB a request.

Source: SendGrid's published document `tsg_recipients_data_erasure_v3`. Asking twice is no fault there.
"""

import json
import ssl
from collections.abc import Iterator, Sequence
from importlib.metadata import version

from nurture.model.values import dataclass

PATH = "/v3/recipients/erasejob"
MOST, MOST_BYTES = 5_000, 256_000
WITHIN = 30.0  # seconds for one request
ACCEPTED = 202


@dataclass(frozen=True, slots=True)
class Told:
    """Which addresses SendGrid took, and why it did not take the others (empty: it took all)."""

    taken: tuple[str, ...]
    problem: str = ""


def in_requests(addresses: Sequence[str]) -> Iterator[list[str]]:
    """The addresses in as many requests as it takes."""
    page: list[str] = []
    size = 0
    for address in addresses:
        length = len(json.dumps(address)) + 2
        if page and (len(page) == MOST or size + length > MOST_BYTES - 100):
            yield page
            page, size = [], 0
        page.append(address)
        size += length
    if page:
        yield page


async def erase(url: str, key: str, addresses: Sequence[str]) -> Told:
    """Ask SendGrid to erase these; whatever goes wrong is said in words that name nobody, for another try later."""
    import aiohttp

    taken: list[str] = []
    trust = ssl.create_default_context() if url.startswith("https:") else True
    headers = {"Authorization": f"Bearer {key}", "User-Agent": f"nurture/{version('nurture')}"}
    wait = aiohttp.ClientTimeout(total=WITHIN)
    connector = aiohttp.TCPConnector(ssl=trust)
    async with aiohttp.ClientSession(
        connector=connector, headers=headers, timeout=wait, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
    ) as session:
        for page in in_requests(addresses):
            body = {"email_addresses": page}
            try:
                async with session.post(url.rstrip("/") + PATH, json=body, allow_redirects=False) as response:
                    status = response.status
            except (TimeoutError, aiohttp.ClientError, OSError) as fault:
                return Told(tuple(taken), f"SendGrid could not be reached ({type(fault).__name__})")
            if status != ACCEPTED:
                return Told(tuple(taken), f"SendGrid answered {status}")
            taken += page
    return Told(tuple(taken))
