"""What somebody writes in place of a draft: both parts, readable, within bounds."""

from pathlib import Path

import click
import pytest

from nurture.cli.drafts import LONGEST_BODY, rewritten


def test_words_of_ones_own_have_bounds(tmp_path: Path) -> None:
    body = tmp_path / "own.md"
    body.write_text("x" * LONGEST_BODY, encoding="utf-8")
    assert rewritten("Sorry", body) == ("Sorry", "x" * LONGEST_BODY)
    body.write_text("x" * (LONGEST_BODY + 1), encoding="utf-8")
    with pytest.raises(click.UsageError, match=r"longer than 100,000 letters"):
        rewritten("Sorry", body)
