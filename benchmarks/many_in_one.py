"""The way out with 100 mails a request against one: mails a second and core, requests and bytes, in one run.

Two shops of the same newcomers in five languages, one after the other, so that a busy machine is busy for both: what
counts is how many times the one is the other. The server is another process; only this one's processor counts.
"""

import asyncio
import json
import sys
import time
import urllib.request
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmarks.frame import Figure, run
from benchmarks.hand_over import decent, hand_over, newcomers
from benchmarks.post_office import KEY, Office, mailing_shop
from nurture.deliver.sendgrid import SendGrid
from nurture.engine.tick import tick
from nurture.wiring import live, now, workshop

PEOPLE = 2_000


@dataclass(frozen=True, slots=True)
class Run:
    """What so many mails took: processor and clock in seconds, requests and bytes that left."""

    mails: int
    worked: float
    wall: float
    posting: float
    requests: int
    sent: int


def measure(_sizes: Sequence[int] = ()) -> list[Figure]:
    """Both, and how they compare."""
    one, many = handed_by(1), handed_by(100)
    each, together = one.mails / one.worked, many.mails / many.worked
    post_one, post_many = one.posting / one.mails * 1e6, many.posting / many.mails * 1e6
    return [
        Figure(f"the way out, {one.mails:,} mails, one a request", f"{each:,.0f} mails/s of processor"),
        Figure(
            f"the same, up to 100 a request: {many.requests:,} requests",
            f"{together:,.0f} mails/s of processor: {together / each:.1f} times as many",
        ),
        Figure(
            "posting a mail and reading the answer, one a request and 100",
            f"{post_one:,.0f} µs and {post_many:,.0f} µs: 1/{post_one / post_many:.0f}",
        ),
        Figure(
            "bytes a mail on the way, one a request and 100",
            f"{one.sent / one.mails:,.0f} and {many.sent / many.mails:,.0f}: 1/{one.sent / many.sent:.1f}",
        ),
    ]


def handed_by(each: int) -> Run:
    """One shop, all of whose newcomers have a first mail; handed over by so many a request."""
    with mailing_shop() as (folder, server):
        print(f"  {PEOPLE:,} newcomers, {each} a request …", file=sys.stderr, flush=True)
        moment = decent(newcomers(folder, PEOPLE))
        with workshop(folder) as opened:
            shop = replace(opened, provider=SendGrid(server.url, KEY, now, each_request=each))
            mails = tick(shop.store, live(shop.store).book, moment).intents
            spent: dict[str, float] = defaultdict(float)
            wall, worked = time.perf_counter(), time.process_time()
            accepted = asyncio.run(hand_over(shop, moment, spent))
            worked, wall = time.process_time() - worked, time.perf_counter() - wall
            told = counted(server)
            if not mails or accepted != mails or told["accepted"] != mails:
                raise SystemExit(f"{mails:,} mails were decided, {accepted:,} accepted; the server: {told}")
            posting = worked - sum(spent.values())
            return Run(mails, worked, wall, posting, told["requests"], told["bytes"])


def counted(server: Office) -> dict[str, int]:
    """What the server counted."""
    with urllib.request.urlopen(f"{server.url}/control", timeout=30) as answer:  # noqa: S310  (an address of our own)
        return {name: value for name, value in json.load(answer).items() if isinstance(value, int)}


if __name__ == "__main__":
    run({"many_in_one": measure})
