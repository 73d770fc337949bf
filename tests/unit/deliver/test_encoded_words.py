"""Encoded words are those that the standard library writes."""

from email.header import Header

from hypothesis import example, given
from hypothesis import strategies as st

from nurture.deliver.encoded_words import encoded_words

LETTERS = st.sampled_from(["é", "ş", "ب", "😀", "a", "Z", "0", " ", "_", "=", "?", "-", "!", "*", "\u2068", "\u2069"])


@given(st.sampled_from(["Subject", "From", "To"]), st.lists(LETTERS, max_size=200).map("".join) | st.text())
@example("Subject", "Ünlü " * 30)
@example("Subject", "مرحبا يا سلمى، " * 9)
@example("To", "é")
@example("From", "")
@example("Subject", "two\x85lines é")
@example("Subject", " é  ")
@example("Subject", "half \ud800 é")
@example("Subject", "\x00\x1f é")
def test_encoded_words_are_those_of_the_standard_library(field: str, text: str) -> None:
    try:
        expected = Header(text, "utf-8", header_name=field).encode(linesep="\r\n")
    except Exception as fault:  # noqa: BLE001  (whatever it is, ours is the same)
        expected = type(fault).__name__
    try:
        found = encoded_words(field, text)
    except Exception as fault:  # noqa: BLE001
        found = type(fault).__name__
    assert found == expected
