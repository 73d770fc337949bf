"""Daemons of a live run: one at work, perhaps another that waits; started, killed, asked to end."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.daemon_nursery import Nursery
from tests.daemons import Running, daemon, until
from tests.live_server import Server
from tests.projects import Project
from tests.sendgrid_server import KEY


@dataclass
class Fleet:
    """The daemons that live; the first at work, another may wait. With a nursery they are forked there."""

    project: Project
    nursery: Nursery | None = None
    running: list[Running] = field(default_factory=list)
    took_over: int = 0
    started_whole: int = 0
    _open: ExitStack = field(default_factory=ExitStack)

    def grow(self, count: int, whole: bool = False) -> Running:
        """So many daemons at least; the one at work, or the first that will be. `whole`: none that is forked."""
        while len(self.running) < count:
            if self.nursery is not None and not whole:
                self.running.append(self.nursery.daemon(self.project, SENDGRID_KEY=KEY))
            else:
                self.started_whole += 1
                self.running.append(self._open.enter_context(daemon(self.project, SENDGRID_KEY=KEY)))
        return self.at_work()

    def at_work(self) -> Running:
        """The one that has taken the work, else the oldest."""
        return next((one for one in self.running if one.said("daemon.started")), self.running[0])

    def kill(self) -> None:
        """`kill -9` the one at work."""
        one = self.at_work()
        self.running.remove(one)
        assert one.process.poll() is None, one.log
        one.kill()
        self.took_over += one.said("daemon.waits") and one.said("daemon.started")

    def stop(self) -> None:
        """Ask all to end, who must end in good order."""
        for one in [self.at_work(), *self.running]:
            if one in self.running:
                self.running.remove(one)
                until(partial(waits_or_works, one), partial(getattr, one, "log"))
                assert one.stop() == 0, one.log

    def close(self) -> None:
        self._open.close()


def waits_or_works(one: Running) -> bool:
    """Whether a daemon has come so far that it can be asked to end."""
    return bool(one.said("daemon.waits") or one.said("daemon.started"))


@contextmanager
def fleet(project: Project, nursery: Nursery | None = None) -> Iterator[Fleet]:
    """Daemons that are gone at the end, however it ends."""
    made = Fleet(project, nursery)
    try:
        yield made
    finally:
        made.close()


def configure(project: Project, server: Server, rate: float | None = None, web: int | None = None) -> None:
    """Mails go to the server; readers reach us over https, which a web server in front of `web` would speak.

    A server that tells of mails has its key in the configuration.
    """
    key = server.control().get("events_key", "")
    lines = [
        '[provider]\nname = "sendgrid"',
        f'[sendgrid]\nurl = "{server.url}"\nkey_env = "SENDGRID_KEY"' + (f'\nevents_key = "{key}"' if key else ""),
        '[web]\nurl = "https://mail.shop.example"' + (f'\nlisten = "127.0.0.1:{web}"' if web else ""),
        '[tick]\nevery = "1 second"',
        f"[rate]\nper_second = {rate}" if rate else "",
    ]
    (project.root / "config.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def end_daemon(project: Project) -> None:
    """Kill a daemon that outlived the run which had started it; it says itself who it is."""
    lock = project.root / ".nurture" / "run.lock"
    said = json.loads(lock.read_text("utf-8")) if lock.exists() and lock.read_text("utf-8") else {}
    process = Path("/proc") / str(said.get("process"))
    if process.exists() and (process / "cwd").resolve() == project.root.resolve():
        os.kill(int(process.name), signal.SIGKILL)
