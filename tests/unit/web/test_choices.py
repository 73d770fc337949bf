"""The page of somebody's choices over real HTTP: nothing changes by looking, only the reader lifts a refusal."""

import asyncio
import re
from dataclasses import replace
from html import unescape

import pytest

from nurture.engine.applying import live_book
from nurture.engine.people import present
from nurture.engine.secrets import rotate
from nurture.links import STORED_AS
from nurture.model import event as names
from nurture.model.person import Person
from nurture.store.rows import ContactRow, SuppressionRow

from .site import DAY, NOW, ONE_CLICK, TOPIC, Client, Shop, reapply, served

ALL_TOPICS = ("celebrations", "coffee_tips", "news", "offers", "order_care", "weekly_cups")


def page(shop: Shop, person: str) -> str:
    return shop.path(shop.links.preferences(person, "k1"))


def person(shop: Shop, id_: str) -> Person:
    assert shop.live
    return present(shop.shop, shop.live.book, id_, shop.now)


def form_of(html: str) -> dict[str, str]:
    """The first form of the page, as a browser would post it untouched."""
    form = html.split('<form method="post" class="choices">', 1)[1].split("</form>", 1)[0]
    fields = {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)}
    fields |= dict.fromkeys(re.findall(r'type="checkbox" name="([\w.]+)" value="on" checked', form), "on")
    (language,) = re.findall(r'<option value="([\w-]+)"[^>]* selected', form)
    return fields | {"language": language, "do": "choices"}


def posts(shop: Shop, path: str, *forms: dict[str, str] | None) -> list[str]:
    """The page, and what each form is answered; None posts the page's own form as it is."""

    async def story() -> list[str]:
        async with served(shop) as client:
            found = [(await client.get(path))[1]]
            for form in forms:
                found.append((await client.post(path, form if form is not None else form_of(found[-1])))[1])
            return found

    return asyncio.run(story())


def test_looking_changes_nothing_and_saving_what_stands_records_nothing(shop: Shop):
    one = shop.contact()
    before, after = posts(shop, page(shop, one), None)
    assert re.findall(r'name="(topic\.\w+)" value="on" checked', before) == [f"topic.{name}" for name in order(shop)]
    assert "Your choices are saved." in after
    assert shop.said(one) == []


def order(shop: Shop) -> list[str]:
    assert shop.live
    return list(shop.live.book.topics)


def test_what_is_switched_off_is_off_and_what_is_switched_on_is_proven_by_the_words_shown(shop: Shop):
    one = shop.contact()
    path = page(shop, one)
    (html,) = posts(shop, path)
    form = form_of(html)
    del form["topic.offers"]
    posts(shop, path, form | {"theme.mothers_day": "on", "measure.opens_and_clicks": "on", "language": "tr"})
    said = [names.CONSENT_REFUSED, names.TRACKING_GIVEN, names.THEME_SPARED, names.PERSON_CHANGED]
    assert shop.said(one) == said  # first what is off
    known = person(shop, one)
    assert (known.consents["offers"].given, known.spared, known.tracked) == (False, {"mothers_day"}, True)
    assert known.facts["locale"] == "tr"
    (html,) = posts(shop, path)
    assert '<html lang="tr" dir="ltr">' in html
    posts(shop, path, form_of(html) | {"topic.offers": "on"})
    given = shop.shop.store.histories([one])[one][-1]
    assert given.name == names.CONSENT_GIVEN
    assert given.fields["wording"] == "Şu konularda mektuplar: Teklifler"
    assert (given.fields["by"], given.fields["how"]) == ("reader", "page of their choices")
    assert person(shop, one).consents["offers"].given


def test_a_page_that_is_old_switches_off_but_never_on(shop: Shop):
    one = shop.contact()
    path = page(shop, one)
    (old,) = posts(shop, path)
    off = form_of(old)
    del off["topic.offers"]
    posts(shop, path, off)
    _, answer = posts(shop, path, form_of(old))  # on it, offers were ticked
    assert "changed elsewhere in the meantime" in answer
    assert not person(shop, one).consents["offers"].given
    again = form_of(old)
    del again["topic.news"], again["topic.offers"]
    posts(shop, path, again)
    assert not person(shop, one).consents["news"].given
    assert len(shop.said(one)) == 2
    posts(shop, path, again)
    assert len(shop.said(one)) == 2  # the same form says the same, once


def test_everything_off_and_back_by_the_reader_alone(shop: Shop):
    one = shop.contact()
    path = page(shop, one)
    (first,) = posts(shop, path)
    of = form_of(first)["of"]
    _, off = posts(shop, path, {"do": "all", "of": of})
    assert person(shop, one).refused_all
    assert "checked" not in off
    posts(shop, path, {"do": "all_back", "of": of})  # of an older page
    assert person(shop, one).refused_all
    posts(shop, path, {"do": "all_back", "of": form_of(off)["of"]})
    assert not person(shop, one).refused_all


def test_one_topic_wanted_after_everything_was_refused_leaves_the_others_refused(shop: Shop):
    one = shop.contact()
    path = page(shop, one)
    _, off = posts(shop, path, {"do": "all"})
    posts(shop, path, form_of(off) | {"topic.news": "on"})
    known = person(shop, one)
    assert {name for name, answer in known.consents.items() if answer.given} == {"news"}
    assert {name for name, answer in known.consents.items() if not answer.given} == set(order(shop)) - {"news"}


def test_a_theme_can_be_wanted_again_and_spared_again_by_a_link(shop: Shop):
    one = shop.contact()
    path, spare = page(shop, one), shop.path(shop.links.spare(one, "mothers_day", "k1"))
    posts(shop, spare, {"do": "spare"})
    (html,) = posts(shop, path)
    form = form_of(html)
    del form["theme.mothers_day"]
    posts(shop, path, form)
    assert person(shop, one).spared == frozenset()
    posts(shop, spare, {"do": "spare"})
    assert person(shop, one).spared == {"mothers_day"}


def test_who_must_never_be_written_to_has_nothing_to_choose(shop: Shop):
    one = shop.contact()
    shop.take(SuppressionRow(outside_id="c1", at=NOW))
    html, answer = posts(shop, page(shop, one), {"do": "choices", "topic.news": "on", "of": "0"})
    assert "<form" not in html
    assert "<form" not in answer
    assert "You are unsubscribed from all our letters." in html
    assert shop.said(one) == []


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"do": "choices", "topic.no_such": "on", "of": "0"},
        {"do": "choices", "language": "xx"},
        {"do": "choices", "language": "'; drop table person"},
        {"do": "all_back", "of": "0"},
        {"do": "nonsense", "shown": "topic.news"},
        {"List-Unsubscribe": "One-Click"},
    ],
)
def test_what_is_no_form_of_the_page_changes_nothing(shop: Shop, form: dict[str, str]):
    one = shop.contact()
    posts(shop, page(shop, one), form)
    assert shop.said(one) == []


def test_many_topics_and_hostile_titles(shop: Shop, root):
    topics = root / "sequences" / "house" / "topics.yaml"
    more = "".join(f"  topic_{number}:\n    title: {{en: '<script>{number}</script>'}}\n" for number in range(60))
    topics.write_text(topics.read_text(encoding="utf-8").replace("topics:\n", "topics:\n" + more, 1), encoding="utf-8")
    reapply(root)
    shop.live = live_book(shop.shop.store)
    shop.take(ContactRow(outside_id="c1", address="c1@shop.example", facts={"locale": "en"}))
    one = shop.shop.store.find("c1")
    assert one
    path = page(shop, one)
    (html,) = posts(shop, path)
    assert "<script" not in html
    posts(shop, path, form_of(html) | {f"topic.topic_{number}": "on" for number in range(60)})
    assert sum(answer.given for answer in person(shop, one).consents.values()) == 60


def test_every_method_but_post_changes_nothing_and_forged_tokens_are_all_answered_alike(shop: Shop):
    one = shop.contact()
    paths = [page(shop, one), shop.path(shop.links.confirm(one, TOPIC, "k1")), shop.leave(one)]
    paths += [shop.path(shop.links.spare(one, "mothers_day", "k1"))]

    async def story() -> None:
        async with served(shop) as client:
            for path in paths:
                for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"):
                    await client.ask(method, path + "?do=all&do=choices", data={"do": "all"})
            assert shop.said(one) == []
            await forged(client, paths)

    async def forged(client: Client, paths: list[str]) -> None:
        answers = set()
        for path in paths:
            page_, token = path[:3], path[3:]
            other = paths[0][3:] if page_ != "/p/" else paths[1][3:]
            for wrong in (token[:-1], token + "A", token.swapcase(), "x", "%00", other, "a.b", "é"):
                for method in ("GET", "POST"):
                    status, text, headers = await client.ask(method, page_ + wrong, data={"do": "all"})
                    kept = {name: value for name, value in headers.items() if name not in ("Date", "Content-Length")}
                    answers.add((status, text, tuple(sorted(kept.items()))))
                    shop.now += DAY  # nobody is slowed down
        assert len(answers) == 1
        assert next(iter(answers))[0] == 404

    asyncio.run(story())
    assert shop.said(one) == []


def test_links_of_every_secret_there_was_are_believed_also_of_one_drawn_while_we_serve(shop: Shop):
    person = shop.contact()
    old = shop.leave(person)

    async def story() -> None:
        async with served(shop) as client:
            assert (await client.get(old))[0] == 200
            assert rotate(shop.shop, shop.now) == 2
            new = replace(shop.links, secret=shop.shop.store.secret(STORED_AS, shop.now))
            path = shop.path(new.unsubscribe(person, TOPIC, "k2"))
            assert path != shop.leave(person, key="k2")
            assert (await client.post(path, data=ONE_CLICK))[0] == 200
            assert (await client.get(old))[0] == 200

    asyncio.run(story())
    assert shop.said(person) == [names.CONSENT_REFUSED]
