"""A small shop as files, for tests of `nurture test`: every kind of step that a test file can speak about."""

from nurture.engine.book_tests import Result, run_files
from nurture.engine.book_tests_project import old_versions
from nurture.engine.book_tests_world import Worlds
from nurture.language import report
from nurture.language.project import read_project
from nurture.language.test_files import CaseFile
from nurture.language.test_files_reader import TestFiles, read_test_files
from nurture.model.book import Book

HOUSE = {
    "rules": """\
project: little_shop
zone: Europe/Paris
locales: [en]
sender: {name: Shop, address: hello@shop.example}
quiet_hours: {from: 20:30, to: 08:30}
limits:
  - {max: 1, per: day}
  - {max: 3, within: 7 days}
mute:
  - name: open_complaint
    classes: [offer, news]
    after: complaint.opened
    until: complaint.resolved
    then_for: 14 days
    at_most: 60 days
min_gap: 18 hours
people: {owner: lena@shop.example, lena: lena@shop.example}
endpoints: {erp: {url_env: ERP_URL}}
""",
    "catalogue": """\
person:
  first_name: {type: text}
  country: {type: text, format: country}
  zone: {type: text, format: zone}
  birthday: {type: day, year: optional}
  size: {type: text, one_of: [small, large]}
orders: {from: order.placed, id: order_id, undone_by: [order.cancelled]}
events:
  order.placed: {order_id: text, total: money, lines: [{product: text, quantity: number, price: money}]}
  order.cancelled: {order_id: text}
  complaint.opened: {ticket: text}
  complaint.resolved: {ticket: text}
  review.posted: {stars: number, words: text}
things:
  subscription: {key: subscription_id, fields: {renews_on: day, plan: text}}
numbers:
  cups: {fields: {brewed: number}, over: week}
""",
    "stages": """\
stages:
  - {id: buying, title: Buying, enter: person.orders.count >= 1}
  - {id: looking, title: Looking, enter: true}
""",
    "topics": """\
topics:
  tips: {title: {en: Tips}}
  care: {title: {en: Care}, basis: customer}
themes:
  mothers_day: {title: {en: Mother's Day}}
tags: [reviewer]
""",
    "gifts": "gifts:\n  card: {worth: 3 EUR, codes: {make: 'CARD-{8}'}, valid: 30 days}\n",
    "ladders": """\
ladders:
  beans:
    taken_when: order.placed
    rungs: [{id: sampler, title: Sampler}, {id: grinder, title: Grinder}]
""",
}

SEQUENCES = {
    "after_order": """\
sequence: after_order
title: After an order
stage: any
class: care
topic: care
status: live
start: {event: order.placed}
again: {per: event.order_id, running: alongside}
stop_when: [{event: complaint.opened}]
steps:
  - wait: {until_day: 6, at: 10:00}
  - send: how_was_it
  - id: answer
    wait: {event: [review.posted], up_to: 7 days}
    then:
      - branch:
          - if: event.stars >= 4
            then:
              - {id: thanks, gift: card}
              - {send: thank_you, with: {code: gifts.thanks.code}}
              - wait: 14 days
              - {send: card_reminder, if: gifts.thanks.used == false}
          - else:
              - id: call
                task: Ring them
                to: lena
                due: 1 working day
                hold_until_done: 3 working days
              - {send: we_listened, if: steps.call.outcome == 'done'}
              - stop: unhappy
    else:
      - {send: small_question, class: news, topic: tips, theme: mothers_day}
""",
    "digest": """\
sequence: digest
title: Told about things
stage: any
class: news
topic: tips
status: live
start: {event: review.posted}
again: {per: event}
steps:
  - {id: flag, webhook: erp, body: {stars: start.stars}}
  - {send: erp_heard, if: steps.flag.outcome == 'ok'}
  - wait: 2 days
  - {send: written_by_hand, approve: lena}
  - wait: 2 days
  - id: subject_test
    split:
      - {way: promise, weight: 1, then: [{send: with_promise}]}
      - {way: question, weight: 1, then: [{send: with_question}]}
  - wait: 5 days
  - {id: offered, ladder: beans, mail: next_bag, class: offer}
  - wait: 2 days
  - {send: clicked_it, if: steps.with_promise.clicked}
""",
    "renewal": """\
sequence: renewal
title: Renews soon
stage: any
class: service
because: contract
status: live
start: {day: subscription.renews_on, per: subscription, lead: 7 days}
again: {per: occurrence}
steps:
  - {send: renews_soon}
""",
    "cups": """\
sequence: cups
title: Your week
stage: any
class: news
topic: tips
status: live
start: {every: week, weekday: mon, at: 09:00, if: numbers.cups.brewed > 0}
again: {per: occurrence}
steps:
  - {send: your_week, with: {cups: numbers.cups.brewed}}
""",
    "by_hand": """\
sequence: by_hand
title: By hand
stage: any
class: news
topic: tips
status: draft
start: {manual: true}
again: never
steps:
  - {send: hello_you}
""",
}

MAILS = (
    "how_was_it", "thank_you", "card_reminder", "we_listened", "small_question", "erp_heard", "written_by_hand",
    "with_promise", "with_question", "next_bag", "clicked_it", "renews_soon", "your_week", "hello_you",
)  # fmt: skip


def files(**tests: str) -> dict[str, bytes]:
    """The shop with these test files beside it, by their name."""
    found = {f"sequences/house/{name}.yaml": text.encode() for name, text in HOUSE.items()}
    found |= {f"sequences/{name}.yaml": text.encode() for name, text in SEQUENCES.items()}
    found |= {f"templates/{mail}/en.md": f"---\nsubject: {mail}\n---\nHello.\n".encode() for mail in MAILS}
    return found | {f"sequences/tests/{name}.test.yaml": text.encode() for name, text in tests.items()}


def book_of(project: dict[str, bytes]) -> Book:
    """The book of a project without errors."""
    reading = read_project(project)
    assert reading.book is not None, report.as_text(reading.problems, reading.sources)
    return reading.book


def read_in(project: dict[str, bytes]) -> TestFiles:
    """Its test files, whatever is wrong with them."""
    return read_test_files(project, read_project(project).partial)


def cases_in(project: dict[str, bytes]) -> tuple[CaseFile, ...]:
    """Its test files, which are without findings."""
    found = read_in(project)
    sources = {path: data.decode().splitlines() for path, data in project.items()}
    assert not found.problems, report.as_text(found.problems, sources)
    return found.files


def results(project: dict[str, bytes]) -> list[Result]:
    """Every case of a project, run."""
    cases = cases_in(project)
    return list(run_files(Worlds(book_of(project), old_versions(project, cases)), cases, lambda _: None))


def case(text: str, *, sequences: str = "after_order", name: str = "after_order", **more: bytes) -> Result:
    """One case, run; `text` are its keys in YAML, without a name."""
    lines = "".join(f"    {line}\n" for line in text.strip().splitlines())
    tests = f"tests: {name}\nwith: [{sequences}]\ncases:\n  - name: it\n{lines}"
    (result,) = results(files(**{name: tests}) | {path.replace("__", "/"): data for path, data in more.items()})
    return result


def mails(result: Result) -> list[str]:
    """What came, as `2027-03-09 10:00 how_was_it`."""
    return [f"{one.at:%Y-%m-%d %H:%M} {one.mail}" for one in result.story.came]
