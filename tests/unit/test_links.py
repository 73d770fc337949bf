"""Signed tokens: ours are read back whole, everything else is nobody's."""

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.links import (
    ANSWER,
    CONFIRM,
    LONGEST,
    PREFERENCES,
    SPARE,
    UNSUBSCRIBE,
    Links,
    Token,
    _sealed,
    _signature,
    _text,
    fields_in_a_token,
    in_a_token,
    make,
    verify,
)

SECRET = b"a secret of the shop"
TOKEN = Token(UNSUBSCRIBE, "kestrel", "p1", "tips", "ab12")
OLD = json.dumps([1, UNSUBSCRIBE, "kestrel", "p1", "tips", "ab12"], separators=(",", ":")).encode()
VALUES = st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def plain(said: bytes) -> str:
    """Anything at all, genuine, in the first form of tokens: such mails lie in inboxes."""
    return f"{_text(said)}.{_text(_signature(said, SECRET))}"


def sealed(said: bytes) -> str:
    """Anything at all, genuine, in today's form."""
    return _text(_sealed(said, SECRET))


FORMS = pytest.mark.parametrize("signed", [plain, sealed])


@given(
    st.builds(
        Token,
        st.just(ANSWER),
        st.just("kestrel"),
        st.text(max_size=20),
        st.text(max_size=20),
        st.text(max_size=20),
        st.dictionaries(st.text(max_size=9), VALUES.filter(lambda value: len(str(value)) < 20), max_size=5),
    )
)
def test_what_was_made_is_read_back(token):
    text = make(token, SECRET)
    assert verify(text, SECRET, ANSWER, "kestrel") == token
    assert text.isascii()
    assert not set(text) & set("/+=&?# ")


WORD = (
    st.text(max_size=20) | st.binary(max_size=70).map(bytes.hex) | st.sampled_from(["AB", "0a ", "é" * 64, "a" * 127])
)


@given(st.builds(Token, st.just(UNSUBSCRIBE), WORD, WORD, WORD, WORD, st.dictionaries(WORD, st.booleans(), max_size=2)))
def test_every_word_is_read_back_whatever_it_looks_like(token):
    assert verify(make(token, SECRET), SECRET, UNSUBSCRIBE) == token


def test_a_link_to_leave_is_short_for_it_stands_in_a_mail_three_times():
    token = Token(UNSUBSCRIBE, "kestrel_coffee", "0123456789abcdef01234567", "coffee_tips", "0123456789abcdef" * 4)
    assert len(make(token, SECRET)) < 130
    told_at_length = json.dumps([1, UNSUBSCRIBE, token.project, token.person, token.subject, token.key]).encode()
    assert verify(sealed(told_at_length), SECRET, UNSUBSCRIBE) == token  # mails that lie in inboxes


@given(
    st.binary(max_size=40).map(lambda rest: b"\x02" + rest) | st.binary(max_size=9).map(lambda rest: b"\x02u" + rest)
)
def test_no_short_form_with_a_genuine_signature_raises(said):
    token = verify(sealed(said), SECRET, UNSUBSCRIBE)
    assert token is None or verify(make(token, SECRET), SECRET, UNSUBSCRIBE) == token


@given(st.integers(min_value=0), st.characters())
def test_one_changed_character_is_enough(position, other):
    text = make(TOKEN, SECRET)
    position %= len(text)
    if text[position] != other:
        changed = text[:position] + other + text[position + 1 :]
        assert verify(changed, SECRET, UNSUBSCRIBE, "kestrel") is None


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "..", "a.b", "é.é", "WzFd.WzFd", "\udcff.\udcff", "\x00", "a" * 1_000_000),
        *(make(TOKEN, SECRET) + end for end in ("=", ".", "\n", " ")),
        *(make(TOKEN, b"another"), make(TOKEN, SECRET)[:-1], make(TOKEN, SECRET).upper()),
        *(None, 7, b"WzFd.WzFd", ["a"]),
    ],
)
def test_strangers_are_refused(text):
    assert verify(text, SECRET, UNSUBSCRIBE, "kestrel") is None


@given(st.text() | st.binary() | st.binary().map(lambda data: f"{_text(data)}.{_text(data)}"))
def test_nothing_that_is_not_ours_is_believed_or_raises(text):
    assert verify(text, SECRET, UNSUBSCRIBE) is None


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_shape_inside_a_genuine_signature_raises(said):
    assert verify(plain(said), SECRET, UNSUBSCRIBE) is None
    assert verify(sealed(said), SECRET, UNSUBSCRIBE) is None


@pytest.mark.parametrize(
    "said",
    [
        [2, *"upstk"],
        [True, UNSUBSCRIBE, *"pstk"],
        [1.0, UNSUBSCRIBE, *"pstk"],
        [1, UNSUBSCRIBE, "p", "s", "t", 7],
        [1, UNSUBSCRIBE, *"pstk", []],
        [1, UNSUBSCRIBE, *"pstk", {"a": None}],
        [1, UNSUBSCRIBE, *"pstk", {"a": {}}],
        [1, UNSUBSCRIBE, *"pstk", {}, {}],
    ],
)
@FORMS
def test_another_version_or_shape_with_a_genuine_signature_is_nobodys(said, signed):
    assert verify(signed(json.dumps(said).encode()), SECRET, UNSUBSCRIBE) is None
    assert verify(signed(json.dumps([1, UNSUBSCRIBE, *"pstk"]).encode()), SECRET, UNSUBSCRIBE) is not None


@FORMS
def test_a_genuine_signature_under_deep_nesting_is_refused(signed):
    assert verify(signed(b"[" * 2_900), SECRET, UNSUBSCRIBE) is None


def test_a_token_has_one_spelling():
    text = make(TOKEN, SECRET)
    wide = base64.urlsafe_b64encode(base64.urlsafe_b64decode(text + "==")).decode()
    assert text == wide.rstrip("=")
    assert [verify(one, SECRET, UNSUBSCRIBE) for one in (wide + "=", text + "=", text + "==", f"{text[:-1]}-_")] == [
        None
    ] * 4
    said, _, signature = plain(OLD).partition(".")
    assert verify(f"{said}.{signature}", SECRET, UNSUBSCRIBE) == TOKEN
    padded = base64.urlsafe_b64encode(base64.urlsafe_b64decode(said + "==")).decode()
    respelt = [
        f"{padded}==.{signature}",
        f"{said}.{signature}==",
        f"{said}.{signature[:-1]}{chr(ord(signature[-1]) + 1)}",
    ]
    assert [verify(text, SECRET, UNSUBSCRIBE) for text in respelt] == [None] * 3


def test_a_token_is_for_one_purpose_and_one_project():
    text = make(TOKEN, SECRET)
    assert verify(text, SECRET, SPARE, "kestrel") is None
    assert verify(text, SECRET, UNSUBSCRIBE, "another") is None
    assert verify(text, SECRET, UNSUBSCRIBE) == TOKEN  # the shop may rename its project, and readers still leave


def test_a_replaced_secret_is_believed_for_ever_and_no_other():
    text = make(TOKEN, SECRET)
    assert verify(text, [b"the newest", SECRET, b"the oldest"], UNSUBSCRIBE) == TOKEN
    assert verify(text, [b"the newest", b"the oldest"], UNSUBSCRIBE) is None
    assert verify(text, [], UNSUBSCRIBE) is None


def test_without_a_secret_nothing_is_signed():
    with pytest.raises(ValueError, match="secret"):
        make(TOKEN, b"")
    with pytest.raises(ValueError, match="JSON"):
        make(Token(ANSWER, "kestrel", "p1", "feedback.given", "ab12", {"score": float("nan")}), SECRET)


def test_no_token_is_made_that_would_not_be_read():
    def answer(letters: int) -> Token:
        return Token(ANSWER, "kestrel", "p" * 21, "feedback.given", "k" * 32, {"words": "w" * letters})

    longest = next(letters for letters in range(2_900, 3_072) if len(make(answer(letters + 1), SECRET)) > LONGEST - 2)
    assert verify(make(answer(longest), SECRET), SECRET, ANSWER) == answer(longest)
    with pytest.raises(ValueError, match="a link cannot say so much"):
        make(answer(3_072), SECRET)
    said = b'[1,"answer","","","","",{"words":"%s"}]' % (b"w" * 3_100)
    for signed in (plain, sealed):
        assert verify(signed(said), SECRET, ANSWER) is None
        assert verify(signed(said.replace(b"w" * 3_000, b"")), SECRET, ANSWER) is not None


def test_unsubscribe_address_names_no_address_and_is_stable():
    links = Links("https://shop.example/", SECRET, "kestrel")
    url = links.unsubscribe("p1", "tips", "ab12")
    assert url.startswith("https://shop.example/u/")
    assert url == links.unsubscribe("p1", "tips", "ab12")
    assert verify(url.rpartition("/")[2], SECRET, UNSUBSCRIBE, "kestrel") == replace(TOKEN, project="")


def test_a_link_tells_nothing_to_who_cannot_read_it():
    token = Token(UNSUBSCRIBE, "kestrel", "person-1", "pregnancy", "ab12")
    text = make(token, SECRET)
    data = base64.urlsafe_b64decode(text + "==")
    for word in (b"person-1", b"pregnancy", b"ab12", b"kestrel", b"unsubscribe"):
        assert word not in data
        assert word.decode() not in text
    other = base64.urlsafe_b64decode(make(replace(token, key="ab13"), SECRET) + "==")
    alike = sum(one == two for one, two in zip(data, other, strict=True))
    assert alike < len(data) // 4  # no part of two links of one person is the same


def test_a_link_of_the_first_form_is_believed_as_ever():
    assert verify(plain(OLD), [b"newest", SECRET], UNSUBSCRIBE, "kestrel") == TOKEN
    assert verify(plain(OLD), b"newest", UNSUBSCRIBE, "kestrel") is None


def test_the_pages_of_preferences_and_of_confirming_have_links_of_their_own():
    links = Links("https://shop.example", SECRET, "kestrel")
    wanted, asked = links.preferences("p1", "k"), links.confirm("p1", "tips", "k")
    assert verify(wanted.removeprefix("https://shop.example/p/"), SECRET, PREFERENCES) == Token(
        PREFERENCES, "", "p1", "", "k"
    )
    found = verify(asked.removeprefix("https://shop.example/c/"), SECRET, CONFIRM)
    assert found is not None
    assert (found.person, found.subject) == ("p1", "tips")


def test_the_addresses_of_one_mail_are_those_of_links():
    links = Links("https://shop.example/", SECRET, "kestrel")
    key = "0f" * 32
    ours = links.of_mail("p1", key)
    assert ours.unsubscribe("tips") == links.unsubscribe("p1", "tips", key)
    assert ours.preferences() == links.preferences("p1", key)
    said = {"score": 9, "words": "é", "yes": True}
    answered = ours.answer(in_a_token("feedback.given"), fields_in_a_token(said))
    assert answered == links.answer("p1", "feedback.given", said, key)
    with pytest.raises(IndexError):
        links.of_mail("p1", "x" * 128)
