"""A process that has loaded what nurture loads, and forks a command of it on demand, at a tenth of a start's price.

`with nursery() as born`, then `born.start(root, log, ["run"], environment)`. What is forked is the command itself, from
its first line on; only the modules were loaded before, by a process with one thread that has opened nothing. A test may
plant a fault there: `nursery("every_doubt_again")` calls that function of tests/planted.py first.
"""

import gc
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from traceback import print_exc
from typing import Any

from tests.daemons import BOUND, Running, came_true
from tests.projects import Answer, Project

ROOT = Path(__file__).parents[1]
LOADED = (
    "nurture.cli.edge", "nurture.cli.running", "nurture.cli.importing", "nurture.cli.outbox", "nurture.daemon",
    "nurture.engine.sending", "nurture.engine.syncing", "nurture.engine.webhooks", "nurture.engine.news",
    "nurture.engine.hand_over", "nurture.engine.taking", "nurture.render.mail", "nurture.deliver.sendgrid",
    "nurture.deliver.sendgrid_events", "nurture.deliver.sendgrid_signature", "nurture.web.app", "nurture.web.health",
    "cryptography.hazmat.primitives.asymmetric.ec", "sqlalchemy.dialects.sqlite", "sqlite3",
    "apscheduler.schedulers.asyncio", "markupsafe", "jinja2", "orjson", "zoneinfo", "uuid",
)  # fmt: skip


# The controlling side


@dataclass
class Born:
    """A forked command: what a test asks of a `Popen`. Its number is not given to another before it was asked for."""

    nursery: "Nursery"
    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self.nursery.ask(do="poll", pid=self.pid)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float = BOUND) -> int:
        if not came_true(lambda: self.poll() is not None, timeout, look=0.005):
            raise subprocess.TimeoutExpired("nurture", timeout)
        assert self.returncode is not None
        return self.returncode


@dataclass
class Nursery:
    """The forking process, asked line by line."""

    process: subprocess.Popen[str]
    planted: str = ""
    born: list[Born] = field(default_factory=list)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, **what: object) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with self._one_at_a_time:
            self.process.stdin.write(json.dumps(what) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())

    def start(self, root: Path, arguments: Sequence[str], environment: Mapping[str, str], out: Path, err: Path) -> Born:
        """`nurture` with these arguments, in that folder, its output in files."""
        planted = self.planted if arguments[0] == "run" else ""
        told = {"root": str(root), "arguments": arguments, "environment": environment, "planted": planted}
        found = Born(self, self.ask(do="start", out=str(out), err=str(err), **told))
        self.born.append(found)
        return found

    def daemon(self, project: Project, **environment: str) -> Running:
        """`nurture run`."""
        log = project.root / f"daemon-{len(list(project.root.glob('daemon-*.log')))}.log"
        log.touch()
        whole = project.environment() | environment
        return Running(self.start(project.root, ["run"], whole, Path(os.devnull), log), log)


@contextmanager
def nursery() -> Iterator[Nursery]:
    """A nursery, whose children are gone at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.daemon_nursery"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    made = Nursery(process)
    try:
        yield made
    finally:
        for one in made.born[-20:]:  # what was killed before is asked in vain, at no cost
            with suppress(ValueError, OSError):
                one.kill()
        process.communicate()


@dataclass(frozen=True)
class Nursed(Project):
    """A project whose commands are forked; the same code, loaded once."""

    nursery: Nursery | None = None

    def run(self, *arguments: str) -> Answer:
        assert self.nursery is not None
        out, err = (self.root / f".{arguments[0]}-{threading.get_ident()}.{name}" for name in ("out", "err"))
        code = self.nursery.start(self.root, arguments, self.environment(), out, err).wait(300)
        answer = Answer(code, out.read_text("utf-8"), err.read_text("utf-8"))
        out.unlink()
        err.unlink()
        return answer


# The forking side


def main() -> None:
    """Load, then answer line by line until there are no more."""
    for name in LOADED:
        import_module(name)
    gc.collect()
    gc.freeze()
    children: set[int] = set()
    deeds: dict[str, Callable[[dict[str, Any]], Any]] = {"start": lambda told: born(told, children), "poll": looked_for}
    for line in sys.stdin:
        told = json.loads(line)
        answer = deeds[told["do"]](told)
        if told["do"] == "poll" and answer is not None:
            children.discard(told["pid"])
        print(json.dumps(answer), flush=True)
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def born(told: dict[str, Any], children: set[int]) -> int:
    """Fork a command; its process."""
    child = os.fork()
    if child == 0:
        command(told)
    children.add(child)
    return child


def looked_for(told: dict[str, Any]) -> int | None:
    """How a child ended, as `Popen` says it; None while it lives."""
    pid, status = os.waitpid(told["pid"], os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if pid else None


def command(told: dict[str, Any]) -> None:
    """In the child: `nurture` as the shell would start it. Does not return."""
    code: Any = 70
    try:
        for number, path in ((0, os.devnull), (1, told["out"]), (2, told["err"])):
            opened = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(opened, number)
            os.close(opened)
        os.chdir(told["root"])
        os.environ.clear()
        os.environ.update(told["environment"])
        if told["planted"]:
            getattr(import_module("tests.planted"), told["planted"])()
        sys.argv = ["nurture", *told["arguments"]]
        from nurture.cli import main as nurture

        nurture()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001  (as Python itself ends)
        print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    main()
