"""What `replies` of rules.yaml says of letters: who answers, by when, in which words, and which event one is."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from nurture.decide.advance import advance
from nurture.engine.applying import LiveBook
from nurture.engine.replies import finish
from nurture.engine.tick import tick
from nurture.model.catalogue import Catalogue, Field
from nurture.model.length import Length, Unit
from nurture.model.letter import Kind
from nurture.model.rules import Answer, Replies
from nurture.model.sequence import StopRule
from nurture.store.desk import desk
from nurture.store.rows import EventRow
from tests import worlds as w
from tests.sending_worlds import NOW, refuse

from .test_letters import BOOK, CATALOGUE, World, world  # noqa: F401  (a fixture)

WRITTEN = {
    name: {one: Field(one, "text") for one in ("ticket", "about", "kind", "mail", "sequence", "by")}
    for name in ("question.asked", "question.answered", "praise.given")
}
TOLD = Replies(
    to="lena",
    due=Length(3, Unit.working_day),
    stop_words=("genug davon",),
    kinds=(
        (Kind.complaint, Answer(words=("mouldy beans",), due=Length(1, Unit.day))),
        (Kind.question, Answer(to="owner", event="question.asked", answered="question.answered")),
        (Kind.praise, Answer(event="praise.given")),
    ),
)
TELLING = replace(
    BOOK,
    rules=replace(BOOK.rules, replies=TOLD),
    catalogue=Catalogue(events={**CATALOGUE.events, **WRITTEN}),
)


def test_who_answers_what_and_by_when_is_as_the_rules_say(world: World) -> None:  # noqa: F811
    book = LiveBook(TELLING, {})
    question, praise = world.write("Where is it?", book=book), world.write("I love it", book=book)
    complaint = world.write("So: mouldy beans.", book=book)
    assert [(one.kind, one.owner, one.due_on) for one in (question, praise, complaint)] == [
        ("question", "owner", date(2027, 3, 5)),
        ("praise", "lena", date(2027, 3, 5)),
        ("complaint", "lena", date(2027, 3, 3)),
    ]
    assert "complaint.opened" in world.names(world.salma)  # as ever, though the rules do not name it


def test_the_houses_own_words_stop_mail_when_a_letter_says_nothing_else(world: World) -> None:  # noqa: F811
    book = LiveBook(TELLING, {})
    assert world.write("Genug davon!", book=book).kind == "stop"
    assert world.as_now(world.salma).refused_all
    assert world.write("Genug davon, ich komme morgen in den Laden", "From: ben@shop.example", book=book).kind != "stop"
    assert world.write("Genug davon!", "From: ben@shop.example").kind == "other"  # in no other house
    assert not world.as_now(world.ben).refused_all


def test_a_letter_is_the_event_that_the_rules_name_and_its_answer_the_other(world: World) -> None:  # noqa: F811
    with world.store.database.reading() as connection:
        mail, sequence = connection.exec_driver_sql("SELECT mail, sequence FROM message").one()
    world.write("Where is it?", f"In-Reply-To: <{world.key}@shop.example>", book=LiveBook(TELLING, {}), to=NOW)
    asked, fields = world.events(world.salma)[-1]
    number = desk(world.store).replies.newest(1)[0].number
    ticket = fields["ticket"]
    assert (asked, fields) == (
        "question.asked",
        {"ticket": ticket, "about": "Re: Hi", "kind": "question", "mail": mail, "sequence": sequence, "by": "letter"},
    )
    assert "it is answered (question.answered)" in finish(world.shop, TELLING, number, "lena", "on its way", NOW)
    assert world.events(world.salma)[-1] == (
        "question.answered",
        {"ticket": ticket, "kind": "question", "by": "letter"},
    )


def test_a_letter_ends_the_sequence_that_its_event_stops_and_one_of_a_machine_does_not(world: World) -> None:  # noqa: F811
    stops = (StopRule("question.asked", place=w.HERE),)
    tea = w.sequence("tea", replace(w.JOINED, settle=w.length("0 minutes")), [w.wait("5 days")], stop_when=stops)
    known = {**TELLING.catalogue.events, **BOOK.catalogue.events, "subscriber.joined": {}}
    book = replace(TELLING, sequences={"tea": tea}, catalogue=replace(TELLING.catalogue, events=known))
    live = LiveBook(book, {})

    def ending(person: str, *headers: str) -> str:
        joined = EventRow(outside_id=headers[0].partition(" ")[2].partition("@")[0], name="subscriber.joined", at=NOW)
        world.store.importing(NOW).take([joined], refuse)
        tick(world.store, book, NOW)
        world.write("Where is it?", *headers, to=NOW + timedelta(hours=1), book=live)
        ((known_, arrived),) = world.store.people([person], NOW + timedelta(days=1))
        (found,) = advance(book, known_, NOW + timedelta(days=1), arrived).person.enrolments
        return found.ending

    assert ending(world.salma, "From: salma@shop.example") == "stopped: question.asked"
    assert ending(world.ben, "From: ben@shop.example", "Auto-Submitted: auto-replied") == ""


@pytest.mark.parametrize("sign", ["Auto-Submitted: auto-replied", "Precedence: bulk", "Return-Path: <>"])
def test_what_no_person_wrote_is_no_event_of_the_rules_either(world: World, sign: str) -> None:  # noqa: F811
    for words in ("Where is it?", "mouldy beans", "genug davon"):
        assert world.write(words, sign, book=LiveBook(TELLING, {})).kind == "automatic"
    assert not world.events(world.salma)
    assert not world.tasks()
