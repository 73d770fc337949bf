"""The quick way through a YAML file and the patient one read the same text alike, or the quick one lets it be."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.language.letters import without_the_forbidden
from nurture.language.page import Page
from nurture.language.yaml_source import patiently, quickly

ROOT = Path(__file__).parents[3]
FILES = sorted(
    path
    for folder in ("sequences", "docs/examples", "tests/specimens/check")
    for path in (ROOT / folder).rglob("*.yaml")
)
BOOK = [path for path in FILES if path.is_relative_to(ROOT / "sequences")]
LINES = sorted({line for path in BOOK for line in path.read_text(encoding="utf-8").splitlines() if line.strip()})
BITS = [
    *" \n:#-?,[]{}'\"|>&*!%@`\\.~<=()é", ": ", " #", "- ", "\n  ", "\n\n", "if: ", '"a"', "'b'", "? ", ", ", "[a, b]",
    "{ a: b }", "---\n", "...\n", "|\n", ">-\n", "<<: ", "a:b", "::", ":,", "# c\n", "\n- x\n", '"\\x41"', "''",
    "\u00a0", "\u2028", "\x85", "\U0001f600", "null", "1e400", "0o17", "-1",
]  # fmt: skip


def page_of(text: str) -> Page:
    page, _ = without_the_forbidden(Page("sequences/x.yaml", text.replace("\r", "").replace("\t", " ")))
    return page


def same(text: str) -> bool:
    """Whether the quick way was taken; it must then have found what the patient one finds."""
    page = page_of(text)
    quick = quickly(page, page.text)
    assert quick is None or quick == patiently(page, page.text)
    return quick is not None


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_both_ways_read_a_file_alike(path: Path) -> None:
    same(path.read_bytes().decode("utf-8-sig", "replace"))


def test_nearly_every_file_of_a_book_goes_the_quick_way() -> None:
    quick = [same(path.read_text(encoding="utf-8")) for path in BOOK]
    assert quick.count(True) >= 0.95 * len(BOOK)


@st.composite
def texts(draw: st.DrawFn) -> str:
    text = "\n".join(draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=6)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        kept = draw(st.integers(at, min(at + 2, len(text))))
        text = text[:at] + draw(st.sampled_from(BITS)) + text[kept:]
    return text


@settings(max_examples=400, deadline=None)
@given(texts())
def test_both_ways_read_what_is_nearly_right_alike(text: str) -> None:
    same(text)


@pytest.mark.parametrize(
    "text",
    [
        "a: &b c\n", "a: *b\n", "a: !!str b\n", "%YAML 1.2\n---\na: b\n", "---\na: b\n", "a: b\n...\n", "a: |\n  b\n",
        "? a\n: b\n", "a: {?b: c}\n", "a: [b?c]\n", "a: {b: }\n", "a: 'b' c\n", "a: 'b'#c\n", "a: b #c\n", "a: @b\n",
        "a: b: c\n", "a: [b\n  c]\n", "[a]: b\n", "if: [a]\n", "if:\n  - a\n", "a: {if: b('c, d')}\n", "a: 1e400\n",
        "a: b\na: c\n", "a: \u2028b\n", "<<: {a: b}\n",
    ],
)  # fmt: skip
def test_what_is_out_of_the_ordinary_is_read_patiently(text: str) -> None:
    page = Page("sequences/x.yaml", text)
    assert quickly(page, page.text) is None


def test_what_is_ordinary_is_read_quickly() -> None:
    assert same("a: b  # c\nc: [d, {e: -1}]\nif: person.country == 'FR'\n'f g': \"h: i\"\nj:\n- 09:00\n")
