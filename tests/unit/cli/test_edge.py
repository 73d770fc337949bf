"""Faults of the world at the one edge: words with a remedy, and an exit code."""

import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from nurture.cli.edge import TROUBLE, USAGE, explain_fault


def test_a_database_without_its_driver_is_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain_fault(ModuleNotFoundError("No module named 'psycopg2'", name="psycopg2")) == TROUBLE
    said = capsys.readouterr().err
    assert "needs the Python package psycopg2" in said
    assert "Traceback" not in said


def test_a_part_of_nurture_that_is_missing_is_a_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain_fault(ModuleNotFoundError("No module named 'nurture.x'", name="nurture.x")) == TROUBLE
    assert "should not have happened" in capsys.readouterr().err


def test_a_store_that_another_process_holds_is_said_with_its_cure(capsys: pytest.CaptureFixture[str]) -> None:
    fault = OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))
    assert explain_fault(fault) == TROUBLE
    said = capsys.readouterr().err
    assert "held it for 30 seconds; let it finish, then run the same command again; nothing is lost" in said
    assert explain_fault(OperationalError("BEGIN", None, sqlite3.OperationalError("disk I/O error"))) == TROUBLE
    assert "30 seconds" not in capsys.readouterr().err


def test_words_that_are_not_utf_8_are_no_report(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnicodeEncodeError) as caught:
        "caf\udce9".encode()
    assert explain_fault(caught.value) == USAGE
    assert "is not UTF-8, and nothing was changed" in capsys.readouterr().err
