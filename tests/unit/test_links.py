"""Signed tokens: ours are read back whole, everything else is nobody's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.links import UNSUBSCRIBE, Links, Token, make, verify

SECRET = b"a secret of the shop"
TOKEN = Token(UNSUBSCRIBE, "kestrel", "p1", "tips", "ab12")


@given(st.builds(Token, st.just(UNSUBSCRIBE), st.just("kestrel"), st.text(), st.text(), st.text()))
def test_what_was_made_is_read_back(token):
    text = make(token, SECRET)
    assert verify(text, SECRET, UNSUBSCRIBE, "kestrel") == token
    assert text.isascii()
    assert not set(text) & set("/+=&?# ")


@given(st.integers(min_value=0), st.characters())
def test_one_changed_character_is_enough(position, other):
    text = make(TOKEN, SECRET)
    position %= len(text)
    if text[position] != other:
        changed = text[:position] + other + text[position + 1 :]
        assert verify(changed, SECRET, UNSUBSCRIBE, "kestrel") is None


@pytest.mark.parametrize(
    "text", ["", ".", "a.b", "é.é", "WzFd.WzFd", make(TOKEN, SECRET) + "=", make(TOKEN, b"another")]
)
def test_strangers_are_refused(text):
    assert verify(text, SECRET, UNSUBSCRIBE, "kestrel") is None


def test_a_token_is_for_one_purpose_and_one_project():
    text = make(TOKEN, SECRET)
    assert verify(text, SECRET, "preferences", "kestrel") is None
    assert verify(text, SECRET, UNSUBSCRIBE, "another") is None


def test_without_a_secret_nothing_is_signed():
    with pytest.raises(ValueError, match="secret"):
        make(TOKEN, b"")


def test_unsubscribe_address_names_no_address_and_is_stable():
    links = Links("https://shop.example/", SECRET, "kestrel")
    url = links.unsubscribe("p1", "tips", "ab12")
    assert url.startswith("https://shop.example/u/")
    assert url == links.unsubscribe("p1", "tips", "ab12")
    assert verify(url.rpartition("/")[2], SECRET, UNSUBSCRIBE, "kestrel") == TOKEN
