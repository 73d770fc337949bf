"""What of each table is blanked when somebody is forgotten, column by column; a test holds that none is left out.

What stays says nothing of anybody but our own opaque id: that a mail went, when, of which sequence and step. So
counts and comparisons stay true, and send keys keep anything from going twice.
"""

from collections.abc import Mapping

from nurture.model.event import FORGOTTEN

GONE = frozenset({"outside_id", "address", "consent", "silence", "day_of", "agenda", "footing"})
"""Every row of the person is deleted."""

NOBODYS = frozenset(
    {
        "installation", "watermark", "zone_group", "content", "application", "applied_file", "version", "renamed",
        "move", "basis", "mail_day", "api_key", "batch", "batch_member", "switch", "secret", "declaration", "runner",
        "planned", "held", "round", "round_part", "allowance",
    }
)  # fmt: skip
"""Nothing of anybody: files, counts, what is said of all. Queues hold send keys only, and are emptied of theirs."""

OTHERWISE = frozenset({"received", "suppression", "erasure", "merged"})
"""Raw posts are rewritten (`raw_posts`); suppressions become keyed hashes; the others hold ids and hashes alone."""

BLANKED: Mapping[str, Mapping[str, object]] = {
    "person": {
        "zone": "", "facts": "{}", "tags": "[]", "stage": "", "orders_count": 0, "orders_first_at": None,
        "orders_last_at": None, "orders_total": 0.0, "state": '{"erased":true}', "country": "", "placed_by": "",
    },
    "event": {"name": FORGOTTEN, "fields": "{}", "outside_id": "", "fresh": False},
    "enrolment": {"step": None, "due_at": None, "ending": "erased"},
    "message": {"zone": "", "rung": "", "address": "", "variables": "{}", "detail": "", "variant": "", "carries": ""},
    "reason": {"words": "", "looks": "[]"},
    "decision": {"digest": b""},
    "draft": {"subject": "", "body": ""},
    "task": {"text": "", "words": ""},
    "webhook": {"body": "{}", "detail": "", "next_at": None},
    "code": {"person": "", "bucket": 0},
    "happening": {"address": "", "message": "", "detail": "", "link": ""},
    "reply": {"address": "", "subject": "", "words": ""},
}  # fmt: skip
"""What columns are set to."""

HASHED: Mapping[str, tuple[str, ...]] = {
    "event": ("id",),
    "enrolment": ("subject",),
    "message": ("subject",),
    "reason": ("subject",),
    "task": ("subject",),
    "webhook": ("subject",),
}
"""What is told apart by, and may name an order or a subscription: a keyed hash takes its place."""

KEPT: Mapping[str, frozenset[str]] = {
    "person": frozenset({"id", "bucket", "created_at", "decided_until", "decided_number"}),
    "event": frozenset({"number", "person", "bucket", "happened_at", "known_at", "origin"}),
    "enrolment": frozenset({"person", "sequence", "bucket", "ordinal", "version", "started_at", "ended_at", "goal_at"}),
    "message": frozenset(
        {
            "number", "key", "person", "bucket", "sequence", "version", "step", "mail", "class_", "topic", "theme",
            "due_at", "decided_at", "valid_until", "day", "before", "fate", "settled_at", "again", "offered",
            "clicked_at",
        }
    ),
    "reason": frozenset(
        {"id", "person", "bucket", "at", "due_at", "why", "sequence", "version", "step", "mail", "until", "place",
         "basis"}
    ),
    "decision": frozenset({"number", "person", "bucket", "at", "since", "upto", "mails", "gone", "basis"}),
    "draft": frozenset(
        {"key", "person", "bucket", "approver", "since", "valid_for", "lane", "due_at", "state", "settled_by",
         "settled_at"}
    ),
    "task": frozenset(
        {"key", "person", "bucket", "sequence", "version", "step", "owner", "made_at", "due_on", "held_until",
         "taken_by", "taken_at", "done_by", "done_at"}
    ),
    "webhook": frozenset(
        {"key", "person", "bucket", "sequence", "version", "step", "endpoint", "retry", "timeout", "made_at", "state",
         "tries", "settled_at"}
    ),
    "code": frozenset(
        {"number", "gift", "code", "made", "reservation", "mail", "drawn_at", "given_at", "expires_on", "used_at",
         "worth"}
    ),
    "happening": frozenset(
        {"number", "id", "key", "person", "bucket", "what", "at", "known_at", "provider", "bounce", "by", "known"}
    ),
    "reply": frozenset({"number", "received", "at", "person", "bucket", "key", "kind", "task"}),
}  # fmt: skip
"""What stays as it is."""
