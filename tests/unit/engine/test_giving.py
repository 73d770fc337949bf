"""Gifts at hand-over: the code in the mail, what is told of it, and mails for which there is none (6.11)."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from nurture.engine.giving import purse, with_samples
from nurture.engine.handed import Handed
from nurture.engine.tick import decide_all
from nurture.model.event import GIFT_REFUSED, Event, Money
from nurture.model.house import Budget, House, Present
from nurture.model.length import Length
from nurture.model.mail import Email, Fate, Handover
from nurture.model.person import Person
from nurture.model.step import AnyStep
from nurture.store.codes import Stock
from tests import worlds as w
from tests.sending_worlds import BAG, NOW, TEXT, WITH_GIFT, Shop, open_shop, planned, the_book

MADE = replace(BAG, pool="", make="BDAY-{4}")
BUDGET = Budget(Decimal(10), "EUR", w.length("1 year"))


Opened = Callable[..., Shop]


@pytest.fixture
def opened(store_url: str) -> Iterator[Opened]:
    """Opens the shop of the test, which is closed at its end."""
    shops: list[Shop] = []

    def one(house: House | None = None) -> Shop:
        shops.append(open_shop(store_url, house=house))
        return shops[-1]

    yield one
    for shop in shops:
        shop.store.close()


def shop_with(opened: Opened, *codes: str, present: Present = BAG, budget: Budget | None = None, news: int = 2) -> Shop:
    """A shop in which so many mails with a gift wait."""
    shop = opened(House(gifts=(present,), budget_all=budget))
    shop.store.outbox.codes.fill("bag", codes)
    planned(shop.store, news=news, book=shop.live.book)
    return shop


def rounds(shop: Shop) -> tuple[Handed, list[str]]:
    """A round, and the texts of the mails as they were posted."""
    texts: list[str] = []
    shop.provider.before = lambda mail: texts.append(mail.text)
    return asyncio.run(shop.sending().round()), texts


def person(shop: Shop, name: str = "n0") -> tuple[Person, tuple[Event, ...]]:
    """Somebody after the next tick, and what arrived for them before it."""
    found = shop.store.people(people(shop), shop.clock.now)
    return next(one for one in found if one[0].address.startswith(name))


def people(shop: Shop) -> list[str]:
    with shop.store.database.reading() as connection:
        return list(connection.exec_driver_sql("SELECT id FROM person ORDER BY id").scalars())


def looked(shop: Shop) -> dict[str, Person]:
    """Everybody, as the next tick knows them."""
    shop.clock.now += timedelta(minutes=1)
    decide_all(shop.store, shop.live.book, shop.clock.now)
    found = shop.store.people(people(shop), shop.clock.now)
    return {one.address.partition("@")[0]: one for one, _ in found}


def test_the_mail_shows_its_code_and_the_last_day_and_the_person_has_it(opened: Opened) -> None:
    shop = shop_with(opened, "ONE", "TWO")
    done, texts = rounds(shop)
    assert done.fates == {Fate.accepted: 2}
    assert [text.splitlines()[0] for text in texts] == [
        "Your code is [ONE], until March 23, 2027.", "Your code is [TWO], until March 23, 2027.",
    ]  # fmt: skip
    gifts = {name: one.enrolments[0].gifts[0] for name, one in looked(shop).items()}
    assert {(g.state, g.code, g.expires_on) for g in gifts.values()} == {
        ("given", "ONE", date(2027, 3, 23)), ("given", "TWO", date(2027, 3, 23)),
    }  # fmt: skip


def test_codes_are_made_where_there_is_no_pool(opened: Opened) -> None:
    _, texts = rounds(shop_with(opened, present=MADE))
    assert ["BDAY-0000" in texts[0], "BDAY-0001" in texts[1]] == [True, True]


def test_the_last_day_counts_from_the_readers_day_of_the_hand_over(opened: Opened) -> None:
    shop = shop_with(opened, "ONE", news=1)
    shop.clock.now = datetime(2027, 3, 2, 23, 30, tzinfo=UTC)  # in Paris it is the third
    _, texts = rounds(shop)
    assert "until March 24, 2027" in texts[0]


def test_a_mail_that_is_put_back_keeps_its_code(opened: Opened) -> None:
    shop = shop_with(opened, "ONE", "TWO", news=1)
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.planned, "not now")
    _, first = rounds(shop)
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.accepted)
    shop.clock.now += timedelta(days=1)
    _, second = rounds(shop)
    assert first == second
    assert shop.store.outbox.codes.stock() == {"bag": Stock(free=1, given=1)}


def test_without_a_code_the_mail_is_cancelled_with_its_reason_and_the_person_is_told(opened: Opened) -> None:
    shop = shop_with(opened, "ONE")
    done, texts = rounds(shop)
    assert done.fates == {Fate.accepted: 1, Fate.cancelled: 1}
    assert len(texts) == 1
    with shop.store.database.reading() as connection:
        said = connection.exec_driver_sql("SELECT words FROM reason WHERE why = 'out_of_codes'").scalar_one()
    assert said == "no code of bag is left"
    without = [one for one in looked(shop).values() if one.enrolments[0].gifts[0].state == "out_of_codes"]
    assert [[o.outcome for o in one.enrolments[0].outcomes] for one in without] == [["out_of_codes", "out_of_codes"]]
    assert [message.cancelled for one in without for message in one.messages] == [True]


def test_above_the_budget_of_all_nothing_is_given(opened: Opened) -> None:
    shop = shop_with(opened, "ONE", "TWO", budget=BUDGET)
    done, _ = rounds(shop)
    assert done.fates == {Fate.accepted: 1, Fate.cancelled: 1}
    states = sorted(one.enrolments[0].gifts[0].state for one in looked(shop).values())
    assert states == ["given", "over_budget"]


def test_where_the_step_says_go_on_the_mail_goes_without(opened: Opened) -> None:
    shop = shop_with(opened, news=0)
    book = shop.live.book
    welcome = book.sequences["welcome"]
    steps = (replace(welcome.steps[0], if_none="go_on"), welcome.steps[1])
    welcome = replace(welcome, steps=steps, nodes=w.flow(steps))
    template = b"---\nsubject: Hello\npreheader: A word\n---\nYour code: {{ code | or_else('none left') }}\n"
    shop.live = replace(
        shop.live, book=replace(book, sequences={**book.sequences, "welcome": welcome}),
        templates={**shop.live.templates, "templates/hello/en.md": template},
    )  # fmt: skip
    planned(shop.store, news=1, book=shop.live.book)
    done, texts = rounds(shop)
    assert done.fates == {Fate.accepted: 1}
    assert "Your code: none left" in texts[0]
    reader = looked(shop)["n0"]
    assert reader.enrolments[0].gifts[0].state == "out_of_codes"
    assert [message.cancelled for message in reader.messages] == [False]
    assert [o.outcome for o in reader.enrolments[0].outcomes] == ["out_of_codes", "sent"]


def edited(shop: Shop, gift: Present | None, *steps: AnyStep) -> None:
    """The live book is another while mails wait: it knows this gift alone, and the welcome has these steps."""
    book = shop.live.book
    welcome = replace(book.sequences["welcome"], steps=steps, nodes=w.flow(steps))
    house = House(gifts=(gift,) if gift else ())
    shop.live = replace(shop.live, book=replace(book, house=house, sequences={**book.sequences, "welcome": welcome}))


def test_a_gift_that_has_another_name_is_drawn_under_that_for_mails_that_wait(opened: Opened) -> None:
    shop = shop_with(opened, "ONE", news=1)
    shop.store.outbox.codes.fill("sack", ["OTHER"])
    edited(shop, replace(BAG, name="sack"), replace(WITH_GIFT[0], gift="sack"), WITH_GIFT[1])
    _, texts = rounds(shop)
    assert "Your code is [OTHER]" in texts[0]
    gift = looked(shop)["n0"].enrolments[0].gifts[0]
    assert (gift.gift, gift.state, gift.code) == ("sack", "given", "OTHER")
    assert shop.store.outbox.codes.stock() == {"bag": Stock(free=1), "sack": Stock(given=1)}


@pytest.mark.parametrize("gift", [BAG, None], ids=["and the gift is there", "and the gift is gone"])
def test_a_mail_that_shows_its_gift_no_more_goes_and_draws_none(opened: Opened, gift: Present | None) -> None:
    shop = shop_with(opened, "ONE", news=1)
    edited(shop, gift, *(WITH_GIFT[:1] if gift else ()), w.send("hello"))
    shop.live = replace(shop.live, templates={**shop.live.templates, "templates/hello/en.md": TEXT})
    done, _ = rounds(shop)
    assert done.fates == {Fate.accepted: 1}
    assert shop.store.outbox.codes.stock() == {"bag": Stock(free=1)}
    assert looked(shop)["n0"].enrolments[0].gifts[0].state == "waiting"


def test_of_a_gift_that_nobody_knows_any_more_there_is_no_code(opened: Opened) -> None:
    shop = shop_with(opened, "ONE", news=1)
    edited(shop, None, *WITH_GIFT)
    done, _ = rounds(shop)
    assert done.fates == {Fate.cancelled: 1}
    assert looked(shop)["n0"].enrolments[0].gifts[0].state == "out_of_codes"


def test_a_mail_that_cannot_be_written_gives_its_code_back(opened: Opened) -> None:
    shop = shop_with(opened, "ONE", news=1)
    shop.live = replace(shop.live, templates={})
    done, _ = rounds(shop)
    assert done.fates == {Fate.refused: 1}
    assert shop.store.outbox.codes.stock() == {"bag": Stock(free=1)}
    assert looked(shop)["n0"].enrolments[0].gifts[0].state == "waiting"


def test_a_provider_that_refuses_the_mail_is_told_on(opened: Opened) -> None:
    shop = shop_with(opened, "ONE", news=1)
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.refused, "no")
    rounds(shop)
    (reader, arrived) = person(shop)
    assert [e.fields["because"] for e in arrived if e.name == GIFT_REFUSED] == ["not_sent"]
    assert looked(shop)["n0"].enrolments[0].gifts[0].state == "waiting"
    assert reader.enrolments[0].gifts[0].given_at is None


def test_what_is_put_off_to_the_morning_draws_nothing(opened: Opened) -> None:
    shop = shop_with(opened, "ONE", news=1)
    book = shop.live.book
    shop.live = replace(shop.live, book=replace(book, rules=replace(book.rules, quiet_hours=w.RULES.quiet_hours)))
    shop.clock.now = datetime(2027, 3, 2, 22, tzinfo=UTC)
    done, _ = rounds(shop)
    assert done.put_off == 1
    assert shop.store.outbox.codes.stock() == {"bag": Stock(free=1)}


def test_a_dry_run_shows_a_sample_and_draws_nothing(opened: Opened) -> None:
    shop = shop_with(opened, "ONE", news=1, present=MADE)
    with shop.store.database.reading() as connection:
        from nurture.store.outbox_rows import intents

        (intent,) = intents(connection, shop.send_keys()).values()
    shown = with_samples(shop.live.book, intent, NOW)
    assert shown.variables == {"code": "BDAY-XXXX", "until": date(2027, 3, 23)}
    assert shop.store.outbox.codes.stock() == {"bag": Stock(free=1)}


@pytest.mark.parametrize(
    ("within", "since"),
    [("1 year", datetime(2026, 3, 1, 23, tzinfo=UTC)), ("30 days", datetime(2027, 1, 30, 23, tzinfo=UTC))],
)
def test_the_budget_rolls_on_the_shops_calendar(within: str, since: datetime) -> None:
    house = House(gifts=(BAG,), budget_all=replace(BUDGET, within=w.length(within)))
    found = purse(the_book(house=house), NOW)
    assert found is not None
    assert (found.amount, found.since) == (Decimal(10), since)


def test_a_gift_without_a_code_is_given_too(opened: Opened) -> None:
    parcel = Present("bag", Money(Decimal(9), "EUR"), kind="parcel", valid=Length(1, w.length("1 year").unit))
    shop = opened(House(gifts=(parcel,)))
    shop.live = replace(
        shop.live,
        templates={
            **shop.live.templates,
            "templates/hello/en.md": b"---\nsubject: Hello\npreheader: A word\n---\nUntil {{ until | day }}.\n",
        },
    )
    planned(shop.store, news=1, book=shop.live.book)
    done, texts = rounds(shop)
    assert (done.fates, texts[0].splitlines()[0]) == ({Fate.accepted: 1}, "Until March 2, 2028.")
    assert looked(shop)["n0"].enrolments[0].gifts[0].state == "given"
    with shop.store.database.reading() as connection:
        tasks = connection.exec_driver_sql("SELECT text, owner FROM task").all()
    assert [tuple(row) for row in tasks] == [("Parcel bag for n0@shop.example", "owner")]


def test_nothing_of_this_touches_mails_without_gifts(opened: Opened) -> None:
    shop = opened()
    planned(shop.store, news=1)
    seen: list[Email] = []
    shop.provider.before = seen.append
    asyncio.run(shop.sending().round())
    assert len(seen) == 1
