"""Many mails in one request: each arrives as it was rendered, no limit is passed, and what does not fit goes alone."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.deliver import sendgrid_bundle as module
from nurture.deliver.sendgrid import Post, SendGrid
from nurture.deliver.sendgrid_answer import Answer, Reached
from nurture.model.mail import Email, Fate, Handover, Image, Woven
from tests.sendgrid_rules import against_the_document, against_the_pages, published
from tests.sendgrid_server import substituted

from .test_message import MAIL

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PICTURE = Image("cup.png", "cup@nurture", "image/png", b"\x89PNG\r\n" + bytes(range(256)))
DOCUMENT = published()


def provider(each: int = 100) -> SendGrid:
    return SendGrid("https://api.sendgrid.com", "SG.secret", lambda: NOW, each_request=each)


def woven(number: int, *values: str, **change: Any) -> Email:
    """A mail of a pattern that others share, with these values in its text and in its HTML."""
    pattern = tuple(f"\nPart {place}: " for place in range(len(values) + 1))
    text = Woven(pattern, values)
    html = Woven(tuple(f"<p>{part}</p>" for part in pattern), tuple(f"<b>{value}</b>" for value in values))
    mail = replace(
        MAIL, key=f"key{number}", to_address=f"r{number}@shop.example", subject=f"Hello {number}",
        text=str(text), html=str(html), woven=(text, html),
        headers=(("Message-ID", f"<key{number}@shop.example>"), ("List-Id", "tips <tips.shop.example>")),
    )  # fmt: skip
    return replace(mail, **change)


def made(mails: Sequence[Email], each: int = 100, strict: bool = True) -> list[Post]:
    """The requests, each of which SendGrid's own document and pages take."""
    found = [one for one in provider(each).build(mails) if isinstance(one, Post)]
    for one in found:
        body = json.loads(one.body)
        assert not strict or list(against_the_document(DOCUMENT, body)) == []
        assert list(against_the_pages(body, NOW)) == []
        assert len(body["personalizations"]) == len(one.mails)
    return found


def arrived(request: Post) -> list[tuple[str, str, str, str, str, dict[str, str]]]:
    """Each mail of a request as its reader gets it: key, address, subject, text, HTML, headers."""
    body = json.loads(request.body)
    found = []
    for one in body["personalizations"]:
        own = one.get("substitutions", {})
        texts = {part["type"]: substituted(part["value"], own) for part in body["content"]}
        subject = substituted(one.get("subject", body.get("subject")), own)
        said = texts["text/plain"], texts["text/html"], one.get("headers", {})
        found.append((one["custom_args"]["nv_send"], one["to"][0]["email"], subject, *said))
    return found


def meant(mail: Email) -> tuple[str, str, str, str, str, dict[str, str]]:
    return mail.key, mail.to_address, mail.subject, mail.text, mail.html, dict(mail.headers)


def sizes(mails: Sequence[Email], each: int = 100) -> list[int]:
    return [len(one.mails) for one in made(mails, each)]


def test_readers_of_one_text_share_a_request_and_each_gets_their_own() -> None:
    mails = [woven(number, f"reader {number}", "all alike", str(number % 2)) for number in range(100)]
    (request,) = made(mails)
    assert arrived(request) == [meant(mail) for mail in mails]
    body = json.loads(request.body)
    assert {part["type"]: part["value"].count("Part") for part in body["content"]} == {"text/plain": 4, "text/html": 4}
    assert {len(one["substitutions"]) for one in body["personalizations"]} == {4}  # what is alike stands in the text
    assert b"all alike" not in request.body.partition(b'"content"')[0]


HOSTILE = ["", "-", "-nv", "-nv0-", "t0-", "h0-", "%name%", "{{ x }}", "<b>&amp;", "\u2068سلمى\u2069", "❤️🏽", "a\nb"]
VALUES = st.lists(
    st.lists(st.sampled_from(HOSTILE) | st.text(max_size=8), min_size=3, max_size=3), min_size=2, max_size=6
)


@given(values=VALUES)
def test_whatever_the_values_are_each_mail_arrives_as_it_was_rendered(values: list[list[str]]) -> None:
    mails = [woven(number, *own) for number, own in enumerate(values)]
    (request,) = made(mails, strict=False)
    assert arrived(request) == [meant(mail) for mail in mails]


def same_in_both(number: int, *values: str) -> Email:
    """A mail whose HTML has the values of its text, as they are."""
    mail = woven(number, *values)
    text = mail.woven[0]
    html = Woven(tuple(f"<p>{part}</p>" for part in text.pattern), values)
    return replace(mail, html=str(html), woven=(text, html))


@given(values=VALUES)
def test_values_that_text_and_html_share_arrive_in_both(values: list[list[str]]) -> None:
    mails = [same_in_both(number, *own) for number, own in enumerate(values)]
    (request,) = made(mails, strict=False)
    assert arrived(request) == [meant(mail) for mail in mails]
    both = [one.get("substitutions", {}) for one in json.loads(request.body)["personalizations"]]
    assert max(map(len, both)) <= 3  # one tag for each value, not one in the text and one in the HTML


def test_what_all_values_begin_with_travels_once_and_none_is_left_empty_by_it() -> None:
    at = "https://shop.example/u/"
    mails = [same_in_both(number, f"{at}{number}", "Noor" + " Ada" * (number % 2)) for number in range(4)]
    (request,) = made(mails)
    assert arrived(request) == [meant(mail) for mail in mails]
    own = [list(one["substitutions"].values()) for one in json.loads(request.body)["personalizations"]]
    assert own == [["0", "r"], ["1", "r Ada"], ["2", "r"], ["3", "r Ada"]]


@pytest.mark.parametrize("where", ["text", "subject", "to_name", "header", "key"])
def test_a_tag_that_stands_in_a_mail_already_is_not_used(where: str) -> None:
    mails = [woven(number, str(number)) for number in range(3)]
    letters = module.free_letters([module.own(mail, module.woven_of(mail)) for mail in mails])
    hostile = {
        "text": lambda _mail: woven(0, f"-{letters}t0-"),
        "subject": lambda mail: replace(mail, subject=f"-{letters}h0-"),
        "to_name": lambda mail: replace(mail, to_name=letters),
        "header": lambda mail: replace(mail, headers=(("X-A", f"-{letters}t0-"),)),
        "key": lambda mail: replace(mail, to_address=f"{letters}@shop.example"),
    }[where]
    mails[0] = hostile(mails[0])
    (request,) = made(mails)
    assert arrived(request) == [meant(mail) for mail in mails]
    tags = chain.from_iterable(one["substitutions"] for one in json.loads(request.body)["personalizations"])
    assert not any(letters in tag for tag in tags)


def test_a_subject_that_all_have_is_said_once() -> None:
    hostile = 'Hello, "subject":"Hello"'
    mails = [woven(number, str(number), subject="Hello", to_name=hostile) for number in range(3)]
    (request,) = made(mails)
    body = json.loads(request.body)
    assert (body["subject"], [one.get("subject") for one in body["personalizations"]]) == ("Hello", [None] * 3)
    assert arrived(request) == [meant(mail) for mail in mails]


def test_letters_that_a_value_would_complete_are_not_used() -> None:
    letters = module.free_letters([module.own(mail, module.woven_of(mail)) for mail in map(woven, range(3), "abc")])
    mails = []
    for number, value in enumerate((letters[3:], "b", "c")):
        text = Woven((f"{'so much ' * 9}{letters[:3]}", f" ends{' here' * 9}"), (value,))
        mails.append(replace(woven(number, "x"), text=str(text), woven=(text, woven(number, "x").woven[1])))  # type: ignore[index]
    (request,) = made(mails)
    assert arrived(request) == [meant(mail) for mail in mails]
    assert f"-{letters}t" not in request.body.decode()


def test_where_no_letters_are_free_each_goes_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRIES", 0)
    mails = [woven(number, str(number)) for number in range(3)]
    assert sizes(mails) == [1, 1, 1]
    assert [arrived(one) for one in made(mails)] == [[meant(mail)] for mail in mails]


def test_a_tag_can_be_no_part_of_another() -> None:
    mails = [woven(number, *(f"{number}.{place}" for place in range(40))) for number in range(2)]
    (request,) = made(mails)
    tags = list(json.loads(request.body)["personalizations"][0]["substitutions"])
    assert len(tags) == 80
    assert not any(one in other for one in tags for other in tags if one != other)
    assert not set("".join(tags)) & set("<>& ")


@pytest.mark.parametrize(
    "change",
    [
        {"from_name": "Another"},
        {"from_address": "tea@kestrel.example"},
        {"reply_to": "omar@kestrel.example"},
        {"categories": ("other",)},
        {"images": (PICTURE,)},
        {"tracked": True},
        {"woven": None},
        {"woven": (Woven(("a", "b"), ("1",)), Woven(("c", "d"), ("1",))), "text": "a1b", "html": "c1d"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_readers_do_not_share_is_in_another_request(change: dict[str, Any]) -> None:
    mails = [woven(0, "a"), woven(1, "b", **change), woven(2, "c"), woven(3, "d", **change)]
    found = made(mails)
    assert sorted(arrived_ for one in found for arrived_ in map(str, arrived(one))) == sorted(
        map(str, map(meant, mails))
    )
    assert not any({"key0", "key1"} <= set(one.keys) for one in found)
    assert any({"key0", "key2"} <= set(one.keys) for one in found)


def test_tracking_is_asked_for_those_alone_who_agreed() -> None:
    mails = [woven(number, str(number), tracked=number % 2 == 0) for number in range(6)]
    asked = {one.keys: json.loads(one.body)["tracking_settings"] for one in made(mails)}
    said = {keys: (one["click_tracking"]["enable"], one["open_tracking"]["enable"]) for keys, one in asked.items()}
    assert said == {("key0", "key2", "key4"): (True, True), ("key1", "key3", "key5"): (False, False)}
    assert not any(one["subscription_tracking"]["enable"] for one in asked.values())


def test_woven_parts_that_say_something_else_are_not_believed() -> None:
    mails = [woven(number, str(number), text=f"Another text, {number}") for number in range(2)]
    found = made(mails)
    assert [len(one.mails) for one in found] == [1, 1]
    assert [arrived(one)[0] for one in found] == [meant(mail) for mail in mails]


def test_the_same_words_for_all_need_no_substitutions() -> None:
    (request,) = made([replace(woven(number), woven=None) for number in range(5)])
    assert not any("substitutions" in one for one in json.loads(request.body)["personalizations"])


@pytest.mark.parametrize(("each", "expected"), [(1, [1] * 7), (3, [3, 3, 1]), (7, [7]), (1000, [7])])
def test_so_many_in_a_request_and_no_more(each: int, expected: list[int]) -> None:
    assert sizes([woven(number, str(number)) for number in range(7)], each) == expected


def test_a_thousand_is_the_most_whatever_was_set() -> None:
    mails = [woven(number, str(number)) for number in range(1001)]
    found = [one for one in provider(5000).build(mails) if isinstance(one, Post)]
    assert [len(one.mails) for one in found] == [1000, 1]
    assert [arrived_ for one in found for arrived_ in arrived(one)] == [meant(mail) for mail in mails]


def test_an_address_stands_once_in_a_request_whatever_its_letters() -> None:
    addresses = ["a@shop.example", "b@shop.example", "A@Shop.example", "a@shop.example"]
    mails = [woven(number, str(number), to_address=address) for number, address in enumerate(addresses)]
    assert [one.keys for one in made(mails)] == [("key0", "key1"), ("key2",), ("key3",)]


@pytest.mark.parametrize(("size", "together"), [(4_900, 3), (10_100, 2)])
def test_a_mail_with_more_of_its_own_than_sendgrid_puts_in_goes_alone_and_whole(size: int, together: int) -> None:
    mails = [woven(0, "a"), woven(1, "é" * (size // 2 - 300) if size < 10_000 else "x" * size), woven(2, "c")]
    found = made(mails)
    assert max(len(one.mails) for one in found) == together
    assert sorted(str(one) for request in found for one in arrived(request)) == sorted(str(meant(m)) for m in mails)


def test_a_request_stays_small_and_the_rest_goes_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AIM", 20_000)
    mails = [woven(number, str(number) + "x" * 2000) for number in range(20)]
    found = made(mails)
    assert len(found) > 2
    assert all(len(one.body) <= 20_000 for one in found)
    assert [one for request in found for one in arrived(request)] == [meant(mail) for mail in mails]


def test_large_pictures_are_shared_and_not_sent_once_for_each() -> None:
    picture = replace(PICTURE, data=bytes(4_000_000))
    (request,) = made([woven(number, str(number), images=(picture,)) for number in range(10)])
    assert len(request.mails) == 10
    assert len(request.body) < 6_000_000


def test_pictures_beyond_the_limit_are_refused_for_each_in_words() -> None:
    picture = replace(PICTURE, data=bytes(23_000_000))
    answers = list(provider().build([woven(number, str(number), images=(picture,)) for number in range(2)]))
    assert [(one.key, one.fate) for one in answers if isinstance(one, Handover)] == [
        ("key0", Fate.refused), ("key1", Fate.refused),
    ]  # fmt: skip


def test_what_all_of_a_request_have_wrong_is_refused_for_each_and_nothing_is_lost() -> None:
    answers = list(provider().build([woven(n, str(n), categories=tuple("abcdefghijk")) for n in range(3)]))
    assert {one.key for one in answers if isinstance(one, Handover)} == {"key0", "key1", "key2"}


def test_the_same_mails_make_the_same_requests() -> None:
    mails = [woven(number, str(number)) for number in range(10)]
    assert list(provider().build(mails)) == list(provider().build(mails))


# --- what becomes of a request that is refused ---------------------------------------------------


def refusing(*errors: tuple[str, str | None], status: int = 400) -> Answer:
    body = json.dumps({"errors": [{"message": message, "field": field} for message, field in errors]}).encode()
    return Answer(NOW, Reached.answered, status, body=body)


def request_of(count: int) -> Post:
    (request,) = made([woven(number, str(number)) for number in range(count)])
    return request


def test_who_is_named_is_refused_and_the_others_go_in_another() -> None:
    bad = ("Does not contain a valid address.", "personalizations.1.to.0.email")
    also = ("The name is too long for c@d.example", "personalizations[3].to[0].name")
    answer, request = refusing(bad, also), request_of(5)
    found = list(provider().read(request, answer))
    assert [(one.fate, one.blameless) for one in found] == [
        (Fate.planned, True), (Fate.refused, False), (Fate.planned, True), (Fate.refused, False), (Fate.planned, True),
    ]  # fmt: skip
    assert "valid address. (personalizations.1.to.0.email)" in found[1].detail
    assert "d.example" not in found[3].detail
    (again,) = provider().again(request, answer)
    assert isinstance(again, Post)
    assert again.keys == ("key0", "key2", "key4")
    assert arrived(again) == [meant(request.mails[place]) for place in (0, 2, 4)]


@pytest.mark.parametrize("answer", [
    refusing(("Bad Request", None)), refusing(("Bad Request", "null")), refusing(("x", "personalizations.9.to")),
    refusing(("x", "content.0.value")), Answer(NOW, Reached.answered, 413, body=b"<html>nginx</html>"),
    Answer(NOW, Reached.answered, 400), Answer(NOW, Reached.answered, 422),
])  # fmt: skip
def test_where_nobody_is_named_it_goes_again_by_halves(answer: Answer) -> None:
    request = request_of(5)
    assert all(one.blameless and one.fate is Fate.planned and one.detail for one in provider().read(request, answer))
    again = [one for one in provider().again(request, answer) if isinstance(one, Post)]
    assert [one.keys for one in again] == [("key0", "key1", "key2"), ("key3", "key4")]


def test_it_comes_to_an_end_whatever_sendgrid_says() -> None:
    """A server that refuses all, naming one or none: each mail ends refused, in few requests."""
    for answer in (refusing(("no", None)), refusing(("no", "personalizations.0.to"))):
        waiting, refused, posts = [request_of(100)], [], 0
        while waiting:
            request, posts = waiting.pop(), posts + 1
            refused += [one.key for one in provider().read(request, answer) if one.fate is Fate.refused]
            waiting += [one for one in provider().again(request, answer) if isinstance(one, Post)]
        assert sorted(refused) == sorted(f"key{number}" for number in range(100))
        assert posts <= 200


@pytest.mark.parametrize(
    ("answer", "fate", "halts"),
    [
        (Answer(NOW, Reached.answered, 202, message_id="abc"), Fate.accepted, False),
        (Answer(NOW, Reached.answered, 200), Fate.accepted, False),
        (Answer(NOW, Reached.answered, 429, reset="30"), Fate.planned, False),
        (Answer(NOW, Reached.answered, 429, reset=f"{NOW.timestamp() + 30:.0f}"), Fate.planned, False),
        (refusing(("no", None), status=401), Fate.planned, True),
        (refusing(("no", "personalizations.0.to"), status=403), Fate.planned, True),
        (refusing(("no", "from.email"), ("no", "personalizations.0.to")), Fate.planned, True),
        (Answer(NOW, Reached.answered, 408), Fate.in_doubt, False),
        (Answer(NOW, Reached.answered, 503), Fate.in_doubt, False),
        (Answer(NOW, Reached.perhaps, fault="cut"), Fate.in_doubt, False),
        (Answer(NOW, Reached.never, fault="refused"), Fate.planned, False),
    ],
)
def test_any_other_answer_is_one_for_all_and_nothing_goes_again_by_itself(
    answer: Answer, fate: Fate, halts: bool
) -> None:
    request = request_of(3)
    found = list(provider().read(request, answer))
    assert [one.key for one in found] == list(request.keys)
    assert {(one.fate, one.halts, one.blameless) for one in found} == {(fate, halts, False)}
    assert list(provider().again(request, answer)) == []


def test_nothing_that_is_printed_holds_a_mail() -> None:
    assert "shop.example" not in repr(request_of(3))
