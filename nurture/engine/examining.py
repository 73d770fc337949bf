"""One visit of the doctor: which findings are looked for, in which order, and what keeps some from being asked."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from nurture.config import Config
from nurture.deliver.domain import Ask
from nurture.engine import doctor_around as around
from nurture.engine import doctor_store as inside
from nurture.engine.doctor import Diagnosis, Finding, wrong
from nurture.engine.doctor_alarms import alarm_findings
from nurture.engine.doctor_feasts import feast_findings
from nurture.engine.doctor_gifts import gift_findings
from nurture.engine.doctor_lists import list_findings
from nurture.engine.doctor_pace import pace_findings
from nurture.engine.status import never, readable
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.place import Problem
from nurture.model.values import dataclass
from nurture.store.probe import Probe
from nurture.store.runner import Runner


@dataclass(frozen=True, slots=True)
class Outside:
    """Who is asked outside this machine; None asks nobody. `reach` says why an address does not answer.

    `gone` says of a daemon that did not say goodbye whether it is known to have ended.
    """

    ask: Ask | None = None
    reach: Callable[[str], str] | None = None
    gone: Callable[[Runner], bool] = never


def misconfigured(problems: Sequence[Problem]) -> Diagnosis:
    """What can be said of a project whose config.toml is not understood."""
    return Diagnosis(tuple(around.config_findings(problems, there=True)))


def examine(
    config: Config, there: bool, probe: Probe, shop: Workshop | str, now: datetime, outside: Outside
) -> Diagnosis:
    """All findings. `there` says whether config.toml is; `shop` is the open project, or why there is none."""
    return Diagnosis(tuple(_findings(config, there, probe, shop, now, outside)))


def _findings(
    config: Config, there: bool, probe: Probe, shop: Workshop | str, now: datetime, outside: Outside
) -> Iterator[Finding]:
    yield from around.config_findings((), there)
    yield from around.store_findings(probe)
    book: Book | None = None
    if isinstance(shop, Workshop):
        book, unreadable = readable(shop)
        yield from inside.book_findings(shop, book, unreadable)
        yield from _of_store(shop, book, now, outside.gone)
        yield from around.disk_findings(shop.store.database.file)
    elif shop:
        yield wrong("store", shop, "then ask again")
    yield from around.sending_findings(config, book)
    yield from around.web_findings(config, outside.reach)
    yield from around.domain_findings(config, book, outside.ask)
    yield from around.zone_data_findings(now.year)


def _of_store(shop: Workshop, book: Book | None, now: datetime, gone: Callable[[Runner], bool]) -> Iterator[Finding]:
    store = shop.store
    yield from inside.mark_findings(store)
    yield from inside.switch_findings(store)
    yield from inside.suppression_findings(shop)
    yield from inside.clock_findings(store, now)
    yield from inside.daemon_findings(store, now, gone)
    yield from inside.mail_findings(store)
    yield from inside.received_findings(store)
    yield from pace_findings(shop, now)
    yield from list_findings(shop, now)
    yield from inside.zone_findings(store)
    if book is not None:
        yield from gift_findings(store, book)
        yield from feast_findings(store, book, now)
        yield from inside.source_findings(store, book, now)
        yield from alarm_findings(shop, book, now)
        yield from inside.currency_findings(store, book)
