"""Names of every log event, the one way to write one, and how it looks: a word and fields, never a sentence.

A log line is for machines and for the operator; what a marketer asks is answered by the
recorded reasons (`nurture explain`). docs/operations.md says of each event what to do about it.
"""

import json
import logging
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from nurture import spans

TICK_BEGUN = "tick.begun"  # since, until
TICK_DONE = "tick.done"  # people, decided, reasons
TICK_FAILED = "tick.failed"  # error, at, words, again_in
ROUND_BEGUN = "round.begun"  # since, until, parts: so many are looked at that workers share it
PART_DONE = "round.part_done"  # first, last: buckets; over: whether it was the last part; people, decided, reasons
HAND_OVER_DONE = "hand_over.done"  # accepted, refused, cancelled, in_doubt
HAND_OVER_FAILED = "hand_over.failed"  # error, at, words, again_in
HAND_OVER_WAITS = "hand_over.waits"  # waiting, held: of mails that nothing is wrong with
BATCH_IN_DOUBT = "batch.in_doubt"  # batch, mails
BATCH_LEFT = "batch.left"  # batch, mails, error, at: not prepared, back in the queue when its lease is over
BATCH_RECOVERED = "batch.recovered"  # put_back, in_doubt: what a process that is gone had left
BRAKE_HELD = "brake.held"  # mails, brake
BACKOFF_BEGUN = "backoff.begun"  # until, failures, because
BACKOFF_OVER = "backoff.over"  # provider
FAMILY_RESTS = "family.rests"  # until, mails: that a family of mailboxes put off or blocked within an hour
COMPLAINTS_BRAKE = "complaints.brake"  # brake, overall, complaints, delivered: in 7 days, of one family or of all
PACE_PUT_OFF = "pace.put_off"  # mails, until: today has no room for them
DOUBTS_LOOKED_UP = "doubts.looked_up"  # mails: the log of the provider has them
DOUBTS_UNANSWERED = "doubts.unanswered"  # error, at: the log of the provider does not answer
DOUBTS_SETTLED = "doubts.settled"  # again, closed
LEASE_LOST = "lease.lost"  # batch, error, at: what of it was not begun is put back
BY_HAND = "outbox.by_hand"  # act, stood
RELEASED = "outbox.released"  # mails
WEBHOOKS_DONE = "webhooks.done"  # ok, failed, planned, cancelled: of calls of other systems
WEBHOOKS_FAILED = "webhooks.failed"  # error, at, again_in: a fault of ours, not of the other side
TASK_BY_HAND = "task.by_hand"  # act
DRAFT_BY_HAND = "draft.by_hand"  # act
DRAFTS_CALLED_OFF = "drafts.called_off"  # drafts: their readers must not have them any more
ENROLLED = "people.enrolled"  # sequence, people: by hand
NOTICE_SENT = "notice.sent"  # fate: of a word to one of the shop's own people
HALT_SET = "halt.set"  # provider: it refuses us, not a mail
APPLIED = "book.applied"  # digest, sequences
BOOK_TAKEN = "book.taken"  # digest, sequences
BOOK_UNREADABLE = "book.unreadable"  # error, at, words
IMPORTED = "import.done"  # kind, taken, known, rejected
DAEMON_STARTED = "daemon.started"  # process, version, provider, every
DAEMON_WAITS = "daemon.waits"  # beside, since: another one is at work
DAEMON_SILENT = "daemon.silent"  # beside, process, seconds: the one that is waited for has not said that it lives
DAEMON_HOLDS = "daemon.holds"  # because
DAEMON_GOES_ON = "daemon.goes_on"
DAEMON_ALIVE = "daemon.alive"  # ticks, people, decided, accepted
DAEMON_STOPPING = "daemon.stopping"  # because
DAEMON_STOPPED = "daemon.stopped"
DAEMON_CUT = "daemon.cut"  # because: what was on its way is in doubt at the next start
WEB_LISTENS = "web.listens"  # host, port
WEB_WAITS = "web.waits"  # words: another worker of this machine listens there
WORKER_STARTED = "worker.started"  # process, version, provider, mode, every: beside how many others
WORKER_STOPPING = "worker.stopping"  # because
WORKER_STOPPED = "worker.stopped"  # accepted
WORKER_CUT = "worker.cut"  # because: what was on its way is in doubt
WORKER_GONE = "worker.gone"  # process, put_back, in_doubt: it ended without a word, and another put it in order
QUEUE_LOST = "queue.lost"  # lane, error, words: the database is away; or at, again_in: the queue failed
QUEUE_BACK = "queue.back"  # seconds: so long it was away
PERSON_UNREADABLE = "person.unreadable"  # person, error, at
WEB_NONE = "web.none"  # nothing
WEB_FAILED = "web.failed"  # error, at
RECEIVED_TAKEN = "received.taken"  # taken, unreadable: posts from outside that were kept and now read
NEWS_TAKEN = "news.taken"  # what became of mails with how many, settled: mails of which more is known now
SYNCED = "suppressions.synced"  # of each of the provider's lists how many rows were new
SYNC_FAILED = "suppressions.failed"  # error, at, words: it is tried again after an hour
RECEIVED_GIVEN_UP = "received.given_up"  # posts: read long ago, and not needed any more
ALARM_BEGUN = "alarm.begun"  # alarm, about: nurture doctor says what to do
ALARM_OVER = "alarm.over"  # alarm, about, since
ALARM_TOLD = "alarm.told"  # fate: of a mail to the shop's own people
TELEMETRY_OFF = "telemetry.off"  # because: traces were asked for and cannot be sent
PRUNED = "store.pruned"  # by kind, how many rows went: older than the house keeps them
RECEIVED_UNREADABLE = "received.unreadable"  # source, number, error, at: it waits for `nurture received`
HOOK_REFUSED = "hook.refused"  # source: a post that is not signed by who it says it is from; once a minute at the most
KEY_BY_HAND = "key.by_hand"  # act, key: its name
ROWS_POSTED = "api.posted"  # key, kind, taken, known, refused
SHOP_TAKEN = (
    "shop.taken"  # source, topic, taken, known, left: what the catalogue does not declare, or nobody could be told
)
LINKS_RENEWED = "links.renewed"  # believed: how many secrets links are believed by now
LETTER_TAKEN = "letter.taken"  # kind, known: its writer is a contact, answers: it answers a mail of ours
LINK_TAKEN = "link.taken"  # purpose, choice, new
LINK_LOST = "link.lost"  # purpose, because: a genuine link of which nothing could be recorded, or not all
PERSON_FORGOTTEN = "person.forgotten"  # person: our own id, which is all that is left
FORGOTTEN_AGAIN = "person.forgotten_again"  # people: known still, by a restored backup or a cut
ERASURE_TOLD = "erasure.told"  # people, waiting: the provider was told whom to erase
PERSON_MERGED = "person.merged"  # old, person: our own ids

NAMES = frozenset(
    {
        TICK_BEGUN, TICK_DONE, TICK_FAILED, HAND_OVER_DONE, HAND_OVER_FAILED, HAND_OVER_WAITS, BATCH_IN_DOUBT,
        ROUND_BEGUN, PART_DONE, WEB_WAITS, WORKER_STARTED, WORKER_STOPPING, WORKER_STOPPED, WORKER_CUT, WORKER_GONE,
        QUEUE_LOST, QUEUE_BACK, DAEMON_SILENT,
        BATCH_LEFT, BATCH_RECOVERED, BRAKE_HELD, BACKOFF_BEGUN, BACKOFF_OVER, FAMILY_RESTS,
        COMPLAINTS_BRAKE, PACE_PUT_OFF, DOUBTS_LOOKED_UP, DOUBTS_UNANSWERED, DOUBTS_SETTLED, LEASE_LOST, BY_HAND,
        RELEASED, HALT_SET, APPLIED, BOOK_TAKEN, BOOK_UNREADABLE, IMPORTED, DAEMON_STARTED, DAEMON_WAITS,
        DAEMON_HOLDS, DAEMON_GOES_ON, DAEMON_ALIVE, DAEMON_STOPPING, DAEMON_STOPPED, DAEMON_CUT, WEB_LISTENS,
        PERSON_UNREADABLE, WEB_NONE, WEB_FAILED, LINK_TAKEN, LINK_LOST, WEBHOOKS_DONE, WEBHOOKS_FAILED,
        TASK_BY_HAND, DRAFT_BY_HAND, DRAFTS_CALLED_OFF, ENROLLED, NOTICE_SENT,
        KEY_BY_HAND, LINKS_RENEWED, ROWS_POSTED, SHOP_TAKEN,
        RECEIVED_TAKEN, RECEIVED_GIVEN_UP, RECEIVED_UNREADABLE, SYNCED, SYNC_FAILED, NEWS_TAKEN, HOOK_REFUSED,
        LETTER_TAKEN, PRUNED, TELEMETRY_OFF, ALARM_BEGUN, ALARM_OVER, ALARM_TOLD,
        PERSON_FORGOTTEN, FORGOTTEN_AGAIN, ERASURE_TOLD, PERSON_MERGED,
    }
)  # fmt: skip

_LOG = logging.getLogger("nurture")
_LOG.addHandler(logging.NullHandler())  # a command that shows no log writes none to the terminal
_PACKAGE = str(Path(__file__).parent)
_FOREIGN = ("aiohttp", "apscheduler", "asyncio", "opentelemetry", "procrastinate", "psycopg")


def note(name: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Write one log event; ValueError for a name that is not in this module. `level` is one of `logging`."""
    if name not in NAMES:
        raise ValueError(f"no log event is called {name}")
    fields = {**fields, **spans.followed(), **_ALWAYS}
    spans.noted(name, fields)
    words = " ".join(f"{key}={_word(value)}" for key, value in fields.items())
    _LOG.log(level, "%s %s", name, words, extra={"event": name, "fields": fields})


following = spans.following  # of an event and of a stretch of work alike
_ALWAYS: dict[str, object] = {}


def always(**fields: object) -> None:
    """Say these of every event of this process from now on, and no others."""
    _ALWAYS.clear()
    _ALWAYS.update(fields)


def fault_fields(error: BaseException, words: bool = False) -> dict[str, str]:
    """What is said of an error: its type, and where in nurture it came from.

    Its own words only with `words`: an error of a library may quote the row or the mail it fell over.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(_PACKAGE)]
    at = f"{Path(frames[-1].filename).relative_to(_PACKAGE)}:{frames[-1].lineno}" if frames else ""
    return {"error": type(error).__name__, "at": at} | ({"words": str(error)} if words else {})


def show_on_stderr(as_json: bool = False, level: int = logging.INFO) -> None:
    """Write every event as one line to standard error; other libraries' lines only from a warning on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if as_json else Lines())
    _LOG.setLevel(level)
    for name in ("nurture", *_FOREIGN):
        logging.getLogger(name).handlers = [handler]
        logging.getLogger(name).propagate = False
    for name in _FOREIGN:
        logging.getLogger(name).setLevel(logging.WARNING)


def sift(written: Callable[[logging.LogRecord], bool]) -> None:
    """Ask from now on whether a line of another library is written; after `show_on_stderr`."""
    for handler in {handler for name in _FOREIGN for handler in logging.getLogger(name).handlers}:
        handler.addFilter(lambda line: _ours(line) or written(line))


class Lines(logging.Formatter):
    """`2026-11-22T10:00:00Z tick.done people=3`; from a warning on, its level stands before the name."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the message holds."""
        loud = f"{record.levelname.lower()} " if record.levelno > logging.INFO else ""
        return f"{_moment(record)} {loud}{_said(record)}".rstrip()


class JsonLines(logging.Formatter):
    """One JSON object a line: `time`, `level`, `event` and the event's fields, `at`: the place of a fault."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        head = {"time": _moment(record), "level": record.levelname.lower()}
        fields = {"event": record.__dict__["event"], **record.__dict__["fields"]} if _ours(record) else {}
        return json.dumps(head | (fields or {"event": record.name, "words": _foreign(record)}), default=_plain)


def _ours(record: logging.LogRecord) -> bool:
    return "event" in record.__dict__


def _said(record: logging.LogRecord) -> str:
    return record.getMessage() if _ours(record) else f"{record.name} words={_word(_foreign(record))}"


def _foreign(record: logging.LogRecord) -> str:
    """What a library says: its message's first line, unfilled, and an error's type. The rest may name somebody."""
    error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
    first, _, _ = str(record.msg).partition("\n")
    return f"{first} {error}".strip()


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _word(value: object) -> str:
    """A value without a space as it is, any other in quotes and escaped; an instant to the second."""
    text = _plain(value)
    if not text.isprintable():
        return json.dumps(text)  # nothing that a terminal obeys, and nothing that another reader takes for a new line
    return json.dumps(text, ensure_ascii=False) if not text or any(sign in text for sign in ' "=') else text


def _plain(value: object) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else str(value)
