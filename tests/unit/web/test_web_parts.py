"""The small parts of the web part by themselves: what is read of a body, and how often something may be asked."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.web.body import FIELDS, fields
from nurture.web.limits import Limit

NOW = datetime(2027, 3, 9, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)
KINDS = st.sampled_from(
    ["multipart/form-data; boundary=X", "multipart/form-data", "application/x-www-form-urlencoded", "text/plain", ""]
)


def multipart(*parts: tuple[str, str], boundary: str = "X") -> bytes:
    """As a browser or a mail program writes it (RFC 7578)."""
    said = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in parts]
    return "".join([*said, f"--{boundary}--\r\n"]).encode()


@given(KINDS | st.text(), st.binary() | st.text().map(lambda text: f"--X\r\n{text}\r\n--X--".encode()))
def test_whatever_is_posted_is_read_without_a_fault(kind: str, data: bytes):
    found = fields(kind, data)
    assert all(isinstance(name, str) and isinstance(text, str) for name, text in found.items())


@pytest.mark.parametrize(
    ("kind", "data", "found"),
    [
        ("application/x-www-form-urlencoded", b"do=spare&theme=mothers_day", {"do": "spare", "theme": "mothers_day"}),
        ("APPLICATION/X-WWW-FORM-URLENCODED;charset=UTF-8", b"a=%D7%90&b=", {"a": "א", "b": ""}),
        ("application/x-www-form-urlencoded", b"do=leave&do=back", {"do": "leave"}),
        ("application/x-www-form-urlencoded", b"&".join([b"a=b"] * (FIELDS + 1)), {}),
        (
            "multipart/form-data; boundary=X",
            multipart(("List-Unsubscribe", "One-Click")),
            {"List-Unsubscribe": "One-Click"},
        ),
        ('multipart/form-data; boundary="a b"', multipart(("do", "א"), boundary="a b"), {"do": "א"}),
        ("multipart/form-data; boundary=X", multipart(("do", "leave"), ("do", "back")), {"do": "leave"}),
        ("multipart/form-data; boundary=Y", multipart(("do", "leave")), {}),
        ("text/plain", b"do=back", {}),
        ("", b"do=back", {}),
    ],
)
def test_both_kinds_of_form_are_read_and_nothing_else(kind: str, data: bytes, found: dict[str, str]):
    assert fields(kind, data) == found


def test_so_many_at_once_and_then_so_many_a_second():
    limit = Limit(3, per_second=2)
    assert [limit.allows("a", NOW) for _ in range(5)] == [True, True, True, False, False]
    assert limit.allows("b", NOW)
    assert [limit.allows("a", NOW + SECOND) for _ in range(3)] == [True, True, False]
    assert [limit.allows("a", NOW + 3600 * SECOND) for _ in range(4)] == [True, True, True, False]


def test_a_clock_put_back_gives_nothing():
    limit = Limit(1, per_second=1)
    assert limit.allows("a", NOW)
    assert not limit.allows("a", NOW - 3600 * SECOND)
    assert not limit.allows("a", NOW - 3600 * SECOND)
    assert limit.allows("a", NOW - 3599 * SECOND)


def test_the_keys_used_longest_ago_are_forgotten():
    limit = Limit(1, per_second=0, keys=2)
    assert [limit.allows(key, NOW) for key in ("a", "b", "b", "c")] == [True, True, False, True]
    assert limit.allows("a", NOW)  # forgotten when c came
    assert not limit.allows("c", NOW)
