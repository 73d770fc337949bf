"""`--send-to`: one copy for the asker, whatever the provider says of it, and nothing that acts on a customer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from nurture.config import Config
from nurture.deliver.folder import Folder
from nurture.deliver.protocol import OneEach
from nurture.engine.applying import LiveBook
from nurture.engine.faults import MisuseError, RefusedError
from nurture.engine.preview import Desk, links_of, read_tree, sending_of
from nurture.engine.preview_person import known_reader
from nurture.engine.preview_reader import Reader, made_up_reader
from nurture.engine.preview_send import Copy, send_copy
from nurture.model.mail import Email, Fate, Handover
from nurture.store.rows import ContactRow

from .test_hand_over import NOW, made, opened, root, take  # noqa: F401  (fixtures)

ME = "me@example.net"


@dataclass
class Says(OneEach):
    """A way out that answers what it is told to, and remembers what it was given."""

    answer: Fate
    given: list[Email] = field(default_factory=list)
    closed: bool = False
    name: str = "says"
    at_once: int = 1

    def build(self, mails: Sequence[Email]) -> Iterator[Email]:
        yield from mails

    async def post(self, request: Email) -> Fate:
        self.given.append(request)
        return self.answer

    def read(self, request: Email, answer: Fate) -> Iterator[Handover]:
        yield Handover(request.key, answer, "so it is")

    async def close(self) -> None:
        self.closed = True


def config(root: Path, **more: object) -> Config:  # noqa: F811
    return replace(Config("sqlite:///x", root / "outbox", root), web_url="https://mail.shop.example", **more)


def sent(
    live: LiveBook, settings: Config, way_out: object, address: str = ME, reader: Reader | None = None, later: int = 0
):
    desk = Desk(live.book, live.templates, links_of(settings, live.book), NOW + timedelta(seconds=later))
    sending = sending_of(live.book, "happy_birthday")
    found = send_copy(
        settings, way_out, desk, sending, reader or made_up_reader(live.book, sending.sequence, NOW), address
    )
    assert isinstance(found, Copy)
    return found


def test_every_copy_goes_marked_and_to_the_asker_alone(root):  # noqa: F811
    with opened(root) as (shop, live):
        take(shop, ContactRow(outside_id="c0", address="c0@shop.example", facts={"first_name": "Ada", "locale": "en"}))
        reader = known_reader(shop, live.book, read_tree(root).files, "c0", NOW)
        before = shop.store.counts()
        settings = config(root)
        for later in (0, 1):
            copy = sent(live, settings, Folder(settings.folder), reader=reader, later=later)
            assert copy.handover.fate is Fate.accepted
        assert shop.store.counts() == before
        real = shop.store.find("c0")
    files = sorted((root / "outbox").glob("*.eml"))
    assert len(files) == 2
    for file in files:
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        assert str(message["To"]) == ME
        assert str(message["Subject"]).startswith("[preview] ")
        assert "Ada" in message.get_body(("plain",)).get_content()
        assert "c0@shop.example" not in file.read_text()
        assert real is not None
        assert real not in str(message["List-Unsubscribe"])
    assert files[0].name.partition("-")[2] != files[1].name.partition("-")[2]
    assert any(line.endswith(files[1].name) for line in copy.lines(settings))


@pytest.mark.parametrize(
    ("fate", "said"),
    [
        (Fate.accepted, "Accepted  one copy for me@example.net, by says"),
        (Fate.refused, "Refused   by says: so it is"),
        (Fate.in_doubt, "In doubt  the copy for me@example.net may have gone: so it is"),
        (Fate.planned, "Not gone  says could not take it now: so it is"),
    ],
)
def test_how_it_ended_is_said(root, fate, said):  # noqa: F811
    with opened(root) as (_, live):
        way_out = Says(fate)
        copy = sent(live, config(root), way_out)
        assert next(copy.lines(config(root))) == said
    assert way_out.closed
    (mail,) = way_out.given
    assert (mail.to_address, mail.to_name, mail.date) == (ME, "", NOW)
    assert dict(mail.headers)["Message-ID"] == f"<{mail.key}@kestrel.example>"


@pytest.mark.parametrize(
    ("more", "address", "fault", "said"),
    [
        ({"only_to": ("lena@kestrel.example",)}, ME, RefusedError, "deliver.only_to"),
        ({"mode": "test"}, ME, RefusedError, "only to the seeds"),
        ({}, "me", MisuseError, "'me' is no address"),
    ],
)
def test_whom_the_configuration_does_not_name_gets_no_copy(root, more, address, fault, said):  # noqa: F811
    with opened(root) as (_, live):
        way_out = Says(Fate.accepted)
        with pytest.raises(fault, match=said):
            sent(live, config(root, **more), way_out, address)
        assert way_out.given == []
        sent(live, config(root, only_to=("Lena@kestrel.example",), mode="test"), way_out, "lena@kestrel.example")
        assert len(way_out.given) == 1
