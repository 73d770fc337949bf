"""What doctor sees in the store: halts, the book, the clock, daemons, mail that is stuck, and what the shop tells us.

Nothing walks through everybody: zones are looked at for the first people only, currencies in the newest events.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from nurture.decide.clock import after, at, reader_clock
from nurture.decide.zones import known_zone
from nurture.engine.doctor import Finding, look, ok, wrong
from nurture.engine.gates import held_words, undeclared
from nurture.engine.status import ENDED_WITHOUT_A_WORD, ago, is_silent, moment, never, on_machine
from nurture.engine.tick import leap
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.event import Event, Money
from nurture.model.length import Length
from nurture.model.mail import Fate
from nurture.store.erasures import FORGOTTEN_AGAIN
from nurture.store.open import Store
from nurture.store.runner import Runner
from nurture.store.switches import ITSELF
from nurture.store.up_to import number_words

SLACK = timedelta(minutes=1)  # clocks of two machines may differ so much
BEHIND = timedelta(minutes=15)  # of a daemon at work; the first turn after a long rest may take so long
QUIET_FOR = timedelta(days=1)  # without a daemon, a round a day is the least
HOLDS = "holds"  # how the state of a daemon begins that neither decides nor sends
PEOPLE_SEEN = 20_000
EVENTS_SEEN = 2_000
EXAMPLES = 3
MANY_POSTS = 10_000  # that wait: more than a daemon reads in a minute


def mark_findings(store: Store) -> Iterator[Finding]:
    """Whether it is a copy or a restored backup."""
    if store.halted:
        cure = "look, import what it lacks (refusals first), then nurture run --once --accept"
        yield wrong("copy", f"nothing is sent: {store.halted}", cure)
    else:
        yield ok("copy", "this is the store that this installation works with")
    again = store.declared(FORGOTTEN_AGAIN)
    if again is not None:
        yield ok("forgotten", again)


def switch_findings(store: Store) -> Iterator[Finding]:
    """What was said at the command line and holds."""
    held = store.switches()
    for switch in held:
        words = switch.line.removesuffix(f" ({switch.lifted_by})")
        if switch.who == ITSELF:  # the provider refused us: nobody meant that
            yield wrong("switches", words, f"mend that, then {switch.lifted_by}")
        else:
            yield look("switches", words, switch.lifted_by)
    if not held:
        yield ok("switches", "nothing is halted, paused or stopped")


def book_findings(shop: Workshop, book: Book | None, unreadable: str) -> Iterator[Finding]:
    """The applied book."""
    if unreadable:
        yield wrong("book", unreadable, "nurture check, then nurture apply")
    elif book is None:
        yield look("book", "nothing is live yet", "nurture check, then nurture apply")
    else:
        applied = shop.store.figures.application()
        yield ok("book", f"{len(book.sequences)} sequences{f', applied {moment(applied.at)}' if applied else ''}")


def suppression_findings(shop: Workshop) -> Iterator[Finding]:
    """Whether it was said who must not have mail."""
    if undeclared(shop):
        words = "nobody has said yet who must not have mail, so only service goes"
        yield wrong("suppressions", words, "nurture import suppressions FILE, or --none if there is nobody")
    else:
        yield ok("suppressions", "declared, or nothing goes out into the world")


def clock_findings(store: Store, now: datetime) -> Iterator[Finding]:
    """The clock of this machine beside what the store has seen."""
    seen = [("the last round was", store.watermark), ("an event is known at", store.figures.newest_known())]
    ahead = [(words, instant) for words, instant in seen if instant is not None and instant > now + SLACK]
    for words, instant in ahead:
        said = f"{words} {moment(instant)}, which is still to come: the clock says {moment(now)}"
        yield wrong("clock", said, "set the clock by NTP; nothing new falls due until then")
    if leaped := leap(store, now):
        cure = "put the clock right; or, when it is right: nurture run --once --accept"
        yield wrong("clock", f"nothing is decided or sent: {leaped}", cure)
    elif not ahead:
        yield ok("clock", f"{moment(now)}, after everything the store has seen")


def daemon_findings(store: Store, now: datetime, gone: Callable[[Runner], bool] = never) -> Iterator[Finding]:
    """Whether somebody works, and whether a daemon fell silent."""
    running = [one for one in store.runners() if not one.ended]
    for one in running:
        verb = "nurture worker" if one.kind == "worker" else "nurture run"
        seen = f"process {one.process}{on_machine(one)} was last seen {ago(now - one.seen_at)} ago"
        if gone(one):
            yield wrong(one.kind, f"{ENDED_WITHOUT_A_WORD}: {seen}", f"start {verb} again")
        elif is_silent(one, now):
            cure = f"look whether it lives, end it if it hangs, and start {verb} again"
            yield wrong(one.kind, f"silent: {seen}", cure)
        elif one.state.startswith(HOLDS):
            yield wrong(one.kind, f"{seen} and {one.state}", "do what it says")
        else:
            yield ok(one.kind, seen)
    last = store.watermark
    works = any(not is_silent(one, now) and not one.state.startswith(HOLDS) for one in running)
    if works and last is not None and now - last > BEHIND:
        yield look(
            "daemon", f"all that fell due was decided until {ago(now - last)} ago only", "nurture status, its log"
        )
    if not running and last is not None and now - last > QUIET_FOR:
        yield look("daemon", f"none runs, and the last round was {ago(now - last)} ago", "nurture run")
    elif not running:
        yield ok("daemon", "none runs; `nurture run --once` decides as well")


def mail_findings(store: Store) -> Iterator[Finding]:
    """Mail that a person should look at."""
    number, held = store.figures.lying(), store.figures.held_up_to()
    doubts = "they may have gone; `nurture outbox` shows each, and what can be done"
    said = (
        (Fate.in_doubt, "in doubt", doubts),
        (Fate.refused, "refused, or cannot be written", "nurture outbox --refused; nurture explain PERSON says why"),
        (Fate.unknown, "of unknown fate: no answer came in 72 hours", doubts),
    )
    found = [
        look("mail", f"{number_words(number[fate])} {words}", cure) for fate, words, cure in said if number.get(fate)
    ]
    found += [look("mail", held_words(held), "nurture outbox --held, then nurture release")] if held else []
    yield from found or [ok("mail", "none is in doubt, held or refused")]


def received_findings(store: Store) -> Iterator[Finding]:
    """Posts from outside that nobody could read, and those that nobody has read yet."""
    waiting, bad = store.received.how_many()
    if bad:
        few = store.received.problems(EXAMPLES)
        such = "; ".join(f"{one.number} of {one.source}: {one.problem}" for one in few)
        words = f"{bad:,} could not be read, such as {such}"
        cure = "nurture received; after an upgrade --again; what is past help: nurture received --drop NUMBER"
        yield look("posts", words, cure)
    if waiting > MANY_POSTS:
        yield look("posts", f"{waiting:,} wait to be read", "nurture run reads them, as does nurture run --once")
    elif not bad:
        yield ok("posts", f"all that came from outside is read{f', but {waiting:,}' if waiting else ''}")


def zone_findings(store: Store) -> Iterator[Finding]:
    """Zones that nobody knows: such people are placed by their country, or by the project's zone."""
    told = store.figures.zones_told(PEOPLE_SEEN)
    unknown = {zone for zone in {zone for _, zone in told} if known_zone(zone) is None}
    bad = [id_ for id_, zone in told if zone in unknown]
    among = f" (looked at: the first {PEOPLE_SEEN:,} people)"
    if bad:
        words = f"{len(bad):,} of {len(told):,} zones do not exist, such as that of {', '.join(bad[:EXAMPLES])}"
        yield look("zones", f"{words}{among}", "send names such as Europe/Paris; nurture show ID")
    else:
        yield ok("zones", f"every zone that we were told exists{among}")


def source_findings(store: Store, book: Book, now: datetime) -> Iterator[Finding]:
    """Events that catalogue.yaml expects, and that stopped coming."""
    newest = store.figures.newest_events(EVENTS_SEEN) if book.catalogue.expects else []
    for name, length in book.catalogue.expects:
        last = last_time(store, book, newest, name)
        if last is None:
            yield look("sources", f"{name} never came, though it is expected every {length}", f"ask who sends {name}")
        elif now > latest(book, last, length):
            words = f"{name} came last {ago(now - last)} ago, though it is expected every {length}"
            yield wrong("sources", words, f"ask who sends {name}, and import what is missing")
        else:
            yield ok("sources", f"{name} came {ago(now - last)} ago")


def last_time(store: Store, book: Book, newest: list[Event], name: str) -> datetime | None:
    """When an event last happened: of the newest to the microsecond, of older ones to the day."""
    recent = [event.happened_at for event in newest if event.name == name]
    if recent:
        return max(recent)
    day = store.figures.last_day(name)
    clock = reader_clock(book.rules, {"zone": book.rules.zone})
    return None if day is None else at(day + timedelta(days=1), datetime.min.time(), clock)


def latest(book: Book, last: datetime, length: Length) -> datetime:
    """When the next one should have come; working days and the like on the project's clock."""
    return after(last, length, reader_clock(book.rules, {"zone": book.rules.zone}), None, "")


def currency_findings(store: Store, book: Book) -> Iterator[Finding]:
    """Orders in other currencies: their amounts are counted apart, and no total knows of them."""
    orders = book.catalogue.orders
    if orders is None:
        return
    totals = (e.fields.get("total") for e in store.figures.newest_events(EVENTS_SEEN) if e.name == orders.event)
    amounts = [total.currency for total in totals if isinstance(total, Money)]
    others = sorted({currency for currency in amounts if currency != book.rules.currency})
    if others:
        number = sum(currency != book.rules.currency for currency in amounts)
        words = f"{number:,} of the newest {len(amounts):,} orders are in {', '.join(others)}: counted apart"
        cure = f"totals add {book.rules.currency} only; convert before you import, if you will"
        yield look("currencies", words, cure)
    elif amounts:
        yield ok("currencies", f"the newest {len(amounts):,} orders are all in {book.rules.currency}")
