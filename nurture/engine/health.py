"""Whether an installation is well, for machines: readiness in words, and metrics in Prometheus' text format."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from nurture.store.meters import Meters, can_write, meters
from nurture.store.open import Store

FRESH = timedelta(minutes=2)  # a daemon says every 30 seconds that it lives


@dataclass(frozen=True, slots=True)
class Readiness:
    """What has to be well for mail to be decided and answers to be kept. Every value is a word of ours."""

    store: str = "ok"
    tick: str = "ok"
    posts: str = "ok"

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return {self.store, self.tick} == {"ok"}

    def document(self) -> dict[str, str]:
        """As JSON shows it."""
        return {"store": self.store, "tick": self.tick, "posts": self.posts}


def readiness(store: Store, now: datetime) -> Readiness:
    """How it stands; whatever the store raises when it cannot be read or written.

    A daemon that holds, or that is not there, keeps it from being ready; posts that could not be read do not.
    """
    can_write(store.database)
    alive = [one for one in store.runners() if not one.ended]
    unreadable = store.received.how_many()[1]
    posts = f"{unreadable} could not be read" if unreadable else "ok"
    if store.halted:
        return Readiness("halted: a person has to look", posts=posts)
    if not alive:
        return Readiness(tick="no daemon", posts=posts)
    if now - alive[0].seen_at > FRESH:
        return Readiness(tick="the daemon was last seen too long ago", posts=posts)
    return Readiness(tick="holds" if alive[0].state.startswith("holds") else "ok", posts=posts)


def metrics(store: Store, now: datetime) -> str:
    """Every metric as text (Prometheus exposition format 0.0.4); nothing in it names a person or an address."""
    return "\n".join(_lines(meters(store.database), now)) + "\n"


def _lines(found: Meters, now: datetime) -> Iterator[str]:
    yield from _one("nurture_up", "gauge", "1 while the store answers.", {"": 1})
    age = {"": (now - found.watermark).total_seconds()} if found.watermark else {}
    yield from _one("nurture_decided_until_age_seconds", "gauge", "Since when nothing was decided.", age)
    seen = {"": (now - found.seen_at).total_seconds()} if found.seen_at else {}
    yield from _one("nurture_daemon_seen_age_seconds", "gauge", "Since when no daemon said that it lives.", seen)
    lying = {f'{{state="{fate.value.replace(" ", "_")}"}}': number for fate, number in found.lying.items()}
    yield from _one("nurture_outbox_mails", "gauge", "Mails that wait, are held, in doubt or did not go.", lying)
    waits = {'{state="unread"}': found.unread, '{state="unreadable"}': found.unreadable}
    yield from _one("nurture_received_posts", "gauge", "Posts from outside that are kept and not taken in.", waits)
    happened = {
        f'{{provider="{provider}",family="{family}",what="{what}"}}': number
        for (provider, family, what), number in sorted(found.happened.items())
    }
    yield from _one("nurture_mails_total", "counter", "What became of mails; a click can be taken back.", happened)


def _one(name: str, kind: str, words: str, values: Mapping[str, float]) -> Iterator[str]:
    if values:
        yield f"# HELP {name} {words}"
        yield f"# TYPE {name} {kind}"
        yield from (f"{name}{labels} {value:g}" if isinstance(value, float) else f"{name}{labels} {value}"
                    for labels, value in values.items())  # fmt: skip
