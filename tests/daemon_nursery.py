"""A process that has loaded what nurture loads, and forks a command of it on demand, at a tenth of a start's price.

`with nursery() as born`, then `born.start(root, ["run"], environment, out, err)`; `shared()` is one for all tests of
this process. What is forked is the command itself, from its first line to its last; only the modules were loaded
before, by a process with one thread that has opened nothing. A test may plant a fault there: what `planted` names is
called first, a function of tests/planted.py.
"""

import atexit
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from tests.daemons import BOUND, Running, came_true
from tests.projects import LONGEST, Answer, Project

ROOT = Path(__file__).parents[1]
# The definitions, from which the tables are written, are loaded by no command.
NOT_LOADED = ("nurture.store.definitions", "nurture.__main__")
# What commands load once they are at work.
LOADED = (
    "aiohttp", "alembic.command", "alembic.config", "apscheduler.schedulers.asyncio", "asyncio",
    "cryptography.hazmat.primitives.asymmetric.ec", "dns.resolver", "email_validator", "holidays", "ipaddress",
    "jinja2", "logging.config", "markupsafe", "orjson", "procrastinate", "psycopg", "sqlite3", "uuid", "zoneinfo",
    "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite",
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

    def answer(self, root: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> Answer:
        """What such a command says, once it has ended."""
        with TemporaryDirectory(prefix="nurture-said-") as folder:
            out, err = Path(folder) / "out", Path(folder) / "err"
            code = self.start(root, arguments, environment, out, err).wait(LONGEST)
            return Answer(code, out.read_text("utf-8"), err.read_text("utf-8"))

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


@cache
def shared() -> Nursery:
    """One for all tests of this process; it ends with it."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(nursery())


# The forking side


def main() -> None:
    """Load, then answer line by line until there are no more; a child leaves from here as a command does."""
    import nurture

    found = [one.name for one in walk_packages(nurture.__path__, "nurture.") if not one.name.startswith(NOT_LOADED)]
    for name in (*found, *LOADED):
        import_module(name)
    gc.collect()
    gc.freeze()
    children: set[int] = set()
    for line in sys.stdin:
        told = json.loads(line)
        if told["do"] == "poll":
            answer = looked_for(told["pid"])
            children -= set() if answer is None else {told["pid"]}
        else:
            answer = os.fork()
            if answer == 0:
                command(told)
            children.add(answer)
        print(json.dumps(answer), flush=True)
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def looked_for(child: int) -> int | None:
    """How a child ended, as `Popen` says it; None while it lives."""
    pid, status = os.waitpid(child, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if pid else None


def command(told: dict[str, Any]) -> NoReturn:
    """In the child: `nurture` as the shell would start it, to its end."""
    for number, path in ((0, os.devnull), (1, told["out"]), (2, told["err"])):
        opened = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(told["root"])
    os.environ.clear()
    os.environ.update(told["environment"])
    time.tzset()
    if told["planted"]:
        getattr(import_module("tests.planted"), told["planted"])()
    sys.argv = ["nurture", *told["arguments"]]
    from nurture.cli import main as nurture

    nurture()
    raise SystemExit  # it ends by itself, always


if __name__ == "__main__":
    main()
