"""Faults of the world at the one edge: words with a remedy, and an exit code."""

import pytest

from nurture.cli.edge import TROUBLE, explain_fault


def test_a_database_without_its_driver_is_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain_fault(ModuleNotFoundError("No module named 'psycopg2'", name="psycopg2")) == TROUBLE
    said = capsys.readouterr().err
    assert "needs the Python package psycopg2" in said
    assert "Traceback" not in said


def test_a_part_of_nurture_that_is_missing_is_a_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain_fault(ModuleNotFoundError("No module named 'nurture.x'", name="nurture.x")) == TROUBLE
    assert "should not have happened" in capsys.readouterr().err
