"""The head of a mail is read the short way only where YAML reads it alike."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.render.source import KEYS, plain_fields, yaml_fields

TEMPLATES = Path(__file__).parents[3] / "templates"
MAILS = sorted(path for path in TEMPLATES.rglob("*.md"))
VALUES = st.one_of(
    st.text(max_size=12).map(lambda text: text.replace("\n", " ")),
    st.text(alphabet=" \"'#:-?&*!|>{}[],%@`\\aé1.\u00a0\u2028\ufeff\t", max_size=8),
    st.sampled_from(
        ["true", "null", "~", "12", "0x1F", "2027-03-02", '"a"', "'it''s'", '"a\\tb"', "a: b", "a #b", "…"]
    ),
)


def alike(header: str) -> bool:
    """Whether the short way was taken; it must then have found what YAML finds."""
    whole = f"---\n{header}---\nHello\n"
    found = plain_fields("templates/x/en.md", whole, header)
    assert found is None or (found, ()) == yaml_fields("templates/x/en.md", whole, header)
    return found is not None


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([*KEYS, "subjekt"]), st.sampled_from([": ", ":", ":  "]), VALUES), max_size=4)
)
def test_both_ways_read_a_head_alike(fields: list[tuple[str, str, str]]) -> None:
    alike("".join(f"{key}{colon}{value}\n" for key, colon, value in fields))


@pytest.mark.parametrize("value", ["a: b", "a #b", '"a\\tb"', "'it''s'", "", "- a", "[a]", "&a b", "!a b", "%a", "a:"])
def test_what_yaml_may_read_otherwise_is_left_to_it(value: str) -> None:
    assert not alike(f"subject: {value}\n")


def test_the_mails_of_a_book_go_the_short_way() -> None:
    heads = [path.read_text(encoding="utf-8").split("---\n")[1] for path in MAILS]
    assert [alike(head) for head in heads].count(True) >= 0.95 * len(MAILS)
