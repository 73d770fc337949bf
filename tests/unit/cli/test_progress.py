"""On a terminal that wants plain text nothing is written that only a terminal would obey."""

import os
import pty
import subprocess
import sys

import pytest

ESCAPE = b"\x1b"
BAR = """
from nurture.cli import progress
progress.PATIENCE = 0
with progress.progress("x.csv", 3) as tell:
    tell(1)
    tell(3)
"""
CHECK = "from nurture.cli.edge import run; run(['chek']); run(['init', 'shop']); run(['check', '--project', 'shop'])"


def on_a_terminal(code: str, folder: os.PathLike[str], **environment: str) -> bytes:
    """All that a program writes when its output and errors are a terminal."""
    ours, its = pty.openpty()
    try:
        usual = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
        command = [sys.executable, "-c", code]
        process = subprocess.Popen(command, stdout=its, stderr=its, cwd=folder, env={**usual, **environment})
    finally:
        os.close(its)
    said = b""
    with open(ours, "rb", buffering=0) as terminal:
        while piece := read(terminal.fileno()):
            said += piece
    assert process.wait(timeout=60) == 0, said
    return said


def read(terminal: int) -> bytes:
    """What comes next; nothing when the program has gone, which Linux tells by an error."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def test_a_terminal_shows_a_bar(tmp_path):
    said = on_a_terminal(BAR, tmp_path, TERM="xterm")
    assert b"x.csv" in said
    assert ESCAPE in said


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"TERM": "xterm", "NO_COLOR": "1"}])
@pytest.mark.parametrize("code", [BAR, CHECK])
def test_plain_is_plain(tmp_path, environment, code):
    said = on_a_terminal(code, tmp_path, **environment)
    assert ESCAPE not in said
    assert (b"0 errors" in said) is (code == CHECK)
