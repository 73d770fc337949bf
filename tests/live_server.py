"""The SendGrid-shaped server as a process of its own, so that killing others never touches it, and what it took."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.daemons import BOUND, until

ROOT = Path(__file__).parents[1]
OWN = "@kestrel.example"  # the starter book's own people, who are told of alarms whenever there are any


@dataclass
class Server:
    """The server, asked and told over its own `/control`; its log is read as it grows."""

    url: str
    log: Path
    told_of: set[str] = field(default_factory=set)
    untaken: list[dict[str, Any]] = field(default_factory=list)
    _read: int = 0
    _lines: list[dict[str, Any]] = field(default_factory=list)

    def control(self, **wanted: object) -> dict[str, Any]:
        """Ask it to fail (`faults`, `always`), or only how it stands."""
        body = json.dumps(wanted).encode() if wanted else None
        request = urllib.request.Request(f"{self.url}/control", data=body)  # noqa: S310  (loopback)
        with urllib.request.urlopen(request, timeout=BOUND) as answer:  # noqa: S310
            return dict(json.loads(answer.read()))

    @property
    def accepted(self) -> list[dict[str, Any]]:
        """Every mail to a reader that it accepted, in that order."""
        with self.log.open("rb") as file:
            file.seek(self._read)
            whole = file.read().rpartition(b"\n")[0]
        if whole:
            self._read += len(whole) + 1
            lines = [json.loads(line) for line in whole.split(b"\n")]
            self._lines += [line for line in lines if not line["to"].endswith(OWN)]
        return self._lines

    def read_notes(self) -> None:
        """What it noted beside its log: mails whose events somebody took, and mails that it only said it took."""
        self.told_of, self.untaken = set(), []
        for line in self.log.with_suffix(".notes").read_bytes().splitlines():
            one = json.loads(line)
            self.told_of |= set(one.get("told_of", ()))
            self.untaken += one.get("untaken", ())


@contextmanager
def server_process(log: Path, *options: str) -> Iterator[Server]:
    """`python -m tests.sendgrid_server` on a free port; every request is held against the published document."""
    log.touch()
    log.with_suffix(".notes").touch()
    with log.with_suffix(".errors").open("w") as errors:  # where a client was killed amid a request, and how
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.sendgrid_server", "--log", log, *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert process.stdout is not None
        yield Server(f"http://127.0.0.1:{int(process.stdout.readline())}", log)
        assert process.poll() is None, "the server ended while it was needed"
    finally:
        process.terminate()
        process.communicate()


def until_accepted(server: Server, count: int, what: Any = str) -> None:
    """Wait until it has accepted so many mails."""
    until(lambda: len(server.accepted) >= count, lambda: f"{len(server.accepted)} of {count}\n{what()}")
