"""Steps that ask something of others: tasks, calls, stages, other sequences, drafts (language.md 4.3, 6.1, 15)."""

from dataclasses import replace
from datetime import date

import pytest

from nurture.decide.advance import RunsInCircles, advance
from nurture.decide.errands import shop_country
from nurture.model import event as names
from nurture.model.decision import Why
from nurture.model.event import Event
from nurture.model.person import Person
from nurture.model.sequence import Sequence, Status
from nurture.model.step import Enrol, MoveTo, Task, Text, Webhook
from nurture.model.trigger import Again, ManualTrigger, StageTrigger
from tests import worlds as w
from tests.worlds import JOINED, Life, endings, event, length, live, newborn, reachable, send, sequence, wait, whys

END = "2027-04-01"
STARTED = "2027-03-04 13:00"  # a Thursday; the enrolment starts at 13:10, which is 14:10 in Paris
BEGAN = "2027-03-04 13:10"
JOINING = event("subscriber.joined", STARTED, source="the fair")
WORDS = Text(
    "Ring {{ person.first_name }} about {{ event.source }}",
    ("Ring ", w.value("person.first_name"), " about ", w.value("event.source", event="subscriber.joined")),
)


def call(**more: object) -> Task:
    return Task(**({"id": "call", "place": w.HERE, "text": WORDS, "to": "lena", "due": length("1 working day")} | more))  # type: ignore[arg-type]


def flag(**more: object) -> Webhook:
    body = (("customer", w.value("person.id")),)
    values = {"id": "tell", "place": w.HERE, "endpoint": "erp", "body": body, "timeout": length("1 minute")}
    return Webhook(**(values | more))  # type: ignore[arg-type]


def lived(book: Sequence, *happened: Event, person: Person | None = None, end: str = END) -> Life:
    return live(w.book(book), person or newborn(), [*reachable(), JOINING, *happened], end)


def tasks_of(life: Life) -> list[tuple[str, str, date]]:
    return [(task.text, task.to, task.due_on) for decision in life.decisions for task in decision.tasks]


def key_of(life: Life) -> str:
    made = [task.key for decision in life.decisions for task in decision.tasks]
    return (made + [call.key for decision in life.decisions for call in decision.webhooks])[0]


def told(book: Sequence, name: str, at: str, known: str | None = None, **fields: object) -> Life:
    """A life in which the task or call is answered; its key does not change from life to life."""
    return lived(book, event(name, at, known, key=key_of(lived(book)), **fields))


# --- tasks ----------------------------------------------------------------------------------------


def test_a_task_is_made_with_its_words_and_the_flow_goes_on() -> None:
    life = lived(sequence("calls", JOINED, [call(), send("bye", "service")]), person=newborn(first_name="Salma"))
    assert tasks_of(life) == [("Ring Salma about the fair", "lena", date(2027, 3, 5))]
    assert life.mails == [("2027-03-04 14:10", "bye")]
    assert life.person.enrolments[0].outcomes[0].outcome == "made"
    assert tasks_of(lived(sequence("calls", JOINED, [call()])))[0][0] == "Ring ? about the fair"


@pytest.mark.parametrize(
    ("zone", "started", "due", "on"),
    [
        ("Europe/Paris", "2027-03-05 13:00", "1 working day", date(2027, 3, 8)),  # Friday to Monday
        ("Europe/Paris", "2027-03-25 13:00", "2 working days", date(2027, 3, 30)),  # over Easter Monday
        ("Asia/Jerusalem", "2027-03-04 13:00", "1 working day", date(2027, 3, 7)),  # Thursday to Sunday
        ("Europe/Paris", "2027-03-04 13:00", "3 days", date(2027, 3, 7)),
        ("Europe/Paris", "2027-03-04 20:00", "4 hours", date(2027, 3, 5)),
    ],
)
def test_it_is_due_in_working_days_of_the_shop(zone: str, started: str, due: str, on: date) -> None:
    """Readers elsewhere change nothing about it."""
    book = w.book(sequence("calls", JOINED, [call(due=length(due))]), rules=replace(w.RULES, zone=zone))
    reader = replace(newborn(), facts={"zone": "Asia/Dubai", "country": "AE"})
    life = live(book, reader, [*reachable(), event("subscriber.joined", started, source="")], END)
    assert tasks_of(life)[0][2] == on


def test_the_country_of_a_shop_is_that_of_its_zone() -> None:
    assert (shop_country("Europe/Paris"), shop_country("America/Chicago"), shop_country("UTC")) == ("FR", "US", "")


HELD = sequence(
    "calls", JOINED, [call(hold=length("3 working days")), send("we_listened", "service")]
)  # held to Tuesday 9 March, 14:10


def test_a_held_task_goes_on_when_it_is_done() -> None:
    life = told(HELD, names.TASK_DONE, "2027-03-05 09:30", by="lena", words="rang")
    assert life.mails == [("2027-03-05 10:30", "we_listened")]
    assert next((o.outcome, o.at) for o in life.person.enrolments[0].outcomes) == ("done", w.utc("2027-03-05 09:30"))
    assert [task.held_until for decision in life.decisions for task in decision.tasks] == [w.utc("2027-03-09 13:10")]


def test_a_held_task_that_nobody_does_is_not_done_at_its_end() -> None:
    life = lived(HELD)
    assert life.mails == [("2027-03-09 14:10", "we_listened")]
    assert life.person.enrolments[0].outcomes[0].outcome == "not_done"


def test_done_at_the_very_end_is_done_and_later_comes_too_late() -> None:
    assert told(HELD, names.TASK_DONE, "2027-03-09 13:10").person.enrolments[0].outcomes[0].outcome == "done"
    late = told(HELD, names.TASK_DONE, "2027-03-10 09:00")
    assert late.person.enrolments[0].outcomes[0].outcome == "not_done"
    assert whys(late).count("came too late") == 1


def test_a_task_that_was_only_made_turns_to_done_even_after_the_end() -> None:
    book = sequence("calls", JOINED, [call(), send("bye", "service")])
    life = told(book, names.TASK_DONE, "2027-03-08 09:00")
    assert endings(life) == ["finished"]
    assert next((o.outcome, o.at) for o in life.person.enrolments[0].outcomes) == ("done", w.utc("2027-03-08 09:00"))
    assert life.mails == lived(book).mails


def test_the_hold_does_not_move_with_the_reader() -> None:
    life = lived(HELD, w.facts("2027-03-05 10:00", zone="America/New_York"))
    assert life.intents[0].decided_at == w.utc("2027-03-09 13:10")


def test_one_task_is_one_task() -> None:
    keys = [task.key for decision in lived(HELD).decisions for task in decision.tasks]
    assert len(keys) == 1
    assert key_of(lived(HELD)) == key_of(told(HELD, names.TASK_DONE, "2027-03-05 09:30"))


# --- webhooks -------------------------------------------------------------------------------------


CALLS = sequence("calls", JOINED, [flag(), send("bye", "service")])


def test_a_call_is_asked_for_and_waited_for() -> None:
    life = lived(CALLS, end="2027-03-05")
    asked = [one for decision in life.decisions for one in decision.webhooks]
    assert [(one.endpoint, one.body, one.retry, one.timeout) for one in asked] == [("erp", {"customer": "p1"}, 3, 60)]
    assert asked[0].made_at == w.utc(BEGAN)
    assert life.mails == []


def test_an_answer_lets_the_flow_go_on_and_may_be_kept() -> None:
    life = told(CALLS, names.WEBHOOK_ANSWERED, "2027-03-04 13:12", ok=True, value="E17")
    assert life.mails == [("2027-03-04 14:12", "bye")]
    assert life.person.enrolments[0].outcomes[0].outcome == "ok"
    assert "first_name" not in life.person.facts
    kept = sequence("calls", JOINED, [flag(save_as="person.first_name"), send("bye", "service")])
    keeping = told(kept, names.WEBHOOK_ANSWERED, "2027-03-04 13:12", ok=True, value="Salma")
    assert keeping.person.facts["first_name"] == "Salma"
    assert [one.name for decision in keeping.decisions for one in decision.events] == [names.PERSON_CHANGED]


def test_an_answer_that_is_no_value_of_the_fact_is_not_kept_and_explained() -> None:
    kept = sequence("calls", JOINED, [flag(save_as="vip_since"), send("bye", "service")])
    good = told(kept, names.WEBHOOK_ANSWERED, "2027-03-04 13:12", ok=True, value="2027-01-05")
    assert good.person.facts["vip_since"] == date(2027, 1, 5)
    bad = told(kept, names.WEBHOOK_ANSWERED, "2027-03-04 13:12", ok=True, value="soon")
    assert "vip_since" not in bad.person.facts
    assert bad.mails == [("2027-03-04 14:12", "bye")]
    said = [one.words for decision in bad.decisions for one in decision.reasons if one.why is Why.webhook]
    assert said == ["erp answered; what it answered does not fit and is not kept"]


def test_what_was_answered_moves_stages_and_stops_at_once() -> None:
    stages = (replace(w.STAGES[0], enter=w.condition("person.country == 'AE'")), *w.STAGES[1:])
    kept = sequence("calls", JOINED, [flag(save_as="country"), send("bye", "service")])
    answered = event(names.WEBHOOK_ANSWERED, "2027-03-04 13:12", key=key_of(lived(kept)), ok=True, value="AE")
    happened = [*reachable(), JOINING, answered]
    life = live(w.book(kept, stages=stages), newborn(), happened, END)
    assert life.person.stage is not None
    assert (life.person.stage.id, life.person.stage.since) == ("vip", w.utc("2027-03-04 13:12"))


def test_a_refusal_goes_on_or_stops_as_the_step_says() -> None:
    goes_on = told(CALLS, names.WEBHOOK_ANSWERED, "2027-03-04 13:12", ok=False, words="404")
    assert goes_on.mails == [("2027-03-04 14:12", "bye")]
    assert goes_on.person.enrolments[0].outcomes[0].outcome == "failed"
    stopping = sequence("calls", JOINED, [flag(if_fails="stop"), send("bye", "service")])
    stopped = told(stopping, names.WEBHOOK_ANSWERED, "2027-03-04 13:12", ok=False, words="404")
    assert stopped.mails == []
    assert endings(stopped) == ["stopped: erp failed: 404"]


def test_silence_is_given_up_after_three_days_and_what_comes_then_is_too_late() -> None:
    life = lived(CALLS)
    assert life.mails == [("2027-03-07 14:10", "bye")]
    late = told(CALLS, names.WEBHOOK_ANSWERED, "2027-03-08 10:00", ok=True)
    assert late.person.enrolments[0].outcomes[0].outcome == "failed"
    assert whys(late).count("came too late") == 1


def test_an_answer_to_another_key_is_none_of_theirs() -> None:
    life = lived(CALLS, event(names.WEBHOOK_ANSWERED, "2027-03-04 13:12", key="another", ok=True))
    assert life.mails == [("2027-03-07 14:10", "bye")]


# --- move_to and enrol ----------------------------------------------------------------------------


def move(stage: str = "vip", pin: str = "") -> MoveTo:
    return MoveTo(id="move", place=w.HERE, stage=stage, pin=length(pin) if pin else None)


def stage_of(life: Life) -> str:
    assert life.person.stage is not None
    return life.person.stage.id


def test_a_pin_keeps_them_in_the_stage_until_its_end() -> None:
    book = sequence("moves", JOINED, [move(pin="10 days")])
    bought = event("order.placed", "2027-03-06 10:00", order_id="A")
    assert stage_of(lived(book, bought, end="2027-03-14 13:00")) == "vip"
    after = lived(book, bought, end="2027-03-14 13:10")
    assert stage_of(after) == "buying"
    moved = [r for r in after.reasons if r.why is Why.stage and r.words == "looking -> vip"]
    assert [(r.at, r.sequence, r.until) for r in moved] == [(w.utc(BEGAN), "moves", w.utc("2027-03-14 13:10"))]


def test_without_a_pin_the_rules_have_the_next_word() -> None:
    book = sequence("moves", JOINED, [move()])
    assert stage_of(lived(book)) == "vip"
    assert stage_of(lived(book, event("order.placed", "2027-03-06 10:00", order_id="A"))) == "buying"


def test_who_is_moved_into_a_stage_starts_what_begins_there() -> None:
    vip = sequence("vip_welcome", StageTrigger(place=w.HERE, stage="vip"), [send("table", "service")])
    book = w.book(sequence("moves", JOINED, [move(pin="10 days")]), vip)
    life = live(book, newborn(), [*reachable(), event("subscriber.joined", STARTED)], END)
    assert life.mails == [("2027-03-04 14:20", "table")]
    assert whys(life).count("stage") >= 2


def other(steps: list[object] | None = None, **more: object) -> Sequence:
    again = more.pop("again", Again(per="person"))
    return sequence("other", ManualTrigger(place=w.HERE), steps or [send("hello", "service")], again=again, **more)  # type: ignore[arg-type]


ENROL = Enrol(id="enrol_1", place=w.HERE, sequence="other")


@pytest.mark.parametrize(
    ("more", "outcome", "why"),
    [
        ({}, "started", "started"),
        ({"stage": ("vip",)}, "refused", "condition"),
        ({"status": Status.closed}, "refused", "closed"),
        ({"status": Status.draft}, "refused", "closed"),
    ],
)
def test_enrolling_is_asked_at_once_like_a_manual_start(more: dict[str, object], outcome: str, why: str) -> None:
    first = sequence("first", JOINED, [ENROL, send("bye", "service")])
    book = w.book(first, other(**more))  # type: ignore[arg-type]
    life = live(book, newborn(), [*reachable(), event("subscriber.joined", STARTED)], END)
    assert next(o.outcome for e in life.person.enrolments if e.sequence == "first" for o in e.outcomes) == outcome
    assert next(r.why.value for r in life.reasons if r.sequence == "other") == why
    assert ("2027-03-04 14:10", "bye") in life.mails
    assert (("2027-03-04 14:10", "hello") in life.mails) == (outcome == "started")


def test_somebody_who_is_inside_already_is_refused_or_queued() -> None:
    for running, mails in (("ignore", 1), ("queue", 2)):
        twice = sequence("first", JOINED, [ENROL, replace(ENROL, id="enrol_2")])
        book = w.book(twice, other([send("hello", "service"), wait("2 days")], again=Again(running=running)))
        life = live(book, newborn(), [*reachable(), event("subscriber.joined", STARTED)], END)
        assert [o.outcome for e in life.person.enrolments if e.sequence == "first" for o in e.outcomes] == [
            "started", "refused",
        ]  # fmt: skip
        assert len(life.mails) == mails


def test_a_circle_of_enrolments_is_a_fault_that_is_said() -> None:
    back = Enrol(id="enrol_1", place=w.HERE, sequence="first")
    again = Again(per="person", running="alongside")
    book = w.book(sequence("first", JOINED, [ENROL], again=again), other([back], again=again))
    with pytest.raises(RunsInCircles):
        advance(book, newborn(), w.utc(END), [*reachable(), event("subscriber.joined", STARTED)])


def test_enrolling_into_itself_restarts_it_and_the_old_one_has_ended() -> None:
    itself = Enrol(id="enrol_1", place=w.HERE, sequence="first", condition=w.condition("not has_tag('sleeping')"))
    again = Again(per="person", running="restart")
    book = w.book(sequence("first", JOINED, [send("hi", "service"), w.Tag(id="t", place=w.HERE, tags=()), itself],
                           again=replace(again, limit=(2, length("1 month")))))  # fmt: skip
    life = live(book, newborn(), [*reachable(), event("subscriber.joined", STARTED)], END)
    assert endings(life) == ["restarted", "finished"]
    assert [o.outcome for o in life.person.enrolments[1].outcomes][-1] == "refused"


# --- drafts and clicks ----------------------------------------------------------------------------

APPROVED = sequence("care", JOINED, [send("sorry", "care", approve="lena"), wait("2 days"), send("bye", "care")])


def customer(*happened: Event) -> Life:
    bought = event("order.placed", "2027-02-01 10:00", order_id="A")
    return lived(APPROVED, bought, *happened, person=newborn())


def test_a_mail_that_is_to_be_approved_says_so() -> None:
    intent = customer().intents[0]
    assert (intent.approve, intent.valid_for) == ("lena", length("3 days"))
    assert (customer().intents[1].approve, customer().intents[1].valid_for) == ("", None)


@pytest.mark.parametrize("word", ["approved", "edited", "dropped"])
def test_what_was_said_of_a_draft_is_the_outcome(word: str) -> None:
    key = customer().intents[0].key
    life = customer(event(names.DRAFT_SETTLED, "2027-03-05 10:00", key=key, outcome=word, by="lena"))
    assert life.person.enrolments[0].outcomes[0].outcome == word
    assert [message.cancelled for message in life.person.messages] == [word == "dropped", False]
    assert whys(life).count("dropped") == (word == "dropped")
    assert life.mails == customer().mails


def test_a_dropped_draft_gives_its_place_in_the_limits_back() -> None:
    """One a day, 18 hours apart: what was dropped at ten lets the other go at once."""
    offer = sequence("two", JOINED, [send("sorry", "care", approve="lena"), wait("1 hour"), send("bye", "care")])
    bought = event("order.placed", "2027-02-01 10:00", order_id="A")
    key = lived(offer, bought).intents[0].key
    dropped = event(names.DRAFT_SETTLED, "2027-03-04 13:30", key=key, outcome="dropped", by="lena")
    assert lived(offer, bought, dropped).mails[1] == ("2027-03-04 15:10", "bye")
    assert lived(offer, bought).mails[1][0] > "2027-03-05"


def test_the_first_click_is_kept() -> None:
    key = customer().intents[0].key
    clicks = [event(names.MAIL_CLICKED, at, key=key) for at in ("2027-03-05 10:00", "2027-03-05 11:00")]
    life = customer(*clicks, event(names.MAIL_CLICKED, "2027-03-05 12:00", key="another"))
    assert [message.clicked_at for message in life.person.messages] == [w.utc("2027-03-05 10:00"), None]
