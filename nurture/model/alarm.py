"""Alarms worth waking for, by kind; docs/operations.md says of each what to do."""

from nurture.model.values import dataclass

SOURCE = "source_silent"  # an event that the catalogue expects has not come
SEQUENCE = "sequence_silent"  # a sequence that started people every few days starts nobody any more
NEWS = "provider_silent"  # mails are accepted, and the provider tells nothing of any
RUNNER = "runner_silent"  # a daemon or worker has not said for too long that it lives
LATE = "service_late"  # a service mail that may go has waited for too long
DOUBTS = "doubts"  # mails that may have gone or not wait for a person
HALTED = "halted"  # nothing is sent, and no person said so
POSTS = "posts_waiting"  # posts from outside wait to be read, or cannot be
BACKUP = "no_backup"  # backups were made again and again, and none is made any more
KINDS = (SOURCE, SEQUENCE, NEWS, RUNNER, LATE, DOUBTS, HALTED, POSTS, BACKUP)
"""All of them, in the order in which they are told."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One of them: of which kind, about what (an event, a sequence; empty for the whole), in words, and what to do.

    Neither words nor `about` name a person.
    """

    kind: str
    about: str
    words: str
    cure: str
