"""Editing while people are inside: they stay on their version, with the newest applied text, and lose nothing."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from nurture.engine.applying import AppliedChange, LiveBook, apply, live_book
from nurture.engine.check import check
from nurture.engine.faults import RefusedError
from nurture.engine.hand_over import hand_over_all
from nurture.engine.project import read_files
from nurture.engine.starter import make_project
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.model.mail import Fate
from nurture.store.rows import ContactRow, EventRow
from nurture.wiring import workshop

from .test_hand_over import MAIL, MINUTE, NOW, complain, mails, opened, root, take  # noqa: F401  (fixtures)

SEQUENCE = Path("sequences/complaint_care.yaml")
SECOND = Path("templates/is_it_right_now")
LATER = NOW + timedelta(days=6)
SIMPLE = """\
sequence: complaint_care
title: Put it right
stage: any
class: service
because: reply
status: live
priority: 100
start:
  event: complaint.opened
  settle: 0 minutes
again: {per: event.ticket, running: alongside}
steps:
  - {send: we_got_your_message, with: {ticket: start.ticket}, valid_for: 1 day}
  - wait: 5 days
    at: 10:00
  - send: is_it_right_now
    class: care
    topic: order_care
    with: {code: start.ticket, until: person.vip_since}
    if: count('complaint.resolved', within='6 days') >= 1
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter's project with a plainer answer to complaints, applied a day ago, in which nobody is yet."""
    root = tmp_path_factory.mktemp("edited")  # noqa: F811
    make_project(root)
    (root / SEQUENCE).write_text(SIMPLE, encoding="utf-8")
    shutil.rmtree(root / "sequences" / "tests")  # they speak of the starter's own answer
    with workshop(root) as shop:
        applied(shop, NOW - timedelta(days=1))
    return root


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def applied(shop: Workshop, now=NOW) -> AppliedChange:
    files = read_files(shop.root)
    checked = check(files)
    assert checked.book is not None, checked.problems
    return apply(shop.store, checked.book, files, now, "a test")


def live(shop: Workshop) -> LiveBook:
    found = live_book(shop.store)
    assert found is not None
    return found


def go(shop: Workshop, now=NOW) -> dict[Fate, int]:
    tick(shop.store, live(shop).book, now)
    return hand_over_all(shop, live(shop), now).fates


def inside(shop: Workshop) -> None:
    """Somebody has had the first mail and waits for the second."""
    complain(shop, "c0")
    take(shop, ContactRow(outside_id="c0", topics=("order_care",), basis="a test"))
    assert go(shop) == {Fate.accepted: 1}
    take(shop, EventRow(outside_id="c0", name="complaint.resolved", at=NOW + MINUTE), now=NOW + MINUTE)


def bodies(root: Path) -> list[str]:  # noqa: F811
    from email import message_from_bytes, policy

    parsed = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in mails(root)]
    return [str(mail.get_body(("plain",)).get_content()) for mail in parsed]


def test_what_is_edited_and_not_applied_changes_nothing(root):  # noqa: F811
    with opened(root) as (shop, _):
        complain(shop, "c0")
        edit(root / f"templates/{MAIL}/en.md", "Your message has arrived", "EDITED")
        edit(root / SEQUENCE, "settle: 0 minutes", "settle: 9 days")
        assert go(shop) == {Fate.accepted: 1}
    assert "EDITED" not in bodies(root)[0]


def test_the_text_is_the_newest_applied_and_the_key_stays(root):  # noqa: F811
    with opened(root) as (shop, _):
        complain(shop, "c0")
        tick(shop.store, live(shop).book, NOW)
        edit(root / f"templates/{MAIL}/en.md", "Your message has arrived", "EDITED")
        edit(root / SEQUENCE, "wait: 5 days", "wait: 9 days")
        applied(shop)
        assert go(shop) == {Fate.accepted: 1}
        assert go(shop, NOW + MINUTE) == {}
    assert ["EDITED" in body for body in bodies(root)] == [True]


def test_a_mail_that_waits_to_go_goes_under_its_new_name(root):  # noqa: F811
    with opened(root) as (shop, _):
        complain(shop, "c0")
        tick(shop.store, live(shop).book, NOW)
        edit(root / SEQUENCE, "{send: we_got_your_message,", "{send: we_have_it, was: we_got_your_message,")
        (root / "templates/we_got_your_message").rename(root / "templates/we_have_it")
        applied(shop)
        assert go(shop) == {Fate.accepted: 1}
        assert go(shop, NOW + MINUTE) == {}
    assert len(bodies(root)) == 1


def test_people_inside_come_over_and_wait_the_new_length_from_the_same_start(root):  # noqa: F811
    with opened(root) as (shop, _):
        inside(shop)
        edit(root / SEQUENCE, "wait: 5 days", "wait: 4 days")
        assert applied(shop).versions == {"complaint_care": 2}
        assert go(shop, NOW + timedelta(days=3)) == {}
        assert go(shop, NOW + timedelta(days=4)) == {Fate.accepted: 1}


def test_a_mail_that_people_are_still_to_have_is_not_taken_away(root):  # noqa: F811
    with opened(root) as (shop, _):
        inside(shop)
        text = (root / SEQUENCE).read_text(encoding="utf-8")
        (root / SEQUENCE).write_text(text[: text.index("  - wait: 5 days")], encoding="utf-8")
        for path in (root / SECOND).iterdir():
            path.unlink()
        with pytest.raises(RefusedError, match=r"removed: .*before_is_it_right_now"):
            applied(shop)
        assert live(shop).book.applied["complaint_care"].version == 1


def test_an_older_version_that_the_house_knows_no_more_is_read_as_it_was(root):  # noqa: F811
    catalogue, condition = root / "sequences/house/catalogue.yaml", "count('complaint.resolved'"
    edit(
        catalogue,
        "  complaint.resolved: {ticket: text}\n",
        "  complaint.resolved: {ticket: text}\n  call.made: {ticket: text}\n",
    )
    edit(root / SEQUENCE, condition, "count('call.made'")
    with opened(root) as (shop, _):
        applied(shop)
        inside(shop)
        edit(root / SEQUENCE, "count('call.made'", condition)
        edit(catalogue, "  call.made: {ticket: text}\n", "")
        assert applied(shop).versions == {"complaint_care": 3}
        assert go(shop, LATER) == {Fate.accepted: 1}
