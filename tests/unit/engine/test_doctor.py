"""doctor: each finding, fine and not, over real stores; who is asked outside is somebody on this machine."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from nurture.config import Config, read_config
from nurture.deliver.domain import CouldNotAskError
from nurture.engine import doctor_around as around
from nurture.engine import doctor_store as inside
from nurture.engine.doctor import Diagnosis, Finding, State, look, ok, wrong
from nurture.engine.examining import Outside, examine, misconfigured
from nurture.engine.switches import halt
from nurture.engine.tick import tick
from nurture.model.event import Money
from nurture.model.length import Length, Unit
from nurture.model.mail import Fate, Handover
from nurture.model.switch import Switch, Word
from nurture.store.probe import Probe, Reach, probe
from nurture.store.rows import ContactRow, EventRow
from nurture.store.runner import Runner
from nurture.store.tables import HELD
from tests import worlds as w

from .test_hand_over import MINUTE, NOW, complain, made, opened, root, take  # noqa: F401  (fixtures)

DAY = timedelta(days=1)


def config(text: str = "", **environment: str) -> Config:
    found, problems = read_config(Path("/shop"), text, environment)
    assert found is not None, problems
    return found


SENDGRID = '[provider]\nname = "sendgrid"\n[sendgrid]\nkey_env = "KEY"\n[web]\nurl = "https://mail.shop.example"\n'


def states(findings: Iterable[Finding]) -> list[str]:
    return [f"{one.state.value} {one.about}" for one in findings]


def only(findings: Iterable[Finding]) -> Finding:
    (found,) = findings
    return found


def test_a_diagnosis_is_healthy_unless_something_is_wrong_and_says_the_worst_first() -> None:
    assert Diagnosis((ok("a", "fine"), look("b", "hm"))).healthy
    sick = Diagnosis((ok("a", "fine"), look("b", "hm", "look"), wrong("c", "no", "mend")))
    assert not sick.healthy
    assert [line.split()[0] for line in sick.lines()] == ["wrong", "->", "look", "->", "ok", "1"]


# --- around the store ----------------------------------------------------------------------------


def test_every_problem_of_config_is_told_at_once() -> None:
    _, problems = read_config(Path("/shop"), 'mode = "tset"\n[tick]\nevery = "5 years"\n', {})
    found = misconfigured(problems)
    assert [one.state for one in found.findings] == [State.wrong] * 2
    assert all(one.remedy for one in found.findings)


def test_a_key_is_told_to_be_set_or_not_and_never_shown() -> None:
    there = list(around.sending_findings(config(SENDGRID, KEY="SG.very-secret"), None))
    assert states(there) == ["ok keys"]
    assert "very-secret" not in repr(there)
    gone = list(around.sending_findings(config(SENDGRID), None))
    assert states(gone) == ["wrong keys"]


def test_a_provider_that_sends_needs_a_web_address() -> None:
    without = SENDGRID.partition("[web]")[0]
    assert "wrong web" in states(around.sending_findings(config(without, KEY="x"), None))


def test_test_mode_without_seeds_mails_nobody() -> None:
    book = w.book()
    seeded = w.book(rules=replace(w.RULES, seeds=("a@shop.example",)))
    test = config('mode = "test"')
    assert "wrong mode" in states(around.sending_findings(test, book))
    assert "look mode" in states(around.sending_findings(test, seeded))


def test_the_web_address_is_asked_for_a_sign_of_life() -> None:
    asked: list[str] = []

    def well(url: str) -> str:
        asked.append(url)
        return ""

    deaf = config(SENDGRID, KEY="x")
    assert "answers none of them" in next(around.web_findings(deaf, None)).words
    with_web = replace(deaf, web_listen=("127.0.0.1", 8080))
    assert states(around.web_findings(with_web, well)) == ["ok web"]
    assert asked == ["https://mail.shop.example"]
    broken = only(around.web_findings(with_web, lambda _: "ConnectionRefusedError"))
    assert (broken.state, "ConnectionRefusedError" in broken.words) == (State.look, True)
    assert "was not asked" in only(around.web_findings(with_web, None)).words
    local = config('[web]\nurl = "http://localhost:8080"\nlisten = "127.0.0.1:8080"')
    assert states(around.web_findings(local, well)) == ["look web", "ok web"]


def test_every_senders_domain_is_asked_once_and_a_deaf_dns_is_no_failure() -> None:
    asked: list[str] = []

    def deaf(name: str) -> tuple[str, ...]:
        asked.append(name)
        raise CouldNotAskError(f"no answer for {name}")

    speaker = replace(w.RULES.sender, address="hello@Shop.example")
    other = ("vip", replace(speaker, address="lena@shop.example"), frozenset({"offer"}))
    book = w.book(rules=replace(w.RULES, sender=speaker, senders=(other,)))
    found = list(around.domain_findings(config(SENDGRID, KEY="x"), book, deaf))
    assert states(found) == ["look dns"] * 3
    assert asked == ["shop.example", "s1._domainkey.shop.example", "_dmarc.shop.example"]
    assert list(around.domain_findings(config(), book, deaf)) == [], "the folder sends nothing"


def test_the_store_is_looked_at_without_being_made_or_migrated(tmp_path: Path, root: Path) -> None:  # noqa: F811
    url = f"sqlite:///{tmp_path / 'deep' / 'nurture.db'}"
    assert probe(url).reach is Reach.absent
    assert not (tmp_path / "deep").exists()
    (tmp_path / "broken.db").write_text("this is no database, whatever it is called, and it is long enough to be read")
    assert probe(f"sqlite:///{tmp_path / 'broken.db'}").reach is Reach.unreachable
    assert probe("postgresql+nonsense://user:secret@host/db").reach is Reach.unreachable
    assert "secret" not in probe("postgresql+nonsense://user:secret@host/db").words
    with opened(root) as (shop, _):
        store_url = str(shop.store.database.engine.url)
        assert probe(store_url).reach is Reach.ready
        with shop.store.database.writing() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
        assert probe(store_url).reach is Reach.behind
    assert states(around.store_findings(Probe(Reach.behind, "x"))) == ["look migrations"]
    assert states(around.store_findings(Probe(Reach.unreachable, "x"))) == ["wrong store"]


def test_time_zones_may_be_old() -> None:
    assert states(around.zone_data_findings(2026)) == ["ok zone data"]
    assert states(around.zone_data_findings(2040)) == ["look zone data"]


def test_room_on_the_disk_is_told(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, _):
        found = only(around.disk_findings(shop.store.database.file))
    assert found.about == "disk"
    assert "GB free" in found.words
    assert list(around.disk_findings(None)) == []


# --- in the store --------------------------------------------------------------------------------


def test_a_new_project_at_work_is_healthy(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, live):
        tick(shop.store, live.book, NOW)
        found = examine(shop.config, False, Probe(Reach.ready), shop, NOW + MINUTE, Outside())
    assert found.healthy, list(found.lines())
    others = [one for one in found.findings if one.state is not State.ok]
    assert [(one.about, one.words.split()[0]) for one in others] == [("sources", "order.placed")]  # none came yet


def test_a_project_without_a_store_is_healthy_and_one_that_cannot_open_is_not() -> None:
    absent = examine(config(), False, Probe(Reach.absent, "no file"), "", NOW, Outside())
    assert absent.healthy
    assert not examine(config(), False, Probe(Reach.ready), "installation.json is damaged", NOW, Outside()).healthy


def test_switches_are_shown_with_what_lifts_them(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, _):
        assert states(inside.switch_findings(shop.store)) == ["ok switches"]
        halt(shop.store, Switch(Word.halt, NOW, "nurture", because="the key is refused"), NOW)
        found = only(inside.switch_findings(shop.store))
        halt(shop.store, Switch(Word.halt, NOW, "omar", because="the price was wrong"), NOW)
        by_a_person = only(inside.switch_findings(shop.store))
    assert (found.state, found.remedy) == (State.wrong, "mend that, then nurture unhalt")
    assert "the key is refused" in found.words
    assert (by_a_person.state, by_a_person.remedy) == (State.look, "nurture unhalt")


def test_a_copy_is_told(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, _):
        assert states(inside.mark_findings(shop.store)) == ["ok copy"]
        shop.store.halted = "it looks like a copy"
        assert states(inside.mark_findings(shop.store)) == ["wrong copy"]


def test_a_clock_behind_what_was_seen_is_wrong(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, live):
        tick(shop.store, live.book, NOW)
        assert states(inside.clock_findings(shop.store, NOW + MINUTE)) == ["ok clock"]
        assert states(inside.clock_findings(shop.store, NOW - DAY)) == ["wrong clock"]
        assert states(inside.clock_findings(shop.store, NOW + 31 * DAY)) == ["ok clock"]
        assert states(inside.clock_findings(shop.store, NOW + 32 * DAY)) == ["wrong clock"], (
            "it holds: tick.refuse_leap"
        )
        take(shop, ContactRow(address="a@shop.example"), now=NOW + DAY)
        assert states(inside.clock_findings(shop.store, NOW + MINUTE)) == ["wrong clock"]


@pytest.mark.parametrize(
    ("seen", "state", "expected"),
    [
        (MINUTE, "at work", "ok daemon"),
        (20 * MINUTE, "at work", "wrong daemon"),
        (MINUTE, "holds: this store is a copy", "wrong daemon"),
        (20 * MINUTE, "ended", "ok daemon"),
    ],
)
def test_a_daemon_that_fell_silent_or_holds_is_wrong(root: Path, seen: timedelta, state: str, expected: str) -> None:  # noqa: F811
    with opened(root) as (shop, live):
        tick(shop.store, live.book, NOW)
        shop.store.beat(Runner("x", 7, "1", NOW - DAY, NOW - seen, NOW - seen, state))
        assert states(inside.daemon_findings(shop.store, NOW)) == [expected]


def test_a_daemon_that_lives_but_decides_nothing_is_worth_a_look(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, live):
        tick(shop.store, live.book, NOW)
        for later, expected in ((MINUTE, ["ok daemon"]), (20 * MINUTE, ["ok daemon", "look daemon"])):
            shop.store.beat(Runner("x", 7, "1", NOW - DAY, NOW + later, NOW + later, "at work"))
            assert states(inside.daemon_findings(shop.store, NOW + later)) == expected


def test_without_a_daemon_a_round_a_day_is_the_least(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, live):
        tick(shop.store, live.book, NOW)
        assert states(inside.daemon_findings(shop.store, NOW + MINUTE)) == ["ok daemon"]
        assert states(inside.daemon_findings(shop.store, NOW + 3 * DAY)) == ["look daemon"]


def test_mail_in_doubt_is_counted(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, live):
        assert states(inside.mail_findings(shop.store)) == ["ok mail"]
        complain(shop, "a")
        tick(shop.store, live.book, NOW)
        batch = shop.store.claim(5, NOW)
        assert batch is not None
        shop.store.hand(batch, NOW)
        shop.store.settle(batch, [], NOW)
        found = only(inside.mail_findings(shop.store))
    assert (found.state, found.words) == (State.look, "1 in doubt")


@pytest.mark.parametrize(
    ("fate", "words", "remedy"),
    [
        (Fate.refused, "refused, or cannot be written", "nurture outbox --refused"),
        (Fate.unknown, "of unknown fate", "nurture outbox"),
    ],
)
def test_mail_that_was_refused_or_of_which_nothing_came_is_counted(
    root: Path,  # noqa: F811
    fate: Fate,
    words: str,
    remedy: str,
) -> None:
    with opened(root) as (shop, live):
        complain(shop, "a")
        tick(shop.store, live.book, NOW)
        batch = shop.store.claim(5, NOW)
        assert batch is not None
        shop.store.hand(batch, NOW)
        shop.store.settle(batch, [Handover(one.key, fate) for one in batch.intents], NOW)
        found = only(inside.mail_findings(shop.store))
    assert found.state is State.look
    assert found.words.startswith(f"1 {words}")
    assert remedy in found.remedy


def test_mail_that_the_brake_holds_is_counted_with_what_lets_it_go(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, live):
        take(shop, ContactRow(address="a@shop.example"))
        tick(shop.store, live.book, NOW)
        with shop.store.database.writing() as connection:
            row = {"key": "k", "lane": 3, "due_at": 0, "bucket": 0, "because": "brake", "since": 0}
            connection.execute(HELD.insert(), [row, row | {"key": "l", "because": "at_most of spring"}])
        found = only(inside.mail_findings(shop.store))
    assert (found.state, found.words) == (State.look, "1 held by at_most of spring, 1 held by the brake")
    assert found.remedy.endswith("nurture release")


def test_zones_that_do_not_exist_are_counted_with_ids_and_no_address(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, live):
        take(shop, ContactRow(address="a@shop.example", facts={"zone": "Europe/Paris"}))
        tick(shop.store, live.book, NOW)
        assert states(inside.zone_findings(shop.store)) == ["ok zones"]
        take(shop, ContactRow(address="b@shop.example", facts={"zone": "Mars/Base"}), now=NOW + MINUTE)
        tick(shop.store, live.book, NOW + MINUTE)
        found = only(inside.zone_findings(shop.store))
        assert (shop.store.find("b@shop.example") or "-") in found.words
    assert found.state is State.look
    assert found.words.startswith("1 of ")
    assert "@" not in found.words


def test_a_source_that_fell_silent_is_wrong_and_one_that_never_came_is_worth_a_look(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, live):
        expects = (("order.placed", Length(1, Unit.day)), ("review.posted", Length(36, Unit.hour)))
        book = replace(live.book, catalogue=replace(live.book.catalogue, expects=expects))
        take(shop, EventRow(outside_id="a", name="order.placed", at=NOW, fields={"order_id": "1"}))
        soon = list(inside.source_findings(shop.store, book, NOW + timedelta(hours=23)))
        assert states(soon) == ["ok sources", "look sources"]
        late = list(inside.source_findings(shop.store, book, NOW + timedelta(hours=25)))
        assert states(late) == ["wrong sources", "look sources"]
        assert late[0].words == "order.placed came last 1 day ago, though it is expected every 1 day"
        nothing = replace(book, catalogue=replace(book.catalogue, expects=()))
        assert list(inside.source_findings(shop.store, nothing, NOW)) == [], "nothing is expected"


def test_a_source_is_found_by_its_last_day_when_many_other_events_came_since(
    root: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inside, "EVENTS_SEEN", 1)
    with opened(root) as (shop, live):
        expects = (("order.placed", Length(2, Unit.day)),)
        book = replace(live.book, catalogue=replace(live.book.catalogue, expects=expects))
        take(shop, EventRow(outside_id="a", name="order.placed", at=NOW, fields={"order_id": "1"}))
        take(shop, EventRow(outside_id="a", name="complaint.opened", at=NOW, fields={"ticket": "1"}))
        tick(shop.store, live.book, NOW)
        assert states(inside.source_findings(shop.store, book, NOW + DAY)) == ["ok sources"]
        assert states(inside.source_findings(shop.store, book, NOW + 4 * DAY)) == ["wrong sources"]


def test_orders_in_other_currencies_are_told_apart(root: Path) -> None:  # noqa: F811
    def order(number: int, currency: str) -> EventRow:
        fields = {"order_id": str(number), "total": Money(Decimal(20), currency)}
        return EventRow(outside_id="a", name="order.placed", at=NOW, fields=fields)

    with opened(root) as (shop, live):
        own = live.book.rules.currency
        take(shop, order(1, own))
        assert states(inside.currency_findings(shop.store, live.book)) == ["ok currencies"]
        take(shop, order(2, "TRY"), order(3, "TRY"))
        found = only(inside.currency_findings(shop.store, live.book))
    assert found.state is State.look
    assert found.words == "2 of the newest 3 orders are in TRY: counted apart"


def test_a_book_that_cannot_be_read_is_wrong(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, live):
        assert states(inside.book_findings(shop, live.book, "")) == ["ok book"]
        assert states(inside.book_findings(shop, None, "")) == ["look book"]
        assert states(inside.book_findings(shop, None, "the applied files cannot be read")) == ["wrong book"]
