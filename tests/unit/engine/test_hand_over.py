"""Nobody is mailed twice or wrongly: what comes between the decision and the hand-over, and what cannot go."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nurture.engine.accepting import accept
from nurture.engine.applying import LiveBook, apply, live_book
from nurture.engine.check import check
from nurture.engine.explaining import Asking, explain
from nurture.engine.faults import StateError
from nurture.engine.hand_over import Handed, hand_over_all
from nurture.engine.people import show
from nurture.engine.project import read_files
from nurture.engine.starter import make_project
from nurture.engine.tick import refuse_leap, tick
from nurture.engine.workshop import Workshop
from nurture.model.mail import Fate
from nurture.store.codes import Stock
from nurture.store.rows import AnyRow, ConsentRow, ContactRow, EventRow, SuppressionRow
from nurture.wiring import workshop

NOW = datetime(2027, 3, 9, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MAIL = "we_got_your_message"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project made from the starter book, applied a day ago, in which nobody is yet."""
    root = tmp_path_factory.mktemp("made")
    make_project(root)
    files = read_files(root)
    book = check(files).book
    assert book is not None
    with workshop(root) as shop:
        apply(shop.store, book, files, NOW - timedelta(days=1), "a test")
    return root


@pytest.fixture
def root(tmp_path: Path, made: Path) -> Path:
    shutil.copytree(made, tmp_path / "shop")
    with workshop(tmp_path / "shop") as shop:
        shop.store.accept()  # it is a copy
    return tmp_path / "shop"


@contextmanager
def opened(root: Path) -> Iterator[tuple[Workshop, LiveBook]]:
    with workshop(root) as shop:
        live = live_book(shop.store)
        assert live is not None
        yield shop, live


def take(shop: Workshop, *rows: AnyRow, now: datetime = NOW) -> None:
    shop.store.importing(now).take(rows, lambda row, why: pytest.fail(f"{row}: {why}"))


def complain(shop: Workshop, *ids: str, now: datetime = NOW) -> None:
    """Somebody of each id complains, which is answered at once."""
    for id_ in ids:
        take(shop, ContactRow(outside_id=id_, address=f"{id_}@shop.example", facts={"locale": "en"}), now=now)
        take(shop, EventRow(outside_id=id_, name="complaint.opened", at=now, fields={"ticket": f"T {id_}"}), now=now)


def decided(shop: Workshop, live: LiveBook, *ids: str) -> None:
    complain(shop, *ids)
    assert tick(shop.store, live.book, NOW).intents == len(ids)


def mails(root: Path) -> list[Path]:
    return sorted((root / "outbox").glob("*.eml"))


def handed(shop: Workshop, live: LiveBook, now: datetime = NOW) -> dict[Fate, int]:
    return hand_over_all(shop, live, now).fates


def told(shop: Workshop, live: LiveBook, id_: str) -> str:
    return "\n".join(explain(shop, live, id_, Asking(mail=MAIL), NOW).lines)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (SuppressionRow(outside_id="c0", address="c0@shop.example", at=NOW), "suppressed"),
        (SuppressionRow(address="C0@shop.example", at=NOW), "suppressed"),
        (ContactRow(outside_id="c0", address="new@shop.example"), "the address changed"),
    ],
)
@pytest.mark.parametrize("known", [NOW, NOW + MINUTE, NOW + timedelta(hours=3)], ids=["at once", "soon", "clock back"])
def test_what_arrives_before_the_hand_over_is_seen_by_the_last_look(root: Path, row, why: str, known: datetime):
    with opened(root) as (shop, live):
        decided(shop, live, "c0", "c1")
        take(shop, row, now=known)
        assert handed(shop, live) == {Fate.cancelled: 1, Fate.accepted: 1}
        assert why in told(shop, live, "c0")
        assert "not sent" in told(shop, live, "c0")
    assert [b"c1@shop.example" in mail.read_bytes() for mail in mails(root)] == [True]


def test_consent_refused_before_the_hand_over_counts_but_not_for_service(root: Path):
    with opened(root) as (shop, live):
        decided(shop, live, "c0")
        take(shop, ConsentRow(outside_id="c0", topics=(), given=False, at=NOW))
        assert handed(shop, live) == {Fate.accepted: 1}  # the answer to their own message


def test_the_clock_of_each_batch_is_asked(root: Path):
    with opened(root) as (shop, live):
        decided(shop, live, "c0")
        done = hand_over_all(shop, live, NOW, clock=lambda: NOW + timedelta(days=9))
        assert done.fates == {Fate.expired: 1}
        assert "too old" in told(shop, live, "c0")


def test_a_mail_that_cannot_be_written_for_one_is_broken_for_one_and_said(root: Path):
    with opened(root) as (shop, live):
        decided(shop, live, "c0", "c1")
        take(shop, ContactRow(outside_id="c1", facts={"first_name": "Ada"}))
        tick(shop.store, live.book, NOW)
        text = b"---\nsubject: Hello\npreheader: x\n---\nDear {{ person.first_name }},\n"
        broken = replace(live, templates={**live.templates, f"templates/{MAIL}/en.md": text})
        done = hand_over_all(shop, broken, NOW)
        assert done.fates == {Fate.refused: 1, Fate.accepted: 1}
        assert f"templates/{MAIL}/en.md:5" in "\n".join(done.words(root))
        assert "broken" in told(shop, live, "c0")
        assert f"templates/{MAIL}/en.md:5" in told(shop, live, "c0")
        assert "Had: nothing" in show(shop, live, "c0", NOW).lines
        assert hand_over_all(shop, live, NOW).fates == {}
    assert len(mails(root)) == 1


def test_a_frame_of_ones_own_that_is_at_fault_stops_nobody_for_ever(root: Path):
    with opened(root) as (shop, live):
        decided(shop, live, "c0")
        broken = replace(live, templates={**live.templates, "templates/_layout/base.html": b"{{ nothing.there }}"})
        assert handed(shop, broken) == {Fate.refused: 1}
        assert "broken" in told(shop, live, "c0")
        assert handed(shop, live) == {}


def test_a_folder_in_which_nothing_can_be_written_keeps_the_mails_waiting(root: Path):
    (root / "outbox").write_text("in the way")
    with opened(root) as (shop, live):
        decided(shop, live, "c0", "c1")
        done = hand_over_all(shop, live, NOW)
        assert done.stuck
        words = "\n".join(done.words(root))
        assert "2 wait" in words
        assert f"File exists: {root / 'outbox'}" in words
        assert "waits to be handed over" in "\n".join(show(shop, live, "c0", NOW).lines)
        (root / "outbox").unlink()
        assert handed(shop, live) == {Fate.accepted: 2}
    assert len(mails(root)) == 2


def test_a_halted_store_neither_decides_nor_lets_itself_go(root: Path):
    with opened(root) as (shop, _):
        complain(shop, "c0")
    file = root / ".nurture" / "installation.json"
    file.write_text('{"store": "another", "counter": 1}\n')
    for _ in range(3):
        with opened(root) as (shop, live):
            complain(shop, "c1")
            with pytest.raises(StateError, match="--accept"):
                tick(shop.store, live.book, NOW)
            with pytest.raises(StateError, match="--accept"):
                hand_over_all(shop, live, NOW)
    assert "another" in file.read_text()
    assert mails(root) == []


def test_what_fell_due_before_a_restore_is_held_in_doubt_and_the_rest_goes(root: Path, tmp_path: Path):
    backup = tmp_path / "backup.db"
    with opened(root) as (shop, live):
        decided(shop, live, "planned")
        complain(shop, "undecided")
        shop.store.outbox.codes.fill("bag", ["ONE", "TWO"])
    shutil.copy(root / "nurture.db", backup)
    with opened(root) as (shop, live):
        assert handed(shop, live) == {Fate.accepted: 1}
        tick(shop.store, live.book, NOW + MINUTE)
        assert handed(shop, live, NOW + MINUTE) == {Fate.accepted: 1}
    for left in root.glob("nurture.db*"):
        left.unlink()
    shutil.copy(backup, root / "nurture.db")
    later = NOW + timedelta(hours=1)
    with opened(root) as (shop, live):
        assert "restored backup" in shop.store.halted
        assert accept(shop, live, later) == 2
        assert shop.store.outbox.codes.stock() == {"bag": Stock(aside=2)}, "they may have been given since"
        for id_ in ("planned", "undecided"):
            assert "in doubt" in "\n".join(show(shop, live, id_, later).lines)
            assert "in doubt" in told(shop, live, id_)
        assert handed(shop, live, later) == {}
        complain(shop, "c9", now=later)
        tick(shop.store, live.book, later)
        assert handed(shop, live, later) == {Fate.accepted: 1}
    assert len(mails(root)) == 3


def test_a_backup_made_in_the_middle_of_a_hand_over_mails_nothing_again(root: Path, tmp_path: Path):
    with opened(root) as (shop, live):
        decided(shop, live, "handed", "claimed")
        for _ in range(2):
            batch = shop.store.claim(1, NOW, shop.owner)
            assert batch is not None
        shutil.copytree(root, tmp_path / "backup")
        shop.store.hand(batch, NOW)
    with opened(root) as (shop, live):
        assert handed(shop, live) == {Fate.accepted: 1}
    for name in ("nurture.db", "nurture.db-wal", "nurture.db-shm"):
        (root / name).unlink(missing_ok=True)
        if (tmp_path / "backup" / name).exists():
            shutil.copy(tmp_path / "backup" / name, root / name)
    (root / ".nurture" / "owner").write_text("another machine")
    with opened(root) as (shop, live):
        assert accept(shop, live, NOW + MINUTE) == 2
        for later in (MINUTE, timedelta(hours=1)):
            assert handed(shop, live, NOW + later) == {}


@pytest.mark.parametrize("what", ["hand-over", "import", "apply"])
def test_a_backup_from_before_any_of_these_is_behind(root: Path, tmp_path: Path, what: str):
    with opened(root) as (shop, live):
        decided(shop, live, "c0")
    shutil.copy(root / "nurture.db", tmp_path / "backup.db")
    with opened(root) as (shop, live):
        if what == "hand-over":
            assert handed(shop, live) == {Fate.accepted: 1}
        elif what == "import":
            take(shop, SuppressionRow(address="c0@shop.example", at=NOW))
        else:
            apply(shop.store, live.book, read_files(root), NOW, "a test")
    shutil.copy(tmp_path / "backup.db", root / "nurture.db")
    with opened(root) as (shop, live), pytest.raises(StateError, match="restored backup"):
        tick(shop.store, live.book, NOW)


def test_a_mail_in_doubt_counts_as_had_and_is_said(root: Path):
    with opened(root) as (shop, live):
        decided(shop, live, "c0")
        batch = shop.store.claim(10, NOW, shop.owner)
        assert batch is not None
        shop.store.hand(batch, NOW)
    with opened(root) as (shop, live):
        done: Handed = hand_over_all(shop, live, NOW)
        assert (done.fates, done.in_doubt_before) == ({}, 1)
        assert list(done.words(root))[-2:] == ["1 in doubt in all, the newest:", f"  {'c0':<28} {MAIL}"]
        shown = show(shop, live, "c0", NOW)
        assert [message.cancelled for message in shown.person.messages] == [False]
        assert "in doubt: it may have gone" in "\n".join(shown.lines)
        assert "in doubt: it may have gone" in told(shop, live, "c0")
        again = hand_over_all(shop, live, NOW + timedelta(days=5))
        assert (again.fates, again.in_doubt_before, again.in_doubt, again.closed) == ({}, 0, 0, 1)
        assert "fate unknown: it may have gone, and is not sent again" in told(shop, live, "c0")
    assert mails(root) == []


def test_a_clock_that_leaps_is_not_believed(root: Path):
    with opened(root) as (shop, live):
        tick(shop.store, live.book, NOW)
        refuse_leap(shop.store, NOW + timedelta(days=10))
        with pytest.raises(StateError, match="365 days ago"):
            refuse_leap(shop.store, NOW + timedelta(days=365))


def test_a_clock_that_goes_back_is_said_and_sends_nothing_twice(root: Path):
    with opened(root) as (shop, live):
        decided(shop, live, "c0")
        assert handed(shop, live) == {Fate.accepted: 1}
        back = NOW - timedelta(hours=1)
        complain(shop, "c1", now=back)
        assert tick(shop.store, live.book, back).decided_until == NOW
        assert handed(shop, live, back) == {}
        again = tick(shop.store, live.book, NOW + MINUTE)
        assert (again.intents, again.decided_until) == (1, None)
        assert handed(shop, live, NOW + MINUTE) == {Fate.accepted: 1}
    assert len(mails(root)) == 2


@pytest.mark.parametrize(
    ("mode", "only", "seeds", "goes"),
    [
        ("live", (), (), True),
        ("live", ("C0@Shop.example",), (), True),
        ("live", ("c1@shop.example",), (), False),
        ("test", (), (), False),
        ("test", (), ("C0@shop.example",), True),
        ("test", ("c1@shop.example",), ("c0@shop.example",), False),
    ],
)
def test_only_those_who_may_have_mail(root: Path, mode: str, only: tuple, seeds: tuple, goes: bool):
    with opened(root) as (shop, live):
        decided(shop, live, "c0")
        strict = replace(shop, config=replace(shop.config, mode=mode, only_to=only))
        seeded = replace(live, book=replace(live.book, rules=replace(live.book.rules, seeds=seeds)))
        assert handed(strict, seeded) == {Fate.accepted if goes else Fate.cancelled: 1}
