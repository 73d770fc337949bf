"""The tables at work, written by `make tables` from `definitions`: change those, not this."""

# fmt: off
# ruff: noqa: I001
from sqlalchemy import UniqueConstraint

from nurture.store.columns import (
    BESIDE, FALSE, HEAD, METADATA, counted, index, integer, large, long_text, number, raw, string, table, truth,
)

__all__ = [
    "ADDRESS", "AGENDA", "ALLOWANCE", "API_KEY", "APPLICATION", "APPLIED_FILE", "BASIS", "BATCH", "BATCH_MEMBER",
    "BESIDE", "CODE", "CONSENT", "CONTENT", "DAY_OF", "DECISION", "DECLARATION", "DRAFT", "ENROLMENT", "ERASURE",
    "EVENT", "FOOTING", "HAPPENING", "HEAD", "HELD", "INSTALLATION", "MAIL_DAY", "MERGED", "MESSAGE", "METADATA",
    "MOVE", "OUTSIDE_ID", "PERSON", "PLANNED", "REASON", "RECEIVED", "RENAMED", "REPLY", "ROUND", "ROUND_PART",
    "RUNNER", "SECRET", "SILENCE", "SUPPRESSION", "SWITCH", "TASK", "VERSION", "WATERMARK", "WEBHOOK", "ZONE_GROUP",
]

MESSAGE = table(
    "message",
    counted("number", primary_key=True), string("key", unique=True), string("person"), integer("bucket"),
    string("sequence", ''), integer("version", 0), string("subject", ''), string("step", ''), string("mail"),
    string("class_"), string("topic", ''), string("theme", ''), large("due_at"), large("decided_at"),
    large("valid_until"), integer("day"), string("zone", ''), string("rung", ''), string("address", ''),
    long_text("variables", '{}'), truth("before", False), string("fate", null=True), long_text("detail", ''),
    large("settled_at", null=True), string("variant", '', server_default=''),
    truth("again", False, server_default=FALSE), string("offered", '', server_default=''),
    long_text("carries", '', server_default=''), large("clicked_at", null=True),
    index("message_by_fate", "fate", "settled_at", where='fate IS NOT NULL'),
    index("message_of_person", "person", "decided_at"), sqlite_autoincrement=True,
)
PLANNED = table(
    "planned",
    integer("lane", primary_key=True), large("due_at", primary_key=True), string("key", primary_key=True),
    integer("bucket"), truth("released", False, server_default=FALSE), string("because", '', server_default=''),
    string("alike", '', server_default=''), UniqueConstraint("key", name="planned_once"), sqlite_with_rowid=False,
)
HELD = table(
    "held",
    string("key", primary_key=True), integer("lane"), large("due_at"), integer("bucket"), string("because"),
    large("since"), string("alike", '', server_default=''), index("held_by_lane", "lane", "due_at", "key"),
    sqlite_with_rowid=False,
)
DRAFT = table(
    "draft",
    string("key", primary_key=True), string("person"), integer("bucket"), string("approver"), large("since"),
    string("valid_for", ''), integer("lane", 0), large("due_at"), string("state", 'waiting'), string("subject", ''),
    long_text("body", ''), string("settled_by", ''), large("settled_at", null=True),
    index("draft_by_state", "state", "since"),
)
CODE = table(
    "code",
    counted("number", primary_key=True), string("gift"), string("code"), truth("made", False),
    string("reservation", null=True), string("mail", ''), string("person", ''), integer("bucket", 0),
    large("drawn_at", null=True), large("given_at", null=True), integer("expires_on", null=True),
    large("used_at", null=True), string("worth", ''), UniqueConstraint("gift", "code", name="code_unique"),
    UniqueConstraint("reservation", name="code_once"), index("code_drawn", "drawn_at"),
    index("code_free", "gift", "reservation", "number"), index("code_of_mail", "mail"), sqlite_autoincrement=True,
)
SWITCH = table(
    "switch",
    string("word", primary_key=True), string("sequence", '', primary_key=True), large("since"), string("who", ''),
    long_text("because", ''), truth("keep_service", False),
)
SECRET = table(
    "secret",
    integer("id", primary_key=True), string("name"), raw("value"), large("since"),
)
DECLARATION = table(
    "declaration",
    string("name", primary_key=True), large("at"), long_text("words", ''),
)
RUNNER = table(
    "runner",
    string("name", primary_key=True), integer("process"), string("version", ''), large("started_at"), large("seen_at"),
    large("next_at", null=True), string("state", ''), string("kind", 'daemon', server_default='daemon'),
)
BATCH = table(
    "batch",
    counted("id", primary_key=True), string("status"), string("owner", ''), large("lease_until"), large("claimed_at"),
    large("handed_at", null=True), large("settled_at", null=True), integer("braked", 0, server_default='0'),
    index("batch_by_claim", "claimed_at", "braked"), index("batch_by_status", "status", "lease_until"),
    sqlite_autoincrement=True,
)
BATCH_MEMBER = table(
    "batch_member",
    string("key", primary_key=True), integer("bucket"), large("batch"), truth("released", False, server_default=FALSE),
    index("member_of_batch", "batch"),
)
RECEIVED = table(
    "received",
    counted("number", primary_key=True), string("source"), string("digest"), large("at"), long_text("headers", '{}'),
    raw("body"), large("done_at", null=True), long_text("problem", ''),
    UniqueConstraint("source", "digest", name="received_once"),
    index("received_old", "source", "done_at", where="done_at IS NOT NULL AND headers <> ''"),
    index("received_to_do", "problem", "number", where='done_at IS NULL'), sqlite_autoincrement=True,
)
HAPPENING = table(
    "happening",
    counted("number", primary_key=True), string("id", unique=True), string("key", ''), string("person", ''),
    integer("bucket", 0), string("what"), large("at"), large("known_at"), string("provider", ''),
    string("address", ''), string("message", ''), string("bounce", ''), long_text("detail", ''), long_text("link", ''),
    string("by", 'unknown'), string("known", ''), index("happening_of_mail", "key", "what"),
    index("happening_of_person", "person", "at"),
    index("happening_that_hurts", "person", where="what IN ('bounced', 'dropped', 'complained')"),
    index("happening_to_judge", "known_at", where='what = \'clicked\' AND "by" = \'unknown\''),
    sqlite_autoincrement=True,
)
MAIL_DAY = table(
    "mail_day",
    integer("day", primary_key=True), string("provider", primary_key=True), string("family", primary_key=True),
    string("what", primary_key=True), large("count", 0), sqlite_with_rowid=False,
)
REPLY = table(
    "reply",
    counted("number", primary_key=True), large("received", unique=True), large("at"), string("person", ''),
    integer("bucket", 0), string("address", ''), string("key", ''), string("kind"), long_text("subject", ''),
    long_text("words", ''), string("task", ''), index("reply_of_person", "person", "at"), sqlite_autoincrement=True,
)
API_KEY = table(
    "api_key",
    string("name", primary_key=True), string("hash", unique=True), string("scopes"), large("since"), string("who", ''),
    large("revoked_at", null=True), large("used_at", null=True),
)
ERASURE = table(
    "erasure",
    string("person", primary_key=True), large("at"), string("who", ''), long_text("addresses", '[]'),
    long_text("outside", '[]'), large("told_at", null=True), long_text("to_tell", ''),
)
MERGED = table(
    "merged",
    string("old", primary_key=True), string("person"), large("at"), string("who", ''),
    index("ix_merged_person", "person"),
)
BASIS = table(
    "basis",
    integer("id", primary_key=True), string("book"), string("engine"), integer("language"),
    integer("application", 0, server_default='0'), long_text("switches", '', server_default=''),
    UniqueConstraint("book", "engine", "language", "application", "switches", name="basis_once"),
)
DECISION = table(
    "decision",
    counted("number", primary_key=True), string("person"), integer("bucket"), large("at"), large("since"),
    large("upto"), integer("mails"), string("gone"), integer("basis"), raw("digest"),
    index("decision_of_person", "person", "number"),
)
FOOTING = table(
    "footing",
    string("person", primary_key=True), large("upto", primary_key=True), integer("bucket"), large("at"),
    large("until"), large("seen"), truth("used", False), raw("standing"),
    index("footing_by_at", "used", "at", "person"),
)
INSTALLATION = table(
    "installation",
    string("store", primary_key=True), large("counter"),
)
WATERMARK = table(
    "watermark",
    string("name", primary_key=True), large("at"),
)
PERSON = table(
    "person",
    string("id", primary_key=True), integer("bucket"), large("created_at"), large("decided_until"),
    large("decided_number"), string("zone", ''), long_text("facts", '{}'), long_text("tags", '[]'),
    string("stage", ''), integer("orders_count", 0), large("orders_first_at", null=True),
    large("orders_last_at", null=True), number("orders_total", 0.0), long_text("state", '{}'),
    string("country", '', server_default=''), string("placed_by", '', server_default=''),
    index("person_by_bucket", "zone", "bucket", "id"),
    index("person_by_zone", "zone", "country", "id", "bucket", "stage", "placed_by"),
)
OUTSIDE_ID = table(
    "outside_id",
    string("source", primary_key=True), string("value", primary_key=True), large("valid_from", primary_key=True),
    large("valid_to", null=True), string("person"), integer("bucket"), index("ix_outside_id_person", "person"),
    index("outside_id_valid", "source", "value", unique=True, where='valid_to IS NULL'),
)
ADDRESS = table(
    "address",
    string("key", primary_key=True), large("valid_from", primary_key=True), large("valid_to", null=True),
    string("address"), string("person"), integer("bucket"), string("state", 'ok'), large("state_since"),
    index("address_valid", "key", unique=True, where='valid_to IS NULL'), index("ix_address_person", "person"),
)
CONSENT = table(
    "consent",
    string("person", primary_key=True), string("address", '', primary_key=True), string("topic", primary_key=True),
    integer("bucket"), truth("given"), long_text("basis", ''), long_text("wording", ''), large("since"),
    long_text("how", '', server_default=''), string("who", '', server_default=''), large("until", null=True),
)
SUPPRESSION = table(
    "suppression",
    string("key", primary_key=True), long_text("because", ''), large("since"),
)
EVENT = table(
    "event",
    counted("number", primary_key=True), string("id", unique=True), string("person"), integer("bucket"),
    string("name"), large("happened_at"), large("known_at"), long_text("fields", '{}'), string("origin"),
    string("outside_id", ''), truth("fresh", False),
    index("event_address_asked", "known_at", where="name = 'address.asked'"),
    index("event_of_person", "person", "number"), sqlite_autoincrement=True,
)
SILENCE = table(
    "silence",
    string("person", primary_key=True), string("event", primary_key=True), integer("bucket"), string("zone"),
    integer("last_day"), index("silence_by_day", "event", "zone", "last_day", "person"), sqlite_with_rowid=False,
)
DAY_OF = table(
    "day_of",
    string("person", primary_key=True), string("path", primary_key=True),
    string("thing", '', primary_key=True, server_default=''), integer("bucket"), string("zone"), integer("month_day"),
    integer("year"), index("day_of_by_day", "path", "month_day", "zone", "year", "person"), sqlite_with_rowid=False,
)
ZONE_GROUP = table(
    "zone_group",
    string("zone", primary_key=True),
)
AGENDA = table(
    "agenda",
    string("person", primary_key=True), string("kind", primary_key=True), large("due_at", primary_key=True),
    integer("bucket"), large("number", 0), index("agenda_by_due", "due_at", "person"), sqlite_with_rowid=False,
)
ENROLMENT = table(
    "enrolment",
    string("person", primary_key=True), string("sequence", primary_key=True), string("subject", primary_key=True),
    integer("bucket"), integer("ordinal"), integer("version"), large("started_at"), string("step", null=True),
    large("due_at", null=True), large("ended_at", null=True), string("ending", ''), large("goal_at", null=True),
    index("enrolment_by_sequence", "sequence", "version", "ended_at"),
    index("enrolment_by_start", "sequence", "started_at", "person"),
)
REASON = table(
    "reason",
    counted("id", primary_key=True), string("person"), integer("bucket"), large("at"), large("due_at", null=True),
    string("why"), string("sequence", ''), integer("version", 0), string("subject", ''), string("step", ''),
    string("mail", ''), long_text("words", ''), large("until", null=True), long_text("looks", '[]'),
    string("place", ''), integer("basis"), index("reason_of_person", "person", "at"), sqlite_autoincrement=True,
)
CONTENT = table(
    "content",
    string("hash", primary_key=True), raw("data"),
)
APPLICATION = table(
    "application",
    integer("id", primary_key=True), large("at"), string("who", ''), string("commit", ''),
    long_text("known", '', server_default=''),
)
APPLIED_FILE = table(
    "applied_file",
    integer("application", primary_key=True), string("path", primary_key=True), string("hash"),
)
VERSION = table(
    "version",
    string("sequence", primary_key=True), integer("version", primary_key=True), string("path"), string("hash"),
    integer("application"), large("live_since", null=True), long_text("lineages", '{}', server_default='{}'),
    large("starts_since", null=True), truth("past_too", False, server_default=FALSE),
)
RENAMED = table(
    "renamed",
    string("kind", primary_key=True), string("old", primary_key=True), string("new"), integer("application"),
)
MOVE = table(
    "move",
    string("sequence", primary_key=True), integer("version", primary_key=True), large("at"), string("due_now", 'send'),
    string("spread", ''), integer("application"),
)
TASK = table(
    "task",
    string("key", primary_key=True), string("person"), integer("bucket"), string("sequence"), integer("version"),
    string("subject"), string("step"), long_text("text"), string("owner"), large("made_at"), integer("due_on"),
    large("held_until", null=True), string("taken_by", ''), large("taken_at", null=True), string("done_by", ''),
    large("done_at", null=True), long_text("words", ''), index("task_by_due", "done_at", "due_on"),
    index("task_of_person", "person"),
)
WEBHOOK = table(
    "webhook",
    string("key", primary_key=True), string("person"), integer("bucket"), string("sequence"), integer("version"),
    string("subject"), string("step"), string("endpoint"), long_text("body", '{}'), integer("retry"),
    integer("timeout"), large("made_at"), string("state", 'planned'), integer("tries", 0), large("next_at", null=True),
    long_text("detail", ''), large("settled_at", null=True), index("webhook_by_next", "state", "next_at"),
)
ROUND = table(
    "round",
    counted("id", primary_key=True), large("since"), large("until"), sqlite_autoincrement=True,
)
ROUND_PART = table(
    "round_part",
    large("round", primary_key=True), integer("first", primary_key=True), integer("last"), large("done_at", null=True),
)
ALLOWANCE = table(
    "allowance",
    string("provider", primary_key=True), large("free_at"), large("paid"),
)
