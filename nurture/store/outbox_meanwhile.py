"""What became of readers while their mail was on its way: merged into another, or forgotten."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from nurture.model.decision import Reason
from nurture.model.mail import Handover
from nurture.store.erasures import among_people
from nurture.store.merged import renamed
from nurture.store.outbox_rows import Batch

Told = tuple[Batch, dict[str, Handover], Sequence[tuple[str, Reason]]]


def as_they_are(
    connection: Connection, batch: Batch, answers: dict[str, Handover], reasons: Sequence[tuple[str, Reason]]
) -> Told:
    """A batch with what is told of its mails, for whom its readers are now.

    Who was merged is who they are today. Of whoever was forgotten nothing is kept that names them: neither what the
    provider said, nor what the mail was about.
    """
    today = renamed(connection, sorted({one.person for one in batch.intents}))
    if today:
        mails = tuple(replace(one, person=today.get(one.person, one.person)) for one in batch.intents)
        batch, reasons = replace(batch, intents=mails), [(today.get(who, who), reason) for who, reason in reasons]
    gone = among_people(connection, (one.person for one in batch.intents))
    if not gone:
        return batch, answers, reasons
    keys = {one.key for one in batch.intents if one.person in gone}
    mails = tuple(replace(one, subject="") if one.key in keys else one for one in batch.intents)
    bare = {key: replace(one, detail="", problem=None) if key in keys else one for key, one in answers.items()}
    return replace(batch, intents=mails), bare, [(who, reason) for who, reason in reasons if who not in gone]
