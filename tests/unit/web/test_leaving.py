"""What a link does to what is sent: who left gets nothing, nor what was planned; an answer is an event like any."""

import asyncio
import logging
import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from html import unescape
from pathlib import Path

import pytest

from nurture.engine.answering import Answering, Choice
from nurture.engine.faults import StateError
from nurture.engine.hand_over import hand_over_all
from nurture.engine.tick import tick
from nurture.links import ANSWER, UNSUBSCRIBE, Token
from nurture.model.event import CONSENT_LIFTED, CONSENT_REFUSED, ERASED, THEME_SPARED
from nurture.model.mail import Fate
from nurture.render.pages import Kind
from nurture.store.rows import ConsentRow
from nurture.store.said import Said

from .site import DAY, NOW, ONE_CLICK, TOPIC, Client, Shop, opened, reapply, served

MINUTE = timedelta(minutes=1)


def post(shop: Shop, path: str, data: object = None) -> str:
    """One POST over real HTTP; the text of its answer."""

    async def story() -> str:
        async with served(shop) as client:
            return await posted(client, path, data)

    async def posted(client: Client, path: str, data: object) -> str:
        status, text, _ = await client.post(path, data)
        assert status == 200, text
        return text

    return asyncio.run(story())


def decided(shop: Shop) -> int:
    """How many mails a tick decides on."""
    assert shop.live is not None
    return tick(shop.shop.store, shop.live.book, shop.now).intents


def handed(shop: Shop) -> dict[Fate, int]:
    assert shop.live is not None
    return hand_over_all(shop.shop, shop.live, shop.now).fates


def mails(shop: Shop) -> list[str]:
    return [path.read_text(errors="replace") for path in sorted((shop.shop.root / "outbox").glob("*.eml"))]


def answering(shop: Shop) -> Answering:
    return Answering(shop.shop, lambda: shop.live, lambda: shop.now)


def token(person: str, subject: str = TOPIC, purpose: str = UNSUBSCRIBE, **fields: object) -> Token:
    return Token(purpose, "kestrel_coffee", person, subject, "k1", fields)  # type: ignore[arg-type]


def test_who_stays_gets_the_mail_so_that_the_next_tests_say_something(shop: Shop):
    shop.contact()
    shop.happened("subscriber.joined", source="web")
    shop.now += 11 * MINUTE
    assert decided(shop) == 1
    assert handed(shop) == {Fate.accepted: 1}


def test_the_links_that_stand_in_a_mail_are_the_ones_that_work(root: Path):
    template = root / "templates" / "welcome_hello" / "en.md"
    asks = "\n[Nine]({{ answer('feedback.given', score=9) }}) or [no more]({{ spare('mothers_day') }}).\n"
    template.write_text(template.read_text(encoding="utf-8") + asks, encoding="utf-8")
    reapply(root, NOW - MINUTE)
    with opened(root) as shop:
        person = shop.contact()
        shop.happened("subscriber.joined", source="web")
        shop.now += 11 * MINUTE
        assert decided(shop) == 1
        assert handed(shop) == {Fate.accepted: 1}
        (file,) = (shop.shop.root / "outbox").glob("*.eml")
        mail = message_from_bytes(file.read_bytes(), policy=default)
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        (leave,) = re.findall(r"<(https://[^>]+)>", mail["List-Unsubscribe"])
        words = mail.get_body(("html",)).get_content()
        links = {unescape(link) for link in re.findall(r'href="(https://letters\.example/[^"]+)"', words)}
        assert leave in links
        for link in sorted(links, key=lambda link: link.removeprefix(shop.links.base)):
            post(shop, shop.path(link))
        assert sorted(shop.said(person)) == [CONSENT_REFUSED, "feedback.given", THEME_SPARED]


def test_who_left_before_the_decision_is_decided_no_mail(shop: Shop):
    person = shop.contact()
    shop.happened("subscriber.joined", source="web")
    post(shop, shop.leave(person), ONE_CLICK)
    shop.now += 11 * MINUTE
    assert decided(shop) == 0
    assert handed(shop) == {}
    assert mails(shop) == []


@pytest.mark.parametrize("clock", [timedelta(0), -DAY, timedelta(seconds=1)], ids=["now", "clock back", "later"])
@pytest.mark.parametrize("data", [ONE_CLICK, {"do": "all"}, None], ids=["one click", "everything", "empty"])
def test_a_mail_already_planned_does_not_go_to_who_left(shop: Shop, clock: timedelta, data: object):
    person, other = shop.contact(), shop.contact("c2")
    for id_ in ("c1", "c2"):
        shop.happened("subscriber.joined", id_, source="web")
    shop.now += 11 * MINUTE
    assert decided(shop) == 2
    shop.now += clock
    post(shop, shop.leave(person), data)
    shop.now -= clock
    assert handed(shop) == {Fate.cancelled: 1, Fate.accepted: 1}
    assert [("c1@shop.example" in mail, "c2@shop.example" in mail) for mail in mails(shop)] == [(False, True)]
    shop.now += 3 * DAY
    assert decided(shop) <= 1
    handed(shop)
    assert not [mail for mail in mails(shop) if "c1@shop.example" in mail]
    assert shop.said(other) == []


def test_leaving_one_topic_leaves_the_others(shop: Shop):
    person = shop.contact()
    shop.happened("subscriber.joined", source="web")
    post(shop, shop.leave(person, "offers"), ONE_CLICK)
    shop.now += 11 * MINUTE
    assert decided(shop) == 1


def test_who_came_back_gets_mail_again(shop: Shop):
    person = shop.contact()
    post(shop, shop.leave(person), ONE_CLICK)
    decided(shop)
    post(shop, shop.leave(person), {"do": "back", "of": "1"})
    shop.happened("subscriber.joined", source="web")
    shop.now += 11 * MINUTE
    assert decided(shop) == 1
    assert handed(shop) == {Fate.accepted: 1}


def test_no_import_brings_back_who_left_by_a_link(shop: Shop):
    person = shop.contact()
    post(shop, shop.leave(person), ONE_CLICK)
    shop.now += MINUTE
    shop.take(ConsentRow(outside_id="c1", topics=(TOPIC,), given=True, basis="csv", at=shop.now))
    shop.happened("subscriber.joined", source="web")
    shop.now += 11 * MINUTE
    assert decided(shop) == 0
    assert "You are unsubscribed" in post(shop, shop.leave(person), ONE_CLICK)
    assert shop.said(person) == [CONSENT_REFUSED]


def test_an_answer_starts_a_sequence_and_ends_another_as_an_event_does(shop: Shop):
    person = shop.contact()
    post(shop, shop.path(shop.links.answer(person, "subscriber.joined", {"source": "mail"}, "k1")), {"do": "answer"})
    shop.now += 11 * MINUTE
    assert decided(shop) == 1
    answer = shop.links.answer(person, "order.placed", {"order_id": "o1", "total": 24.5}, "k2")
    post(shop, shop.path(answer), {"do": "answer"})
    decided(shop)
    ((known, _),) = shop.shop.store.people([person], shop.now)
    welcome = next(one for one in known.enrolments if one.sequence == "welcome")
    assert welcome.ended_at == shop.now
    assert known.orders.count == 1
    assert str(known.orders.total) == "24.5"
    assert shop.said(person) == ["subscriber.joined", "order.placed"]


def test_the_same_answer_of_two_mails_is_two_answers(shop: Shop):
    person = shop.contact()
    for key in ("k1", "k1", "k2"):
        post(shop, shop.path(shop.links.answer(person, "feedback.given", {"score": 9}, key)))
    post(shop, shop.path(shop.links.answer(person, "feedback.given", {"score": 3}, "k1")))
    assert shop.said(person) == ["feedback.given"] * 3


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"score": 9, "colour": "red"}, {"score": 9}),
        ({"score": "nine"}, {}),
        ({"score": True}, {}),
        ({"score": "9.5", "words": "ok"}, {"score": 9.5, "words": "ok"}),
        ({"words": ""}, {"words": ""}),
        ({}, {}),
    ],
)
def test_an_answer_keeps_what_todays_catalogue_knows_of_it(shop: Shop, fields, kept, caplog):
    person = shop.contact()
    with caplog.at_level(logging.INFO, "nurture"):
        answering(shop).act(token(person, "feedback.given", ANSWER, **fields), Choice("answer"))
    (event,) = [one for one in shop.shop.store.histories([person])[person] if one.name == "feedback.given"]
    assert event.fields == kept
    said = [record.getMessage() for record in caplog.records if "link.lost" in record.getMessage()]
    assert len(said) == (len(fields) > len(kept))


def test_an_answer_to_what_is_no_longer_asked_is_thanked_for_and_noted(shop: Shop, caplog):
    person = shop.contact(locale="tr")
    link = token(person, "survey.filled", ANSWER, words="of the author")
    with caplog.at_level(logging.INFO, "nurture"):
        assert answering(shop).read(link).kind is Kind.closed
        view, recorded = answering(shop).act(link, Choice("answer"))
    assert (view.kind, view.locales, recorded) == (Kind.closed, ("tr",), False)
    (line,) = [record.getMessage() for record in caplog.records if record.getMessage().startswith("link.lost")]
    assert "survey.filled" in line
    assert "of the author" not in line
    assert person not in line
    assert shop.said(person) == []


def test_a_topic_that_was_renamed_is_left_under_both_names(shop: Shop):
    person = shop.contact()
    path = shop.leave(person, "bean_letters")
    assert shop.live is not None
    topics = shop.live.book.topics
    renamed = {**topics, TOPIC: replace(topics[TOPIC], was="bean_letters")}
    shop.live = replace(shop.live, book=replace(shop.live.book, topics=renamed))
    assert "You are unsubscribed" in post(shop, path, ONE_CLICK)
    assert "Coffee tips" in post(shop, path, {"do": "leave"})
    shop.happened("subscriber.joined", source="web")
    shop.now += 11 * MINUTE
    assert decided(shop) == 0
    assert shop.said(person) == [CONSENT_REFUSED]


def test_a_topic_that_is_gone_is_refused_all_the_same(shop: Shop):
    person = shop.contact()
    path = shop.leave(person, "promotions_of_2019")
    assert post(shop, path, ONE_CLICK) == "You are unsubscribed\n"
    page = post(shop, path, {"do": "leave"})
    assert "No more of these letters will come to you." in page
    assert "promotions" not in page
    shop.now += MINUTE
    decided(shop)
    ((known, _),) = shop.shop.store.people([person], shop.now)
    assert not known.consents["promotions_of_2019"].given
    assert shop.said(person) == [CONSENT_REFUSED]


def no_book() -> None:
    return None


def unreadable() -> None:
    raise StateError("the applied files cannot be read by this version.")


@pytest.mark.parametrize("live", [no_book, unreadable])
def test_without_a_book_a_refusal_is_taken_in_and_an_answer_put_off(shop: Shop, live):
    person = shop.contact(locale="tr")

    async def story():
        async with served(shop, live) as client:
            asked = [await client.get(shop.leave(person)), await client.post(shop.leave(person), ONE_CLICK)]
            asked.append(await client.post(shop.leave(person), {"do": "leave"}))
            answer = shop.path(shop.links.answer(person, "feedback.given", {"score": 9}, "k1"))
            asked += [await client.get(answer), await client.post(answer), await client.get("/u/forged")]
            return [(status, text) for status, text, _ in asked]

    answers = asyncio.run(story())
    assert [status for status, _ in answers] == [200, 200, 200, 503, 503, 404]
    assert answers[1][1] == "Abonelikten çıktınız\n"
    assert 'lang="tr"' in answers[2][1]
    assert shop.said(person) == [CONSENT_REFUSED]
    assert shop.live is not None
    assert decided(shop) == 0


def test_who_was_erased_is_answered_like_everybody_and_gives_no_new_answers(shop: Shop, caplog):
    person = shop.contact()
    shop.shop.store.record(Said(person, ERASED, ("1",)), shop.now)
    decided(shop)
    assert post(shop, shop.leave(person), ONE_CLICK) == "You are unsubscribed\n"
    answer = shop.path(shop.links.answer(person, "feedback.given", {"score": 9}, "k1"))
    with caplog.at_level(logging.INFO, "nurture"):
        assert "Thank you" in post(shop, answer, {"do": "answer"})
    assert "link.lost purpose=answer because=erased" in [record.getMessage() for record in caplog.records]
    assert shop.said(person) == [ERASED, CONSENT_REFUSED]


def test_the_readers_last_word_wins_when_the_clock_was_put_back(shop: Shop):
    person = shop.contact()
    shop.now += DAY
    post(shop, shop.leave(person), ONE_CLICK)
    post(shop, shop.leave(person), {"do": "back", "of": "1"})
    shop.now -= DAY
    post(shop, shop.leave(person), ONE_CLICK)
    assert shop.said(person) == [CONSENT_REFUSED, CONSENT_LIFTED, CONSENT_REFUSED]
    shop.now += DAY + MINUTE
    decided(shop)
    ((known, _),) = shop.shop.store.people([person], shop.now)
    assert not known.consents[TOPIC].given


def test_everything_and_one_topic_are_two_words(shop: Shop):
    """Who left one topic, then everything, and takes back everything, has still left the topic."""
    person = shop.contact()
    site = answering(shop)
    site.act(token(person), Choice("all"))
    site.act(token(person, "offers"), Choice("leave"))
    assert site.read(token(person)).kind is Kind.all_left
    assert site.act(token(person), Choice("all_back", of="1"))[1] is False  # the page is older than the last word
    view, recorded = site.act(token(person), Choice("all_back", of="2"))
    assert (view.kind, recorded) == (Kind.all_back, True)
    assert site.read(token(person, "offers")).kind is Kind.left
    assert site.read(token(person)).kind is Kind.leave


@pytest.mark.parametrize("of", ["", "0", "2", "-1", "1 ", "x", "１"])
def test_nothing_but_the_page_itself_lifts_a_refusal(shop: Shop, of: str):
    person = shop.contact()
    site = answering(shop)
    site.act(token(person), Choice())
    view, recorded = site.act(token(person), Choice("back", of=of))
    assert (view.kind, recorded) == (Kind.left, False)
    assert site.act(token(person), Choice("back", of="1"))[1] is True


def test_who_never_refused_cannot_take_a_refusal_back(shop: Shop):
    person = shop.contact()
    for do in ("back", "all_back"):
        view, recorded = answering(shop).act(token(person), Choice(do, of="0"))
        assert (view.kind, recorded) == (Kind.back if do == "back" else Kind.all_back, False)
    assert shop.said(person) == []


@pytest.mark.parametrize("clock", [timedelta(0), MINUTE], ids=["now", "clock back"])
def test_a_spared_theme_holds_also_for_a_planned_mail(root: Path, clock: timedelta):
    welcome = root / "sequences" / "welcome.yaml"
    text = welcome.read_text(encoding="utf-8")
    welcome.write_text(text.replace(f"topic: {TOPIC}\n", f"topic: {TOPIC}\ntheme: mothers_day\n", 1), encoding="utf-8")
    reapply(root, NOW - MINUTE)
    with opened(root) as shop:
        person, other = shop.contact(), shop.contact("c2")
        for id_ in ("c1", "c2"):
            shop.happened("subscriber.joined", id_, source="web")
        shop.now += 11 * MINUTE
        assert decided(shop) == 2
        path = shop.path(shop.links.spare(person, "mothers_day", "k1"))
        shop.now += clock
        for _ in range(2):
            assert "We will spare you this" in post(shop, path)
        shop.now -= clock
        assert handed(shop) == {Fate.cancelled: 1, Fate.accepted: 1}
        assert ["c2@shop.example" in mail for mail in mails(shop)] == [True]
        shop.now += clock
        decided(shop)
        ((known, _),) = shop.shop.store.people([person], shop.now)
        assert known.spared == {"mothers_day"}
        assert shop.said(person) == [THEME_SPARED]
        assert shop.said(other) == []


@pytest.mark.parametrize("locale", ["", "ar-EG", "xx-YY", "../../etc/passwd", "<script>", "e" * 500])
def test_whatever_stands_in_a_locale_a_page_is_shown(shop: Shop, locale: str):
    person = shop.contact(locale=locale)
    page = post(shop, shop.leave(person), {"do": "leave"})
    assert "<script>" not in page
    assert page.startswith("<!doctype html>")


def test_nothing_of_a_person_stands_on_their_page_or_in_their_link(shop: Shop):
    person = shop.contact(first_name="Salma", country="FR")
    shop.contact("c2", first_name="Nobody else")
    url = shop.links.unsubscribe(person, TOPIC, "k1")
    page = post(shop, shop.path(url), {"do": "leave"})
    for secret in ("Salma", "shop.example", "c1@", person, "Nobody else", "k1"):
        assert secret not in page
    for secret in ("Salma", "shop.example", "@"):
        assert secret not in url


def test_a_replaced_secret_still_opens_old_links(shop: Shop):
    person = shop.contact()
    from sqlalchemy import insert

    from nurture.store.tables import SECRET

    with shop.shop.store.database.writing() as connection:
        connection.execute(insert(SECRET), {"name": "links", "value": b"a new one", "since": 1})
    newer = replace(shop.links, secret=shop.shop.store.secrets("links")[0])
    assert newer.secret == b"a new one"
    assert post(shop, shop.leave(person), ONE_CLICK) == "You are unsubscribed\n"
    assert post(shop, shop.path(newer.unsubscribe(person, "offers", "k2")), ONE_CLICK) == "You are unsubscribed\n"
