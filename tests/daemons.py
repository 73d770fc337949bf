"""Daemons of the installed command, as a test starts, watches, stops and kills them."""

import re
import signal
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from nurture.wiring import stopwatch
from tests.projects import COMMAND, Project

NO_HEADERS: Mapping[str, str] = {}
BOUND = 60.0  # seconds; what takes longer has failed


def until(condition: Callable[[], object], what: Callable[[], str] = str, seconds: float = BOUND) -> None:
    """Go on when it holds; fail, saying what was seen, when it does not within the bound."""
    assert came_true(condition, seconds), what()


def came_true(condition: Callable[[], object], seconds: float, look: float = 0.02) -> bool:
    """Wait until it holds, looking again every so many seconds; False when it did not within the bound."""
    passed, never = stopwatch(), threading.Event()
    while not condition():
        if passed() >= seconds:
            return False
        never.wait(look)
    return True


class Process(Protocol):
    """What is asked of a process: of a `Popen`, and of one that was forked (tests/daemon_nursery.py)."""

    pid: int

    def poll(self) -> int | None: ...
    def send_signal(self, sig: int, /) -> None: ...
    def kill(self) -> None: ...
    def wait(self, timeout: float) -> int: ...


@dataclass
class Running:
    """A daemon at work, and its log."""

    process: Process
    file: Path

    @property
    def log(self) -> str:
        return self.file.read_text(encoding="utf-8")

    def said(self, event: str) -> int:
        """How many lines of the log are of that event."""
        return len(re.findall(rf"^\S+Z (?:warning |error )?{re.escape(event)}\b", self.log, flags=re.MULTILINE))

    def until_said(self, event: str, times: int = 1) -> None:
        until(lambda: self.said(event) >= times or self.process.poll() is not None, lambda: self.log)
        assert self.said(event) >= times, self.log

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(BOUND)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(BOUND)


@contextmanager
def daemon(project: Project, *arguments: str, **environment: str) -> Iterator[Running]:
    """`nurture run`; killed at the end, if it still runs."""
    file = project.root / f"daemon-{len(list(project.root.glob('daemon-*.log')))}.log"
    with file.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [COMMAND, "run", *arguments],
            cwd=project.root,
            env=project.environment() | environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        yield Running(process, file)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.communicate()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def ask(url: str, body: bytes | None = None, headers: Mapping[str, str] = NO_HEADERS) -> tuple[int, str]:
    """Status and text of a GET, or of a POST with a body."""
    request = urllib.request.Request(url, data=body, headers=dict(headers))  # noqa: S310  (loopback)
    try:
        with urllib.request.urlopen(request, timeout=BOUND) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()
