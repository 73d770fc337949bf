"""What doctor sees around the store: config.toml, keys, the web address, the sender's domains, time zones, the disk."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from nurture.config import FILE, Config, sending_problems
from nurture.deliver.domain import Ask, Record, Told, records
from nurture.engine.doctor import Finding, look, ok, wrong
from nurture.engine.handed import FOLDER
from nurture.model.book import Book
from nurture.model.place import Problem
from nurture.store.probe import Probe, Reach

LITTLE, VERY_LITTLE = 1_000_000_000, 200_000_000  # bytes left on the disk
SENDGRID = "sendgrid"


def config_findings(problems: Sequence[Problem], there: bool) -> Iterator[Finding]:
    """config.toml: every problem at once."""
    for problem in problems:
        yield wrong("config", f"{problem.place}: {problem.message}", problem.hint or f"see config.example.toml, {FILE}")
    if not problems:
        yield ok("config", f"{FILE} is right" if there else f"there is no {FILE}: everything is as it comes")


def sending_findings(config: Config, book: Book | None) -> Iterator[Finding]:
    """Whether mail can leave as configured; keys are never shown, only whether they are set."""
    problems = sending_problems(config)
    unset = set(config.unset)
    for problem in problems:
        about = "keys" if problem in unset else "web"
        yield wrong(about, problem.message, problem.hint or f"set it, or change {FILE}")
    if not unset and config.provider != FOLDER:
        yield ok("keys", f"what {config.provider} needs is set in the environment")
    if config.provider == FOLDER:
        yield ok("provider", "folder: mails are written as files, none leaves this machine")
    yield from _only_some(config, book)


def _only_some(config: Config, book: Book | None) -> Iterator[Finding]:
    if config.mode == "test":
        seeds = len(book.rules.seeds) if book else 0
        if seeds:
            yield look("mode", f'mode = "test": only the {seeds} seeds get mail', 'mode = "live" when all is well')
        else:
            cure = "name seeds in sequences/house/rules.yaml, then nurture apply"
            yield wrong("mode", 'mode = "test", and there are no seeds: nobody gets mail', cure)
    if config.only_to:
        yield look(
            "mode", f"deliver.only_to lets {len(config.only_to)} addresses have mail, and nobody else", f"see {FILE}"
        )


def web_findings(config: Config, why_unreachable: Callable[[str], str] | None) -> Iterator[Finding]:
    """The address in every mail: https, and ours that answers. Without `why_unreachable` it is not asked."""
    if not config.web_url:
        if config.provider == FOLDER:
            yield ok("web", "no web.url: mails carry no link to leave, which matters only once they go out")
        return
    if config.web_listen is None:
        words = "mails carry links to web.url, and without web.listen `nurture run` answers none of them"
        yield look("web", words, "set web.listen, unless another nurture on this store answers them")
    if not config.web_url.startswith("https://"):
        yield look("web", f"{config.web_url} is not https: mail programs leave with one click only by https")
    if why_unreachable is None:
        yield ok("web", f"{config.web_url} was not asked")
        return
    trouble = why_unreachable(config.web_url)
    if trouble:
        words = f"{config.web_url}/health does not answer from here: {trouble}"
        yield look("web", words, "start `nurture run`, and see that web.url leads to web.listen")
    else:
        yield ok("web", f"{config.web_url} answers")


def domain_findings(config: Config, book: Book | None, ask: Ask | None) -> Iterator[Finding]:
    """SPF, DKIM and DMARC of every sender's domain; with the folder nothing leaves, so nothing is asked."""
    if book is None or config.provider == FOLDER:
        return
    senders = (book.rules.sender, *(sender for _, sender, _ in book.rules.senders))
    domains = dict.fromkeys(sender.address.rpartition("@")[2].lower() for sender in senders)
    for domain in domains:
        if ask is None:
            yield ok("dns", f"{domain} was not asked")
        else:
            yield from map(_of_record, records(domain, config.provider == SENDGRID, ask))


def _of_record(record: Record) -> Finding:
    if record.told is Told.right:
        return ok("dns", record.words)
    if record.told is Told.wrong:
        return wrong("dns", record.words, record.cure)
    return look("dns", record.words if record.told is Told.doubtful else f"{record.what}: {record.words}", record.cure)


def store_findings(probe: Probe) -> Iterator[Finding]:
    """Whether the store is there and its tables are the newest; it is not touched."""
    match probe.reach:
        case Reach.ready:
            yield ok("store", "reachable, and its tables are the newest")
        case Reach.absent:
            yield look("store", probe.words, "nurture apply makes it")
        case Reach.behind:
            cure = "any other command brings it up to date; of a SQLite file a copy is made first"
            yield look("migrations", f"pending: {probe.words}", probe.cure or cure)
        case Reach.ahead:
            yield wrong("migrations", f"the store is of a newer nurture: {probe.words}", probe.cure)
        case Reach.unreachable:
            yield wrong("store", f"it cannot be reached: {probe.words}", probe.cure or f"see store.url in {FILE}")


def disk_findings(file: Path | None) -> Iterator[Finding]:
    """Room beside the store's file, also for the copy that is made before a migration."""
    if file is None or not file.exists():
        return
    closed = [one.name or str(one) for one in (file, file.parent) if not os.access(one, os.W_OK)]
    if closed:
        cure = "give it the right to, or mount the disk for writing; until then nothing is decided or sent"
        yield wrong("store", f"this user may not write to {' and '.join(closed)}", cure)
    free, size = shutil.disk_usage(file.parent).free, file.stat().st_size
    words = f"{free / 1e9:,.1f} GB free beside a store of {size / 1e9:,.2f} GB"
    if free < VERY_LITTLE:
        yield wrong("disk", words, "make room: a full disk stops everything")
    elif free < max(LITTLE, 2 * size):
        yield look("disk", words, "make room for twice the store: a migration copies it first")
    else:
        yield ok("disk", words)


def zone_data_findings(year: int) -> Iterator[Finding]:
    """How old the time zones are; governments change them several times a year."""
    try:
        found = version("tzdata")
    except PackageNotFoundError:
        yield look("zone data", "time zones come from the system, whose age is not known", "pip install tzdata")
        return
    if int(found.split(".")[0]) < year - 1:
        yield look("zone data", f"time zones are of {found}", "pip install --upgrade tzdata")
    else:
        yield ok("zone data", f"time zones are of {found}")
