"""`preview --send-to ME`: one copy of a preview through the configured provider, to the person who asked for it.

Nothing is recorded. Each copy has a key of its own, from what it holds and from the instant, so that every copy goes.
The links in it act on nobody, as in every preview.
"""

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from nurture.config import Config
from nurture.deliver.protocol import Provider, hand_over
from nurture.engine.faults import MisuseError, RefusedError
from nurture.engine.preview import Desk, Preview, Sending, preview
from nurture.engine.preview_reader import MADE_UP, Reader
from nurture.model.mail import Email, Fate, Handover
from nurture.model.place import Problem
from nurture.model.rules import Rules
from nurture.model.values import dataclass
from nurture.render.addresses import encoded

MARK = "[preview] "
KEY_LETTERS = 32


@dataclass(frozen=True, slots=True)
class Copy:
    """What was handed over, to whom, by which way out, and what that said."""

    shown: Preview
    address: str
    provider: str
    handover: Handover

    def lines(self, config: Config) -> Iterator[str]:
        """For people: how it ended."""
        detail = self.handover.detail
        match self.handover.fate:
            case Fate.accepted:
                place = f": {config.folder / detail}" if self.provider == "folder" else ""
                yield f"Accepted  one copy for {self.address}, by {self.provider}{place}"
            case Fate.in_doubt:
                yield f"In doubt  the copy for {self.address} may have gone: {detail}"
            case Fate.planned:
                yield f"Not gone  {self.provider} could not take it now: {detail}"
            case _:
                yield f"Refused   by {self.provider}: {detail}"
        yield "          Its links act on nobody; nothing was recorded."


def send_copy(
    config: Config, way_out: Provider[Any, Any], desk: Desk, sending: Sending, reader: Reader, address: str
) -> Copy | Problem:
    """Write the mail for `reader` and hand it over to `address`; what the provider says comes back.

    MisuseError for what is no address, RefusedError for one that config.toml does not let have mail.
    """
    refuse_address(config, desk.book.rules, address)
    shown = preview(replace(desk, key=key_of(sending.mail, reader, address, desk.now)), sending, reader)
    if isinstance(shown, Problem):
        return shown
    mail = replace(
        shown.email, to_name="", to_address=encoded(address), subject=MARK + shown.email.subject, date=desk.now
    )
    return Copy(replace(shown, email=mail), address, way_out.name, asyncio.run(handed(way_out, mail)))


def refuse_address(config: Config, rules: Rules, address: str) -> None:
    """Only whom `deliver.only_to` names, and in `mode = "test"` only a seed, as for every other mail."""
    local, at, domain = address.rpartition("@")
    if not (local and at and domain):
        raise MisuseError(f"'{address}' is no address to send to; write  --send-to me@example.net")
    wanted = address.casefold()
    if config.only_to and wanted not in {one.casefold() for one in config.only_to}:
        raise RefusedError(
            "config.toml lets only the addresses of deliver.only_to have mail, and this is none of them."
        )
    if config.mode == "test" and wanted not in {one.casefold() for one in rules.seeds}:
        raise RefusedError('mode = "test" writes only to the seeds of sequences/house/rules.yaml, and this is none.')


def key_of(mail: str, reader: Reader, address: str, now: datetime) -> str:
    """A key no other mail has: by the mail, its reader, who gets the copy, and the instant."""
    said = "\0".join((mail, reader.person.id, str(reader.person.facts.get("locale")), address, now.isoformat()))
    return f"{MADE_UP}-{hashlib.sha256(said.encode()).hexdigest()[:KEY_LETTERS]}"


async def handed(way_out: Provider[Any, Any], mail: Email) -> Handover:
    """The one answer for the one mail; connections are let go."""
    try:
        answers = [one async for one in hand_over(way_out, [mail])]
    finally:
        await way_out.close()
    return answers[0]
