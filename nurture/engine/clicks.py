"""Who clicked: a person, or a machine that follows every link to see whether it is safe (domain.md 5.5). Pure.

A machine's click is kept and shown; nothing counts it, and nothing is decided by it.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import timedelta

from nurture.links import TRAP
from nurture.model.happening import By, Happened, Happening

TOO_SOON = timedelta(seconds=10)  # after the delivery: nobody reads that quickly
AT_A_STROKE, LINKS = timedelta(seconds=10), 3  # so many links of one mail within so short a time
WITH_THE_TRAP = timedelta(minutes=1)  # so long before and after it a machine looks at the other links
SCANNERS = (
    "barracuda", "mimecast", "proofpoint", "symantec", "trendmicro", "trend micro", "ironport", "fireeye", "sophos",
    "zscaler", "bitdefender", "forcepoint", "urlscan", "safelinks", "google-safety", "googleimageproxy",
    "yahoomailproxy", "bot", "crawler", "spider", "preview", "scanner", "curl/", "wget/", "python-", "aiohttp",
    "go-http-client", "headlesschrome", "phantomjs", "apache-httpclient", "libwww-perl", "java/", "facebookexternalhit",
)  # fmt: skip
"""Parts of the names, in lower case, by which programs that are no reader's call themselves."""


def judged(told: Iterable[Happening]) -> Mapping[str, By]:
    """For each click of one mail, by its id, who made it, from all that is known of the mail now."""
    told = list(told)
    delivered = min((one.at for one in told if one.what is Happened.delivered), default=None)
    clicks = [one for one in told if one.what is Happened.clicked]
    followed_all, found = at_a_stroke(clicks) | trapped(clicks), {}
    for click in clicks:
        soon = delivered is not None and click.at - delivered < TOO_SOON
        machine = soon or is_scanner(click.detail) or click.id in followed_all
        found[click.id] = By.machine if machine else By.person
    return found


def trapped(clicks: Iterable[Happening]) -> frozenset[str]:
    """The ids of the clicks that were made with one on the link that no reader sees, and of that one itself."""
    clicks = list(clicks)
    traps = [click.at for click in clicks if click.link.endswith(TRAP)]
    return frozenset(click.id for click in clicks if any(abs(click.at - at) <= WITH_THE_TRAP for at in traps))


def is_scanner(agent: str) -> bool:
    """Whether a program says of itself that it is no reader's."""
    name = agent.casefold()
    return any(scanner in name for scanner in SCANNERS)


def at_a_stroke(clicks: Iterable[Happening]) -> frozenset[str]:
    """The ids of the clicks that belong to a row of at least three links within ten seconds."""
    row: deque[Happening] = deque()
    found: set[str] = set()
    for click in sorted(clicks, key=lambda one: (one.at, one.id)):
        row.append(click)
        while click.at - row[0].at > AT_A_STROKE:
            row.popleft()
        if len({one.link for one in row}) >= LINKS:
            found.update(one.id for one in row)
    return frozenset(found)
