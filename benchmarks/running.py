"""The installed command as a daemon: started in a project, its log read as it comes, its memory looked at."""

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.frame import NURTURE

LONGEST = 900.0  # seconds until something that must come is given up
LOOK = 0.01

Said = tuple[float, dict[str, Any]]


class Daemon:
    """A daemon, what it said and when, in seconds since it was started."""

    def __init__(self, folder: Path) -> None:
        self.begun = time.perf_counter()
        words = [str(NURTURE), "run", "--log", "json"]
        self.process = subprocess.Popen(words, cwd=folder, stderr=subprocess.PIPE, text=True)
        self.said: list[Said] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append((time.perf_counter() - self.begun, json.loads(line)))

    def heard(self, event: str) -> list[Said]:
        """All it said under that name."""
        return [one for one in self.said if one[1]["event"] == event]

    def until(self, true: Callable[[], bool]) -> None:
        """Wait for a condition; a daemon that ended, or that takes too long, ends the measuring."""
        end = time.perf_counter() + LONGEST
        while not true():
            if self.process.poll() is not None or time.perf_counter() > end:
                raise SystemExit(f"the daemon did not get there: {self.said[-5:]}")
            time.sleep(LOOK)

    def memory(self, what: str = "VmRSS") -> float:
        """Megabytes that it has now, or had at the most: VmHWM."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(what)) / 1024


@contextmanager
def daemon(folder: Path) -> Iterator[Daemon]:
    """A daemon for as long as the block lasts."""
    running = Daemon(folder)
    try:
        yield running
    finally:
        running.process.terminate()
        try:
            running.process.wait(60)
        except subprocess.TimeoutExpired:
            running.process.kill()
            running.process.wait()
