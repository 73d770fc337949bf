"""The outbox before a person: what lies in it and why, and what they do with one mail or with what is held."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from nurture import observe
from nurture.engine.applying import live_book
from nurture.engine.faults import MisuseError, RefusedError
from nurture.engine.switches import refuse_unknown, switch_lines
from nurture.engine.turns import AT_WORK
from nurture.engine.workshop import Workshop
from nurture.model.mail import Fate
from nurture.model.switch import Word
from nurture.model.values import dataclass
from nurture.store.open import Store
from nurture.store.outbox_by_hand import DROPS, SENDS_AGAIN, WENT, Act, Wanted
from nurture.store.outbox_lists import STATES, Lying

KEY_SHOWN = 12
WORDS = {
    Fate.planned: "waiting",
    Fate.held: "held until `nurture release`",
    Fate.handed: "on their way",
    Fate.in_doubt: "in doubt: they may have gone",
    Fate.refused: "refused, or cannot be written",
    Fate.unknown: "fate unknown: in doubt for too long",
}
ONE = {
    Fate.planned: "waits",
    Fate.held: "is held",
    Fate.claimed: "is on its way",
    Fate.handed: "is on its way",
    Fate.accepted: "went",
    Fate.in_doubt: "is in doubt",
    Fate.unknown: "is of unknown fate",
}
BY_ITSELF = "service goes once more by itself after 15 minutes"
ACTS = {
    "resend": ("sent again", "what is in doubt, of unknown fate or refused", SENDS_AGAIN),
    "drop": ("dropped", "what waits, is held or is in doubt", DROPS),
    "went": ("noted as gone", "what is in doubt, of unknown fate or refused, or waits to go a second time", WENT),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One mail as people and --json see it."""

    key: str
    person: str
    mail: str
    sequence: str
    class_: str
    state: str
    since: datetime
    valid_until: datetime
    why: str

    def line(self) -> str:
        """`4f2a9c1b8e02  salma  sorry  service  2027-03-02 10:00 UTC`."""
        since = f"{self.since:%Y-%m-%d %H:%M} UTC"
        who = f"{self.person:<20} {self.mail:<24} {self.class_:<12}"
        return f"  {self.key[:KEY_SHOWN]}  {who} {since}"


@dataclass(frozen=True, slots=True)
class Listing:
    """How many mails there are in each state, the first of them, and why those that wait do."""

    counts: dict[str, int]
    mails: tuple[Shown, ...]
    waits: tuple[str, ...] = ()

    @property
    def more(self) -> Iterator[str]:
        """The commands that do something with the first of them."""
        for one in self.mails[:1]:
            whats = ("went", "resend") if one.state == Fate.in_doubt.value else ("resend",)
            for what in whats if Fate(one.state) in SENDS_AGAIN else ("drop",):
                yield f"nurture outbox {what} {one.key[:KEY_SHOWN]} --because '…'"

    def lines(self) -> Iterator[str]:
        """For people; why is said once, below those of which it is so."""
        for state, count in self.counts.items():
            shown = [one for one in self.mails if one.state == state]
            if not count:
                continue
            yield f"{count:,} {WORDS[Fate(state)]}" + (f", {len(shown)} shown" if len(shown) < count else "")
            if state == Fate.planned.value:
                yield from (f"  {words}" for words in self.waits)
            for why, alike in groupby(shown, key=lambda one: one.why):
                yield from (one.line() for one in alike)
                yield from (f"    {words}" for words in (why,) if words)
        if not any(self.counts.values()):
            yield "Nothing of that kind lies in the outbox."


def listing(shop: Workshop, states: Sequence[Fate], limit: int) -> Listing:
    """What lies in the outbox: in each of these states (none: in any) up to `limit` mails."""
    states = states or STATES
    outbox = shop.store.outbox
    counts = outbox.how_many()
    found = [one for state in states for one in outbox.lying(state, limit)]
    labels = shop.store.labels([one.person for one in found])
    return Listing(
        {state.value: counts[state] for state in states},
        tuple(shown(one, labels[one.person]) for one in found),
        tuple(why_they_wait(shop.store)) if Fate.planned in states else (),
    )


def why_they_wait(store: Store) -> Iterator[str]:
    """What keeps all mail in the queue: a halt, or what a daemon last said of a provider that takes none."""
    yield from switch_lines(one for one in store.switches() if one.word is Word.halt)
    for runner in store.runners():
        if not runner.ended and runner.state not in ("", AT_WORK):
            yield f"the daemon (process {runner.process}) at {runner.seen_at:%Y-%m-%d %H:%M} UTC: {runner.state}"


def shown(one: Lying, label: str) -> Shown:
    """One mail with its person's label, and with what comes next where it is in doubt."""
    why = one.why
    if one.fate is Fate.in_doubt and one.class_ == "service" and not one.again:
        why = f"{why}; {BY_ITSELF}"
    if one.fate is Fate.planned and one.again:
        why = "goes once more although it may have gone"
    return Shown(
        one.key, label, one.mail, one.sequence, one.class_, one.fate.value, one.since, one.valid_until, why
    )  # fmt: skip


def key_meant(shop: Workshop, prefix: str) -> str:
    """The send key that begins so; MisuseError when none or several do."""
    found = shop.store.outbox.keys_like(prefix) if prefix else []
    if prefix in found:
        return prefix
    if len(found) > 1:
        raise MisuseError(f"several send keys begin with '{prefix}': {', '.join(key[:16] for key in found)} …")
    if not found:
        raise MisuseError(f"no mail has a send key that begins with '{prefix}'; `nurture outbox` shows them.")
    return found[0]


def do(shop: Workshop, what: str, prefix: str, who: str, because: str, now: datetime) -> str:
    """One of `ACTS` on one mail; what was done, in words. RefusedError when it cannot be done with that mail."""
    outbox, key = shop.store.outbox, key_meant(shop, prefix)
    one = outbox.one(key)
    if one is None:
        raise MisuseError(f"the mail {key[:KEY_SHOWN]} is gone.")
    if what == "resend" and one.valid_until < now:
        raise RefusedError(
            f"{key[:KEY_SHOWN]} was good until {one.valid_until:%Y-%m-%d %H:%M} UTC: it would only expire."
        )
    live = live_book(shop.store)
    act = Act(key, " ".join(who.split()), " ".join(because.split()), now)  # shown in one line
    doing = {"resend": outbox.resend, "drop": outbox.drop, "went": outbox.went}[what]
    stood, done = doing(act, live.book if live else None)
    said, which, _ = ACTS[what]
    if not done:
        stands = ONE.get(stood, f"is {stood.value}")
        raise RefusedError(f"{key[:KEY_SHOWN]} {stands}; only {which} can be {said}.")
    observe.note(observe.BY_HAND, act=what, stood=stood.value)
    label = shop.store.labels([one.person])[one.person]
    more = ": it goes with the next round, if the last look lets it" if what == "resend" else ""
    return f"{one.mail} to {label} is {said}{more}"


@dataclass(frozen=True, slots=True)
class Released:
    """How many were let go, and how many are held still."""

    released: int
    held: int


def release(shop: Workshop, number: int | None = None, mail: str = "", sequence: str = "") -> Released:
    """Let held mails go, the oldest first: so many (None: all), of one mail or sequence (empty: any).

    MisuseError when nothing is let go and the live book knows no such mail or sequence.
    """
    count = shop.store.outbox.release(Wanted(number, mail, sequence))
    if count:
        observe.note(observe.RELEASED, mails=count)
    elif (live := live_book(shop.store)) is not None:  # what was held of an older book has been found by its name
        refuse_unknown([mail] if mail else [], live.book.mails, "mail")
        refuse_unknown([sequence] if sequence else [], live.book.sequences)
    return Released(count, held(shop))


def held(shop: Workshop) -> int:
    """How many mails are held."""
    return shop.store.outbox.how_many()[Fate.held]
