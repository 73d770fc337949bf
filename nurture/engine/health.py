"""Whether an installation is well, for machines: readiness in words, and metrics in Prometheus' text format."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from nurture.model.happening import Happened
from nurture.model.switch import Word
from nurture.store.mail_days import SERVICE
from nurture.store.meters import Meters, can_write, meters
from nurture.store.open import Store

FRESH = timedelta(minutes=2)  # a daemon says every 30 seconds that it lives


@dataclass(frozen=True, slots=True)
class Readiness:
    """What has to be well for mail to be decided and answers to be kept. Every value is a word of ours."""

    store: str = "ok"
    tick: str = "ok"
    sending: str = "ok"
    posts: str = "ok"

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return {self.store, self.tick, self.sending} == {"ok"}

    def document(self) -> dict[str, str]:
        """As JSON shows it."""
        return {"store": self.store, "tick": self.tick, "sending": self.sending, "posts": self.posts}


def readiness(store: Store, now: datetime) -> Readiness:
    """How it stands; whatever the store raises when it cannot be read or written.

    A daemon that holds, or that is not there, and a halt keep it from being ready; posts that could not be read do
    not. The web part answers readers all the same: whatever sends them here asks /health.
    """
    can_write(store.database)
    unreadable = store.received.how_many()[1]
    return Readiness(
        store="halted: a person has to look" if store.halted else "ok",
        tick=_tick(store, now),
        sending="halted" if halted(store) else "ok",
        posts=f"{unreadable} could not be read" if unreadable else "ok",
    )


def _tick(store: Store, now: datetime) -> str:
    """How the daemon stands."""
    alive = [one for one in store.runners() if not one.ended]
    if not alive:
        return "no daemon"
    if now - alive[0].seen_at > FRESH:
        return "the daemon was last seen too long ago"
    return "holds" if alive[0].state.startswith("holds") else "ok"


def halted(store: Store) -> bool:
    """Whether all sending is halted, by a person, by the provider's refusal, or since the store is a copy."""
    return bool(store.halted) or any(one.word is Word.halt for one in store.switches())


def metrics(store: Store) -> str:
    """Every metric as text (Prometheus exposition format 0.0.4); nothing in it names a person or an address."""
    return "\n".join(_lines(meters(store.database), halted(store))) + "\n"


def _lines(found: Meters, halt: bool) -> Iterator[str]:
    yield from _one("nurture_up", "gauge", "1 while the store answers.", {"": 1})
    yield from _one("nurture_halted", "gauge", "1 while all sending is halted.", {"": int(halt)})
    until = {"": found.watermark.timestamp()} if found.watermark else {}
    yield from _one("nurture_decided_until_timestamp_seconds", "gauge", "Until when everything is decided.", until)
    seen = {"": found.seen_at.timestamp()} if found.seen_at else {}
    yield from _one("nurture_daemon_seen_timestamp_seconds", "gauge", "When a daemon last said that it lives.", seen)
    lying = {f'{{state="{fate.value.replace(" ", "_")}"}}': number for fate, number in found.lying.items()}
    yield from _one("nurture_outbox_mails", "gauge", "Mails that wait, are held, in doubt or did not go.", lying)
    waits = {'{state="unread"}': found.unread, '{state="unreadable"}': found.unreadable}
    yield from _one("nurture_received_posts", "gauge", "Posts from outside that are kept and not taken in.", waits)
    yield from _happened(found)


def _happened(found: Meters) -> Iterator[str]:
    """A counter only of what can but grow: a click is taken back when it turns out to be a machine's."""
    counted, service, clicks = {}, {}, {}
    for (provider, family, what), number in sorted(found.happened.items()):
        of = f'provider="{provider}",family="{family}"'
        if what == SERVICE:
            service[f"{{{of}}}"] = number
        elif what == Happened.clicked.value:
            clicks[f"{{{of}}}"] = number
        else:
            counted[f'{{{of},what="{what}"}}'] = number
    yield from _one("nurture_mails_total", "counter", "What became of mails.", counted)
    yield from _one("nurture_service_mails_total", "counter", "How many of the accepted mails are service.", service)
    yield from _one("nurture_mail_clicks", "gauge", "Clicks that are judged a person's.", clicks)


def _one(name: str, kind: str, words: str, values: Mapping[str, float]) -> Iterator[str]:
    if values:
        yield f"# HELP {name} {words}"
        yield f"# TYPE {name} {kind}"
        yield from (f"{name}{labels} {value:.3f}" if isinstance(value, float) else f"{name}{labels} {value}"
                    for labels, value in values.items())  # fmt: skip
