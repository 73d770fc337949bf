"""Many workers over one store on PostgreSQL, as processes: one is killed amid sending, the others go on."""

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.daemons import BOUND, Running, until
from tests.postgres_server import Server
from tests.projects import COMMAND, Project
from tests.sendgrid_server import CONFIG, KEY, SendGridServer, sendgrid

PEOPLE = 160
PACE = 40  # mails a second, of all together


@contextmanager
def worker(project: Project, *arguments: str, verb: str = "worker") -> Iterator[Running]:
    """`nurture worker`; killed at the end, if it still runs."""
    file = project.root / f"{verb}-{len(list(project.root.glob('*.log')))}.log"
    with file.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [COMMAND, verb, *arguments], cwd=project.root, stdout=log, stderr=log,
            env=project.environment(), text=True,
        )  # fmt: skip
    try:
        yield Running(process, file)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(BOUND)


@pytest.fixture
def provider() -> Iterator[SendGridServer]:
    """A provider that takes a little time, and keeps no bodies."""
    with sendgrid(latency=0.3, bodies=False) as found:
        yield found


@pytest.fixture
def machines(shop: Callable[[int], Project], project: Project, provider: SendGridServer, postgres: Server,
             tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Project]:  # fmt: skip
    """Two machines with the same project, and one store: on the first everybody has just complained."""
    url = postgres.new_database()
    monkeypatch.setenv("SENDGRID_KEY", KEY)
    own = f'[store]\nurl = "{url}"\n[tick]\nevery = "1 second"\n[rate]\nper_second = {PACE}\n'
    (project.root / "config.toml").write_text(CONFIG.format(url=provider.url) + own, encoding="utf-8")
    shutil.copytree(project.root, tmp_path / "second")
    shop(PEOPLE).ok("import", "suppressions", "--none")
    return [project, Project(tmp_path / "second")]


def keys(provider: SendGridServer) -> Counter[str]:
    return Counter(line["key"] for line in provider.accepted)


def test_one_of_two_is_killed_amid_sending_and_the_other_goes_on(machines, provider):
    here, there = machines
    refused = there.run("worker")
    assert refused.code == 1
    assert "nurture worker --join" in refused.err
    with worker(here) as one, worker(there, "--join") as other:
        until(lambda: len(provider.accepted) >= PEOPLE // 4, lambda: one.log + other.log)
        one.kill()
        until(lambda: other.said("worker.gone") == 1, lambda: other.log)
        assert "worker (process" in here.ok("run", "--once").out
        until(lambda: len(keys(provider)) + in_doubt(here) >= PEOPLE, lambda: other.log)
        assert "Worker" in here.ok("status").out
        assert other.stop() == 0
        assert other.log.splitlines()[-1].split()[1] == "worker.stopped"
    assert max(keys(provider).values()) == 1, "nothing is doubled"
    assert len(keys(provider)) + in_doubt(here) >= PEOPLE, "nothing is lost"
    assert in_doubt(here) <= 5 * PACE // 2, "what was on its way, and no more"
    assert "none runs" in here.ok("status").out


def in_doubt(project: Project) -> int:
    """How many mails are listed as in doubt."""
    return int(json.loads(project.ok("status", "--json").out)["lying"].get("in_doubt", 0))


def test_on_sqlite_it_says_what_to_do(project):
    refused = project.run("worker")
    assert refused.code == 1
    assert "nurture move-store" in refused.err
