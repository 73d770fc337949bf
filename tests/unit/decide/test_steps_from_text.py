"""Every step as an author writes it, read by the language and lived by the core (language.md 4.3, 6.2)."""

from functools import cache
from pathlib import Path

import pytest

from nurture.language.project import read_project
from nurture.model import event as names
from nurture.model.book import Book
from nurture.model.decision import Why
from nurture.model.event import Event, MonthDay
from tests import worlds as w
from tests.worlds import event, utc

ROOT = Path(__file__).parents[3]
HEAD = """
sequence: trial
title: A trial
stage: any
class: service
because: contract
status: live
start: {event: order.delivered, settle: 0 minutes}
again: {per: event.order_id, running: alongside}
steps:
"""
BEGAN = event("order.delivered", "2027-03-03 10:05", order_id="A1")  # a Wednesday, 11:05 in Paris
END = "2027-07-01"


@cache
def starter() -> dict[str, bytes]:
    paths = [path for part in ("sequences", "templates") for path in (ROOT / part).rglob("*") if path.is_file()]
    house = [path for path in paths if path.parent.name == "house" or path.relative_to(ROOT).parts[0] == "templates"]
    return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in house}


def book(steps: str, more: str = "") -> Book:
    files = {"sequences/trial.yaml": (HEAD + steps).encode()}
    if more:
        files["sequences/other.yaml"] = more.encode()
    rules = starter()["sequences/house/rules.yaml"].replace(b"silence: ", b"# silence: ")
    reading = read_project({**starter(), "sequences/house/rules.yaml": rules, **files})
    assert reading.book is not None, [problem.message for problem in reading.problems]
    return reading.book


def lived(steps: str, *happened: Event, more: str = "", answers: w.Answers = w.silence, **facts: object) -> w.Life:
    world = book(steps, more)
    told = [
        event(names.ADDRESS_ADDED, w.BIRTH, address="salma@example.net"),
        event(names.CONSENT_GIVEN, w.BIRTH, topics=tuple(world.topics), basis="opt_in"),
    ]
    return w.live(world, w.newborn(**facts), [*told, BEGAN, *happened], END, answers=answers)


@pytest.mark.parametrize(
    ("wait", "arrives"),
    [
        ("{wait: 3 days}", "2027-03-06 11:05"),
        ("{wait: 72 hours}", "2027-03-06 11:05"),
        ("{wait: 1 day, at: 09:00}", "2027-03-04 09:00"),
        ("{wait: 2 working days}", "2027-03-05 11:05"),
        ("{wait: 4 weeks}", "2027-03-31 11:05"),  # over the change of clocks
        ("{wait: 672 hours}", "2027-03-31 12:05"),
        ("{wait: {until_day: 6, at: 10:00}}", "2027-03-09 10:00"),
        ("{wait: {until: person.birthday, minus: 3 days, at: 10:00}}", "2027-03-25 10:00"),
        ("{wait: {until_weekday: [sat, sun], between: [09:00, 11:00], at_least: 1 day}}", "2027-03-06 09:00"),
    ],
)
def test_waits_for_time(wait: str, arrives: str) -> None:
    life = lived(f"  - {wait}\n  - {{send: we_listened}}\n", country="FR", birthday=MonthDay(3, 28))
    assert life.mails == [(arrives, "we_listened")]


ANSWER = """
  - {send: first_bag_check_in}
  - id: answer
    wait: {event: [review.posted, feedback.given], if: event.stars >= 2 or event.score >= 2, up_to: 7 days}
    then:
      - branch:
          - if: event.stars >= 4 or event.score >= 8
            then:
              - {send: storing_beans, if: steps.answer.outcome == 'came'}
          - else:
              - {stop: unhappy}
    else:
      - {send: one_small_question}
"""


@pytest.mark.parametrize(
    ("events", "mails", "ending"),
    [
        ([("review.posted", {"stars": 5})], [("2027-03-05 09:00", "storing_beans")], "finished"),
        ([("feedback.given", {"score": 9})], [("2027-03-05 09:00", "storing_beans")], "finished"),
        ([("feedback.given", {"score": 3})], [], "stopped: unhappy"),
        ([("review.posted", {"stars": 1})], [("2027-03-10 11:05", "one_small_question")], "finished"),
        ([], [("2027-03-10 11:05", "one_small_question")], "finished"),
    ],
)
def test_a_wait_for_an_event(
    events: list[tuple[str, dict[str, object]]], mails: list[tuple[str, str]], ending: str
) -> None:
    happened = [event(name, "2027-03-05 08:00", **fields) for name, fields in events]
    life = lived(ANSWER, *happened)
    assert life.mails == [("2027-03-03 11:05", "first_bag_check_in"), *mails]
    assert w.endings(life) == [ending]


def test_a_split_with_what_measures_it() -> None:
    step = """
  - id: subject_test
    split:
      - {way: question, weight: 1, then: [{send: brew_guide_question}]}
      - {way: promise, weight: 1, then: [{send: brew_guide_promise}]}
    measure: {event: order.placed, within: 7 days}
    again: fresh
  - {send: we_listened, if: steps.subject_test.way == 'question'}
"""
    life = lived(step)
    way = life.person.enrolments[0].outcomes[0].outcome
    after = ["we_listened"] if way == "question" else []
    assert [mail for _, mail in life.mails] == [f"brew_guide_{way}", *after]


def test_a_repeat_counts_its_rounds_from_the_first() -> None:
    step = """
  - wait: {until_day: 28, at: 10:00}
  - id: recipes
    repeat: {times: 3, every: 1 month, until: has_tag('sleeping')}
    steps:
      - {send: one_recipe, with: {second: 'false'}}
"""
    life = lived(step.replace("until_day: 28", "until_day: 89"))  # 31 May
    assert [when for when, _ in life.mails] == ["2027-05-31 10:00", "2027-06-30 10:00"]
    slept = lived(step, event(names.PERSON_TAGGED, "2027-04-10 10:00", tags=("sleeping",)))
    assert [when for when, _ in slept.mails] == ["2027-03-31 10:00"]


TASK = """
  - id: call
    task: "Ring {{ person.first_name }} about order {{ start.order_id }}"
    to: lena
    due: 1 working day
    hold_until_done: 3 working days
  - {send: we_listened, if: steps.call.outcome == 'OUTCOME'}
"""


@pytest.mark.parametrize(("done", "mails"), [(True, ["2027-03-04 10:00"]), (False, ["2027-03-08 11:05"])])
def test_a_task_that_is_waited_for(done: bool, mails: list[str]) -> None:
    outcome = "done" if done else "not_done"

    def answers(decision: w.Decision) -> list[Event]:
        return [event(names.TASK_DONE, "2027-03-04 09:00", key=task.key, by="lena") for task in decision.tasks if done]

    life = lived(TASK.replace("OUTCOME", outcome), answers=answers, first_name="Salma")
    assert [when for when, _ in life.mails] == mails
    assert [(task.text, task.to) for task in life.tasks] == [("Ring Salma about order A1", "lena")]


WEBHOOK = """
  - id: tell_erp
    webhook: erp_customer_flag
    body: {customer: person.id, order: start.order_id, since: today}
    retry: 5
    timeout: 20 seconds
    save_as: person.brew_method
    if_fails: stop
  - {send: we_listened, if: person.brew_method == 'moka'}
"""


@pytest.mark.parametrize(("ok", "mails"), [(True, ["we_listened"]), (False, [])])
def test_a_webhook(ok: bool, mails: list[str]) -> None:
    def answers(decision: w.Decision) -> list[Event]:
        told = {"ok": ok, "value": "moka", "words": "410"}
        return [event(names.WEBHOOK_ANSWERED, "2027-03-03 10:06", key=call.key, **told) for call in decision.webhooks]

    life = lived(WEBHOOK, answers=answers)
    assert [mail for _, mail in life.mails] == mails
    call = life.webhooks[0]
    assert (call.endpoint, call.retry, call.timeout) == ("erp_customer_flag", 5, 20)
    assert call.body == {"customer": "p1", "order": "A1", "since": utc("2027-03-03 10:05").date()}


OTHER = """
sequence: other
title: Another
stage: any
class: service
because: contract
status: live
start: {manual: true, if: not has_tag('sleeping')}
again: {per: person, gap: 10 days}
steps:
  - {send: sign_of_life}
"""


@pytest.mark.parametrize(("tags", "mails"), [("reviewer", ["sign_of_life", "we_listened"]), ("sleeping", [])])
def test_tags_facts_stages_and_another_sequence(tags: str, mails: list[str]) -> None:
    steps = f"""
  - {{tag: [{tags}]}}
  - {{set: {{person.vip_since: today}}}}
  - {{move_to: vip, pin: 10 days}}
  - {{enrol: other, id: enrol_other}}
  - {{send: we_listened, if: steps.enrol_other.outcome == 'started' and person.stage == 'vip'}}
  - {{untag: [{tags}]}}
"""
    life = lived(steps, more=OTHER)
    assert [mail for _, mail in life.mails] == mails
    assert life.person.facts["vip_since"] == utc("2027-03-03 10:05").date()
    assert life.person.tags == frozenset()
    moves = [(r.words, f"{r.at:%m-%d %H:%M}") for r in life.reasons if r.why is Why.stage]
    assert ("looking -> vip", "03-03 10:05") in moves
    assert ("vip -> looking", "03-13 10:05") in moves


def test_a_mail_that_a_person_approves_first() -> None:
    step = "  - {send: we_listened, approve: owner, valid_for: 2 days}\n  - {wait: 1 day}\n  - {send: sign_of_life}\n"

    def answers(decision: w.Decision) -> list[Event]:
        told = {"outcome": "dropped", "by": "lena"}
        drafts = [one for one in decision.intents if one.approve]
        return [event(names.DRAFT_SETTLED, "2027-03-03 12:00", key=one.key, **told) for one in drafts]

    life = lived(step, answers=answers)
    assert [(intent.approve, str(intent.valid_for or "")) for intent in life.intents] == [("owner", "2 days"), ("", "")]
    assert [outcome.outcome for outcome in life.person.enrolments[0].outcomes] == ["dropped", "sent"]
