import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from nurture.wiring import now
from tests.projects import Project
from tests.sendgrid_server import SendGridServer, sendgrid


@pytest.fixture
def empty(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project made by `nurture init`, to be copied."""
    folder = tmp_path_factory.mktemp("starter")
    Project(folder).ok("init")
    return folder


@pytest.fixture
def project(tmp_path: Path, starter: Path) -> Project:
    shutil.copytree(starter, tmp_path / "shop")
    return Project(tmp_path / "shop")


@pytest.fixture
def shop(project: Project) -> Callable[[int], Project]:
    """An applied project with so many contacts, each of whom has just complained: one mail each is due at once."""

    def make(people: int) -> Project:
        project.ok("apply")
        at = (now() - timedelta(minutes=5)).isoformat(timespec="seconds")
        contacts = [(f"c{n}", f"c{n}@shop.example", "en", "Europe/Paris") for n in range(people)]
        project.table("contacts.csv", ["id", "email", "locale", "zone"], contacts)
        project.table("events.csv", ["id", "event", "at", "ticket"],
                      [(f"c{n}", "complaint.opened", at, f"T{n}") for n in range(people)])  # fmt: skip
        project.ok("import", "contacts", "contacts.csv")
        project.ok("import", "events", "events.csv")
        return project

    return make


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    """A server in SendGrid's shape on loopback."""
    with sendgrid() as found:
        yield found
