"""What a case of a test file can say, and what is compared (language.md 10)."""

import pytest

from nurture.engine.faults import RefusedError
from tests.little_shop import SEQUENCES, case, mails

ORDER = """\
given:
  person: {first_name: Ann, country: FR, zone: Europe/Paris}
  events:
    - {at: 2027-03-01 14:20, event: order.placed, order_id: A1, total: 24}
"""
HAPPY = ORDER + "    - {at: 2027-03-08 19:40, event: review.posted, stars: 5}\n"
UNHAPPY = ORDER + "    - {at: 2027-03-08 19:40, event: review.posted, stars: 1}\n"
REVIEW = """\
given:
  person: {country: FR, zone: Europe/Paris}
  events: [{at: 2027-03-01 10:00, event: review.posted, stars: 3}]
until: 2027-03-25
"""


def differences(text: str, **more: str) -> list[str]:
    return [f"{one.mail}: {one.words}" for one in case(text, **more).differences]  # type: ignore[arg-type]


def test_without_expectations_everything_passes_and_what_came_is_known() -> None:
    assert mails(case(ORDER + "until: 2027-03-20")) == [
        "2027-03-07 10:00 how_was_it",
        "2027-03-14 10:00 small_question",
    ]


def test_the_complete_list_passes() -> None:
    text = """\
until: 2027-03-20
expect:
  - {at: 2027-03-07 10:00, send: how_was_it, class: care}
  - {at: day 13 10:00, send: small_question, class: news}
"""
    assert case(ORDER + text).passed


def test_whatever_differs_is_said() -> None:
    text = """\
until: 2027-03-20
expect:
  - {at: 2027-03-07 11:00, send: how_was_it, class: offer}
  - {at: 2027-03-10 10:00, send: we_listened}
"""
    assert differences(ORDER + text) == [
        "how_was_it: wanted Sun 07 Mar 11:00; class care, wanted offer",
        "we_listened: wanted, and did not come",
        "small_question: not in expect:",
    ]


def test_a_relative_day_is_counted_from_day_0_of_its_sequence() -> None:
    text = "until: 2027-03-08\nexpect: [{at: day 5 10:00, send: how_was_it}]"
    assert differences(ORDER + text) == ["how_was_it: wanted day 5 10:00"]


def test_partly_lets_others_stand_between_but_keeps_the_order() -> None:
    first = "{at: 2027-03-07 10:00, send: how_was_it}"
    second = "{at: 2027-03-14 10:00, send: small_question}"
    until = "until: 2027-03-20\npartly: true\n"
    assert case(f"{ORDER}{until}expect: [{second}]").passed
    assert case(f"{ORDER}{until}expect: [{first}, {second}]").passed
    assert differences(f"{ORDER}{until}expect: [{second}, {first}]") == ["how_was_it: wanted, and did not come"]
    late = "{at: 2027-03-15 10:00, send: small_question}"
    assert differences(f"{ORDER}{until}expect: [{late}]") == ["small_question: wanted Mon 15 Mar 10:00"]


def test_never() -> None:
    assert differences(ORDER + "until: 2027-03-20\nnever: [how_was_it, thank_you]") == [
        "how_was_it: listed under never:"
    ]


def test_endings_are_told_by_their_first_word_or_in_full() -> None:
    done = UNHAPPY + "until: 2027-04-20\n"
    for words in ("stopped", "'stopped: unhappy'", "{after_order: stopped}"):
        assert case(f"{done}ends: {words}").passed, words
    assert differences(done + "ends: finished") == [": after_order ended: stopped: unhappy; wanted ends: finished"]
    assert differences(ORDER + "until: 2027-03-04\nends: finished") == [
        ": after_order has not ended; it waits at before_how_was_it; wanted ends: finished"
    ]


def test_why_a_message_did_not_go() -> None:
    given = ORDER.replace("given:\n", "given:\n  refused: tips\n")
    until = "until: 2027-03-20\n"
    assert case(f"{given}{until}why: [{{send: small_question, outcome: no_consent}}]").passed
    assert case(f"{given}{until}why: [{{send: small_question, outcome: no_consent, at: 2027-03-14 10:00}}]").passed
    assert differences(f"{given}{until}why: [{{send: small_question, outcome: capped}}]") == [
        "small_question: no_consent; wanted outcome: capped"
    ]
    assert differences(f"{given}{until}why: [{{send: thank_you, outcome: capped}}]") == [
        "thank_you: never came to be decided; wanted outcome: capped"
    ]


def test_the_gift_that_a_mail_carries() -> None:
    text = "until: 2027-03-10\npartly: true\nexpect: [{at: 2027-03-08 19:40, send: thank_you, gift: %s}]"
    assert case(HAPPY + text % "card").passed
    plain = "until: 2027-03-08\nexpect: [{at: 2027-03-07 10:00, send: how_was_it, gift: card}]"
    assert differences(ORDER + plain) == ["how_was_it: no gift, wanted card"]


def test_a_used_gift_is_not_reminded_of() -> None:
    used = HAPPY + "    - {at: 2027-03-12 09:00, event: gift.used, gift: card}\n"
    until = "until: 2027-04-01\n"
    assert mails(case(HAPPY + until))[-1] == "2027-03-22 19:40 card_reminder"
    assert mails(case(used + until))[-1] == "2027-03-08 19:40 thank_you"


def test_a_task_is_finished_when_the_case_says_so_and_else_never() -> None:
    until = "until: 2027-03-31\n"
    assert mails(case(UNHAPPY + until))[1:] == []
    finished = "tasks: [{at: 2027-03-10 15:00, done: call}]"
    assert mails(case(UNHAPPY + until + finished))[1:] == ["2027-03-10 15:00 we_listened"]


def test_webhooks_are_answered_unless_they_fail() -> None:
    came = mails(case(REVIEW, sequences="digest", name="digest"))
    assert came[0] == "2027-03-01 10:10 erp_heard"
    assert mails(case(REVIEW + "webhooks: {flag: failed}", sequences="digest", name="digest")) == came[1:]


def test_drafts_are_approved_at_once_unless_dropped_or_held() -> None:
    for word, comes in (("approved", True), ("edited", True), ("dropped", False), ("held", False)):
        result = case(f"{REVIEW}drafts: {{written_by_hand: {word}}}", sequences="digest", name="digest")
        assert any("written_by_hand" in mail for mail in mails(result)) == comes, word
    dropped = f"{REVIEW}drafts: {{written_by_hand: dropped}}\nwhy: [{{send: written_by_hand, outcome: dropped}}]"
    assert case(dropped, sequences="digest", name="digest").passed


def test_a_way_is_chosen() -> None:
    for way in ("promise", "question"):
        came = mails(case(f"{REVIEW}way: {{subject_test: {way}}}", sequences="digest", name="digest"))
        assert [mail.split()[-1] for mail in came if "with_" in mail] == [f"with_{way}"]


def test_the_rung_of_a_ladder() -> None:
    text = REVIEW + "partly: true\nexpect: [{at: 2027-03-10 10:10, send: next_bag, rung: %s}]"
    assert case(text % "sampler", sequences="digest", name="digest").passed
    assert differences(text % "grinder", sequences="digest", name="digest") == [
        "next_bag: rung sampler, wanted grinder"
    ]


def test_clicks() -> None:
    text = REVIEW + "way: {subject_test: promise}\n"
    click = "clicks: [{at: 2027-03-06 08:00, mail: with_promise}]"
    assert not any("clicked_it" in mail for mail in mails(case(text, sequences="digest", name="digest")))
    assert any("clicked_it" in mail for mail in mails(case(text + click, sequences="digest", name="digest")))


def test_held_out_people_get_service_mail_alone() -> None:
    assert mails(case(ORDER + "until: 2027-03-20\nheld_out: true")) == []
    why = "held_out: true\nwhy: [{send: how_was_it, outcome: held_out}]"
    assert case(ORDER + "until: 2027-03-20\n" + why).passed


def test_without_an_address_nothing_comes() -> None:
    assert case(ORDER + "until: 2027-03-08\naddress: none\nwhy: [{send: how_was_it, outcome: no_address}]").passed


def test_consents_are_all_unless_they_are_said() -> None:
    given = ORDER.replace("given:\n", "given:\n  consents: []\n")
    assert mails(case(given + "until: 2027-03-20")) == ["2027-03-07 10:00 how_was_it"], "care is for customers"
    refused = ORDER.replace("given:\n", "given:\n  refused: all\n")
    assert mails(case(refused + "until: 2027-03-20")) == []
    spared = ORDER.replace("given:\n", "given:\n  spared: mothers_day\n")
    assert mails(case(spared + "until: 2027-03-20")) == ["2027-03-07 10:00 how_was_it"]


def test_things_and_numbers() -> None:
    things = (
        "given: {person: {zone: Europe/Paris}, things: {subscription: {subscription_id: S1, renews_on: 2027-04-10}}}\n"
    )
    came = mails(case(things + "from: 2027-03-20\nuntil: 2027-04-20", sequences="renewal", name="renewal"))
    assert came == ["2027-04-03 00:00 renews_soon"]
    numbers = "given: {person: {zone: Europe/Paris}, numbers: {cups: [{at: 2027-03-05 03:00, brewed: 4}]}}\n"
    came = mails(case(numbers + "from: 2027-03-01\nuntil: 2027-03-31", sequences="cups", name="cups"))
    assert came == ["2027-03-08 09:00 your_week"], "numbers are known for a week"


def test_events_of_our_own_can_be_told() -> None:
    event = "{at: 2027-03-01 10:00, event: person.enrolled, sequence: by_hand}"
    enrolled = f"given: {{person: {{zone: Europe/Paris}}, events: [{event}]}}\n"
    came = mails(case(enrolled + "until: 2027-03-03", sequences="by_hand", name="by_hand"))
    assert came == ["2027-03-01 10:00 hello_you"], "a draft is live in its test"
    moved = ORDER + "    - {at: 2027-03-03 09:00, event: person.changed, zone: Asia/Tokyo}\n"
    result = case(moved + "until: 2027-03-08\nexpect: [{at: 2027-03-07 10:00, send: how_was_it}]")
    assert result.passed, "their own clock is that of the place they moved to"


def test_what_lies_before_from_starts_nothing() -> None:
    assert mails(case(ORDER + "from: 2027-03-02\nuntil: 2027-03-20")) == []


def test_a_new_version_is_applied_in_the_middle() -> None:
    old = SEQUENCES["after_order"].replace("until_day: 6", "until_day: 9").encode()
    version = "version: {old: sequences/tests/before/after_order.yaml, at: 2027-03-04 12:00}\n"
    text = ORDER + "until: 2027-03-12\n"
    where = {"sequences__tests__before__after_order.yaml": old}
    assert mails(case(text + version, **where)) == ["2027-03-07 10:00 how_was_it"]  # type: ignore[arg-type]
    late = version.replace("03-04", "03-11")
    assert mails(case(text + late, **where)) == ["2027-03-10 10:00 how_was_it"]  # type: ignore[arg-type]


def test_people_follow_a_rename_and_nothing_goes_twice() -> None:
    old = SEQUENCES["after_order"].replace("sequence: after_order", "sequence: asked_once").encode()
    new = SEQUENCES["after_order"].replace("title:", "was: asked_once\ntitle:").encode()
    version = "version: {old: sequences/tests/before/asked_once.yaml, at: 2027-03-08 12:00}\n"
    where = {"sequences__tests__before__asked_once.yaml": old, "sequences__after_order.yaml": new}
    result = case(ORDER + "until: 2027-03-20\nends: finished\n" + version, **where)  # type: ignore[arg-type]
    assert result.passed
    assert [(one.mail, one.sequence) for one in result.story.came] == [
        ("how_was_it", "asked_once"),
        ("small_question", "after_order"),
    ]


def test_who_would_be_due_at_once_by_a_new_version_goes_as_chosen() -> None:
    old = SEQUENCES["after_order"].replace("until_day: 6", "until_day: 9").encode()
    version = "version: {old: sequences/tests/before/after_order.yaml, at: 2027-03-08 12:00%s}\n"
    text = ORDER + "until: 2027-03-12\n" + version
    where = {"sequences__tests__before__after_order.yaml": old}
    assert mails(case(text % "", **where)) == ["2027-03-08 12:00 how_was_it"]  # type: ignore[arg-type]
    old_day = text % ", due_now: old-day"
    assert mails(case(old_day, **where)) == ["2027-03-10 10:00 how_was_it"]  # type: ignore[arg-type]


def test_an_old_file_with_mistakes_is_refused_with_its_place() -> None:
    where = {"sequences__tests__before__after_order.yaml": b"sequence: after_order\nsteps: [{sned: x}]\n"}
    version = "version: {old: sequences/tests/before/after_order.yaml, at: 2027-03-08 12:00}"
    with pytest.raises(
        RefusedError, match=r"the old file sequences/tests/before/after_order.yaml cannot be read, line 1"
    ):
        case(ORDER + "until: 2027-03-12\n" + version, **where)  # type: ignore[arg-type]
