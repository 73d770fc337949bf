"""The pages of docs/deploy and the files beside them: units that systemd takes, commands that exist, right settings."""

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest
import yaml

from nurture.cli.group import nurture
from nurture.config import read_config

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs" / "deploy"
PAGES = sorted(DEPLOY.glob("*.md"))
UNITS = sorted(DEPLOY.glob("nurture*.*"))
VARIABLES = {"SHOP_STORE": "postgresql://nurture:x@database/shop", "SENDGRID_KEY": "SG.x"}


def blocks(page: Path, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def commands_of(text: str) -> list[list[str]]:
    """What is given to nurture in each line that runs it, by itself or in a container."""
    lines = [line.partition("  #")[0] for line in text.splitlines()]
    ways = r"(?:^|-- /usr/local/lib/nurture/bin/)nurture (.+)$|run --rm worker (.+)$"
    return [shlex.split(found[1] or found[2]) for line in lines for found in re.finditer(ways, line)]


def understood(arguments: list[str]) -> None:
    """Raise as the command line would for a verb or an option that there is not; nothing is run."""
    verb, *given = arguments
    context = click.Context(nurture)
    command = nurture.get_command(context, verb)
    assert command is not None, verb
    command.parse_args(click.Context(command, parent=context, info_name=verb), given)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_the_pages_is_understood(page: Path) -> None:
    for arguments in commands_of("\n".join(blocks(page, "sh"))):
        understood(arguments)


def test_the_pages_show_what_they_are_about() -> None:
    shown = {arguments[0] for page in PAGES for arguments in commands_of("\n".join(blocks(page, "sh")))}
    assert shown >= {"init", "backup", "restore", "run", "outbox", "move-store", "upgrade", "worker", "status", "apply"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_configuration_of_the_pages_is_right(page: Path) -> None:
    for text in blocks(page, "toml"):
        config, problems = read_config(ROOT, text, VARIABLES)
        assert (config is not None, problems) == (True, ())


def test_systemd_takes_the_units_and_finds_them_little_exposed(tmp_path: Path) -> None:
    for unit in UNITS:
        read = configparser.RawConfigParser(strict=False, delimiters=("=",))
        read.optionxform = str  # type: ignore[assignment,method-assign]
        read.read(unit)
        assert read.sections()[0] == "Unit"
        if read.has_section("Service"):
            service = read["Service"]
            binary, *arguments = service["ExecStart"].split()
            assert binary == "/usr/local/lib/nurture/bin/nurture"
            understood(arguments)
            assert (service["User"], service["ProtectSystem"], service["UMask"]) == ("nurture", "strict", "0077")
        text = unit.read_text(encoding="utf-8").replace(binary, shutil.which("true") or "")
        (tmp_path / unit.name.replace("@", "@1")).write_text(text, encoding="utf-8")
    systemd = shutil.which("systemd-analyze")
    if systemd is None:  # what systemd itself says is asked where it is: the rest above holds anywhere
        return
    copies = sorted(tmp_path.iterdir())
    said = subprocess.run([systemd, "verify", *copies], capture_output=True, text=True, check=False)
    assert (said.returncode, [line for line in said.stderr.splitlines() if "nurture" in line]) == (0, [])
    judged = subprocess.run(
        [systemd, "security", "--offline=true", "--threshold=20", tmp_path / "nurture.service"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert judged.returncode == 0, judged.stdout[-300:]


def test_commands_beside_the_daemon_have_what_the_unit_gives_it() -> None:
    script = (DEPLOY / "nurture").read_text(encoding="utf-8")
    subprocess.run(["/bin/sh", "-n", DEPLOY / "nurture"], check=True)
    unit = (DEPLOY / "nurture.service").read_text(encoding="utf-8")
    said = dict(re.findall(r"^(\w+)=(\S+)", unit, flags=re.MULTILINE))
    assert {f"--uid={said['User']}", f"--gid={said['Group']}"} <= set(script.split())
    assert f"--working-directory={said['WorkingDirectory']}" in script.split()
    assert f"--property=EnvironmentFile={said['EnvironmentFile']}" in script.split()
    assert f"--property=UMask={said['UMask']}" in script.split()
    assert f'{said["ExecStart"]} "$@"' in script


def test_the_compose_file_starts_what_there_is() -> None:
    found = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert set(found["services"]) == {"database", "worker", "web"}
    for name in ("worker", "web"):
        service = found["services"][name]
        understood(service["command"])
        assert service["depends_on"] == {"database": {"condition": "service_healthy"}}
        assert (service["read_only"], service["env_file"]) == (True, "secrets.env")
    assert found["services"]["database"]["env_file"] == "database.env", "it does not see the keys of nurture"
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert "USER nurture" in image
    assert re.findall(r"\$wheel\[([\w,]+)\]", image) == ["postgres,sendgrid,calendars"]
