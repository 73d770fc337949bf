"""What every verb of a step becomes (language.md 4.3), beyond waits for time and plain mails."""

from nurture.language.project import read_project
from nurture.model.expression import Kind, Literal, Name
from nurture.model.length import Length, Unit
from nurture.model.step import (
    Enrol,
    Gift,
    MoveTo,
    Offer,
    Repeat,
    Send,
    Split,
    Task,
    Text,
    WaitEvent,
    Webhook,
)
from tests.written_books import HEAD, files_of, read, sequence_of


def test_a_wait_for_events_with_what_happens_when_it_came_and_when_not() -> None:
    steps = """  - id: answer
    wait: {event: [review.posted, order.placed], if: event.stars >= 4, up_to: 7 days}
    then:
      - send: one_recipe
    else:
      - send: check_in
  - send: storing_beans
"""
    nodes = sequence_of(steps).nodes
    wait = nodes["answer"].step
    assert isinstance(wait, WaitEvent)
    assert (wait.events, wait.up_to) == (("review.posted", "order.placed"), Length(7, Unit.day))
    assert wait.fits is not None
    assert wait.fits.text == "event.stars >= 4"
    assert nodes["answer"].arms == ("one_recipe", "check_in")
    assert (nodes["one_recipe"].next, nodes["check_in"].next) == ("storing_beans", "storing_beans")


def test_the_event_that_answered_is_asked_in_then_and_after_but_not_in_else() -> None:
    answered = "wait: {event: review.posted, up_to: 7 days}"
    inside = f"  - id: answer\n    {answered}\n    then: [{{send: one_recipe, if: event.stars > 3}}]\n"
    after = f"  - id: answer\n    {answered}\n  - {{send: one_recipe, if: event.stars > 3}}\n"
    assert sequence_of(inside).nodes["one_recipe"].step.condition is not None
    assert sequence_of(after).nodes["one_recipe"].step.condition is not None
    otherwise = f"  - id: answer\n    {answered}\n    else: [{{send: one_recipe, if: event.stars > 3}}]\n"
    before = f"  - {{send: one_recipe, if: event.stars > 3}}\n  - id: answer\n    {answered}\n    then: [{{stop: x}}]\n"
    for steps in (otherwise, before):
        text = HEAD.format(start="{event: subscriber.joined}", again="never", class_="news", more="") + steps
        found = read_project(files_of(**{"sequences/tips.yaml": text})).problems
        assert "nothing is called 'event.stars'" in [problem.message for problem in found]


def test_a_split_with_its_ways_and_what_they_are_compared_by() -> None:
    steps = """  - id: test
    split:
      - {way: one, weight: 3, then: [{send: one_recipe}]}
      - {way: other}
    measure: {event: order.placed, within: 7 days}
    again: fresh
  - {send: check_in, if: steps.test.way == 'one' and steps.test.outcome == 'one'}
"""
    split = sequence_of(steps).nodes["test"].step
    assert isinstance(split, Split)
    assert [(way.name, way.weight, len(way.steps)) for way in split.ways] == [("one", 3, 1), ("other", 1, 0)]
    assert (split.fresh, split.measured, split.measured_within) == (True, "order.placed", Length(7, Unit.day))
    usual = "  - {id: test, split: [{way: a}, {way: b}]}\n  - send: one_recipe\n"
    plain = sequence_of(usual).nodes["test"].step
    assert isinstance(plain, Split)
    assert (plain.fresh, plain.measured) == (False, "")


def test_a_gift_and_the_mail_that_carries_it() -> None:
    steps = """  - {id: card, gift: tasting_card, valid: 3 weeks, if_none: go_on}
  - {send: one_recipe, with: {code: gifts.card.code, until: gifts.card.expires_on}}
  - {send: check_in, if: gifts.card.given and gifts.card.used == false}
"""
    nodes = sequence_of(steps).nodes
    gift, mail = nodes["card"].step, nodes["one_recipe"].step
    assert isinstance(gift, Gift)
    assert (gift.gift, gift.valid, gift.if_none) == ("tasting_card", Length(3, Unit.week), "go_on")
    assert isinstance(mail, Send)
    assert dict(mail.variables)["until"] == Name(("gifts", "card", "expires_on"), Kind.day)
    plain = sequence_of("  - {id: card, gift: tasting_card}\n  - send: one_recipe\n").nodes["card"].step
    assert isinstance(plain, Gift)
    assert (plain.valid, plain.if_none) == (None, "skip")


def test_a_ladder_is_called_like_its_mail_and_takes_all_that_a_send_takes() -> None:
    steps = """  - ladder: beans
    mail: next_bag_offer
    class: offer
    topic: offers
    valid_for: 4 days
    if_muted: skip
  - {send: one_recipe, if: ladders.next_bag_offer.rung == 'grinder' and not ladders.next_bag_offer.taken}
"""
    offer = sequence_of("  - wait: 20 days\n" + steps).nodes["next_bag_offer"].step
    assert isinstance(offer, Offer)
    assert (offer.ladder, offer.mail, offer.class_, offer.topic) == ("beans", "next_bag_offer", "offer", "offers")
    assert (offer.valid_for, offer.if_muted) == (Length(4, Unit.day), "skip")


def test_a_task_is_words_and_values_in_turn() -> None:
    steps = """  - id: call
    task: "Ring {{ person.country }} at {{person.id}}!"
    to: lena
    due: 2 working days
    hold_until_done: 3 working days
  - {send: one_recipe, if: steps.call.outcome == 'not_done'}
"""
    task = sequence_of(steps).nodes["call"].step
    assert isinstance(task, Task)
    assert task.text == Text(
        "Ring {{ person.country }} at {{person.id}}!",
        ("Ring ", Name(("person", "country"), Kind.text), " at ", Name(("person", "id"), Kind.text), "!"),
    )
    assert (task.to, task.due) == ("lena", Length(2, Unit.working_day))
    assert task.hold == Length(3, Unit.working_day)


def test_a_webhook_with_everything_and_with_nothing() -> None:
    steps = """  - id: tell
    webhook: erp
    body: {customer: person.id, flag: vip, day: today}
    retry: 0
    timeout: 1 minute
    save_as: person.erp_answer
    if_fails: stop
  - {id: again, webhook: erp}
  - {send: one_recipe, if: steps.tell.outcome == 'ok'}
"""
    nodes = sequence_of(steps).nodes
    tell, again = nodes["tell"].step, nodes["again"].step
    assert isinstance(tell, Webhook)
    body = dict(tell.body)
    assert body["flag"] == Literal("vip", Kind.text)
    assert (body["customer"], body["day"]) == (Name(("person", "id"), Kind.text, 1), Name(("today",), Kind.day, 1))
    assert (tell.retry, tell.timeout.seconds, tell.save_as, tell.if_fails) == (0, 60, "erp_answer", "stop")
    assert isinstance(again, Webhook)
    assert (again.retry, again.timeout, again.save_as) == (3, Length(10, Unit.second), "")
    assert (again.endpoint, again.body, again.if_fails) == ("erp", (), "go_on")


def test_an_answer_is_kept_only_by_a_fact_that_it_can_be() -> None:
    steps = "  - {id: tell, webhook: erp, save_as: person.observes}\n  - send: one_recipe\n"
    text = HEAD.format(start="{event: subscriber.joined}", again="never", class_="news", more="") + steps
    found = read_project(files_of(**{"sequences/tips.yaml": text})).problems
    said = "'person.observes' is tags, and an answer is one text, number, bool, day, moment"
    assert said in [problem.message for problem in found]


def test_moves_and_other_sequences() -> None:
    steps = "  - {move_to: looking, pin: 365 days}\n  - {enrol: first_order}\n  - send: one_recipe\n"
    move, enrol, _ = sequence_of(steps).steps
    assert isinstance(move, MoveTo)
    assert (move.stage, move.pin) == ("looking", Length(365, Unit.day))
    assert isinstance(enrol, Enrol)
    assert enrol.sequence == "first_order"


def test_rounds_lead_back_to_their_repeat() -> None:
    steps = """  - id: recipes
    repeat: {times: 3, every: 1 month, until: person.orders.count > 4}
    steps:
      - send: one_recipe
      - send: check_in
        if: days_since(person.orders.last_at) > 3
  - send: storing_beans
"""
    nodes = sequence_of(steps).nodes
    repeat = nodes["recipes"].step
    assert isinstance(repeat, Repeat)
    assert (repeat.times, repeat.every) == (3, Length(1, Unit.month))
    assert repeat.until is not None
    assert (nodes["recipes"].arms, nodes["recipes"].next) == (("one_recipe",), "storing_beans")
    assert (nodes["check_in"].next, nodes["check_in"].round_of) == ("recipes", "recipes")


def test_who_approves_and_which_variant_a_mail_has() -> None:
    variant = files_of(
        **{
            "templates/warm_wishes/christmas/en.md": "---\nsubject: Hello\n---\nHello.\n",
            "templates/warm_wishes/kestrel_day/en.md": "---\nsubject: Hello\n---\nHello.\n",
            "sequences/tips.yaml": HEAD.format(
                start="{holiday: [christmas, kestrel_day], observed_by: person.observes}",
                again="{per: occurrence}",
                class_="celebration",
                more="",
            )
            + "  - {send: warm_wishes, variant: start.name, approve: lena}\n",
        }
    )
    send = read(variant).sequences["tips"].steps[0]
    assert isinstance(send, Send)
    assert (send.variant, send.variant_from) == ("", Name(("start", "name"), Kind.text))
    assert (send.approve, send.fixed) == ("lena", True)
    del variant["templates/warm_wishes/christmas/en.md"]
    (problem,) = [found for found in read_project(variant).problems if found.code == "E204"]
    assert problem.message == "there is no variant 'christmas' (templates/warm_wishes/christmas/)"
