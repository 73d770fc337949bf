"""Asking SendGrid's Email Logs whether it has a mail: by address and time, then by our own key in each that is found.

Source: SendGrid's published document `tsg_logs_v3` (2025-10). Its filter knows no custom_args, so each mail that fits
is opened. What the log has proves that SendGrid has the mail. What it has not proves nothing: nobody says how long it
takes to be written, nor for how long it is kept.
"""

import json
import ssl
from collections.abc import Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from nurture.deliver.answers import whole as read_whole
from nurture.deliver.sendgrid_body import OUR_KEY
from nurture.model.values import dataclass

if TYPE_CHECKING:
    import aiohttp

PATH = "/v3/logs"
WITHIN = 20.0  # seconds for one request
AROUND = timedelta(hours=1)  # before and after the hand-over: clocks differ, and a request may wait for its answer
MOST_OPENED = 10  # mails to one reader around that time that are opened
MOST_READ = 512 * 1024  # bytes of an answer
OK = 200


@dataclass(frozen=True, slots=True)
class Doubt:
    """A mail that may have gone: its send key, its reader's address, and when it was handed over (UTC)."""

    key: str
    address: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """SendGrid has this mail: under what id, and since when (UTC)."""

    key: str
    message: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """Which of the mails SendGrid has, and why not all were looked up; the words name nobody."""

    found: tuple[Evidence, ...]
    problem: str = ""


class _UnansweredError(Exception):
    """The log does not answer, in words that name nobody."""


def query(doubt: Doubt) -> str:
    """The filter, in SendGrid's words; empty for an address that could end the quotes it stands in."""
    if any(mark in doubt.address for mark in '"\\') or not doubt.address.isprintable():
        return ""
    since, until = (f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for at in (doubt.at - AROUND, doubt.at + AROUND))
    created = "sg_message_id_created_at"
    return f'to_email = "{doubt.address}" AND {created} >= TIMESTAMP "{since}" AND {created} <= TIMESTAMP "{until}"'


async def look_up(url: str, key: str, doubts: Sequence[Doubt]) -> Answered:
    """Look these up, one after the other; it stops at the first that gets no answer. Raises nothing."""
    import aiohttp

    found: list[Evidence] = []
    trust = ssl.create_default_context() if url.startswith("https:") else True
    headers = {"Authorization": f"Bearer {key}", "User-Agent": f"nurture/{version('nurture')}"}
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=trust), headers=headers, timeout=aiohttp.ClientTimeout(total=WITHIN),
        cookie_jar=aiohttp.DummyCookieJar(), trust_env=False,
    ) as session:  # fmt: skip
        for doubt in doubts:
            try:
                evidence = await _look_up(session, url.rstrip("/") + PATH, doubt)
            except _UnansweredError as unanswered:
                return Answered(tuple(found), str(unanswered))
            except (TimeoutError, aiohttp.ClientError, OSError) as fault:
                return Answered(tuple(found), f"the log could not be reached ({type(fault).__name__})")
            if evidence is not None:
                found.append(evidence)
    return Answered(tuple(found))


async def _look_up(session: "aiohttp.ClientSession", url: str, doubt: Doubt) -> Evidence | None:
    asked = query(doubt)
    if not asked:
        return None
    answer = await _read(session.post(url, json={"query": asked, "limit": MOST_OPENED}, allow_redirects=False))
    messages = answer.get("messages")
    for one in messages[:MOST_OPENED] if isinstance(messages, list) else ():
        id_ = one.get("sg_message_id") if isinstance(one, dict) else None
        if not isinstance(id_, str) or not id_:
            continue
        whole = await _read(session.get(f"{url}/{quote(id_, safe='')}", allow_redirects=False))
        ours = whole.get("custom_args")
        if isinstance(ours, dict) and ours.get(OUR_KEY) == doubt.key:
            return Evidence(doubt.key, id_, moment(one.get("sg_message_id_created_at"), doubt.at))
    return None


async def _read(request: Any) -> dict[str, Any]:
    """An answer's JSON; a mail that the log lost meanwhile is an empty one."""
    async with request as response:
        if response.status == 404:
            return {}
        if response.status != OK:
            raise _UnansweredError(WHY.get(response.status, f"the log answered {response.status}"))
        body = await read_whole(response.content, MOST_READ)
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise _UnansweredError("the log did not answer in its form") from None
    return found if isinstance(found, dict) else {}


WHY = {
    401: "the log does not take the key (401)",
    403: "this account or key may not read the Email Logs (403): take sendgrid.logs out, or have them added",
    429: "the log wants a pause (429)",
}


def moment(text: object, otherwise: datetime) -> datetime:
    """An instant as SendGrid writes it (ISO 8601, UTC where nothing is said)."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return otherwise
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
