"""SendGrid's events as happenings: every kind, what may be missing, and nothing that breaks us."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.deliver.sendgrid_bounces import bounce_of, dropped_because
from nurture.deliver.sendgrid_events import WORDS, read_events, without_query
from nurture.model.happening import Bounce, By, Happened

DATA = Path(__file__).parents[2] / "data" / "sendgrid" / "events"
AT = 1740300320


def read(*events):
    return read_events(json.dumps(list(events)).encode())


def event(kind, **more):
    return {"event": kind, "timestamp": AT, "email": "a@b.example", "sg_event_id": "x", "nv_send": "k", **more}


def test_every_kind_of_the_documentation_is_read():
    told = read_events((DATA / "documented.json").read_bytes())
    assert [one.what.value for one in told.happenings] == [
        "processed", "deferred", "delivered", "opened", "clicked", "bounced", "dropped", "complained",
        "unsubscribed", "unsubscribed",
    ]  # fmt: skip
    assert (told.unread, told.ignored) == ((), 1)
    assert {one.key for one in told.happenings} == {"key-1"}
    bounced = told.happenings[5]
    assert (bounced.bounce, bounced.detail) == (Bounce.hard, "5.0.0 500 unknown recipient")
    assert told.happenings[6].bounce is Bounce.hard
    assert told.happenings[3].detail.startswith("Mozilla/4.0")


def test_what_others_captured_is_read():
    told = read_events((DATA / "captured.json").read_bytes())
    assert [(one.what, one.bounce, one.by) for one in told.happenings] == [
        (Happened.bounced, Bounce.hard, By.unknown),
        (Happened.blocked, Bounce.refused_us, By.unknown),
        (Happened.opened, None, By.machine),
    ]
    assert (told.happenings[0].message, told.happenings[0].address) == ("", "example@test.com")
    assert (told.unread, told.ignored) == ((), 2), "a block of no mail of ours says nothing of its address"


def test_categories_may_be_a_word_or_a_list_and_say_nothing():
    assert read(event("delivered", category="a")).happenings == read(event("delivered", category=["a", "b"])).happenings


def test_an_event_of_an_unknown_kind_is_unread_with_its_place_and_the_others_are_read():
    told = read(event("delivered"), event("levitated"), event("processed"))
    assert [(one.number, one.because) for one in told.unread] == [
        (2, "an event of a kind that is not known: 'levitated'")
    ]
    assert len(told.happenings) == 2


def test_what_is_no_mail_of_ours_counts_only_where_it_says_something_of_the_address():
    kinds = {kind for kind in WORDS if read(event(kind, nv_send="")).happenings}
    assert kinds == {"bounce", "dropped", "spamreport", "unsubscribe", "group_unsubscribe"}


def test_the_same_event_has_the_same_id_whatever_post_it_comes_in_and_another_kind_another():
    assert read(event("open")).happenings[0].id == read(event("click"), event("open")).happenings[1].id
    assert read(event("open")).happenings[0].id != read(event("click")).happenings[0].id


def test_without_an_id_of_its_own_what_it_says_is_its_id():
    one, same, other = (read(event("open", sg_event_id=None, ip=ip)).happenings[0].id for ip in ("1", "1", "2"))
    assert one == same != other


@pytest.mark.parametrize("timestamp", [None, "soon", -1, 0, 1e300, float("inf"), True, [], {}, "9" * 5000])
def test_an_event_without_a_time_is_unread(timestamp):
    assert [one.because for one in read(event("open", timestamp=timestamp)).unread] == ["open without a time"]


@pytest.mark.parametrize(
    "body", [b"", b"\x00", b"{", b"[[[[", b"3", b'"x"', b"null", b"[" * 100_000, b"\xff\xfe", b"[1, null, []]"]
)
def test_a_post_that_is_none_is_said_to_be(body):
    told = read_events(body)
    assert (told.happenings, told.ignored) == ((), 0)
    assert told.unread


def test_half_a_character_in_one_value_loses_no_other_event():
    body = json.dumps([event("open", useragent="@@"), event("delivered")]).replace("@@", "\\ud800 x\\u0000y").encode()
    told = read_events(body)
    assert [one.what for one in told.happenings] == [Happened.opened, Happened.delivered]
    told.happenings[0].detail.encode()
    assert "\x00" not in told.happenings[0].detail


def test_a_post_of_the_largest_size_is_read_whole():
    body = json.dumps([event("click", sg_event_id=f"id{n}", url=f"https://x.example/{n}?a=b#c") for n in range(6_000)])
    assert len(body) > 768 * 1024
    told = read_events(body.encode())
    assert len({one.id for one in told.happenings}) == 6_000
    assert told.happenings[5].link == "https://x.example/5"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NAMES = [
    "event", "email", "timestamp", "sg_event_id", "sg_message_id", "nv_send", "reason", "response", "status", "type",
    "bounce_classification", "url", "useragent", "sg_machine_open", "category",
]  # fmt: skip


@given(st.lists(st.dictionaries(st.sampled_from(NAMES), json_values | st.sampled_from(sorted(WORDS)), max_size=12)))
def test_whatever_the_values_are_every_event_is_read_ignored_or_unread(events):
    told = read_events(json.dumps([{"timestamp": AT, **one} for one in events]).encode())
    assert len(told.happenings) + len(told.unread) + told.ignored == len(events)
    for one in told.happenings:
        assert len(one.detail) <= 1_000
        assert len(one.key) <= 320
        for words in (one.id, one.key, one.address, one.message, one.detail, one.link):
            words.encode("utf-8")
            assert "\x00" not in words


@given(st.binary(max_size=200))
def test_no_bytes_break_it(body):
    read_events(body)


@pytest.mark.parametrize(
    ("what", "words", "class_", "bounce"),
    [
        (Happened.bounced, "550 5.1.1 no such user", "Invalid Address", Bounce.hard),
        (Happened.bounced, "550 5.1.1 no such user", "", Bounce.hard),
        (Happened.bounced, "550 5.1.10 null MX", "Unclassified", Bounce.hard),
        (Happened.bounced, "552 5.2.2 mailbox full", "Mailbox Unavailable", Bounce.soft),
        (Happened.bounced, "552 5.2.2 mailbox full", "", Bounce.soft),
        (Happened.bounced, "unknown", "", Bounce.soft),
        (Happened.bounced, "550 5.7.26 unauthenticated", "Invalid Address", Bounce.refused_us),
        (Happened.bounced, "550 5.7.515 access denied", "", Bounce.refused_us),
        (Happened.bounced, "554 spam", "Content", Bounce.refused_us),
        (Happened.bounced, "421 too many", "Frequency or Volume Too High", Bounce.refused_us),
        (Happened.bounced, "no route", "Technical", Bounce.soft),
        (Happened.blocked, "550 5.1.1 no such user", "Invalid Address", Bounce.soft),
        (Happened.blocked, "550 blocked", "Reputation", Bounce.refused_us),
        (Happened.blocked, "550 blocked", "", Bounce.refused_us),
        (Happened.delivered, "250 OK", "", None),
    ],
)
def test_what_a_bounce_means_for_its_address(what, words, class_, bounce):
    assert bounce_of(what, words, class_) is bounce


@pytest.mark.parametrize(
    ("reason", "bounce", "known"),
    [
        ("Bounced Address", Bounce.hard, None),
        ("5.0.0 Bounced Address", Bounce.hard, None),
        ("Invalid", Bounce.hard, None),
        ("Invalid SMTPAPI header", Bounce.refused_us, None),
        ("Spam Reporting Address", None, Happened.complained),
        ("Unsubscribed Address", None, Happened.unsubscribed),
        ("Recipient List over Package Quota", Bounce.refused_us, None),
        ("Spam Content (if Spam Checker app is enabled)", Bounce.refused_us, None),
        ("", Bounce.refused_us, None),
    ],
)
def test_why_something_was_dropped(reason, bounce, known):
    assert (dropped_because(reason).bounce, dropped_because(reason).known) == (bounce, known)


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://me:pw@shop.example/a/b?mail=x@y.z#x", "https://shop.example/a/b"),
        ("javascript:alert(1)", ""),
        ("mailto:a@b.example", ""),
        ("http://[::1", ""),
        ("", ""),
    ],
)
def test_of_a_link_nothing_is_kept_that_may_name_its_reader(link, kept):
    assert without_query(link) == kept
