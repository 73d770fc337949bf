"""The rows of what steps make beside plain mails: drafts, tasks, webhooks, and the gifts that a mail carries."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from nurture.model.decision import Carried, Intent, TaskIntent, WebhookIntent
from nurture.model.length import Length, Unit
from nurture.store.codec import decoded, encoded, maybe_micros, micros, values_text
from nurture.store.database import bucket
from nurture.store.tables import DRAFT

Row = dict[str, Any]
_UNITS = {unit.value: unit for unit in Unit}


def draft_row(intent: Intent, lane: int) -> Row:
    """A mail that waits for approval; its place in the queue is kept for then."""
    return {
        "key": intent.key,
        "person": intent.person,
        "bucket": bucket(intent.person),
        "approver": intent.approve,
        "since": micros(intent.decided_at),
        "valid_for": length_text(intent.valid_for),
        "lane": lane,
        "due_at": micros(intent.due_at),
        "state": "waiting",
        "subject": "",
        "body": "",
        "settled_by": "",
    }


def drafts_called_off(connection: Connection, keys: Sequence[str], now: datetime) -> list[str]:
    """Those of these mails that waited for approval, and do so no more."""
    waiting = (DRAFT.c.key.in_(keys), DRAFT.c.state == "waiting")
    found = list(connection.execute(select(DRAFT.c.key).where(*waiting)).scalars())
    if found:
        connection.execute(update(DRAFT).where(*waiting).values(state="cancelled", settled_at=micros(now)))
    return found


def task_row(task: TaskIntent) -> Row:
    """A task as it was made."""
    return {
        "key": task.key,
        "person": task.person,
        "bucket": bucket(task.person),
        "sequence": task.sequence,
        "version": task.version,
        "subject": task.subject,
        "step": task.step,
        "text": task.text,
        "owner": task.to,
        "made_at": micros(task.made_at),
        "due_on": task.due_on.toordinal(),
        "held_until": maybe_micros(task.held_until),
        "taken_by": "",
        "done_by": "",
        "words": "",
    }


def webhook_row(webhook: WebhookIntent) -> Row:
    """A call that is to be made as soon as may be."""
    return {
        "key": webhook.key,
        "person": webhook.person,
        "bucket": bucket(webhook.person),
        "sequence": webhook.sequence,
        "version": webhook.version,
        "subject": webhook.subject,
        "step": webhook.step,
        "endpoint": webhook.endpoint,
        "body": values_text(webhook.body),
        "retry": webhook.retry,
        "timeout": webhook.timeout,
        "made_at": micros(webhook.made_at),
        "state": "planned",
        "tries": 0,
        "next_at": micros(webhook.made_at),
        "detail": "",
    }


def length_text(length: Length | None) -> str:
    """A length as it is kept; empty for none."""
    return "" if length is None else f"{length.amount} {length.unit.value}"


def length_of(text: str) -> Length | None:
    """The inverse of `length_text`."""
    if not text:
        return None
    amount, unit = text.split(" ", 1)
    return Length(int(amount), _UNITS[unit])


def carries_text(gifts: Iterable[Carried]) -> str:
    """The gifts that a mail carries, as text; empty for none."""
    rows = [[g.key, g.gift, g.code, g.expires_on, length_text(g.valid), g.without] for g in gifts]
    return encoded(rows) if rows else ""


def carries_of(text: str) -> tuple[Carried, ...]:
    """The inverse of `carries_text`."""
    if not text:
        return ()
    rows = decoded(text)
    return tuple(
        [Carried(key, gift, code, on, length_of(valid), without) for key, gift, code, on, valid, without in rows]
    )
