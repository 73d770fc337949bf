"""A letter that somebody wrote to us, as it was read, and what kind of letter it is (mission.md C25)."""

from enum import Enum

from nurture.model.values import dataclass


class Kind(Enum):
    """What a letter is: `stop` wants no more mail, `automatic` was written by no person (RFC 3834)."""

    stop = "stop"
    complaint = "complaint"
    question = "question"
    praise = "praise"
    automatic = "automatic"
    other = "other"


@dataclass(frozen=True, slots=True)
class Letter:
    """What a letter says, bounded in every part. An address is in lower case, empty where none could be read.

    `words` are the writer's own: without quoted mail, signature and what their mail program adds; `text` is all of it.
    `answers` are the message ids it answers, the nearest first, without brackets. `automatic` names each sign of
    RFC 3834 that no person wrote it. `spf` and `dkim` are what the receiving server found, in its words.
    """

    from_address: str = ""
    from_name: str = ""
    to: tuple[str, ...] = ()
    subject: str = ""
    words: str = ""
    text: str = ""
    message_id: str = ""
    answers: tuple[str, ...] = ()
    automatic: tuple[str, ...] = ()
    spf: str = ""
    dkim: str = ""
    attachments: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """What a letter is, and why it is held for that.

    Of a stop, `topic` is the one it names (empty: none), and `everything` says that its words mean all mail.
    """

    kind: Kind
    because: str
    topic: str = ""
    everything: bool = False
