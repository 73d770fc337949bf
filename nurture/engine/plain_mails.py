"""A plain mail from the shop to one of its own people: it is no customer's, and stands in no outbox."""

import html
from datetime import datetime
from hashlib import sha256

from nurture.model.mail import Email
from nurture.model.rules import Rules
from nurture.render.addresses import encoded
from nurture.render.values import clean


def plain_mail(rules: Rules, kind: str, address: str, when: str, subject: str, text: str, now: datetime) -> Email:
    """`kind` is `notice` or `alarm`; with `when`, one of a kind to an address has one key for ever."""
    head = f'<head><meta charset="utf-8"><title>{html.escape(subject)}</title></head>'
    return Email(
        key=sha256("\x1f".join((kind, rules.project, address, when)).encode()).hexdigest(),
        from_name=clean(rules.sender.name),
        from_address=encoded(rules.sender.address),
        to_name="",
        to_address=encoded(address),
        subject=subject,
        text=text,
        html=f'<!DOCTYPE html><html lang="en">{head}<body><pre>{html.escape(text)}</pre></body></html>',
        locale="en",
        direction="ltr",
        date=now,
        headers=(("Auto-Submitted", "auto-generated"),),
        categories=(kind,),
    )
