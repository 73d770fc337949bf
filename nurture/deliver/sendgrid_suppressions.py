"""SendGrid's own lists of whom it does not write to, read page by page and never written to (email.md 1.5)."""

import json
from collections.abc import AsyncIterator
from dataclasses import field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from nurture.deliver.answers import whole
from nurture.deliver.sendgrid_events import EARLIEST, LATEST, PROVIDER
from nurture.model.happening import Bounce, Happened, Happening
from nurture.model.values import dataclass

if TYPE_CHECKING:
    import aiohttp

LISTS: dict[str, tuple[str, Happened, Bounce | None]] = {
    "bounces": ("/v3/suppression/bounces", Happened.bounced, Bounce.hard),
    "invalid_emails": ("/v3/suppression/invalid_emails", Happened.bounced, Bounce.hard),
    "blocks": ("/v3/suppression/blocks", Happened.blocked, Bounce.refused_us),
    "spam_reports": ("/v3/suppression/spam_reports", Happened.complained, None),
    "unsubscribes": ("/v3/suppression/unsubscribes", Happened.unsubscribed, None),
}
"""By their names at SendGrid: where each is, and what it means. An address it never tries again is as good as gone."""
PAGE = 500  # rows; what SendGrid gives at the most
MOST_PAGES = 20_000  # of one list; more is a server that never ends
LARGEST = 8 * 1024 * 1024  # bytes of one page
WITHIN = 60.0  # seconds for one page


class NotToldError(Exception):
    """SendGrid did not tell `lists`; `why` says the reason, and what to do."""

    def __init__(self, why: str, *lists: str) -> None:
        super().__init__(f"{why} ({', '.join(lists)})")
        self.why, self.lists = why, lists


@dataclass(frozen=True, slots=True)
class Suppressions:
    """Reads the lists at `url` with `key`. No redirect is followed: it would carry the key elsewhere."""

    url: str
    key: str = field(repr=False)

    async def pages(self, name: str, since: datetime | None) -> AsyncIterator[list[Happening]]:
        """One list in pages, from an instant (UTC) on, or whole. NotToldError when it cannot be read to its end."""
        import aiohttp

        patience = aiohttp.ClientTimeout(total=WITHIN)
        async with aiohttp.ClientSession(timeout=patience, trust_env=False) as session:
            before: list[Any] = []
            for number in range(MOST_PAGES):
                rows = await self._page(session, name, since, number * PAGE)
                if rows and rows == before:
                    raise NotToldError("SendGrid gives one page again and again", name)
                before = rows
                yield [one for row in rows if (one := listed(name, row)) is not None]
                if len(rows) < PAGE:
                    return
        raise NotToldError("SendGrid's list does not end", name)

    async def _page(
        self, session: "aiohttp.ClientSession", name: str, since: datetime | None, offset: int
    ) -> list[Any]:
        import aiohttp

        asked = {"limit": str(PAGE), "offset": str(offset)}
        asked |= {"start_time": str(int(since.timestamp()))} if since else {}
        headers = {"Authorization": f"Bearer {self.key}", "Accept": "application/json"}
        try:
            async with session.get(
                self.url.rstrip("/") + LISTS[name][0], params=asked, headers=headers, allow_redirects=False
            ) as answer:
                body = await whole(answer.content, LARGEST)
                status = answer.status
        except (TimeoutError, aiohttp.ClientError, OSError) as fault:
            raise NotToldError(f"{self.url} cannot be reached, {type(fault).__name__}", name) from fault
        if status in (401, 403):
            why = f"SendGrid refuses the key with {status}: it needs the right to read suppressions"
            raise NotToldError(why, name)
        if status != 200:
            raise NotToldError(f"SendGrid answered {status}, and is asked again later", name)
        try:
            rows = json.loads(body)
        except (ValueError, RecursionError) as fault:
            raise NotToldError("SendGrid's answer is no JSON", name) from fault
        if not isinstance(rows, list):
            raise NotToldError("SendGrid's answer is no list", name)
        return rows


def listed(name: str, row: object) -> Happening | None:
    """A row of a list as what became of a mail to that address; None for one that names none."""
    if not isinstance(row, dict):
        return None
    address, created = row.get("email"), row.get("created")
    if not isinstance(address, str) or "@" not in address or len(address) > 320 or not address.isprintable():
        return None
    if isinstance(created, bool) or not isinstance(created, int) or not EARLIEST <= created <= LATEST:
        return None
    _, what, bounce = LISTS[name]
    words = [str(row[part]) for part in ("status", "reason") if isinstance(row.get(part), str)]
    detail = "".join(sign if sign.isprintable() else " " for sign in " ".join(words))[:1_000]
    named = blake2b(address.casefold().encode("utf-8", "replace"), digest_size=12).hexdigest()
    id_ = f"{PROVIDER}:list:{name}:{created}:{named}"
    at = datetime.fromtimestamp(created, UTC)
    return Happening(id_, what, at, PROVIDER, address=address, bounce=bounce, detail=f"on SendGrid's list: {detail}")
