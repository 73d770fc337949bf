"""Letters taken in: who wrote, what is recorded of them, what a person has to do; a second time changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from nurture.config import Config
from nurture.decide.advance import advance
from nurture.decide.clock import reader_clock
from nurture.engine.applying import LiveBook
from nurture.engine.faults import MisuseError, RefusedError
from nurture.engine.letters import POSTED, RAW
from nurture.engine.people_beside import letter_lines
from nurture.engine.replies import finish, listing, opened, read
from nurture.engine.taking import take_received
from nurture.engine.tasks import do
from nurture.engine.tick import zone_of
from nurture.engine.workshop import Workshop
from nurture.model.catalogue import Catalogue, Field
from nurture.model.event import CONSENT_REFUSED, MAIL_REPLIED
from nurture.model.person import Person
from nurture.model.rules import Topic
from nurture.store.desk import desk
from nurture.store.open import Store, open_store
from nurture.store.replies import Reply
from nurture.store.rows import ContactRow, SendRow
from tests import worlds as w
from tests.sending_worlds import NOW, RULES, Scripted, refuse

PEOPLE = (("lena", "lena@shop.example"), ("owner", "olga@shop.example"))
TICKET = {"ticket": Field("ticket", "text"), "about": Field("about", "text"), "weight": Field("weight", "number")}
CATALOGUE = Catalogue(events={"complaint.opened": TICKET, "complaint.resolved": TICKET})
TOPICS = {"tips": Topic("tips"), "news": Topic("news", was="letters")}
BOOK = replace(
    w.book(w.sequence("vip", w.JOINED, [w.send("hello")]), rules=replace(RULES, people=PEOPLE)),
    catalogue=CATALOGUE,
    topics=TOPICS,
)
LIVE = LiveBook(BOOK, {})


@dataclass
class World:
    store: Store
    shop: Workshop
    salma: str
    ben: str
    key: str
    sent: int = 0

    def write(self, words: str, *headers: str, to: datetime = NOW, source: str = RAW, book: LiveBook = LIVE) -> Reply:
        """A letter from salma's address, unless a header says otherwise, taken in."""
        self.sent += 1
        told = {line.partition(":")[0] for line in headers}
        usual = {"From": "Salma <salma@shop.example>", "Message-ID": f"<{self.sent}@post.example>", "Subject": "Re: Hi"}
        lines = [*headers, *(f"{name}: {value}" for name, value in usual.items() if name not in told)]
        raw = "\r\n".join((*lines, "Content-Type: text/plain; charset=utf-8", "", words)).encode()
        assert self.store.received.keep(source, raw, {}, to)
        assert take_received(self.shop, book, to) == {"taken": 1}
        return desk(self.store).replies.newest(1)[0]

    def answering(self, words: str, *headers: str) -> Reply:
        """A letter that answers the mail of salma's."""
        return self.write(words, f"In-Reply-To: <{self.key}@shop.example>", *headers)

    def events(self, person: str) -> list[tuple[str, dict[str, object]]]:
        history = self.store.histories([person])[person]
        return [(event.name, dict(event.fields)) for event in history if event.origin.value == "live"]

    def names(self, person: str) -> list[str]:
        return [name for name, _ in self.events(person)]

    def as_now(self, person: str) -> Person:
        ((known, arrived),) = self.store.people([person], NOW + timedelta(days=1))
        return advance(BOOK, known, NOW + timedelta(days=1), arrived).person

    def tasks(self) -> list[str]:
        return [one.text for one in desk(self.store).tasks.open(100)]


@pytest.fixture
def world(tmp_path: Path, store_url: str) -> Iterator[World]:
    store = open_store(store_url, tmp_path / "installation")
    rows = [
        ContactRow(outside_id=name, address=f"{name}@shop.example", topics=("tips", "news"), basis="opt_in")
        for name in ("salma", "ben")
    ]
    mail = SendRow(outside_id="salma", mail="hello", class_="news", topic="tips", at=NOW, day=NOW.date(), id="m1")
    store.importing(NOW).take([*rows, mail], refuse)
    salma, ben = store.find("salma"), store.find("ben")
    assert salma is not None
    assert ben is not None
    for person in (salma, ben):
        ((known, arrived),) = store.people([person], NOW)
        store.commit([advance(BOOK, known, NOW, arrived)], NOW, zone_of(BOOK), BOOK)
    with store.database.reading() as connection:
        key = str(connection.exec_driver_sql("SELECT key FROM message").scalar_one())
    shop = Workshop(tmp_path, Config(store_url, tmp_path, tmp_path / "i"), store, Scripted())
    yield World(store, shop, salma, ben, key)
    store.close()


def test_a_stop_that_answers_a_mail_refuses_its_topic(world: World) -> None:
    reply = world.answering("STOP")
    assert (reply.kind, reply.person, reply.key, reply.open) == ("stop", world.salma, world.key, False)
    (name, fields), replied = world.events(world.salma)
    assert (name, fields["topics"], fields["by"], fields["wording"]) == (CONSENT_REFUSED, ("tips",), "reader", "STOP")
    assert replied == (MAIL_REPLIED, {"key": world.key, "kind": "stop"})
    person = world.as_now(world.salma)
    assert not person.consents["tips"].given
    assert person.consents["news"].given
    assert not world.tasks()


def test_a_stop_without_a_mail_or_that_says_all_refuses_everything(world: World) -> None:
    world.answering("Unsubscribe from all")
    world.write("stop", "From: ben@shop.example")
    assert world.as_now(world.salma).refused_all
    assert world.as_now(world.ben).refused_all


def test_our_own_address_to_leave_by_letter_leaves_the_topic_it_names(world: World) -> None:
    world.write("", "Subject: unsubscribe letters", "From: ben@shop.example")
    person = world.as_now(world.ben)
    assert not person.consents["news"].given  # it is called news today
    assert person.consents["tips"].given


def test_who_answers_from_another_address_is_whose_mail_it_is(world: World) -> None:
    reply = world.answering("stop", "From: Other <other@elsewhere.example>")
    assert reply.person == world.salma
    assert not world.as_now(world.salma).consents["tips"].given
    assert world.as_now(world.salma).address == "salma@shop.example"  # nothing else is changed by a letter
    assert world.store.find("other@elsewhere.example") is None


def test_a_key_that_is_none_of_ours_says_nothing(world: World) -> None:
    reply = world.write("stop", f"In-Reply-To: <{'0' * 64}@shop.example>", "From: ben@shop.example")
    assert (reply.person, reply.key) == (world.ben, "")


def test_an_address_counts_for_who_had_it_last(world: World) -> None:
    world.store.importing(NOW).take([ContactRow(outside_id="ben", address="ben@new.example")], refuse)
    assert world.write("stop", "From: BEN@shop.example").person == world.ben


def test_a_stop_from_an_address_that_nobody_has_is_kept_for_the_day_when_somebody_has_it(world: World) -> None:
    reply = world.write("Stop", "From: new@shop.example")
    world.store.importing(NOW).take(
        [ContactRow(outside_id="new", address="new@shop.example", topics=("tips",), basis="opt_in")], refuse
    )
    person = world.store.find("new")
    assert person == reply.person
    assert world.as_now(reply.person).refused_all
    assert not world.tasks()


def test_a_stop_from_nowhere_is_for_a_person(world: World) -> None:
    reply = world.write("Stop", "From: nobody")
    assert (reply.person, reply.open) == ("", True)
    assert world.tasks() == [
        "Find out who wants no more mail of somebody without an address, no contact: “Re: Hi”: Stop"
    ]


def test_a_complaint_opens_one_and_a_person_has_two_working_days(world: World) -> None:
    friday = datetime.fromisoformat("2027-03-05T16:00:00+00:00")
    reply = world.write("It arrived broken", to=friday)
    (opened_, fields), *_ = [one for one in world.events(world.salma) if one[0] == "complaint.opened"]
    assert (opened_, fields) == ("complaint.opened", {"ticket": f"letter-{reply.task[:12]}", "about": "Re: Hi"})
    assert (reply.owner, reply.due_on) == ("owner", date(2027, 3, 9))
    assert world.tasks() == ["Answer a complaint: “Re: Hi”: It arrived broken"]


def test_a_complaint_needs_no_event_in_the_catalogue(world: World) -> None:
    world.write("It arrived broken", book=LiveBook(replace(BOOK, catalogue=Catalogue()), {}))
    assert world.names(world.salma) == [MAIL_REPLIED]
    assert len(world.tasks()) == 1


def test_a_complaint_that_is_answered_is_resolved(world: World) -> None:
    number = world.write("It arrived broken").number
    assert "the complaint is resolved" in finish(world.shop, BOOK, number, "lena", "sent a new one", NOW)
    name, fields = world.events(world.salma)[-1]
    assert (name, fields["ticket"]) == ("complaint.resolved", world.events(world.salma)[1][1]["ticket"])
    with pytest.raises(RefusedError, match="done by lena already"):
        finish(world.shop, BOOK, number, "olga", "", NOW)
    assert world.names(world.salma).count("complaint.resolved") == 1


def test_the_task_of_a_complaint_done_among_the_others_resolves_it_too(world: World) -> None:
    reply = world.write("It arrived broken")
    said = do(world.shop, BOOK, "done", reply.task[:12], "lena", "sent a new one", NOW)
    assert said.endswith("; complaint.resolved is recorded")
    name, fields = world.events(world.salma)[-1]
    assert (name, fields) == ("complaint.resolved", {"ticket": f"letter-{reply.task[:12]}"})
    with pytest.raises(RefusedError, match="done by lena already"):
        finish(world.shop, BOOK, reply.number, "olga", "", NOW)


def test_more_complaints_while_one_waits_belong_to_it_and_are_resolved_with_the_last(world: World) -> None:
    letters = [world.write(f"It arrived broken, {number}") for number in range(3)]
    opened_ = [fields["ticket"] for name, fields in world.events(world.salma) if name == "complaint.opened"]
    assert opened_ == [f"letter-{letters[0].task[:12]}"], "else who answers by a machine would be answered for ever"
    assert len(world.tasks()) == 3
    assert world.names(world.salma).count(MAIL_REPLIED) == 3
    for letter in (letters[2], letters[0]):
        assert "resolved" not in finish(world.shop, BOOK, letter.number, "lena", "", NOW)
    assert "complaint.resolved is recorded" in do(world.shop, BOOK, "done", letters[1].task, "lena", "", NOW)
    assert world.events(world.salma)[-1] == ("complaint.resolved", {"ticket": opened_[0]})
    world.write("It arrived broken again", "From: ben@shop.example")
    again = world.write("It arrived broken again")
    opened_ = [fields["ticket"] for name, fields in world.events(world.salma) if name == "complaint.opened"]
    assert opened_[1:] == [f"letter-{again.task[:12]}"]


@pytest.mark.parametrize(("words", "kind"), [("Where is it?", "question"), ("I love it", "praise"), ("Hm", "other")])
def test_what_a_person_wrote_is_for_a_person(world: World, words: str, kind: str) -> None:
    reply = world.answering(words)
    assert (reply.kind, reply.open, reply.owner) == (kind, True, "owner")
    assert world.events(world.salma) == [(MAIL_REPLIED, {"key": world.key, "kind": kind})]


@pytest.mark.parametrize(
    "sign", ["Auto-Submitted: auto-replied", "Return-Path: <>", "Precedence: bulk", "List-Id: <a.b>"]
)
def test_what_no_person_wrote_is_kept_and_nothing_else(world: World, sign: str) -> None:
    for words in ("stop", "It arrived broken", "Where is it?"):
        reply = world.answering(words, sign)
        assert (reply.kind, reply.open) == ("automatic", False)
    assert not world.events(world.salma)
    assert not world.tasks()


def test_who_answers_is_the_first_named_where_no_owner_is(world: World) -> None:
    rules = replace(RULES, people=(("omar", "o@shop.example"),))
    assert world.write("Where is it?", book=LiveBook(replace(BOOK, rules=rules), {})).owner == "omar"
    assert world.write("Where is it?", book=LiveBook(replace(BOOK, rules=RULES), {})).owner == ""


def test_the_same_letter_in_another_post_or_read_twice_changes_nothing(world: World) -> None:
    world.answering("It arrived broken", "Message-ID: <same@post.example>")
    before = world.events(world.salma), world.tasks()
    again = [
        f"In-Reply-To: <{world.key}@shop.example>", "Message-ID: <same@post.example>", "X-Way: other",
        "From: salma@shop.example", "Subject: Re: Hi", "", "It arrived broken",
    ]  # fmt: skip
    assert world.store.received.keep(RAW, "\r\n".join(again).encode(), {}, NOW)
    assert take_received(world.shop, LIVE, NOW) == {"taken": 1}
    with world.store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE received SET done_at = NULL")
    assert take_received(world.shop, LIVE, NOW) == {"taken": 2}
    assert (world.events(world.salma), world.tasks()) == before
    assert len(desk(world.store).replies.newest(9)) == 1


def test_a_post_of_sendgrid_is_read_as_its_headers_say(world: World) -> None:
    form = b'--X\r\nContent-Disposition: form-data; name="from"\r\n\r\nben@shop.example\r\n'
    form += b'--X\r\nContent-Disposition: form-data; name="text"\r\n\r\nstop\r\n--X--\r\n'
    world.store.received.keep(POSTED, form, {"Content-Type": "multipart/form-data; boundary=X"}, NOW)
    take_received(world.shop, LIVE, NOW)
    assert world.as_now(world.ben).refused_all


def test_letters_are_listed_shown_and_read_from_files(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    (folder / "new").mkdir(parents=True)
    letter = b"From: salma@shop.example\r\nSubject: Re: Hi\r\nMessage-ID: <%d@x.example>\r\n\r\n%s\r\n"
    (folder / "one.eml").write_bytes(letter % (1, b"Where is it?\r\n\r\n> quoted"))
    (folder / "new" / "1700.M1.host").write_bytes(letter % (2, b"stop"))
    (folder / "notes.txt").write_bytes(b"no letter")
    found = read(world.shop, LIVE, str(folder), BytesIO(), NOW)
    assert (found.kinds, found.known, found.unreadable) == ({"question": 1, "stop": 1}, 0, 0)
    assert list(read(world.shop, LIVE, str(folder / "one.eml"), BytesIO(), NOW).lines()) == [
        "0 new letters", "1 was known already",
    ]  # fmt: skip
    assert read(world.shop, LIVE, "-", BytesIO(letter % (3, b"I love it")), NOW).kinds == {"praise": 1}
    with pytest.raises(MisuseError, match="no file or folder"):
        read(world.shop, LIVE, str(tmp_path / "nowhere"), BytesIO(), NOW)
    later = NOW + timedelta(days=10)
    waiting = listing(world.shop, BOOK, later, 9, everything=False)
    assert [one.kind for one in waiting.letters] == ["praise", "question"]
    assert "days late" in waiting.letters[0].line()
    assert len(listing(world.shop, BOOK, later, 9, everything=True).letters) == 3
    shown = list(opened(world.shop, BOOK, waiting.letters[1].number, NOW).lines())
    assert any("question: it asks something" in line for line in shown)
    assert shown[-1] == "  Where is it?"
    with pytest.raises(MisuseError, match="there is no letter 99"):
        opened(world.shop, BOOK, 99, NOW)
    (stop,) = [one for one in listing(world.shop, BOOK, NOW, 9, everything=True).letters if one.kind == "stop"]
    with pytest.raises(RefusedError, match="waits for nobody"):
        finish(world.shop, BOOK, stop.number, "lena", "", NOW)
    person = world.as_now(world.salma)
    lines = list(letter_lines(desk(world.store), person, reader_clock(BOOK.rules, person.facts)))
    assert len(lines) == 3
    assert lines[0].endswith("praise 3: Re: Hi, waits for an answer")


def test_a_letter_can_be_shown_when_its_post_is_gone(world: World) -> None:
    number = world.write("Where is it?").number
    with world.store.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM received")
    assert list(opened(world.shop, BOOK, number, NOW).lines())[-1] == "  Where is it?"
