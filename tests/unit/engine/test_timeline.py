"""`preview --timeline`: the days, the tree, the endings, and the most mails on any way through."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nurture.decide.simulate import live
from nurture.engine.project import read_files
from nurture.engine.starter import make_project
from nurture.engine.timeline import Row, Timeline, timeline
from nurture.language.project import read_project
from nurture.model.book import Book
from nurture.model.event import Event
from nurture.model.person import Person

HEAD = """\
sequence: {name}
title: A walk
stage: [looking, buying, again]
serves: looking
aims_at: again
class: news
topic: coffee_tips
status: {status}
priority: 33
start: {start}
again: {{per: person}}
{more}
steps:
{steps}
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    root = tmp_path_factory.mktemp("starter")
    make_project(root)
    return read_files(root)


@pytest.fixture(scope="module")
def book(files: dict[str, bytes]) -> Book:
    found = read_project(files).book
    assert found is not None
    return found


def starter_lines(book: Book, name: str) -> list[str]:
    return list(timeline(book.sequences[name]).lines())


def told(
    files: dict[str, bytes], steps: str, start: str = "{event: subscriber.joined}", more: str = "", status: str = "live"
) -> Timeline:
    text = HEAD.format(name="walk", status=status, start=start, more=more, steps=steps)
    reading = read_project({**files, "sequences/walk.yaml": text.encode()})
    assert reading.book is not None, [str(one) for one in reading.problems]
    return timeline(reading.book.sequences["walk"])


def test_the_check_in_reads_as_a_colleague_would_tell_it(book):
    assert starter_lines(book, "first_order") == [
        "first_order: How was your first bag?",
        "day 0        order.delivered, if person.orders.count == 1, stage buying or vip",
        "day 6        10:00  first_bag_check_in           care",
        "                    ├ if review.posted or feedback.given comes within 7 days",
        "                    │   ├ if event.stars >= 4 or event.score >= 8",
        "day 6 to 13         │   │   gift tasting_card  without it if there is none",
        "                    │   │   thank_you_with_card  care",
        "                    │   │   tag reviewer",
        "                    │   └ otherwise",
        "                    │       task for lena: Ring {{ person.first_name }} about {{ event.words }}  "
        "due in 1 working day; waits for it, 3 working days at most",
        "day 6 to 48         │       we_listened          care",
        "                    │       ends here: unhappy",
        "                    └ if none comes",
        "day 13       10:00      one_small_question       care  dropped if limits are full",
        "ends at once on complaint.opened; on order.placed if person.orders.count >= 3",
        "goes on only while not has_tag('do_not_ask'), asked before every step",
        "at most 2 messages on any way through; nothing is sold here",
    ]


def test_rounds_come_one_after_the_other_and_what_asks_for_nothing_stands_by_itself(files):
    steps = """\
  - {id: three, repeat: {times: 3, every: 1 week}, steps: [{send: one_recipe}]}
  - {id: tell, webhook: erp_customer_flag, if_fails: stop}
  - {move_to: again, pin: 30 days}
  - {enrol: keep_in_touch}
  - {id: present, gift: birthday_bag, if_none: stop}
  - {send: happy_birthday, with: {code: gifts.present.code}, approve: owner}
  - id: chance
    split: [{way: a, weight: 3, then: [{send: storing_beans}, {stop: a}]}, {way: b, then: [{untag: [sleeping]}]}]
"""
    found = told(files, steps)
    assert [(row.when, row.tree + row.what, row.notes) for row in found.rows] == [
        ("", "└ 3 rounds, 1 week apart", ()),
        ("day 0 to 14", "    one_recipe", ()),
        ("day 0 to 14", "calls erp_customer_flag", ("ends it if the call fails",)),
        ("", "moves them to again", ("and keeps them there for 30 days",)),
        ("", "enrols them in keep_in_touch", ()),
        ("", "gift birthday_bag", ("ends it if there is none",)),
        ("", "happy_birthday", ("waits until owner approves it",)),
        ("", "├ 3 of 4: a", ()),
        ("", "│   storing_beans", ()),
        ("", "│   ends here: a", ()),
        ("", "└ 1 of 4: b", ()),
        ("", "    untag sleeping", ()),
    ]
    assert (found.messages, found.offers) == (5, 0)


def test_a_branch_is_a_tree_and_after_it_the_days_are_those_of_every_arm(files):
    found = told(
        files,
        """\
  - branch:
      - if: person.brew_method == 'moka'
        then:
          - wait: 3 days
            at: 09:30
          - {send: one_recipe}
          - branch:
              - if: person.country is unknown
                then:
                  - {tag: [sleeping]}
                  - {stop: nothing known}
      - if: person.brew_method is unknown
        then:
          - {send: ask_brew_method}
  - wait: 2 weeks
    at: 10:00
  - {send: storing_beans, class: offer, topic: offers}
""",
    )
    rows = [(row.when, row.clock, row.tree + row.what) for row in found.rows]
    assert rows == [
        ("", "", "├ if person.brew_method == 'moka'"),
        ("day 3", "09:30", "│   one_recipe"),
        ("", "", "│   ├ if person.country is unknown"),
        ("", "", "│   │   tag sleeping"),  # the same day, which is not said again
        ("", "", "│   │   ends here: nothing known"),
        ("", "", "│   └ otherwise it goes on"),
        ("", "", "├ if person.brew_method is unknown"),
        ("day 0", "at once", "│   ask_brew_method"),
        ("", "", "└ otherwise it goes on"),
        ("day 14 to 17", "10:00", "storing_beans"),
    ]
    assert (found.messages, found.offers) == (2, 1)


def test_who_always_stops_in_every_arm_never_comes_out(files):
    found = told(
        files,
        """\
  - {send: one_recipe}
  - branch:
      - if: person.brew_method is unknown
        then:
          - {send: ask_brew_method}
          - wait: 2 days
          - {send: storing_beans}
          - {stop: asked}
      - else:
          - {stop: known}
""",
    )
    assert found.messages == 3
    assert "otherwise it goes on" not in [row.what for row in found.rows]


@pytest.mark.parametrize(
    ("wait", "when", "clock"),
    [
        ("wait: 72 hours", "day 3", ""),
        ("wait: 36 hours", "day 1 to 2", ""),
        ("wait: 1 month", "day 28 to 31", ""),
        ("{wait: 3 days, at: 09:30}", "day 3", "09:30"),
        ("wait: {until_day: 9}", "day 9", "10:00"),
        ("wait: {until: person.birthday, minus: 3 days, at: 08:00}", "3 days before person.birthday", "08:00"),
        ("wait: {until_weekday: [sat], between: [09:00, 11:00], at_least: 1 day}", "day 1 to 7", "Sat 09:00"),
    ],
)  # fmt: skip
def test_every_wait_says_its_days(files, wait, when, clock):
    found = told(files, f"  - {wait}\n  - {{send: one_recipe}}\n")
    (row,) = found.rows
    assert (row.when, row.clock) == (when, clock)


def test_a_step_that_is_skipped_by_some_leaves_their_days_open(files):
    found = told(files, "  - {wait: 5 days, at: 10:00, if: person.country is known}\n  - {send: one_recipe}\n")
    assert found.rows[0].when == "day 0 to 5"


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ("goal: {event: order.placed, within: 30 days}", "ends at once on order.placed within 30 days, its goal"),
        ("goal: {event: order.placed, stop: false}", "counts as reached on order.placed, its goal, and goes on"),
        ("stop_when: [{if: has_tag('do_not_ask')}]", "ends at once if has_tag('do_not_ask')"),
    ],
)
def test_what_ends_it_is_said(files, more, line):
    assert line in list(told(files, "  - {send: one_recipe}\n", more=more).lines())


def test_each_way_to_start_and_a_status_that_starts_nobody_are_said(files):
    start = "{any: [{event: subscriber.joined}, {stage: again}, {manual: true}]}"
    lines = list(told(files, "  - {send: one_recipe}\n", start=start, status="draft").lines())
    assert lines[0] == "walk: A walk (a draft: it never runs)"
    assert lines[1] == "day 0  subscriber.joined, stage looking, buying or again"
    assert [line.split()[0] for line in lines[2:4]] == ["or", "or"]
    assert lines[-1].startswith("at most 1 message on")


def test_a_lead_starts_people_before_day_0(files):
    found = told(files, "  - {send: one_recipe}\n", start="{day: person.birthday, every: year, lead: 7 days}")
    assert found.rows[0].when == "day -7 to 0"


@pytest.mark.parametrize("hour", [1, 9, 22])
@pytest.mark.parametrize("day", range(16, 23))
@pytest.mark.parametrize("brews", ["espresso", None])
def test_whoever_goes_through_gets_each_mail_on_a_day_that_the_timeline_names(book, day, hour, brews):
    """The core lives somebody through the welcome, joining on any weekday at any hour: the days foretold are kept."""
    joined = datetime(2026, 11, day, hour, tzinfo=UTC)
    facts = {"zone": "UTC", "country": "FR", "locale": "en", "brew_method": brews}
    happened = [
        ("address.added", {"address": "p@shop.example"}),
        ("consent.given", {"topics": ("coffee_tips", "offers"), "basis": "ticked"}),
        ("person.changed", {"facts": facts}),
        ("subscriber.joined", {"source": "shop"}),
    ]
    events = [
        Event(f"e{number}", name, joined, joined, number, fields) for number, (name, fields) in enumerate(happened)
    ]
    begin = joined - timedelta(minutes=1)
    decisions = live(book, Person("p", begin), events, begin, joined + timedelta(days=30))
    went = [intent for decision in decisions for intent in decision.intents if intent.sequence == "welcome"]
    found = timeline(book.sequences["welcome"])
    rows = {row.what: row for row in dated(found)}
    offers = sum(intent.class_ == "offer" for intent in went)
    assert len(went) == found.messages
    assert offers == found.offers
    for intent in went:
        first, _, last = rows[intent.mail].when.removeprefix("day ").partition(" to ")
        assert int(first) <= (intent.day - joined.date()).days <= int(last or first), intent.mail


def dated(found: Timeline) -> list[Row]:
    """The rows with mails, each with its day, also where it is that of the row above."""
    rows, day = [], ""
    for row in found.rows:
        day = row.when or day
        if row.class_:
            rows.append(replace(row, when=day))
    return rows
