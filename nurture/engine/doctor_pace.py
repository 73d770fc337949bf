"""What doctor sees of the pace: warm-up, complaints, families that turn mails away, and servers that refuse us."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from nurture.engine.complaints import EVERYWHERE, WINDOW, Brake, braking
from nurture.engine.doctor import Finding, look, ok, wrong
from nurture.engine.families import HOUR, Answered, burst
from nurture.engine.handed import FOLDER, pace_words
from nurture.engine.road import allowed_today, answered, because_of, figures_of
from nurture.engine.workshop import Workshop
from nurture.model.happening import Happened
from nurture.model.refusing_us import Against, against_us
from nurture.store.mail_figures import Said, day_of

WEEK = timedelta(days=WINDOW)
NOT_TAKEN = frozenset({Happened.bounced, Happened.blocked, Happened.deferred, Happened.dropped})
WHY_COMPLAINED = "ask who gets these mails and whether they wanted them; write less, and only to whoever acts"
LET_GO = f"{WHY_COMPLAINED}; then nurture release"
CURES = {
    Against.authentication: (
        "they do not believe that our mail is ours",
        "put SPF, DKIM and DMARC of the sender's domain right (see dns); addresses are not to blame, and keep theirs",
    ),
    Against.complaints: (
        "too many of their readers do not want our mail",
        "write less, and only to whoever acts; the postmaster tools of that provider say more",
    ),
    Against.policy: (
        "they refuse us by a rule of theirs, of content or reputation",
        "nurture explain PERSON shows their words; no address is to blame",
    ),
}


def pace_findings(shop: Workshop, now: datetime) -> Iterator[Finding]:
    """Everything that slows mail down or stops it, each with what to do; one line when nothing does."""
    if shop.provider.name == FOLDER:
        return
    said = figures_of(shop).said(now - WEEK)
    found = [
        *_warm_up(shop, now),
        *_complaints(shop, now),
        *_turned_away(answered(one for one in said if one.at >= now - HOUR)),
        *_against_us(said),
        *(look("pace", pace_words(one)) for one in shop.store.outbox.left(now).paced),
    ]
    yield from found or [ok("pace", "nothing slows mail down")]
    if shop.provider.name == "sendgrid" and not shop.config.sendgrid_events_key:
        words = "nobody tells us what became of mails: no brake can see complaints or servers that turn mails away"
        yield look("pace", words, "set up the Event Webhook, and sendgrid.events_key of config.toml")
    elif shop.provider.name == "smtp":
        yield ok("pace", "by SMTP nobody tells us of complaints, so no brake sees them: ask the postmaster")


def pace_lines(shop: Workshop, now: datetime) -> Iterator[str]:
    """What slows mail down, for `status`."""
    yield from (one.words for one in (*_warm_up(shop, now), *_complaints(shop, now)))


def _warm_up(shop: Workshop, now: datetime) -> Iterator[Finding]:
    allowed = allowed_today(shop, now)
    if allowed is not None:
        gone = figures_of(shop).by_day(day_of(now)).get(day_of(now), 0)
        words = f"warm-up: {allowed:,} mails but service may go today (UTC), {gone:,} have gone"
        yield ok("pace", f"{words}; tomorrow 1.4 times as many")


def _complaints(shop: Workshop, now: datetime) -> Iterator[Finding]:
    counts = figures_of(shop).by_family(day_of(now) - timedelta(days=WINDOW - 1))
    for family, one in braking(counts).items():
        if one.brake is Brake.stop:
            whom = "" if family == EVERYWHERE else f" to {family}"
            words = f"{one.words(family)}: nothing but service goes{whom}, the rest is held by {because_of(family)}"
            yield wrong("complaints", words, LET_GO)
        else:
            words = f"{one.words(family)}: half of the busiest day goes; from three in a thousand on, only service"
            yield look("complaints", words, WHY_COMPLAINED)


def _turned_away(heard: Iterable[Answered]) -> Iterator[Finding]:
    by_family: dict[str, list[Answered]] = {}
    for one in heard:
        by_family.setdefault(one.family, []).append(one)
    for family, answers in sorted(by_family.items()):
        if figures := burst(answers):
            away, of_all = figures
            words = f"{family} put off or blocked {away:,} of {of_all:,} mails within an hour: it is left alone a while"
            cure = "nothing, unless it lasts for hours: then go slower, by rate.per_family of config.toml"
            yield look("pace", words, cure)


def _against_us(said: Iterable[Said]) -> Iterator[Finding]:
    told = ((against_us(one.words), one.family) for one in said if one.what in NOT_TAKEN)
    found = Counter((against, family) for against, family in told if against is not None)
    for (against, family), number in found.most_common():
        because, cure = CURES[against]
        mails = "1 mail" if number == 1 else f"{number:,} mails"
        words = f"{family} turned {mails} away in {WINDOW} days: {because}"
        yield (wrong if against is Against.authentication else look)("refusals", words, cure)
