"""A project in a folder of its own, driven by commands in processes of their own; for acceptance tests."""

import csv
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

COMMAND = Path(sys.executable).parent / "nurture"
LONGEST = 300.0  # seconds that a command may take
_started: set[tuple[str, ...]] = set()


def read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    """What Python reads before the first line of a command."""
    return {name: value for name, value in environment.items() if name.startswith("PYTHON")}


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


@dataclass(frozen=True)
class Project:
    """A project in a folder of its own, driven by the installed command."""

    root: Path

    def environment(self) -> dict[str, str]:
        return {**os.environ, "NO_COLOR": "1", "HOME": str(self.root)}

    def run(self, *arguments: str) -> Answer:
        """The command in a process of its own, forked from one that has loaded the modules (tests/daemon_nursery.py).

        Each verb is started whole once by each process of the tests, so that it is seen to load what it needs.
        """
        environment = self.environment()
        if arguments[:1] not in _started or read_at_start(environment) != read_at_start(os.environ):
            _started.add(arguments[:1])
            return self.whole(*arguments)
        from tests.daemon_nursery import shared

        return shared().answer(self.root, arguments, environment)

    def whole(self, *arguments: str) -> Answer:
        """The installed command, started as the shell starts it."""
        done = subprocess.run(
            [COMMAND, *arguments],
            cwd=self.root,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def ok(self, *arguments: str) -> Answer:
        answer = self.run(*arguments)
        assert answer.code == 0, f"{arguments}: {answer.code}\n{answer.out}\n{answer.err}"
        return answer

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [COMMAND, *arguments],
            cwd=self.root,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def table(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
        path = self.root / name
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(rows)
        return path

    @property
    def mails(self) -> list[Path]:
        return sorted((self.root / "outbox").glob("*.eml"))
