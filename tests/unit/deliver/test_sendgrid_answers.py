"""What each of SendGrid's answers means: the whole table, and answers that break its form."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from nurture.deliver.sendgrid_answer import LATEST, SOONEST, Answer, Reached, read_answer
from nurture.model.mail import Fate, Handover

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HIDDEN = "SG.very-secret"
NGINX = b"<html><head><title>413 Request Entity Too Large</title></head></html>"


def told(message: object, field: object = None) -> bytes:
    return json.dumps({"errors": [{"message": message, "field": field, "help": None}]}).encode()


def read(status: int, body: bytes = b"", **more: str) -> Handover:
    return read_answer("k1", Answer(NOW, Reached.answered, status, body=body, **more), HIDDEN)


@pytest.mark.parametrize(
    ("status", "fate", "halts"),
    [
        (202, Fate.accepted, False),
        (200, Fate.accepted, False),
        (201, Fate.in_doubt, False),
        (204, Fate.in_doubt, False),
        (301, Fate.planned, True),
        (308, Fate.planned, True),
        (400, Fate.refused, False),
        (401, Fate.planned, True),
        (402, Fate.planned, True),
        (403, Fate.planned, True),
        (404, Fate.planned, True),
        (405, Fate.planned, True),
        (407, Fate.planned, True),
        (408, Fate.in_doubt, False),
        (413, Fate.refused, False),
        (415, Fate.refused, False),
        (422, Fate.refused, False),
        (429, Fate.planned, False),
        (500, Fate.in_doubt, False),
        (502, Fate.in_doubt, False),
        (503, Fate.in_doubt, False),
        (504, Fate.in_doubt, False),
        (520, Fate.in_doubt, False),
    ],
)
def test_each_status(status: int, fate: Fate, halts: bool) -> None:
    for body in (b"", told("why"), NGINX, b"\xff\xfe", b"[]", b'{"errors": 1}', b'{"errors": [1]}'):
        handover = read(status, body)
        assert (handover.key, handover.fate, handover.halts) == ("k1", fate, halts)


def test_accepted_keeps_the_name_that_sendgrid_gave_the_request() -> None:
    assert read(202, message_id="14c5d75ce93.dfd.64b469").detail == "14c5d75ce93.dfd.64b469"


def test_a_sandbox_is_said() -> None:
    assert "sandbox" in read(200).detail


def test_a_web_page_at_a_wrong_address_is_not_taken_for_a_sandbox() -> None:
    handover = read(200, NGINX, media_type="text/html; charset=utf-8")
    assert (handover.fate, handover.halts) == (Fate.in_doubt, True)
    assert "sendgrid.url" in handover.detail


def test_a_refusal_says_sendgrids_words_and_the_field() -> None:
    handover = read(400, told("Does not contain a valid address.", "personalizations.0.to.0.email"))
    assert handover.detail == (
        "SendGrid refuses this mail (400): Does not contain a valid address. (personalizations.0.to.0.email)"
    )


@pytest.mark.parametrize("field", [None, "null"])
def test_a_field_that_is_none_is_not_named(field: object) -> None:
    assert read(400, told("Bad Request", field)).detail == "SendGrid refuses this mail (400): Bad Request"


@pytest.mark.parametrize("field", ["from", "from.email"])
def test_a_sender_that_sendgrid_does_not_take_stops_all_mails_and_uses_up_none(field: str) -> None:
    handover = read(400, told("The from email does not contain a valid address.", field))
    assert (handover.fate, handover.halts) == (Fate.planned, True)
    assert "house rules" in handover.detail


def test_words_are_bounded_and_hold_no_address_and_no_secret() -> None:
    handover = read(400, told(f"{HIDDEN} <salma@shop.example> {'x' * 5000}\r\nline two"))
    assert len(handover.detail) < 400
    for leak in (HIDDEN, "salma", "shop.example", "\n", "\r"):
        assert leak not in handover.detail


def test_the_remedy_for_a_key_does_not_name_the_key() -> None:
    handover = read(401, told(f"The key {HIDDEN} is revoked"))
    assert "sendgrid.key_env" in handover.detail
    assert HIDDEN not in handover.detail


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"reset": str(int(NOW.timestamp()) + 90)}, timedelta(seconds=90)),  # the classic page: a unix time
        ({"reset": "45"}, timedelta(seconds=45)),  # the newer document: seconds
        ({"reset": " 45.5 "}, timedelta(seconds=45.5)),
        ({"retry_after": "120"}, timedelta(seconds=120)),
        ({"retry_after": "Sun, 22 Nov 2026 09:05:00 GMT"}, timedelta(minutes=5)),
        ({"retry_after": "Sun, 22 Nov 2026 09:05:00 -0000"}, timedelta(minutes=5)),
        ({"reset": "soon", "retry_after": "30"}, timedelta(seconds=30)),
        ({"reset": "10", "retry_after": "30"}, timedelta(seconds=10)),
        ({"reset": str(int(NOW.timestamp()) - 90)}, SOONEST),  # past
        ({"reset": "0"}, SOONEST),
        ({"reset": "86400"}, LATEST),
        ({"reset": "1392815263"}, SOONEST),
        ({"reset": "999999999999999"}, LATEST),
        ({"retry_after": "Fri, 31 Dec 9999 23:59:59 GMT"}, LATEST),
        ({"reset": "-5"}, None),
        ({"reset": "nan"}, None),
        ({"reset": "inf"}, None),
        ({"reset": "1e400"}, None),
        ({"retry_after": "Sun, 99 Nov 2026"}, None),
        ({}, None),
    ],
)
def test_a_pause_is_as_long_as_sendgrid_says_within_bounds(headers: dict[str, str], wait: timedelta | None) -> None:
    handover = read(429, told("too many requests"), **headers)
    assert handover.fate is Fate.planned
    assert handover.retry_at == (None if wait is None else NOW + wait)


@pytest.mark.parametrize("status", [401, 403, 400, 413, 500, 503])
def test_only_a_pause_names_an_instant(status: int) -> None:
    assert read(status, reset="45").retry_at is None


def test_a_fault_before_the_connection_and_one_after_it() -> None:
    never = read_answer("k1", Answer(NOW, Reached.never, fault=f"refused {HIDDEN}"), HIDDEN)
    perhaps = read_answer("k1", Answer(NOW, Reached.perhaps, fault=f"cut {HIDDEN}"), HIDDEN)
    assert (never.fate, perhaps.fate) == (Fate.planned, Fate.in_doubt)
    assert HIDDEN not in never.detail + perhaps.detail
