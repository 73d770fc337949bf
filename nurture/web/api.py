"""The API by which other systems tell of people: POST /api/v1/{contacts,events,things,numbers,consents}.

Errors are problem details (RFC 9457). Nothing of a request stands in an address or in a log.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple, NoReturn

from aiohttp import web

from nurture import observe
from nurture.engine.api_document import LARGEST, MOST_ROWS, PROBLEMS, document
from nurture.engine.api_keys import PREFIX, believed
from nurture.engine.faults import StateError
from nurture.engine.posted import KINDS, Verdict, take_rows
from nurture.model.book import Book
from nurture.store.api_keys import ApiKey
from nurture.web.body import whole
from nurture.web.limits import Limit
from nurture.web.refusals import Refusals
from nurture.web.site import Site

DOCUMENT = "openapi.json"
RETRY = 5  # seconds after which a busy store is asked again
WRONG_KEYS = (30, 0.5)  # of one address: so many at once, and so many a second
BATCHES = (60, 10)  # of one key
AS_FILE = {"Content-Disposition": 'attachment; filename="api.json"'}  # a browser that is led here shows nothing


def add(app: web.Application, site: Site) -> None:
    """Add the routes. Without a key in the store each answers 401, as it does to any stranger."""
    api = Api(site)
    app.router.add_route("*", "/api/v1/{what}", api.answered)


class Refused(Exception):
    """A request that is not answered as it was meant: the status, its words, and headers that go with it."""

    def __init__(self, status: int, detail: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}


class Batch(NamedTuple):
    """What came: which kind of rows, and by whose key."""

    kind: str
    rows: list[object]
    key: ApiKey


class Api:
    """What the addresses of the API answer."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.strangers = Limit(*WRONG_KEYS)
        self.senders = Limit(*BATCHES)
        self.refusals = Refusals("api", site.clock)

    async def answered(self, request: web.Request) -> web.Response:
        """Whatever was asked; every refusal, and every fault of ours, is a problem of RFC 9457."""
        try:
            return await self._answer(request)
        except Refused as refused:
            return problem(refused.status, refused.detail, refused.headers)
        except web.HTTPServiceUnavailable:
            return problem(503, "too much is being told at once", {"Retry-After": str(RETRY)})
        except web.HTTPException as refused:
            return problem(refused.status)
        except StateError as fault:
            return problem(503, str(fault), {"Retry-After": str(RETRY)})
        except TimeoutError:
            return problem(503, "the store is busy", {"Retry-After": str(RETRY)})
        except asyncio.CancelledError:
            raise
        except Exception as fault:  # noqa: BLE001  (whatever it is, it is ours, and must be said as such)
            observe.note(observe.WEB_FAILED, level=logging.WARNING, **observe.fault_fields(fault))
            return problem(503, "try again", {"Retry-After": str(RETRY)})

    async def _answer(self, request: web.Request) -> web.Response:
        what = request.match_info["what"]
        if what not in (*KINDS, DOCUMENT):
            raise Refused(404)
        allowed = "GET" if what == DOCUMENT else "POST"
        if request.method != allowed:
            raise Refused(405, f"only {allowed}", {"Allow": allowed})
        key = await self._key(request)
        if what == DOCUMENT:
            return web.json_response(await self.site.work(self._document), headers=AS_FILE)
        if what not in key.scopes:
            self.refusals.note()
            raise Refused(403, f"this key has the scopes {', '.join(sorted(key.scopes))}, and not {what}")
        verdicts = await self.site.work(self._take, Batch(what, await rows_of(request), key))
        if any(one.status == "taken" for one in verdicts):
            self.site.arrived()
        return web.json_response(said(verdicts), headers=AS_FILE)

    async def _key(self, request: web.Request) -> ApiKey:
        """Whose key it is. Refused alike whether there is none, it is unknown, or it was revoked."""
        now = self.site.clock()
        scheme, _, presented = request.headers.get("Authorization", "").partition(" ")
        key = None
        if scheme.lower() == "bearer" and presented.startswith(PREFIX):
            key = await self.site.work(believed, self.site.shop, presented.strip(), self.site.clock)
        if key is None:
            self.refusals.note()
            self._often(self.strangers, request.remote or "", now)
            raise Refused(401, "", {"WWW-Authenticate": "Bearer"})
        self._often(self.senders, key.name, now)
        return key

    def _often(self, limit: Limit, name: str, now: datetime) -> None:
        if not limit.allows(name, now):
            raise Refused(429, "", {"Retry-After": str(max(1, round(1 / limit.per_second)))})

    def _document(self) -> dict[str, object]:
        return document(self._book(), self.site.shop.config.web_url)

    def _take(self, batch: Batch) -> list[Verdict]:
        now = self.site.clock()
        return take_rows(self.site.shop, self._book(), batch.kind, batch.rows, now, batch.key.name, batch.key.scopes)

    def _book(self) -> Book:
        live = self.site.live()
        if live is None:
            raise StateError("nothing is live yet")
        return live.book


async def rows_of(request: web.Request) -> list[object]:
    """The rows of a body: a list, or an object that holds one as its only member, `rows`. Refused for anything else."""
    if request.content_type != "application/json":
        raise Refused(415, "Content-Type must be application/json")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refused(415, "Content-Encoding must not be set")
    body = await whole(request, LARGEST)
    try:
        found = json.loads(body, parse_constant=no_number)
    except (ValueError, RecursionError):  # no UTF-8, no JSON, a number beyond all bounds, or nested without end
        raise Refused(422, "the body is not JSON") from None
    if isinstance(found, dict) and found.keys() == {"rows"}:
        found = found["rows"]
    if not isinstance(found, list):
        raise Refused(422, 'the body must be a list of rows, or {"rows": [...]}')
    if len(found) > MOST_ROWS:
        raise Refused(413, f"{len(found):,} rows; the most is {MOST_ROWS:,}")
    return found


def no_number(_word: str) -> NoReturn:
    """JSON has no NaN and no Infinity."""
    raise ValueError("not a number")


def said(verdicts: list[Verdict]) -> dict[str, object]:
    """The verdicts as the answer: how many of each, then row by row."""
    rows = [one._asdict() if one.reason else {"row": one.row, "status": one.status} for one in verdicts]
    counts = {word: sum(one.status == word for one in verdicts) for word in ("taken", "known", "refused")}
    return {**counts, "rows": rows}


def problem(status: int, detail: str = "", headers: Mapping[str, str] | None = None) -> web.Response:
    """A problem of RFC 9457. Its type is the status itself, so `about:blank`."""
    told: dict[str, object] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    words = detail or PROBLEMS.get(str(status), "")
    body = json.dumps(told | ({"detail": words} if words else {}))
    shown = {**(headers or {}), **AS_FILE}
    return web.Response(status=status, text=body, content_type="application/problem+json", headers=shown)
