"""The web part over real HTTP: a GET changes nothing, a POST does it once, and strangers learn nothing."""

import asyncio
import re
from urllib.parse import urlencode

import pytest

from nurture.links import Links, Token, make
from nurture.model.event import CONSENT_LIFTED, CONSENT_REFUSED, THEME_SPARED

from .site import NOW, ONE_CLICK, TOPIC, Shop, served

FORM = "application/x-www-form-urlencoded"
MULTIPART = (
    b'--X\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--X--\r\n',
    {"Content-Type": "multipart/form-data; boundary=X"},
)


def go(coroutine):
    return asyncio.run(coroutine)


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        (ONE_CLICK, {}),
        (b"List-Unsubscribe=One-Click", {"Content-Type": FORM}),
        (b"List-Unsubscribe=One-Click", {"Content-Type": FORM + "; charset=utf-8"}),
        MULTIPART,
        (None, {}),
        (b"", {"Content-Type": FORM}),
        (b"something=else&a=b", {"Content-Type": FORM}),
        (b'{"List-Unsubscribe": "One-Click"}', {"Content-Type": "application/json"}),
        (b"\xff\xfe\x00--", {"Content-Type": "multipart/form-data; boundary=X"}),
        (b"\xff\xfe\x00", {"Content-Type": "multipart/form-data"}),
        (b"x", {"Content-Type": "\xe9/\xe9;=;"}),
        (b"not gzip", {"Content-Encoding": "gzip", "Content-Type": FORM}),
        (b"&".join([b"a=b"] * 500), {"Content-Type": FORM}),
        (b"List-Unsubscribe=One-Click&do=back&of=0", {"Content-Type": FORM}),
    ],
)
def test_one_click_leaves_the_topic_whatever_the_body(shop: Shop, data, headers):
    person = shop.contact()

    async def story():
        async with served(shop) as client:
            return await client.post(shop.leave(person), data, headers=headers, skip_auto_headers=["Content-Type"])

    status, text, answered = go(story())
    assert (status, text) == (200, "You are unsubscribed\n")
    assert answered["Content-Type"] == "text/plain; charset=utf-8"
    assert "Set-Cookie" not in answered
    assert "Location" not in answered
    assert shop.said(person) == [CONSENT_REFUSED]
    assert len(shop.arrivals) == 1


def test_looking_changes_nothing_however_often_and_by_whomever(shop: Shop):
    person = shop.contact()
    paths = [
        shop.leave(person),
        shop.path(shop.links.spare(person, "mothers_day", "k1")),
        shop.path(shop.links.answer(person, "feedback.given", {"score": 9}, "k1")),
    ]

    async def story():
        async with served(shop) as client:
            for path in paths:
                for method in ("GET", "HEAD", "GET"):
                    for headers in ({}, {"Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender"}):
                        status, text, _ = await client.ask(
                            method, f"{path}?List-Unsubscribe=One-Click&do=leave", headers=headers
                        )
                        assert status == 200
                        assert ("<form" in text) == (method == "GET")

    before = shop.shop.store.counts(), shop.shop.store.histories([person])
    go(story())
    assert (shop.shop.store.counts(), shop.shop.store.histories([person])) == before
    assert shop.arrivals == []


def test_the_same_click_twice_or_at_once_is_recorded_once(shop: Shop):
    person = shop.contact()

    async def story():
        async with served(shop) as client:
            answers = await asyncio.gather(*(client.post(shop.leave(person), ONE_CLICK) for _ in range(8)))
            answers += [await client.post(shop.leave(person, key="another mail"), ONE_CLICK)]
            return {(status, text) for status, text, _ in answers}

    assert go(story()) == {(200, "You are unsubscribed\n")}
    assert shop.said(person) == [CONSENT_REFUSED]
    assert len(shop.arrivals) == 1


def fields(page: str, do: str) -> dict[str, str]:
    """The hidden fields of the form of one button."""
    for form in re.findall(r"<form.*?</form>", page, re.DOTALL):
        found = dict(re.findall(r'name="([^"]*)" value="([^"]*)"', form))
        if found.get("do") == do:
            return found
    raise AssertionError(f"no button does {do!r}")


def test_a_reader_leaves_comes_back_and_leaves_again(shop: Shop):
    person = shop.contact()

    async def story():
        async with served(shop) as client:
            path = shop.leave(person)
            _, page, headers = await client.get(path)
            assert headers["Content-Type"] == "text/html; charset=utf-8"
            _, left, _ = await client.post(path, fields(page, "leave"))
            assert "You are unsubscribed" in left
            assert "Coffee tips" in left
            back = fields(left, "back")
            _, again, _ = await client.post(path, back)
            assert "Welcome back" in again
            _, gone, _ = await client.post(path, ONE_CLICK)
            assert gone == "You are unsubscribed\n"
            _, stale, _ = await client.post(path, back)  # a tab restored: the newer stop stands
            assert "You are unsubscribed" in stale

    go(story())
    assert shop.said(person) == [CONSENT_REFUSED, CONSENT_LIFTED, CONSENT_REFUSED]


def test_after_leaving_the_page_offers_the_themes_and_everything(shop: Shop):
    person = shop.contact(locale="ar-EG")

    async def story():
        async with served(shop) as client:
            path = shop.leave(person)
            _, page, _ = await client.post(path, {"do": "leave"})
            assert 'lang="ar" dir="rtl"' in page
            assert "عيد الأم" in page
            assert "Bargains" in page
            _, page, _ = await client.post(path, {"do": "spare", "theme": "mothers_day"})
            assert "عيد الأم" in page
            assert fields(page, "spare")["theme"] == "deals"  # mothers_day is offered no more
            _, page, _ = await client.post(path, fields(page, "all"))
            _, page, _ = await client.get(path)
            _, page, _ = await client.post(path, fields(page, "all_back"))
            assert 'lang="ar"' in page
            _, page, _ = await client.get(path)
            assert fields(page, "back")  # what was left before stays left

    go(story())
    assert shop.said(person) == [CONSENT_REFUSED, THEME_SPARED, CONSENT_REFUSED, CONSENT_LIFTED]


def test_a_theme_that_is_none_is_not_spared_and_leaves_nothing(shop: Shop):
    person = shop.contact()

    async def story():
        async with served(shop) as client:
            status, page, _ = await client.post(shop.leave(person), {"do": "spare", "theme": "<script>"})
            assert status == 200
            assert "<script>" not in page

    go(story())
    assert shop.said(person) == []


def test_to_be_spared_a_theme_and_to_answer(shop: Shop):
    person = shop.contact()
    spare = shop.path(shop.links.spare(person, "mothers_day", "k1"))
    answer = shop.path(shop.links.answer(person, "feedback.given", {"score": 9, "words": "good <b>"}, "k1"))

    async def story():
        async with served(shop) as client:
            _, page, _ = await client.get(spare)
            _, page, _ = await client.post(spare, fields(page, "spare"))
            assert "Mother&#39;s Day" in page
            await client.post(spare)
            _, page, _ = await client.get(answer)
            assert "feedback given" in page
            assert "good &lt;b&gt;" in page
            for _ in range(2):
                _, page, _ = await client.post(answer, fields(page, "answer") if "<form" in page else {"do": "answer"})
                assert "Thank you" in page

    go(story())
    assert shop.said(person) == [THEME_SPARED, "feedback.given"]
    (event,) = [one for one in shop.shop.store.histories([person])[person] if one.name == "feedback.given"]
    assert (event.fields, event.happened_at, event.fresh) == ({"score": 9, "words": "good <b>"}, NOW, True)


def strangers(shop: Shop, person: str) -> dict[str, str]:
    """Addresses that are not ours, by what is wrong with them."""
    good = shop.leave(person)
    elsewhere = Links(shop.links.base, b"the secret of another shop", "kestrel_coffee")
    token = good.removeprefix("/u/")
    return {
        "forged": f"/u/{token[:-1]}{'A' if token[-1] != 'A' else 'B'}",
        "cut": f"/u/{token[:-5]}",
        "empty": "/u/.",
        "long": f"/u/{'a' * 5000}",
        "another purpose": f"/a/{token}",
        "another shop": shop.path(elsewhere.unsubscribe(person, TOPIC, "k1")),
        "nobody": shop.leave("p0000"),
        "nothing": "/u/",
        "no address": "/nothing/here",
        "root": "/",
        "escaped": "/u/%00%ff%2e%2e%2f.x",
        "no page": f"/x/{token}",
        "a picture": f"/i/{'0' * 32}/{'0' * 32}/a.png",
        "no picture": "/i/../a.png",
    }


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whatever_is_not_ours_has_one_and_the_same_answer(shop: Shop, method: str):
    person = shop.contact()

    async def story():
        async with served(shop) as client:
            found = {}
            for name, path in strangers(shop, person).items():
                if method == "POST" and name in ("a picture",):
                    continue
                status, text, headers = await client.ask(method, path, data=ONE_CLICK if method == "POST" else None)
                kept = {key: value for key, value in headers.items() if key not in ("Date",)}
                found[name] = (status, text, tuple(sorted(kept.items())))
            return found

    found = go(story())
    assert len(set(found.values())) == 1, {name: answer[:1] for name, answer in found.items()}
    status, text, _ = found["forged"]
    assert status == 404
    assert "This link does not work" in text
    assert "Kestrel Coffee" in text
    assert shop.said(person) == []


def test_a_token_of_another_version_of_this_shop_is_a_stranger(shop: Shop):
    person = shop.contact()
    odd = make(Token("unsubscribe", "kestrel_coffee", person, TOPIC, "k", {"x": 1}), shop.links.secret)

    async def story():
        async with served(shop) as client:
            return (await client.get(f"/u/{odd}"))[0]

    assert go(story()) == 200  # more fields do no harm: the signature is ours


def test_the_browser_says_the_language_when_nobody_else_does(shop: Shop):
    async def story():
        async with served(shop) as client:
            asked = await client.get("/u/x", headers={"Accept-Language": "fr, " + "he;q=0.8"})
            return asked[1]

    assert '<html lang="he" dir="rtl">' in go(story())


def test_a_form_is_read_as_browsers_write_it(shop: Shop):
    person = shop.contact()

    async def story():
        async with served(shop) as client:
            body = urlencode({"do": "all"}).encode()
            _, page, _ = await client.post(shop.leave(person), body, headers={"Content-Type": FORM})
            assert "No more letters" in page

    go(story())
    assert shop.said(person) == [CONSENT_REFUSED]
