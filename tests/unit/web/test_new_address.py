"""A change of address by the reader, from the page of choices to the mails at the new address and back."""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from nurture.engine import new_address
from nurture.engine.dry_run import dry_run
from nurture.engine.hand_over import hand_over_all
from nurture.engine.people import present, show
from nurture.engine.secrets import rotate
from nurture.engine.tick import tick
from nurture.links import NEW_ADDRESS, STORED_AS, TRAP, verify
from nurture.model import event as names
from nurture.model import new_address as model
from nurture.model.happening import Happened, Happening
from nurture.model.mail import Fate
from nurture.store.rows import ConsentRow, ContactRow, SuppressionRow
from nurture.store.said import Said

from .site import DAY, TOPIC, Client, Shop, served

NEW, OLD = "new@shop.example", "c1@shop.example"
MINUTE = timedelta(minutes=1)
ASKED = "Please open our letter at the new address"
CONFIRM, DISOWN = {"do": "confirm"}, {"do": "disown"}


def ask(shop: Shop, person: str, address: str = NEW) -> str:
    """Ask for another address on the page of choices: what the page answers."""
    return over(shop, lambda client: client.post(page(shop, person), {"do": "address", "address": address, "of": "0"}))


def page(shop: Shop, person: str) -> str:
    return shop.path(shop.links.preferences(person, "k1"))


def over(shop: Shop, what: Callable[[Client], object]) -> str:
    async def story() -> str:
        async with served(shop) as client:
            _, text, _ = await what(client)  # type: ignore[misc]
            return str(text)

    return asyncio.run(story())


def post(shop: Shop, path: str, form: dict[str, str]) -> str:
    return over(shop, lambda client: client.post(path, form))


def get(shop: Shop, path: str) -> str:
    return over(shop, lambda client: client.get(path))


def goes(shop: Shop) -> list[EmailMessage]:
    """A tick, and what is handed over after it: all mails so far, the newest last."""
    assert shop.live
    shop.now += MINUTE
    tick(shop.shop.store, shop.live.book, shop.now)
    assert not hand_over_all(shop.shop, shop.live, shop.now).fates.get(Fate.refused)
    files = sorted((shop.shop.root / "outbox").rglob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    return [message_from_bytes(file.read_bytes(), policy=default) for file in files]  # type: ignore[misc]


def sent(shop: Shop, mails: list[EmailMessage]) -> dict[str, str]:
    """Of nurture's own two mails, the path of the link in the last to each address."""
    found = {}
    for mail in mails:
        part = mail.get_body(("plain",))
        assert part
        link = re.search(rf"{re.escape(shop.links.base)}(/[nd]/[\w-]+)", part.get_content())
        if link:
            found[str(mail["To"]).rpartition(" ")[2].strip("<>")] = link[1]
    return found


def address(shop: Shop, person: str) -> str:
    assert shop.live
    return present(shop.shop, shop.live.book, person, shop.now).address


def why(shop: Shop, person: str) -> list[str]:
    return [one.words for one in shop.shop.store.reasons(person) if one.step in ("new_address", "address_notice")]


def test_the_new_address_confirms_itself_and_nothing_changes_before(shop: Shop):
    one = shop.contact(first_name="Salma")
    assert ASKED in ask(shop, one)
    assert ASKED in ask(shop, one)  # the same once more is the same wish
    mails = goes(shop)
    paths = sent(shop, mails)
    assert set(paths) == {NEW, OLD}
    new = next(mail for mail in mails if NEW in str(mail["To"]))
    assert "Salma" not in new.as_string()  # who reads there is not known to be she
    assert NEW not in paths[NEW]
    assert "List-Unsubscribe" not in new
    assert "Use this address?" in get(shop, paths[NEW])

    async def story() -> None:
        async with served(shop) as client:
            for method in ("GET", "HEAD", "OPTIONS", "PUT"):
                for path in paths.values():
                    await client.ask(method, path + "?do=confirm&do=disown", data=CONFIRM)
            for form in ({}, {"List-Unsubscribe": "One-Click"}, DISOWN, {"do": "leave"}):
                await client.post(paths[NEW], form)

    asyncio.run(story())
    assert address(shop, one) == OLD
    assert shop.said(one) == [names.ADDRESS_ASKED]
    assert "Thank you, it is changed" in post(shop, paths[NEW], CONFIRM)
    assert address(shop, one) == NEW
    assert "Thank you, it is changed" in post(shop, paths[NEW], CONFIRM)
    assert shop.said(one) == [names.ADDRESS_ASKED, names.ADDRESS_ADDED]
    assert shop.shop.store.find(NEW) == one
    assert shop.live
    ledger = "\n".join(show(shop.shop, shop.live, "c1", shop.now).lines)
    assert "took another address\n      by the reader; confirmed at the new address\n      shown: " in ledger


def test_the_old_address_says_it_was_not_they_before_and_after(shop: Shop):
    one = shop.contact()
    ask(shop, one)
    first = sent(shop, goes(shop))
    assert "Was it not you?" in get(shop, first[OLD])
    assert "Thank you for telling us" in post(shop, first[OLD], DISOWN)
    assert "This link is no longer good" in post(shop, first[NEW], CONFIRM)
    assert ASKED in ask(shop, one)  # whoever asks is told the same, and nothing goes
    assert sent(shop, goes(shop)) == first
    assert "they said lately that it is not they who ask" in why(shop, one)
    shop.now += 31 * DAY
    ask(shop, one)
    again = sent(shop, goes(shop))
    post(shop, again[NEW], CONFIRM)
    assert address(shop, one) == NEW
    shop.now += 29 * DAY
    assert "Thank you for telling us" in post(shop, again[OLD], DISOWN)
    assert address(shop, one) == OLD
    assert shop.shop.store.find(OLD) == one
    assert "This link is no longer good" in post(shop, again[NEW], CONFIRM)
    assert address(shop, one) == OLD


def test_who_says_it_was_not_they_is_rid_of_every_wish_whichever_notice_they_answer(shop: Shop):
    one = shop.contact()
    ask(shop, one)
    first = sent(shop, goes(shop))
    ask(shop, one, "newer@shop.example")
    newest = sent(shop, goes(shop))
    assert "Thank you for telling us" in post(shop, first[OLD], DISOWN)
    assert "This link is no longer good" in post(shop, newest["newer@shop.example"], CONFIRM)
    assert address(shop, one) == OLD


def test_the_notice_of_a_replaced_wish_takes_the_confirmed_one_back(shop: Shop):
    one = shop.contact()
    ask(shop, one)
    first = sent(shop, goes(shop))
    ask(shop, one, "newer@shop.example")
    newest = sent(shop, goes(shop))
    post(shop, newest["newer@shop.example"], CONFIRM)
    assert "Thank you for telling us" in post(shop, first[OLD], DISOWN)
    assert address(shop, one) == OLD
    assert "Thank you for telling us" in get(shop, newest[OLD])


@pytest.mark.parametrize("disowned_between", [False, True])
def test_two_changes_after_each_other_are_both_taken_back_at_the_first_address(shop: Shop, disowned_between: bool):
    one = shop.contact()
    ask(shop, one)
    first = sent(shop, goes(shop))
    post(shop, first[NEW], CONFIRM)
    ask(shop, one, "newer@shop.example")
    second = sent(shop, goes(shop))
    post(shop, second["newer@shop.example"], CONFIRM)
    if disowned_between:
        post(shop, second[NEW], DISOWN)
    assert address(shop, one) == (NEW if disowned_between else "newer@shop.example")
    assert "Thank you for telling us" in post(shop, first[OLD], DISOWN)
    assert (address(shop, one), shop.shop.store.find(OLD)) == (OLD, one)
    if not disowned_between:
        assert "This question is closed" in post(shop, second[NEW], DISOWN)
    assert "This link is no longer good" in post(shop, second["newer@shop.example"], CONFIRM)
    assert address(shop, one) == OLD


def test_a_change_that_was_cut_while_it_was_taken_back_is_taken_back_by_the_next_press(shop: Shop):
    one = shop.contact()
    ask(shop, one)
    links = sent(shop, goes(shop))
    post(shop, links[NEW], CONFIRM)
    asked = next(event for event in shop.shop.store.histories([one])[one] if event.name == names.ADDRESS_ASKED)
    assert new_address.doors(shop.shop).take(one, OLD, asked.id, new_address.BACK, "", shop.now, NEW)
    assert "Thank you for telling us" in post(shop, links[OLD], DISOWN)
    assert address(shop, one) == OLD


def test_an_address_that_the_shop_told_since_is_not_taken_back(shop: Shop):
    one = shop.contact()
    ask(shop, one)
    links = sent(shop, goes(shop))
    shop.take(ContactRow(outside_id="c1", address="told@shop.example"))
    assert "This question is closed" in post(shop, links[OLD], DISOWN)
    assert address(shop, one) == "told@shop.example"


def test_a_link_is_good_for_three_days_and_the_newest_wish_counts(shop: Shop):
    one = shop.contact()
    ask(shop, one)
    first = sent(shop, goes(shop))[NEW]
    ask(shop, one, "newer@shop.example")
    newest = sent(shop, goes(shop))["newer@shop.example"]
    assert "This link is no longer good" in post(shop, first, CONFIRM)
    shop.now += 4 * DAY
    assert "This link is no longer good" in post(shop, newest, CONFIRM)
    assert address(shop, one) == OLD


def test_whatever_an_address_is_to_others_the_answer_is_the_same_and_nothing_goes_there(shop: Shop):
    """Suppressed, another's, refused by who had it, asked for too often, and dead: no word and no time tells."""
    one = shop.contact()
    shop.contact("c2")
    shop.take(SuppressionRow(address="barred@shop.example", at=shop.now))
    shop.take(ContactRow(outside_id="c3", address="left@shop.example"))
    shop.take(ConsentRow(outside_id="c3", address="left@shop.example", topics=(), given=False, at=shop.now))
    shop.take(ContactRow(outside_id="c3", address="elsewhere@shop.example"))
    answers = set()
    for wanted in ("free@shop.example", "barred@shop.example", "c2@shop.example", "Left@shop.example"):
        shop.now += DAY
        answers.add(ask(shop, one, wanted))
        ask(shop, one, wanted)
        goes(shop)
    assert len(answers) == 1
    assert set(sent(shop, goes(shop))) == {"free@shop.example", OLD}
    assert why(shop, one)[-6::2] == [
        "the new address is on the list of suppressions",
        "the new address is another contact's; if they are one: nurture merge",
        "everything was refused at the new address",
    ]
    shop.now += DAY
    for number in range(4):
        other = shop.contact(f"d{number}")
        ask(shop, other, "victim@shop.example")
        sent(shop, goes(shop))
    assert "the new address was asked for too often today" in why(shop, other)
    for number in range(3):
        assert ASKED in ask(shop, one, f"{number}@shop.example")
    assert "Please try again tomorrow" in ask(shop, one, "fourth@shop.example")
    assert "This is not an e-mail address" in ask(shop, one, "no address")


def test_what_becomes_of_the_address_meanwhile_counts_as_the_mail_leaves_and_at_the_page(shop: Shop):
    one = shop.contact()
    ask(shop, one)
    assert shop.live
    tick(shop.shop.store, shop.live.book, shop.now + MINUTE)  # decided, not gone
    shop.take(SuppressionRow(address=NEW, at=shop.now))
    assert set(sent(shop, goes(shop))) == {OLD}
    ask(shop, one, "other@shop.example")
    path = sent(shop, goes(shop))["other@shop.example"]
    shop.take(ContactRow(outside_id="c9", address="other@shop.example"))
    assert "This link is no longer good" in post(shop, path, CONFIRM)
    assert address(shop, one) == OLD
    assert shop.shop.store.find("other@shop.example") != one


def test_refusals_go_along_and_those_of_who_had_the_address_before_stand(shop: Shop):
    one = shop.contact()
    shop.take(ContactRow(outside_id="c2", address=NEW, topics=("news",), basis="opt_in"))
    shop.take(ConsentRow(outside_id="c2", address=NEW, topics=("news",), given=False, at=shop.now))
    shop.take(ContactRow(outside_id="c2", address="elsewhere@shop.example"))
    post(shop, shop.leave(one, "offers"), {"List-Unsubscribe": "One-Click"})
    ask(shop, one)
    post(shop, sent(shop, goes(shop))[NEW], CONFIRM)
    assert address(shop, one) == NEW
    assert shop.live
    known = present(shop.shop, shop.live.book, one, shop.now)
    assert {name for name, answer in known.consents.items() if not answer.given} == {"offers", "news"}
    assert known.consents[TOPIC].holds(shop.now)


@pytest.mark.parametrize("everything", [False, True])
def test_what_was_refused_at_an_address_stays_refused_there_whatever_they_refuse_at_the_next(
    shop: Shop, everything: bool
):
    one = shop.contact()
    form = {"do": "all"} if everything else {"List-Unsubscribe": "One-Click"}
    post(shop, shop.leave(one, "offers"), form)
    goes(shop)
    shop.take(ContactRow(outside_id="c1", address=NEW))
    shop.now += DAY
    refused = ConsentRow(
        outside_id="c1", address=NEW, topics=() if everything else ("offers",), given=False, at=shop.now
    )
    shop.take(refused)
    goes(shop)
    shop.take(ContactRow(outside_id="c9", address=OLD, topics=("offers",), basis="opt_in"))
    goes(shop)
    found = shop.shop.store.find("c9")
    assert found
    assert shop.live
    known = present(shop.shop, shop.live.book, found, shop.now)
    assert known.refused_all if everything else not known.consents["offers"].given


def test_a_spam_report_at_the_new_address_bars_it_and_refuses_nothing_for_who_asked(shop: Shop):
    """Whoever reads there is not known to be the one who asked; of the notice it is the reader's own word."""
    one = shop.contact()
    ask(shop, one)
    path = sent(shop, goes(shop))[NEW]
    assert shop.live
    keys = {message.mail: message.key for message in present(shop.shop, shop.live.book, one, shop.now).messages}
    report = Happening("1", Happened.complained, shop.now, "sendgrid", keys[model.NEW_ADDRESS], NEW)
    shop.shop.store.happenings.take([report], shop.now)
    assert "This link is no longer good" in post(shop, path, CONFIRM)
    assert not present(shop.shop, shop.live.book, one, shop.now).refused_all
    report = Happening("2", Happened.complained, shop.now, "sendgrid", keys[model.ADDRESS_NOTICE], OLD)
    shop.shop.store.happenings.take([report], shop.now)
    goes(shop)
    assert present(shop.shop, shop.live.book, one, shop.now).refused_all


def test_a_dry_run_shows_both_mails(shop: Shop):
    ask(shop, shop.contact())
    assert shop.live
    told = dry_run(shop.shop, shop.live, None, shop.now + MINUTE, lambda _: None)
    said = "\n".join(told.lines())
    assert model.ADDRESS_NOTICE in said
    assert model.NEW_ADDRESS in said
    assert set(told.subjects.values()) == {"Please confirm your new address", "Another address was asked for"}
    assert told.broken == []
    assert not (shop.shop.root / "outbox").exists()


@pytest.mark.parametrize("locale", ["tr", "ar", "he", "hy"])
def test_mails_and_pages_are_in_the_readers_language(shop: Shop, locale: str):
    one = shop.contact(locale=locale)
    ask(shop, one)
    mails = goes(shop)
    for path in sent(shop, mails).values():
        assert f'<html lang="{locale}"' in get(shop, path)
    assert len({str(mail["Subject"]) for mail in mails}) == 2
    assert all(not re.search("[Cc]onfirm|[Aa]ddress", str(mail["Subject"])) for mail in mails)


def test_new_mails_are_signed_by_a_secret_that_was_drawn_while_we_run_and_old_links_work(shop: Shop):
    one = shop.contact()
    ask(shop, one)
    before = sent(shop, goes(shop))
    assert rotate(shop.shop, shop.now) == 2
    ask(shop, one, "newer@shop.example")
    after = sent(shop, goes(shop))  # the same open project, as a daemon has it
    newest, *_ = shop.shop.store.secrets(STORED_AS)
    assert verify(after["newer@shop.example"][3:], newest, NEW_ADDRESS)
    assert not verify(before[NEW][3:], newest, NEW_ADDRESS)
    assert "Was it not you?" in get(shop, before[OLD])
    assert "Thank you, it is changed" in post(shop, after["newer@shop.example"], CONFIRM)


def test_the_link_that_no_reader_sees_is_only_in_mails_whose_clicks_are_told_apart(shop: Shop):
    one = shop.contact()
    ask(shop, one)
    assert all(TRAP not in mail.as_string() for mail in goes(shop))
    shop.shop.store.record(Said(one, names.TRACKING_GIVEN, ("x",), {"by": "reader"}), shop.now)
    ask(shop, one, "newer@shop.example")
    html = [part.get_content() for mail in goes(shop) if (part := mail.get_body(("html",)))]
    seen = [text for text in html if TRAP in text]
    assert len(seen) == 2
    trap = f'<a href="{shop.links.base}{TRAP}" style="display:none" tabindex="-1" aria-hidden="true"></a></body>'
    assert all(text.count(trap) == text.count(TRAP) == 1 for text in seen)
    before = shop.said(one)
    assert "There is nothing to read here" in get(shop, TRAP)
    assert shop.said(one) == before
