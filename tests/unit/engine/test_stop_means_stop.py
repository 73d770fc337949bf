"""Stop means stop: by person and by address, however it was said and whatever is imported afterwards."""

from datetime import timedelta

import pytest

from nurture.engine.hand_over import hand_over_all
from nurture.engine.tick import tick
from nurture.model.mail import Fate
from nurture.store.rows import ConsentRow, ContactRow, EventRow, SuppressionRow

from .test_hand_over import MINUTE, NOW, complain, made, mails, opened, root  # noqa: F401  (fixtures)

OLD = "c0@shop.example"


def contact(id_: str, address: str, **more: object) -> ContactRow:
    return ContactRow(outside_id=id_, address=address, facts={"locale": "en"}, **more)  # type: ignore[arg-type]


def complaint(id_: str, ticket: str) -> EventRow:
    return EventRow(outside_id=id_, name="complaint.opened", at=NOW, fields={"ticket": ticket})


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ([SuppressionRow(outside_id="c0", at=NOW)], "by id"),
        ([SuppressionRow(address=OLD, at=NOW)], "by address"),
        ([SuppressionRow(address=OLD.upper(), at=NOW)], "in capitals"),
        ([SuppressionRow(outside_id="c0", address="not an address", at=NOW)], "malformed address"),
        ([SuppressionRow(outside_id="other", address=OLD, at=NOW)], "under another id"),
        ([contact("taken", "taken@shop.example"), SuppressionRow(outside_id="taken", address=OLD, at=NOW)], "of two"),
        ([SuppressionRow(outside_id="c0", at=NOW), contact("c0", "new@shop.example"), contact("c7", OLD)], "moved"),
        ([SuppressionRow(address=OLD, at=NOW), contact("c0", "new@shop.example"), contact("c7", OLD)], "moved too"),
        ([SuppressionRow(outside_id="c0", at=NOW), contact("c0", OLD, topics=("tips",), basis="again")], "again"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_suppressed_address_is_never_written_to(root, rows, name: str):  # noqa: F811
    with opened(root) as (shop, live):
        complain(shop, "c0", now=NOW - timedelta(days=3))
        tick(shop.store, live.book, NOW - timedelta(days=3))
        for number, row in enumerate(rows):
            shop.store.importing(NOW + number * MINUTE).take([row], lambda *_: None)
        later = NOW + timedelta(hours=1)
        for id_ in ("c0", "c7", "other"):
            if shop.store.find(id_):
                shop.store.importing(later).take([complaint(id_, f"later {id_}")], lambda *_: None)
        tick(shop.store, live.book, later)
        hand_over_all(shop, live, later)
    assert not [mail for mail in mails(root) if OLD.encode() in mail.read_bytes()]


@pytest.mark.parametrize("everything", [True, False])
def test_no_import_lifts_a_refusal(root, everything: bool):  # noqa: F811
    with opened(root) as (shop, live):
        topics = () if everything else ("tips",)
        shop.store.importing(NOW).take([contact("c0", OLD, topics=("tips",), basis="shop")], lambda *_: None)
        refused = ConsentRow(outside_id="c0", topics=topics, given=False, at=NOW + MINUTE)
        shop.store.importing(NOW + MINUTE).take([refused], lambda *_: None)
        tick(shop.store, live.book, NOW + MINUTE)
        later = NOW + timedelta(days=1)
        given = ConsentRow(outside_id="c0", topics=("tips",), given=True, basis="csv", at=later)
        again = contact("c0", OLD, topics=("tips",), basis="another")
        shop.store.importing(later).take([given, again, contact("c0", "new@shop.example")], lambda *_: None)
        tick(shop.store, live.book, later)
        ((person, _),) = shop.store.people([shop.store.find("c0") or ""], later)
        assert person.refused_all is everything
        assert everything or not person.consents["tips"].given


def test_a_refusal_stays_with_the_address_when_the_shop_gives_it_another_id(root):  # noqa: F811
    with opened(root) as (shop, live):
        shop.store.importing(NOW).take([contact("c0", OLD, topics=("tips",), basis="shop")], lambda *_: None)
        refused = ConsentRow(outside_id="c0", topics=(), given=False, at=NOW)
        shop.store.importing(NOW).take([refused], lambda *_: None)
        tick(shop.store, live.book, NOW)
        for row in (contact("c0", "gone@shop.example"), contact("c7", OLD, topics=("tips",), basis="shop")):
            shop.store.importing(NOW + MINUTE).take([row], lambda *_: None)
        tick(shop.store, live.book, NOW + MINUTE)
        ((person, _),) = shop.store.people([shop.store.find("c7") or ""], NOW + MINUTE)
        assert person.refused_all or not person.consents["tips"].given
        assert Fate.accepted not in hand_over_all(shop, live, NOW + MINUTE).fates


@pytest.mark.parametrize("address", ["c1@shop.example", "not an address"])
def test_a_refusal_that_names_two_people_or_no_address_still_counts(root, address: str):  # noqa: F811
    with opened(root) as (shop, live):
        for id_ in ("c0", "c1"):
            person = contact(id_, f"{id_}@shop.example", topics=("tips",), basis="shop")
            shop.store.importing(NOW).take([person], lambda *_: None)
        refused = ConsentRow(outside_id="c0", address=address, topics=("tips",), given=False, at=NOW)
        shop.store.importing(NOW).take([refused], lambda _, why: pytest.fail(why))
        tick(shop.store, live.book, NOW)
        meant = ("c0", "c1") if "@" in address else ("c0",)
        found = shop.store.people([shop.store.find(id_) or "" for id_ in meant], NOW)
        assert [person.consents["tips"].given for person, _ in found] == [False] * len(meant)
