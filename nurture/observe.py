"""Names of every log event, and the one way to write one: a word and fields, never a sentence.

A log line is for machines and for the operator; what a marketer asks is answered by the
recorded reasons (`nurture explain`).
"""

import logging

TICK_BEGUN = "tick.begun"  # since, until
TICK_DONE = "tick.done"  # people, intents, reasons
HAND_OVER_DONE = "hand_over.done"  # accepted, refused, cancelled, in_doubt
BATCH_IN_DOUBT = "batch.in_doubt"  # batch, mails
APPLIED = "book.applied"  # digest, sequences
IMPORTED = "import.done"  # kind, taken, known, rejected

NAMES = frozenset({TICK_BEGUN, TICK_DONE, HAND_OVER_DONE, BATCH_IN_DOUBT, APPLIED, IMPORTED})

_LOG = logging.getLogger("nurture")


def note(name: str, **fields: object) -> None:
    """Write one log event; ValueError for a name that is not in this module."""
    if name not in NAMES:
        raise ValueError(f"no log event is called {name}")
    _LOG.info("%s %s", name, " ".join(f"{key}={value}" for key, value in fields.items()))
