"""What may be loaded before a command does anything: by names and by number, since a stopwatch says other things daily.

A module that is over a budget is loaded where it is used, or the budget is raised by whoever can say why.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from nurture.cli.edge import run

SAY = "\nimport sys\nprint(*sorted(sys.modules))"
HELP = "from nurture.cli.edge import run; run(['--help'])"
CHECK = "from nurture.cli.edge import run; run(['check', '--project', {project!r}])"
DAEMON = "import nurture.cli.running, nurture.daemon"
STATUS = "import nurture.cli.operating, nurture.engine.status, nurture.wiring"
NEVER = ("alembic", "mako", "psycopg", "procrastinate", "opentelemetry", "holidays", "sendgrid", "cryptography")
NOT_FOR_HELP = (*NEVER, "asyncio", "babel", "jinja2", "sqlalchemy", "sqlmodel", "yaml", "nurture.engine",
                "nurture.model", "nurture.wiring")  # fmt: skip
NOT_FOR_A_CHECK = (*NEVER, "aiohttp", "apscheduler", "asyncio", "email_validator", "nurture.wiring", "pydantic",
                   "sqlalchemy", "sqlmodel", "urllib.request")  # fmt: skip
NOT_BEFORE_THE_FIRST_TICK = (
    *NEVER, "sqlmodel", "pydantic", "sqlalchemy.orm", "sqlalchemy.dialects.postgresql", "aiohttp", "apscheduler", "xml",
    "babel", "css_inline", "email_validator", "jinja2",
    "markdown_it", "mrml", "urllib.request",
    "nurture.render", "nurture.web", "nurture.workers", "nurture.telemetry", "nurture.engine.alarms",
    "nurture.engine.applying", "nurture.engine.doctor", "nurture.engine.plan", "nurture.engine.preparing",
    "nurture.engine.sending", "nurture.engine.status",
)  # fmt: skip

NOT_FOR_STATUS = (
    *NEVER, "aiohttp", "babel", "css_inline", "email_validator", "jinja2", "markdown_it", "mrml", "pydantic",
    "sqlalchemy.orm", "sqlmodel", "urllib.request", "nurture.daemon", "nurture.render", "nurture.web",
    "nurture.workers", "nurture.engine.applying", "nurture.engine.letters", "nurture.engine.plan",
    "nurture.engine.preparing", "nurture.engine.sending", "nurture.engine.tasks",
)  # fmt: skip


def loaded(code: str) -> list[str]:
    """The modules that a Python of its own has loaded at the end of these lines."""
    done = subprocess.run([sys.executable, "-c", code + SAY], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()


def over(modules: list[str], names: tuple[str, ...]) -> list[str]:
    """Those of the modules that are one of these, or in one."""
    return [one for one in modules if any(one == name or one.startswith(f"{name}.") for name in names)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("budget") / "shop"
    assert run(["init", str(folder)]) == 0
    return folder


@pytest.mark.parametrize(
    ("code", "names", "ours", "all_of_them"),
    [
        pytest.param(HELP, NOT_FOR_HELP, 5, 130, id="--help"),
        pytest.param(CHECK, NOT_FOR_A_CHECK, 160, 520, id="check"),
        pytest.param(DAEMON, NOT_BEFORE_THE_FIRST_TICK, 280, 645, id="daemon"),
        pytest.param(STATUS, NOT_FOR_STATUS, 285, 680, id="status"),
    ],
)
def test_no_more_is_loaded_than_is_needed(
    project: Path, code: str, names: tuple[str, ...], ours: int, all_of_them: int
) -> None:
    modules = loaded(code.format(project=str(project)))
    assert over(modules, names) == []
    assert len([one for one in modules if one.startswith("nurture")]) <= ours
    assert len(modules) <= all_of_them


def test_the_budget_would_see_what_is_over_it() -> None:
    assert over(["nurture.engine.planning", "nurture.engine.plan", "alembic.op"], NOT_BEFORE_THE_FIRST_TICK) == [
        "nurture.engine.plan",
        "alembic.op",
    ]
