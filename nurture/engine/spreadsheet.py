"""Cells that no spreadsheet takes for a formula, and back (OWASP, "CSV Injection").

Before what would begin a formula stands an apostrophe: at the start of a cell, and behind whatever may start a new one
there, since a spreadsheet may split a file at another mark than ours. Numbers stay as they are. Whatever a file of ours
held is read back to the letter.
"""

import re

BEGINS = "=+\\-@\t\r\n＝＋－＠"
_FORMULA = re.compile(rf"((?:^|[,;|\t\r\n\"]) *)('*)(?=[{BEGINS}])")
_TAMED = re.compile(rf"((?:^|[,;|\t\r\n\"]) *)'('*)(?=[{BEGINS}])")
_NUMBER = re.compile(r"'*[+-]?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?")


def tame(cell: str) -> str:
    """The cell for a file that a spreadsheet may open."""
    return cell if _NUMBER.fullmatch(cell) else _FORMULA.sub(r"\1'\2", cell)


def as_told(cell: str) -> str:
    """The inverse of `tame`."""
    return cell if _NUMBER.fullmatch(cell) else _TAMED.sub(r"\1\2", cell)
