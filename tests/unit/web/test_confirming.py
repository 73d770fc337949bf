"""Double opt-in from end to end: a wish, one mail, a click on its page; without the click nothing else, ever."""

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from nurture.decide.consent import refusal
from nurture.decide.draft import Draft
from nurture.engine.applying import live_book
from nurture.engine.hand_over import hand_over_all
from nurture.engine.people import present, show
from nurture.engine.tick import tick
from nurture.model import event as names
from nurture.model.decision import Why
from nurture.model.event import Origin
from nurture.model.mail import Fate
from nurture.store.rows import ConsentRow, ContactRow

from .site import DAY, NOW, TOPIC, Shop, copied, opened, reapply, served

MAIL = """---
subject: Please confirm
preheader: One click, and you are in
---
Did you ask for {{ topic_title }}? [Yes, I did]({{ confirm_url }})
"""
MINUTE = timedelta(minutes=1)


@pytest.fixture
def asking(tmp_path: Path, made_shop: Path) -> Iterator[Shop]:
    """A shop whose coffee tips are confirmed first."""
    root = copied(made_shop, tmp_path / "shop")
    topics = root / "sequences" / "house" / "topics.yaml"
    text = topics.read_text(encoding="utf-8")
    if "confirm: please_confirm" not in text:  # the starter book may ask already, in words of its own
        text = text.replace("coffee_tips:\n", "coffee_tips:\n    confirm: please_confirm\n", 1)
    topics.write_text(text, encoding="utf-8")
    for locale in ("en", "tr"):
        file = root / "templates" / "please_confirm" / f"{locale}.md"
        file.parent.mkdir(exist_ok=True)
        file.write_text(MAIL, encoding="utf-8")
    reapply(root)
    with opened(root) as shop:
        shop.live = live_book(shop.shop.store)
        shop.take(ContactRow(outside_id="c1", address="c1@shop.example", facts={"locale": "en"}))
        yield shop


def ask(shop: Shop, origin: Origin = Origin.imported, by: str = "lena") -> None:
    row = ConsentRow(outside_id="c1", topics=(TOPIC,), given=True, asked=True, at=shop.now, how="form", by=by)
    shop.shop.store.importing(shop.now, origin=origin).take([row], lambda _, why: pytest.fail(why))


def goes(shop: Shop) -> list[str]:
    """A tick, and what is handed over after it: the texts of all mails so far."""
    assert shop.live
    shop.now += MINUTE
    tick(shop.shop.store, shop.live.book, shop.now)
    assert not hand_over_all(shop.shop, shop.live, shop.now).fates.get(Fate.refused)
    found = []
    for path in sorted((shop.shop.root / "outbox").rglob("*.eml")):
        mail = message_from_bytes(path.read_bytes(), policy=default)
        part = mail.get_body(("plain",))
        assert part
        found.append(part.get_content())
    return found


def link_of(text: str) -> str:
    found = re.search(r"https://letters\.example(/c/[\w-]+)", text)
    assert found, text
    return found[1]


def press(shop: Shop, path: str, times: int = 1) -> str:
    """Open the page and press its button."""

    async def story() -> str:
        async with served(shop) as client:
            _, text, _ = await client.get(path)
            form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', text))
            for _ in range(times):
                _, text, _ = await client.post(path, form)
            return text

    return asyncio.run(story())


def hears(shop: Shop) -> bool:
    assert shop.live
    found = shop.shop.store.find("c1")
    assert found
    answer = present(shop.shop, shop.live.book, found, shop.now).consents.get(TOPIC)
    return answer is not None and answer.holds(shop.now)


def test_one_mail_asks_and_a_click_on_its_page_is_the_consent(asking: Shop):
    ask(asking)
    (text,) = goes(asking)
    assert "Did you ask for Coffee tips?" in text
    assert not hears(asking)
    answer = press(asking, link_of(text), times=3)
    assert "Thank you, it is confirmed" in answer
    assert hears(asking)
    person = asking.shop.store.find("c1")
    assert person
    assert asking.said(person) == [names.CONSENT_GIVEN]
    given = asking.shop.store.histories([person])[person][-1]
    words = "Press the button, and letters about Coffee tips will come to you. [Yes, send me these letters]"
    assert (given.fields["by"], given.fields["how"], given.fields["wording"]) == ("reader", "double opt-in", words)
    assert asking.live
    ledger = "\n".join(show(asking.shop, asking.live, "c1", asking.now).lines)
    assert "was asked to confirm coffee_tips\n      imported by lena; form" in ledger
    assert f'agreed to coffee_tips\n      by the reader; double opt-in; opt_in\n      shown: "{words}"' in ledger


def test_without_the_click_nothing_more_and_not_asked_again_at_once(asking: Shop):
    for _ in range(9):
        ask(asking)
        goes(asking)
        asking.now += DAY / 2
    assert len(goes(asking)) == 1
    asking.now += 3 * DAY
    ask(asking)
    assert len(goes(asking)) == 2
    assert not hears(asking)


def test_following_the_link_is_no_consent(asking: Shop):
    ask(asking)
    path = link_of(goes(asking)[0])

    async def story() -> None:
        async with served(asking) as client:
            for method in ("GET", "HEAD", "OPTIONS"):
                await client.ask(method, path + "?do=confirm")
            await client.post(path, {"List-Unsubscribe": "One-Click"})
            await client.post(path, {"do": "confirm", "of": "7"})

    asyncio.run(story())
    assert not hears(asking)


def test_who_refused_is_asked_only_when_they_ask_themselves(asking: Shop):
    asking.take(ConsentRow(outside_id="c1", topics=(TOPIC,), given=False, at=asking.now))
    goes(asking)
    ask(asking)
    ask(asking, by="reader")  # an import does not speak for them
    assert goes(asking) == []
    asking.now += MINUTE
    ask(asking, Origin.live, "reader")
    (text,) = goes(asking)
    press(asking, link_of(text))
    assert hears(asking)


def test_a_refusal_after_the_page_was_opened_stands(asking: Shop):
    ask(asking)
    path = link_of(goes(asking)[0])

    async def story() -> None:
        async with served(asking) as client:
            _, text, _ = await client.get(path)
            form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', text))
            person = asking.shop.store.find("c1")
            assert person
            await client.post(asking.leave(person), {"List-Unsubscribe": "One-Click"})
            await client.post(path, form)

    asyncio.run(story())
    assert not hears(asking)


def test_who_writes_rows_cannot_speak_for_the_reader(asking: Shop):
    asking.take(ConsentRow(outside_id="c1", topics=(TOPIC,), given=False, at=asking.now))
    row = ConsentRow(outside_id="c1", topics=(TOPIC,), given=True, at=asking.now + MINUTE, basis="x", by="reader")
    asking.now += 2 * MINUTE
    asking.shop.store.importing(asking.now, origin=Origin.live).take([row], lambda _, why: pytest.fail(why))
    assert not hears(asking)


def test_a_topic_without_a_mail_asks_nobody_and_says_so(asking: Shop):
    asking.take(ConsentRow(outside_id="c1", topics=("celebrations",), given=True, asked=True, at=NOW))
    assert goes(asking) == []
    person = asking.shop.store.find("c1")
    assert person
    words = [reason.words for reason in asking.shop.store.reasons(person)]
    assert "celebrations has no mail that asks to confirm it" in words


def test_an_address_that_the_shop_tells_is_confirmed_anew_for_what_was_confirmed(asking: Shop):
    """Others go along; the old letter confirms nothing for the new address, and what the reader moved stays."""
    other = ConsentRow(outside_id="c1", topics=("celebrations",), given=True, at=asking.now, basis="box at checkout")
    asking.take(other)
    ask(asking)
    old = link_of(goes(asking)[0])
    press(asking, old)
    assert hears(asking)
    asking.take(ContactRow(outside_id="c1", address="moved@shop.example"))
    assert not hears(asking)
    letters = goes(asking)
    new = next(link_of(text) for text in letters if link_of(text) != old)
    assert len(letters) == 2
    assert not hears(asking)
    assert "it is confirmed" not in press(asking, old)
    assert not hears(asking)
    assert asking.live
    person = asking.shop.store.find("c1")
    assert person
    known = present(asking.shop, asking.live.book, person, asking.now)
    assert known.consents["celebrations"].holds(asking.now)
    assert refusal(Draft(asking.live.book, known), Asked(), asking.now) == (
        Why.no_consent, f"agreed to {TOPIC} at another address, and not at this one",
    )  # fmt: skip
    assert "it is confirmed" in press(asking, new)
    assert hears(asking)
    asking.take(ContactRow(outside_id="c1", address="c1@shop.example"))  # the next list has the old one still
    assert not hears(asking)
    goes(asking)
    assert "asked to confirm" in asking.shop.store.reasons(person)[-1].words  # not again at once, at the same address


class Asked:
    class_, topic, theme = "news", TOPIC, ""
