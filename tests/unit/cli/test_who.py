"""A version is kept under a name, also where the system knows none for us."""

import getpass
import os
import pwd

from nurture.cli.applying import who


def test_a_user_without_a_name_is_kept_by_number(monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)

    def nobody(number: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    assert who() == f"user {os.getuid()}"


def test_a_name_in_the_environment_counts(monkeypatch):
    monkeypatch.setenv("LOGNAME", "lena")
    assert who() == getpass.getuser() == "lena"
