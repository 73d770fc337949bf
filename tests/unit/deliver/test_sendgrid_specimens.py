"""Requests to SendGrid to be looked at: what is said of the mails, and beside it the JSON that is posted."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nurture.deliver.sendgrid import Post, SendGrid
from nurture.model.mail import Email, Woven

from .test_message import MAIL

SPECIMENS = Path(__file__).parents[2] / "specimens" / "sendgrid"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def mails(told: dict[str, Any]) -> list[Email]:
    found = []
    for one in told["readers"]:
        woven = tuple(Woven(tuple(told[part]), tuple(one[f"own_{part}"])) for part in ("text", "html"))
        mail = replace(
            MAIL, key=one["key"], from_name=told["sender"][0], from_address=told["sender"][1], reply_to="",
            to_name=one["to"][0], to_address=one["to"][1], subject=one["subject"], categories=tuple(told["categories"]),
            headers=(("Message-ID", f"<{one['key']}@kestrel.example>"),),
            text=str(woven[0]), html=str(woven[1]), woven=(woven[0], woven[1]),
        )  # fmt: skip
        found.append(mail)
    return found


@pytest.mark.parametrize("folder", sorted(SPECIMENS.iterdir()), ids=lambda folder: folder.name)
def test_the_request_is_as_the_specimen_shows(folder: Path) -> None:
    told = json.loads((folder / "mails.json").read_text(encoding="utf-8"))
    made = list(SendGrid("", "", lambda: NOW).build(mails(told)))
    shown = [json.loads(one.body) for one in made if isinstance(one, Post)]
    assert shown == json.loads((folder / "requests.json").read_text(encoding="utf-8"))
