"""Faults that are planted in a daemon on purpose (tests/daemon_nursery.py): a run that passes with one is blind."""

from datetime import datetime
from typing import Any


def every_doubt_again() -> None:
    """What is in doubt is sent again at once, whatever it is."""
    from nurture.store import outbox_doubts
    from nurture.store.tables import MESSAGE

    def owed(now: datetime) -> Any:
        return outbox_doubts._doubtful(now).where(MESSAGE.c.again.is_(False))

    outbox_doubts._owed = owed


def doubts_taken_for_sent() -> None:
    """What is in doubt is believed to have gone."""
    from nurture.store import outbox, outbox_rows

    outbox.doubt = outbox_rows.doubt = lambda *_: None


def events_not_read_and_forgers_believed() -> None:
    """Whoever posts events is believed to be the provider, and nothing is made of what is told."""
    from nurture.engine import taking
    from nurture.web import hooks

    taking.READERS["sendgrid.events"] = lambda *_: None
    hooks.verifier = lambda _: lambda *_: True


def impatient() -> None:
    """Whoever finds the store held waits for one second, and not for thirty."""
    from nurture.store import database

    waits = "PRAGMA busy_timeout=30000"
    assert waits in database._PRAGMAS
    database._PRAGMAS = tuple(words.replace("30000", "1000") for words in database._PRAGMAS)
