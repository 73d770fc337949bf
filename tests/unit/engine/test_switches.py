"""halt, pause, stop and their taking back, over a real store and the starter book."""

from datetime import timedelta
from pathlib import Path

import pytest

from nurture.engine.applying import LiveBook, apply, live_book
from nurture.engine.by_hand import Released, release
from nurture.engine.check import check
from nurture.engine.dry_run import dry_run
from nurture.engine.explaining import Asking, explain
from nurture.engine.faults import MisuseError
from nurture.engine.hand_over import hand_over_all
from nurture.engine.people import show
from nurture.engine.project import read_files
from nurture.engine.simulation import simulate
from nurture.engine.switches import halt, inside, let_out, pause, resume, stop, unhalt
from nurture.engine.tick import silent, tick
from nurture.engine.workshop import Workshop
from nurture.model.mail import Fate
from nurture.model.sequence import Status
from nurture.model.switch import Switch, Word

from .test_hand_over import MAIL, MINUTE, NOW, complain, made, mails, opened, root  # noqa: F401  (fixtures)

NAME = "complaint_care"


def live(shop: Workshop) -> LiveBook:
    found = live_book(shop.store)
    assert found is not None
    return found


def stopped(name: str = NAME) -> Switch:
    return Switch(Word.stop, NOW, "lena", name, "wrong price")


def people_in(shop: Workshop, *names: str) -> None:
    """They complained, and the first mail is decided."""
    for name in names:
        complain(shop, name)
    tick(shop.store, live(shop).book, NOW)


def endings(shop: Workshop, name: str) -> list[str]:
    ((person, _),) = shop.store.people([shop.store.find(name) or ""], NOW + timedelta(days=1))
    return [one.ending for one in person.enrolments if one.sequence == NAME]


def test_the_live_book_is_the_same_value_until_something_was_said_or_applied(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, first):
        assert live(shop) is first
        pause(shop.store, first.book, [NAME], "lena", "", NOW)
        paused = live(shop)
        assert paused is not first
        assert live(shop) is paused
        assert paused.book.sequences[NAME].status is Status.paused
        resume(shop.store, paused.book, [NAME], NOW)
        assert live(shop).book.sequences[NAME].status is Status.live


def test_what_another_process_said_is_seen(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, _), opened(root) as (other, book):
        pause(other.store, book.book, [NAME], "lena", "", NOW)
        assert live(shop).book.sequences[NAME].status is Status.paused


def test_a_pause_survives_an_apply_which_says_so_and_sees_no_change_in_the_files(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, book):
        pause(shop.store, book.book, [NAME], "lena", "wrong price", NOW)
        files = read_files(shop.root)
        tree = check(files).book
        assert tree is not None
        done = apply(shop.store, tree, files, NOW + MINUTE, "a test")
        assert done.changes == ()
        assert any("complaint_care is paused by lena" in line for line in done.lines())
        assert live(shop).book.sequences[NAME].status is Status.paused


def test_a_stop_ends_all_inside_page_by_page_and_nobody_starts(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, book):
        people_in(shop, "a", "b", "c")
        assert inside(shop.store, book.book, NAME) == 3
        stop(shop.store, stopped(), NOW)
        told: list[int] = []
        assert let_out(shop.store, live(shop).book, NAME, NOW + MINUTE, told.append) == 3
        assert told == [3]
        assert shop.store.inside(NAME) == 0
        assert [endings(shop, name) for name in "abc"] == [["stopped by lena"]] * 3
        complain(shop, "d")
        tick(shop.store, live(shop).book, NOW + 2 * MINUTE)
        assert shop.store.inside(NAME) == 0


def test_a_stop_that_was_cut_is_ended_by_the_next_tick(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, _):
        people_in(shop, "a")
        stop(shop.store, stopped(), NOW + MINUTE)
        tick(shop.store, live(shop).book, NOW + MINUTE)
        assert endings(shop, "a") == ["stopped by lena"]


def test_a_mail_in_the_queue_is_cancelled_by_a_stop_and_explain_says_who_stopped_it(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, _):
        people_in(shop, "a")
        stop(shop.store, stopped(), NOW + MINUTE)
        assert hand_over_all(shop, live(shop), NOW + 2 * MINUTE).fates == {Fate.cancelled: 1}
        told = explain(shop, live(shop), "a", Asking(mail=MAIL), NOW + 3 * MINUTE).lines
    assert mails(root) == []
    assert any("not sent" in line and "stopped by lena: wrong price" in line for line in told), told


def test_a_mail_in_the_queue_waits_while_paused_and_goes_when_resumed(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, book):
        people_in(shop, "a", "b")
        pause(shop.store, book.book, [NAME], "lena", "", NOW)
        assert hand_over_all(shop, live(shop), NOW + MINUTE).fates == {}
        resume(shop.store, book.book, [NAME], NOW + 2 * MINUTE)
        assert hand_over_all(shop, live(shop), NOW + 3 * MINUTE).fates == {Fate.accepted: 2}


def test_a_mail_in_the_queue_of_what_is_paused_expires_in_the_end(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, book):
        people_in(shop, "a")
        pause(shop.store, book.book, [NAME], "lena", "wrong words", NOW)
        late = NOW + timedelta(days=40)
        assert hand_over_all(shop, live(shop), late).fates == {Fate.expired: 1}
        told = explain(shop, live(shop), "a", Asking(mail=MAIL), late + MINUTE).lines
    assert any("too old at hand-over; paused by lena: wrong words" in line for line in told), told


@pytest.mark.parametrize("word", [Word.pause, Word.stop])
def test_what_is_tried_sees_the_switch_as_the_daemon_does(root: Path, word: Word) -> None:  # noqa: F811
    def mails_of(shop: Workshop) -> tuple[list[str], list[str]]:
        tried = dry_run(shop, live(shop), NOW + MINUTE, NOW + MINUTE, silent).calendar
        ahead = simulate(shop, [], None, 3, NOW + MINUTE, silent)
        return [one.mail for one in tried.mails], [one.mail for one in ahead.mails]

    with opened(root) as (shop, _):
        complain(shop, "a")
        before = mails_of(shop)
        assert before[0] == [MAIL]
        assert MAIL in before[1]
        shop.store.set_switch(Switch(word, NOW, "lena", NAME), NOW)
        assert mails_of(shop) == ([], [])
        dropped = {one.words for one in simulate(shop, [], None, 3, NOW + MINUTE, silent).dropped}
        assert ("held: paused by lena" in dropped) == (word is Word.pause)


def test_show_says_that_a_sequence_is_paused(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, book):
        people_in(shop, "a")
        pause(shop.store, book.book, [NAME], "lena", "wrong price", NOW)
        lines = show(shop, live(shop), "a", NOW + MINUTE).lines
        assert any("paused by lena: wrong price" in line for line in lines)


def test_explain_and_show_say_who_keeps_a_mail_in_the_queue_and_why(root: Path) -> None:  # noqa: F811
    def told(shop: Workshop) -> list[str]:
        explained = explain(shop, live(shop), "a", Asking(), NOW + MINUTE).lines
        shown = show(shop, live(shop), "a", NOW + MINUTE).lines
        waits = [line for line in explained if " waits: " in line]
        assert waits == [line for line in shown if " waits: " in line]
        return waits

    with opened(root) as (shop, book):
        people_in(shop, "a")
        assert told(shop) == []
        pause(shop.store, book.book, [NAME], "omar", "wrong words", NOW)
        assert told(shop) == [f"{MAIL} waits: paused by omar: wrong words"]
        halt(shop.store, Switch(Word.halt, NOW, "lena", keep_service=True), NOW)
        assert told(shop) == [f"{MAIL} waits: paused by omar: wrong words"], "it is service"
        halt(shop.store, Switch(Word.halt, NOW, "lena", because="audit"), NOW)
        assert told(shop) == [f"{MAIL} waits: halted by lena: audit"]


def test_explain_says_who_stopped_what_never_started(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, _):
        people_in(shop, "a")
        stop(shop.store, stopped("gone_quiet"), NOW)
        lines = explain(shop, live(shop), "a", Asking(sequence="gone_quiet"), NOW + MINUTE).lines
    assert "gone_quiet: it is stopped by lena: wrong price, and starts nobody" in lines


def test_resume_takes_back_a_pause_and_a_stop_and_says_what_it_was(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, book):
        pause(shop.store, book.book, [NAME, "birthday"], "lena", "", NOW)
        stop(shop.store, stopped(), NOW)
        said = resume(shop.store, book.book, [NAME], NOW)
        assert [one.word for one in said.switches] == [Word.pause, Word.stop]
        assert [one.sequence for one in shop.store.switches()] == ["birthday"]
        assert resume(shop.store, book.book, [NAME], NOW).switches == ()


def test_a_switch_of_a_sequence_that_left_the_book_can_be_taken_back(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, book):
        stop(shop.store, stopped("gone"), NOW)
        assert len(resume(shop.store, book.book, ["gone"], NOW).switches) == 1


def test_an_unknown_name_is_a_misuse_that_names_the_nearest_and_changes_nothing(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, book):
        with pytest.raises(MisuseError, match="did you mean 'complaint_care'"):
            pause(shop.store, book.book, ["birthday", "complaint_car"], "lena", "", NOW)
        with pytest.raises(MisuseError, match="no live sequence is called 'nonsense'"):
            inside(shop.store, book.book, "nonsense")
        assert shop.store.switches() == ()


def test_to_release_an_unknown_mail_or_sequence_is_a_misuse_that_names_the_nearest(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, _):
        with pytest.raises(MisuseError, match="no live mail is called 'we_got_your_mesage'; did you mean 'we_got_"):
            release(shop, mail="we_got_your_mesage")
        with pytest.raises(MisuseError, match="no live sequence is called 'complaint_car'; did you mean"):
            release(shop, sequence="complaint_car")
        assert release(shop, mail="we_got_your_message", sequence=NAME) == Released(0, 0)


def test_unhalt_takes_back_any_halt_also_one_of_our_own(root: Path) -> None:  # noqa: F811
    with opened(root) as (shop, _):
        ours = Switch(Word.halt, NOW, "nurture", because="the key is refused")
        assert halt(shop.store, ours, NOW).before == ()
        assert unhalt(shop.store, NOW).switches == (ours,)
        assert unhalt(shop.store, NOW).switches == ()


def test_a_switch_in_words_names_who_since_when_why_and_what_takes_it_back() -> None:
    assert stopped().line == (
        "complaint_care is stopped by lena since 2027-03-09 10:00 UTC: wrong price (nurture resume complaint_care)"
    )
    held = Switch(Word.halt, NOW, "lena", keep_service=True)
    assert held.line == (
        "All sending is halted by lena since 2027-03-09 10:00 UTC, but for service mail (nurture unhalt)"
    )
