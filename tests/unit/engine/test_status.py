"""status: what it says of a store at work, of an empty one, and of a daemon that fell silent."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from nurture.engine.doctor_store import daemon_findings
from nurture.engine.hand_over import hand_over_all
from nurture.engine.status import ago, status
from nurture.engine.switches import halt, pause
from nurture.engine.tick import tick
from nurture.model.switch import Switch, Word
from nurture.store.installation import SUPPRESSIONS
from nurture.store.runner import Runner
from nurture.store.tables import HELD
from nurture.wiring import workshop
from tests.sending_worlds import Scripted

from .test_hand_over import MINUTE, NOW, complain, made, opened, root  # noqa: F401  (fixtures)


def test_an_empty_project_says_that_nothing_is_live(tmp_path: Path) -> None:
    with workshop(tmp_path) as shop:
        lines = list(status(shop, NOW).lines())
    assert any(line.startswith("Book        nothing is live") for line in lines)
    assert any(line.startswith("Daemon      none runs") for line in lines)


def test_a_store_at_work_is_told_in_figures(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, live):
        complain(shop, "a")
        complain(shop, "b")
        before = status(shop, NOW)
        assert before.overdue == 2
        assert "Next        as soon as a round is run" in before.lines()
        tick(shop.store, live.book, NOW)
        waiting = status(shop, NOW)
        assert waiting.overdue == 0
        assert waiting.decided_until == NOW
        assert waiting.waiting == {"service": 2}
        assert waiting.next_due is not None
        assert waiting.next_due > NOW
        inside = {one.name: one.inside for one in waiting.sequences}
        assert inside["complaint_care"] == 2
        assert inside["birthday"] == 0
        hand_over_all(shop, live, NOW)
        done = status(shop, NOW)
        assert (done.waiting, done.today, done.today_by_class) == ({}, {"accepted": 2}, {"service": 2})
        assert any(line.startswith("Today       2 accepted · 2 service") for line in done.lines())


def test_why_only_service_goes_stands_with_what_waits(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, live):
        elsewhere = replace(shop, provider=Scripted(name="sendgrid"))
        assert not any("only service goes" in line for line in status(elsewhere, NOW).lines()), "nothing waits"
        complain(shop, "a")
        tick(shop.store, live.book, NOW)
        assert any("only service goes: nobody has said" in line for line in status(elsewhere, NOW).lines())
        assert not any("only service goes" in line for line in status(shop, NOW).lines()), "a folder is not the world"
        shop.store.declare(SUPPRESSIONS, "none", NOW)
        assert not any("only service goes" in line for line in status(elsewhere, NOW).lines())


def test_what_was_said_at_the_command_line_stands_on_top_and_in_the_sequences(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, live):
        halt(shop.store, Switch(Word.halt, NOW, "lena", because="audit"), NOW)
        pause(shop.store, live.book, ["birthday"], "omar", "", NOW)
        found = status(shop, NOW + MINUTE)
        lines = list(found.lines())
    assert lines[0] == "All sending is halted by lena since 2027-03-09 10:00 UTC: audit (nurture unhalt)"
    assert lines[1].startswith("birthday is paused by omar")
    assert {one.name: one.status for one in found.sequences}["birthday"] == "paused"


def test_a_clock_that_leaped_stands_on_top(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, live):
        tick(shop.store, live.book, NOW)
        assert not status(shop, NOW + timedelta(days=31)).halted
        first, *_ = status(shop, NOW + timedelta(days=40)).lines()
    said = "the last round was 40 days ago, on 2027-03-09, if the clock is right"
    assert first == f"Nothing is sent: {said} (nurture run --once --accept)"


def test_a_daemon_is_silent_when_it_did_not_come_back_as_it_said(root: Path) -> None:  # noqa: F811
    def runner(name: str, seen: timedelta, state: str = "at work") -> Runner:
        return Runner(name, 7, "1", NOW - timedelta(days=3), NOW - seen, NOW - seen + timedelta(seconds=5), state)

    with opened(root) as (shop, _):
        for one in (runner("well", MINUTE), runner("gone", 20 * MINUTE), runner("left", 30 * MINUTE, "ended")):
            shop.store.beat(one)
        found = status(shop, NOW)
    assert found.silent == ("gone",)
    said = [line for line in found.lines() if line.startswith("Daemon")]
    assert len(said) == 2, "who said goodbye is not told"
    assert [line.endswith("SILENT: end it if it hangs, and start it again") for line in said] == [False, True]


def test_a_daemon_whose_process_ended_is_gone_at_once_and_its_mails_are_held_by_what_holds_them(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, _):
        for name in ("ours", "theirs"):
            shop.store.beat(Runner(name, 7, "1", NOW, NOW, NOW, "at work"))
        row = {"lane": 3, "due_at": 0, "bucket": 0, "since": 0}
        causes = ("brake", "at_most of spring", "at_most of spring")
        with shop.store.database.writing() as connection:
            connection.execute(HELD.insert(), [row | {"key": str(n), "because": why} for n, why in enumerate(causes)])
        told = list(status(shop, NOW, lambda one: one.name == "ours").lines())
        alone = list(status(shop, NOW, lambda _: True).lines())
        found, well, *_ = daemon_findings(shop.store, NOW, lambda one: one.name == "ours")
    daemons = [line for line in told if line.startswith("Daemon")]
    assert [line.endswith("GONE: its process ended without a word") for line in daemons] == [True, False]
    assert "Daemon      none runs (nurture run)" not in told
    assert "Daemon      none runs (nurture run)" in alone
    assert "Held        2 by at_most of spring, 1 by the brake (nurture release)" in told
    assert found.words.startswith("GONE")
    assert well.words.startswith("process 7 was last seen")


def test_the_age_of_something_in_its_largest_unit() -> None:
    spans = [timedelta(seconds=-3), timedelta(seconds=1), timedelta(seconds=90), timedelta(hours=30), timedelta(days=3)]
    assert [ago(span) for span in spans] == ["0 seconds", "1 second", "1 minute", "1 day", "3 days"]
