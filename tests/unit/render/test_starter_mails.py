"""Every mail of the starter book, in every locale, for a reader known well and one not known at all."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from nurture.language.project import read_project
from nurture.model.event import MonthDay
from nurture.model.mail import Email
from nurture.model.person import Orders, Person
from nurture.model.step import Offer, Send, flow
from nurture.render.check import check_templates
from nurture.render.mail import render
from nurture.render.versions import FORMATS

from .conftest import LINKS, NOW, intent
from .test_render_mail import HOSTILE, Structure

ROOT = Path(__file__).parents[3]
FILES = {
    path.relative_to(ROOT).as_posix(): path.read_bytes()
    for folder in ("sequences", "templates")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.is_file()
}
BOOK = read_project(FILES).book
assert BOOK is not None
SENDS = {
    node.step.mail: node.step
    for sequence in BOOK.sequences.values()
    for node in flow(sequence.steps).values()
    if isinstance(node.step, Send)
}
MAILS = sorted(SENDS)
ASKING = {topic.id: topic.confirm for topic in BOOK.topics.values() if topic.confirm}
FIRST = datetime(2025, 11, 21, 12, 0, tzinfo=UTC)
KNOWN = {
    "first_name": "Salma", "country": "FR", "zone": "Europe/Paris", "birthday": MonthDay(5, 14),
    "brew_method": "moka", "vip_since": date(2026, 1, 1),
}  # fmt: skip
GIVEN = {
    "ticket": "T-42", "first_day": FIRST, "visits": 5, "code": "BDAY-7K2M9QXA", "until": date(2027, 4, 2),
    "friend": "نور", "second": True, "brewed": 17, "grams": 260, "best_day": "Saturday", "plan": "Filter, 250 g",
    "bags": 1, "price": Decimal("11.50"), "renews_on": date(2027, 1, 15),
}  # fmt: skip
UNKNOWN = {"visits": 0, "second": False}  # what is known of everybody
VARIANTS = sorted((mail, variant) for mail, found in BOOK.mails.items() for variant in found.variants)
RUNGS = sorted(rung.id for ladder in BOOK.house.ladders for rung in ladder.rungs)


def written(
    mail: str, locale: str, facts: dict[str, object], given: dict[str, object], orders: Orders, variant: str = ""
) -> Email:
    send = SENDS[mail]
    person = Person("p1", NOW, facts={"locale": locale, **facts}, orders=orders)
    variables = {name: given.get(name) for name, _ in send.variables}
    if isinstance(send, Offer):
        variables |= {"rung": given.get("rung", "sampler"), "rung_title": "Three-origin sampler"}
    wanted = intent(mail=mail, class_=send.class_, topic=send.topic, step=send.id, variables=variables, variant=variant)
    result = render(BOOK, FILES, wanted, person, None)
    assert isinstance(result, Email), result
    return result


def test_every_mail_is_written_in_every_locale():
    assert len(MAILS) >= 31
    for folder in (*MAILS, *("/".join(one) for one in VARIANTS)):
        for locale in BOOK.rules.locales:
            assert any(f"templates/{folder}/{locale}{ending}" in FILES for ending in FORMATS), (folder, locale)


def test_no_mail_is_left_over():
    folders = {Path(file).parts[1] for file in FILES if file.startswith("templates/")}
    assert {folder for folder in folders if not folder.startswith("_")} == {*MAILS, *ASKING.values()}


@pytest.mark.parametrize("locale", BOOK.rules.locales)
def test_who_is_asked_to_confirm_reads_what_for_in_their_language(locale):
    person = Person("p1", NOW, facts={"locale": locale, "first_name": "Salma"})
    assert set(ASKING) == {topic.id for topic in BOOK.topics.values() if topic.basis == "opt_in"}
    for topic, mail in ASKING.items():
        wanted = replace(intent(mail=mail, class_="service", topic=topic, step="confirm", variables={}), sequence="")
        found = render(BOOK, FILES, wanted, person, LINKS)
        assert isinstance(found, Email), found
        title = dict(BOOK.topics[topic].titles)[locale]
        assert title in found.subject
        assert title in found.text
        assert "https://shop.example/c/" in found.html
        assert "unsubscribe" not in found.html.casefold()


def test_no_findings():
    assert check_templates(BOOK, FILES) == ()


@pytest.mark.parametrize("locale", BOOK.rules.locales)
@pytest.mark.parametrize("mail", MAILS)
def test_written_for_those_we_know_and_those_we_do_not(mail, locale):
    orders = Orders((date(2025, 11, 21),), FIRST, FIRST, Decimal(40))
    for facts, given, history in ((KNOWN, GIVEN, orders), ({}, UNKNOWN, Orders())):
        found = written(mail, locale, facts, given, history)
        assert found.locale == locale
        assert found.direction == ("rtl" if locale in ("ar", "he") else "ltr")
        assert 3 < len(found.subject) <= 80
        assert "{" not in found.text
        assert " ," not in found.text
        assert Structure(found.html).seen.count("title") == 1
        assert BOOK.rules.postal_address in found.html


@pytest.mark.parametrize("locale", BOOK.rules.locales)
def test_every_feast_has_words_of_its_own(locale):
    subjects = {written("warm_wishes", locale, KNOWN, {}, Orders(), variant).subject for _, variant in VARIANTS}
    assert len(subjects) == len(VARIANTS) - (locale == "en")  # which wishes both Eids with the same words


@pytest.mark.parametrize("locale", BOOK.rules.locales)
def test_every_rung_has_words_of_its_own(locale):
    texts = {written("next_bag_offer", locale, KNOWN, {"rung": rung}, Orders()).text for rung in (*RUNGS, "")}
    assert len(texts) == len(RUNGS)  # that of the subscriptions' own ladder is not offered by this mail


@pytest.mark.parametrize("locale", BOOK.rules.locales)
@pytest.mark.parametrize("mail", [mail for mail in MAILS if "code" in dict(SENDS[mail].variables)])
def test_a_gift_is_shown_with_its_last_day_and_nothing_is_promised_without_one(mail, locale):
    with_it, without = (written(mail, locale, KNOWN, given, Orders()).text for given in (GIVEN, UNKNOWN))
    assert "BDAY-7K2M9QXA" in with_it
    assert "2027" in with_it
    assert "2027" not in without


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("mail", MAILS)
def test_hostile_names_keep_the_structure(mail, value):
    texts = ("ticket", "friend", "plan", "best_day")
    tame = written(mail, "he", {"first_name": "Ann"}, {**GIVEN, **dict.fromkeys(texts, "Ann")}, Orders())
    hostile = written(mail, "he", {"first_name": value}, {**GIVEN, **dict.fromkeys(texts, value)}, Orders())
    assert Structure(hostile.html).seen == Structure(tame.html).seen
    assert hostile.headers == tame.headers
    assert not set(hostile.subject) & set("\r\n")
