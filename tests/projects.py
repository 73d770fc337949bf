"""A project in a folder of its own, driven by the installed command; for acceptance tests."""

import csv
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

COMMAND = Path(sys.executable).parent / "nurture"


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
        done = subprocess.run(
            [COMMAND, *arguments],
            cwd=self.root,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=300,
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
