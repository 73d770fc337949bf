"""The same contract for every provider: a mail arrives once and whole, or it is certain why not, or it is in doubt."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nurture.deliver.protocol import hand_over
from nurture.model.mail import Email, Fate, Handover, Image

from .ways import NOW, Way, one_way

WAYS = ["folder", "smtp", "sendgrid"]
MAIL = Email(
    key="ab12",
    from_name="Kestrel Coffee, Roasters",
    from_address="hello@kestrel.example",
    to_name="Salma B.",
    to_address="salma@shop.example",
    subject="Your first bag",
    text="Dear Salma,\n.\n..dots\n" + "long " * 300 + "\n",
    html="<html><body><p>Dear <b>Salma</b></p>\n.\n<img src='cid:cup@nurture'></body></html>\n",
    locale="en",
    direction="ltr",
    date=NOW,
    reply_to="lena@kestrel.example",
    headers=(
        ("Message-ID", "<ab12@kestrel.example>"),
        ("List-Unsubscribe", "<https://shop.example/u/" + "a" * 300 + ">"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Id", "offers <offers.kestrel.example>"),
    ),
    categories=("first_bag", "welcome"),
)
PICTURES = (
    Image("cup.png", "cup@nurture", "image/png", bytes(range(256)) * 30),
    Image("dot.gif", "dot@nurture", "image/gif", b"GIF89a.\r\n.\r\n"),
)
SCRIPTS = {
    "English": ('O\'Brien "Bob" (work)', "Hello – again: 50 % of 12 € & more?"),
    "Turkish": ("Şükrü Çağrı İnönü", "Doğum günün kutlu olsun, Şükrü! Iğdır'dan sevgiler"),
    "Arabic": ("سلمى الخطيب", "عيد ميلاد سعيد، \u2068سلمى\u2069 ☕"),
    "Hebrew": ("שָׁלוֹם אברהם", "יום הולדת שמח — קפה עלינו"),
    "Armenian": ("Գայանե Խաչատրյան", "Շնորհավոր ծնունդդ, Գայանե։ " * 5 + "❤"),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Way]:
    with one_way(request.param, tmp_path) as found:
        yield found


def run(provider: Any, work: Callable[[], Awaitable[Any]]) -> Any:
    """Work in an event loop of its own, with the provider closed at its end."""

    async def whole() -> Any:
        try:
            return await work()
        finally:
            await provider.close()

    return asyncio.run(whole())


async def handed(provider: Any, mails: Sequence[Email]) -> list[Handover]:
    return [one async for one in hand_over(provider, mails)]


def hand(way: Way, *mails: Email) -> list[Handover]:
    provider = way.provider()
    return run(provider, lambda: handed(provider, mails))


def test_a_mail_arrives_once_and_whole(way: Way) -> None:
    (handover,) = hand(way, replace(MAIL, images=PICTURES))
    assert (handover.key, handover.fate, handover.halts, handover.retry_at) == ("ab12", Fate.accepted, False, None)
    (got,) = way.got()
    assert got.to == ("Salma B.", "salma@shop.example")
    assert got.sender == ("Kestrel Coffee, Roasters", "hello@kestrel.example")
    assert got.reply_to == "lena@kestrel.example"
    assert (got.subject, got.text, got.html) == (MAIL.subject, MAIL.text, MAIL.html)
    assert {name: got.headers[name.lower()] for name, _ in MAIL.headers} == dict(MAIL.headers)
    assert got.images == tuple((one.content_id, one.media_type, one.name, one.data) for one in PICTURES)


def test_a_mail_of_several_megabytes_arrives_whole(way: Way) -> None:
    picture = replace(PICTURES[0], data=bytes(range(256)) * 12_000)
    (handover,) = hand(way, replace(MAIL, images=(picture,)))
    assert handover.fate is Fate.accepted
    (got,) = way.got()
    assert got.images[0][3] == picture.data


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_arrives_as_it_was_written(way: Way, script: str) -> None:
    name, subject = SCRIPTS[script]
    text = f"{name}\n\n{subject}\n" * 20
    (handover,) = hand(way, replace(MAIL, to_name=name, subject=subject, text=text, html=f"<p>{text}</p>\n"))
    assert handover.fate is Fate.accepted
    (got,) = way.got()
    assert (got.to[0], got.subject, got.text, got.html) == (name, subject, text, f"<p>{text}</p>\n")


def test_each_of_many_gets_exactly_one_handover(way: Way) -> None:
    mails = [replace(MAIL, key=f"key{number}", to_address=f"p{number}@shop.example") for number in range(40)]
    handovers = hand(way, *mails)
    assert sorted(one.key for one in handovers) == sorted(mail.key for mail in mails)
    assert {one.fate for one in handovers} == {Fate.accepted}
    assert sorted(got.to[1] for got in way.got()) == sorted(mail.to_address for mail in mails)


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "a\r\nBcc: x@y.example"},
        {"to_name": "a\nBcc: x@y.example"},
        {"to_address": "a@b.example>\r\nRCPT TO:<x@y.example"},
        {"from_address": "a@b.example\n"},
        {"to_address": "سلمى@shop.example"},
        {"to_address": "salma@kahve.örnek"},
        {"to_address": "nobody"},
        {"headers": (("X-A", "a\r\nBcc: x@y.example"),)},
        {"headers": (("X-A: b\r\nBcc", "x@y.example"),)},
        {"key": "../up"},
        {"images": (replace(PICTURES[0], content_id="a>\r\nX-B: c"),)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_cannot_be_said_is_refused_in_words_and_the_rest_goes(way: Way, change: dict[str, Any]) -> None:
    bad = replace(MAIL, **{"key": "bad", **change})
    handovers = {one.key: one for one in hand(way, bad, MAIL)}
    assert (handovers[bad.key].fate, handovers[MAIL.key].fate) == (Fate.refused, Fate.accepted)
    assert handovers[bad.key].detail
    assert len(way.got()) == 1


# way, fault, what it means, whether all halts, how many arrived
TROUBLES = [
    ("folder", "a file in the way", Fate.planned, False, 0),
    ("smtp", "MAIL 451 4.3.0 later", Fate.planned, False, 0),
    ("smtp", "MAIL 421 closing", Fate.planned, False, 0),
    ("smtp", "RCPT 450 4.2.0 greylisted", Fate.planned, False, 0),
    ("smtp", "DATA 452 4.3.1 full", Fate.planned, False, 0),
    ("smtp", "RCPT 550 5.1.1 no such user", Fate.refused, False, 0),
    ("smtp", "DATA 554 5.6.0 no", Fate.refused, False, 0),
    ("smtp", "MAIL 550 5.7.1 not this sender", Fate.planned, True, 0),
    ("smtp", "RCPT 530 5.7.0 log in first", Fate.planned, True, 0),
    ("smtp", "cut heard", Fate.in_doubt, False, 1),
    ("smtp", "cut unheard", Fate.in_doubt, False, 0),
    ("sendgrid", "429_seconds:30", Fate.planned, False, 0),
    ("sendgrid", "429_epoch:30", Fate.planned, False, 0),
    ("sendgrid", "429_retry_after:30", Fate.planned, False, 0),
    ("sendgrid", "400", Fate.refused, False, 0),
    ("sendgrid", "413_html", Fate.refused, False, 0),
    ("sendgrid", "401", Fate.planned, True, 0),
    ("sendgrid", "403", Fate.planned, True, 0),
    ("sendgrid", "302", Fate.planned, True, 0),
    ("sendgrid", "close_before", Fate.in_doubt, False, 0),
    ("sendgrid", "close_after", Fate.in_doubt, False, 0),
    ("sendgrid", "reset", Fate.in_doubt, False, 0),
    ("sendgrid", "500", Fate.in_doubt, False, 0),
    ("sendgrid", "503", Fate.in_doubt, False, 0),
    ("sendgrid", "502_html", Fate.in_doubt, False, 0),
    ("sendgrid", "200_html", Fate.in_doubt, True, 0),
    ("sendgrid", "500_after_accept", Fate.in_doubt, False, 1),
    ("sendgrid", "502_after_accept", Fate.in_doubt, False, 1),
    ("sendgrid", "400_after_accept", Fate.refused, False, 1),  # believed: nobody can see through it
    ("sendgrid", "wrong_body", Fate.accepted, False, 1),
    ("sendgrid", "html_after_accept", Fate.accepted, False, 1),
    ("sendgrid", "sandbox", Fate.accepted, False, 0),
    ("sendgrid", "202_untaken", Fate.accepted, False, 0),
    ("sendgrid", "lost_answer", Fate.in_doubt, False, 1),
    ("sendgrid", "half", Fate.in_doubt, False, 1),
    ("sendgrid", "late:3", Fate.in_doubt, False, 1),
    ("sendgrid", "late:0.1", Fate.accepted, False, 1),
]


@pytest.mark.parametrize(("name", "fault", "fate", "halts", "arrived"), TROUBLES)
def test_a_trouble_means_what_it_means_and_the_next_mail_goes(
    name: str, fault: str, fate: Fate, halts: bool, arrived: int, tmp_path: Path
) -> None:
    with one_way(name, tmp_path) as way:
        provider = way.provider()

        async def both() -> tuple[list[Handover], list[Handover]]:
            way.fail(fault)
            first = await handed(provider, [MAIL])
            way.mend()
            return first, await handed(provider, [replace(MAIL, key="next", subject="The next")])

        (first,), (second,) = run(provider, both)
        assert (first.key, first.fate, first.halts) == (MAIL.key, fate, halts)
        assert first.detail or fate is Fate.accepted
        assert (first.retry_at is not None) == fault.startswith("429")
        assert second.fate is Fate.accepted
        assert sorted(got.subject for got in way.got()) == sorted([MAIL.subject] * arrived + ["The next"])


@pytest.mark.parametrize(("name", "fault"), [(row[0], row[1]) for row in TROUBLES if row[2:4] == (Fate.planned, False)])
def test_what_has_certainly_not_gone_can_be_handed_over_again_and_arrives_once(
    name: str, fault: str, tmp_path: Path
) -> None:
    with one_way(name, tmp_path) as way:
        provider = way.provider()

        async def twice() -> list[Fate]:
            way.fail(fault)
            (first,) = await handed(provider, [MAIL])
            way.mend()
            (second,) = await handed(provider, [MAIL])
            return [first.fate, second.fate]

        assert run(provider, twice) == [Fate.planned, Fate.accepted]
        assert [got.headers["message-id"] for got in way.got()] == ["<ab12@kestrel.example>"]


def test_it_can_be_closed_and_used_again_in_another_event_loop(way: Way) -> None:
    provider = way.provider()
    fates = [run(provider, lambda key=key: handed(provider, [replace(MAIL, key=key)]))[0].fate for key in "abc"]
    assert fates == [Fate.accepted] * 3
    assert len(way.got()) == 3


def test_closing_twice_or_unused_does_nothing(way: Way) -> None:
    provider = way.provider()

    async def close() -> None:
        await provider.close()

    run(provider, close)
    assert hand(way, MAIL)[0].fate is Fate.accepted


def test_a_cancelled_post_is_an_answer_and_in_doubt_unless_it_has_certainly_not_gone(way: Way) -> None:
    provider = way.provider()
    (request,) = provider.build([MAIL])

    async def cancelled() -> Handover:
        task = asyncio.ensure_future(provider.post(request))
        await asyncio.sleep(0)  # it is under way
        task.cancel()
        (handover,) = provider.read(request, await task)
        return handover

    handover = run(provider, cancelled)
    assert handover.key == MAIL.key
    known = Fate.accepted if way.got() else Fate.planned
    assert handover.fate in (Fate.in_doubt, known), "what is known of it is true"


def test_who_stops_listening_leaves_nothing_under_way(way: Way) -> None:
    provider = way.provider()
    mails = [replace(MAIL, key=f"key{number}") for number in range(50 * provider.at_once)]

    async def first_only() -> set[asyncio.Task[Any]]:
        handing = hand_over(provider, mails)
        async for _ in handing:
            break
        await handing.aclose()
        return asyncio.all_tasks() - {asyncio.current_task()}

    left = run(provider, first_only)
    assert [task for task in left if "one" in repr(task.get_coro())] == []
    assert len(way.got()) < len(mails)  # what had not begun was not begun


def test_the_same_mail_is_built_the_same(way: Way) -> None:
    provider = way.provider()
    mail = replace(MAIL, images=PICTURES)
    assert list(provider.build([mail])) == list(provider.build([mail]))


def test_nothing_personal_and_no_secret_is_printed_or_logged(way: Way, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        provider = way.provider()
        (request,) = provider.build([MAIL])
        details = [one.detail for one in run(provider, lambda: handed(provider, [MAIL]))]
    ours = [record.getMessage() for record in caplog.records if record.name.split(".")[0] in ("nurture", "aiohttp")]
    printed = " ".join([repr(provider), *details, *ours])
    for leak in filter(None, (way.secret, MAIL.to_address, MAIL.to_name)):
        assert leak not in printed
    assert MAIL.text not in repr(request)
