"""Laws of letters: a stop in the reader's own words always refuses, ours never does, and no machine is a person.

Each law is shown to bite: with a fault planted, an example is found that breaks it.
"""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.decide import replies
from nurture.decide.replies import judged
from nurture.deliver import letter as reading
from nurture.deliver.letter import letter_of_post, letter_of_raw
from nurture.engine.letters import following, reply_of
from nurture.model.event import CONSENT_REFUSED, MAIL_REPLIED
from nurture.model.letter import Kind, Letter
from nurture.store.received import Received
from nurture.store.replies import Writer
from tests import random_letters as random
from tests import worlds as w
from tests.drawing import Dice, drawn
from tests.hunting import hunt
from tests.random_letters import Written
from tests.sending_worlds import NOW

TOPICS = ("news", "tips")
BOOK = w.book(w.sequence("vip", w.JOINED, [w.send("hello")]))
TRIES = 3_000


def recorded(written: Written) -> set[str]:
    """The names of what is recorded of the writer, who is known and answers a mail of ours."""
    letter = letter_of_raw(written.raw)
    raw, writer, found = (
        Received("mail", written.raw, {}, 1, at=NOW),
        Writer("p1", "k1", "tips"),
        judged(letter, TOPICS),
    )
    return {one.name for one in following(BOOK, letter, writer, found, reply_of(raw, letter, writer, found))}


def refuses(written: Written) -> bool:
    return CONSENT_REFUSED in recorded(written)


def refuses_nothing(written: Written) -> bool:
    return CONSENT_REFUSED not in recorded(written)


def is_of_a_machine(written: Written) -> bool:
    return MAIL_REPLIED not in recorded(written) and judged(letter_of_raw(written.raw), TOPICS).kind is Kind.automatic


LAWS: dict[str, tuple[Callable[[Dice], Written], Callable[[Written], bool]]] = {
    "a stop in the reader's own words always refuses": (random.stop, refuses),
    "a stop that is denied refuses nothing": (random.denied, refuses_nothing),
    "no stop of ours that is quoted refuses anything": (random.neutral, refuses_nothing),
    "automatic mail never counts as a person's reply": (random.automatic, is_of_a_machine),
}


@pytest.mark.parametrize("law", LAWS)
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_laws_of_letters(law: str, data: st.DataObject) -> None:
    example, holds = LAWS[law]
    written = example(lambda last: data.draw(st.integers(0, last)))
    assert holds(written), (written.own, judged(letter_of_raw(written.raw), TOPICS), letter_of_raw(written.raw).words)


def says_it_anywhere(letter: Letter) -> str:
    stops = replies._sayings(replies.reply_words.STOP)
    return next((line for line in letter.text.splitlines() if replies.said(line) in stops), "")


FAULTS: dict[str, tuple[str, Callable[[pytest.MonkeyPatch], None]]] = {
    "what is quoted counts as the reader's own": (
        "no stop of ours that is quoted refuses anything",
        lambda patch: patch.setattr(replies, "_stop", lambda letter, _more: says_it_anywhere(letter)),
    ),
    "quoted mail stays among the reader's words": (
        "a stop in the reader's own words always refuses",
        lambda patch: patch.setattr(reading, "own_words", lambda text: text),
    ),
    "letters are compared in lower case only": (
        "a stop in the reader's own words always refuses",
        lambda patch: (patch.setattr(replies, "folded", str.lower), replies._sayings.cache_clear()),
    ),
    "courtesy counts as words": (
        "a stop in the reader's own words always refuses",
        lambda patch: patch.setattr(replies, "_without_courtesy", lambda words: words),
    ),
    "the name below counts as words": (
        "a stop in the reader's own words always refuses",
        lambda patch: patch.setattr(
            replies, "_bare", lambda text, _name: replies._without_courtesy(replies.said(text))
        ),
    ),
    "a stop-word anywhere is a stop": (
        "a stop that is denied refuses nothing",
        lambda patch: patch.setattr(
            replies, "_stop", lambda letter, _more: replies._says(replies.said(letter.words), replies._doubtful())
        ),
    ),
    "headers say nothing of machines": (
        "automatic mail never counts as a person's reply",
        lambda patch: patch.setattr(reading, "_signs", lambda _mime, _envelope: []),
    ),
    "a stop of a machine is believed": (
        "automatic mail never counts as a person's reply",
        lambda patch: patch.setattr(replies, "_LEAVING", re.compile(r".*(x)?", re.DOTALL)),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_law_sees_a_fault_that_is_planted(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    law, plant = FAULTS[fault]
    example, holds = LAWS[law]
    try:
        plant(monkeypatch)
        hunt(example, lambda one: not holds(one), TRIES)
    finally:
        monkeypatch.undo()
        replies._sayings.cache_clear()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_letter_raises_and_every_part_of_it_is_bounded(data: st.DataObject) -> None:
    raw = data.draw(st.one_of(st.binary(max_size=400), st.composite(lambda draw: random.junk(drawn(draw)))()))
    for found in (
        letter_of_raw(raw),
        letter_of_post("multipart/form-data; boundary=b", raw),
        letter_of_post("multipart/form-data; boundary=X", posted(raw)),
    ):
        said = judged(found, TOPICS)
        assert isinstance(said.kind, Kind)
        assert len(found.words) <= 20_000
        assert (
            max(map(len, (found.subject, found.from_name, found.from_address, found.message_id, said.because))) <= 600
        )
        texts = (found.words, found.text, found.subject, found.from_name, found.from_address, found.spf, *found.answers)
        assert all("\0" not in one and one.encode() for one in texts if one)


def posted(raw: bytes) -> bytes:
    """The same bytes as every field of a post."""
    return b"".join(
        b'--X\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name, raw)
        for name in (b"headers", b"text", b"html", b"from", b"to", b"subject", b"charsets", b"envelope", b"attachments")
    )


@settings(max_examples=100, deadline=None)
@given(words=st.text(max_size=300), subject=st.text(max_size=80), name=st.text(max_size=30))
def test_any_text_is_judged_the_same_whatever_stands_around_it(words: str, subject: str, name: str) -> None:
    letter = Letter(words=words, subject=subject, from_name=name)
    found = judged(letter, TOPICS)
    assert judged(replace(letter, automatic=("Precedence",)), TOPICS).kind in (Kind.automatic, found.kind)
    assert judged(replace(letter, text="stop", to=("a@b.example",), attachments=3), TOPICS) == found
