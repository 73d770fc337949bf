"""The README does what it says: its commands run as written, and what it shows is what they print."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.projects import COMMAND, Project

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SHOWN = [block for kind, block in re.findall(r"```(\w*)\n(.*?)```", README, flags=re.DOTALL) if not kind]


def commands(heading: str) -> list[str]:
    """The indented lines below a heading; the environment is there already, so it is not entered."""
    below = re.sub(r"```.*?```", "", README.partition(f"## {heading}\n")[2].partition("\n## ")[0], flags=re.DOTALL)
    return [line for line in re.findall(r"^ {4}(.+)$", below, flags=re.MULTILINE) if not line.startswith(". ")]


def test_the_commands_of_a_project_of_ones_own_run_as_written(empty):
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(commands("Your own project"))],
        cwd=empty.root,
        env={**os.environ, **empty.environment(), "PATH": f"{COMMAND.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "happy_birthday" in done.stdout
    assert "person.orders.count >= 1   1 >= 1" in done.stdout


def test_the_mistakes_shown_are_answered_as_shown(project):
    path = project.root / "sequences" / "first_order.yaml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("send: first_bag_check_in", "send: first_bag_chek_in").replace("if_capped: ", "if_caped: ")
    path.write_text(text, encoding="utf-8")
    (shown,) = [block for block in SHOWN if "error E204" in block]
    assert project.run("check").out == shown


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the demo named in the README prints."""
    (named,) = re.findall(r"`nurture (demo [^`]+)`", README)
    return [line.rstrip() for line in Project(tmp_path_factory.mktemp("demo")).ok(*named.split()).lines]


ELSEWHERE = ("error E204", "version 1 -> 2")  # shown to be true above, and in test_editing_inside.py


@pytest.mark.parametrize("shown", [block for block in SHOWN if not any(words in block for words in ELSEWHERE)])
def test_what_is_shown_of_the_demo_is_what_it_prints(demo, shown):
    assert shown.rstrip("\n") in "\n".join(demo)


def test_the_mail_shown_is_the_starter_books() -> None:
    (shown,) = re.findall(r"```markdown\n(.*?)```", README, flags=re.DOTALL)
    file = Path(__file__).parents[2] / "templates" / "first_bag_check_in" / "en.md"
    assert shown == file.read_text(encoding="utf-8")


def test_the_configuration_shown_is_one_and_a_key_that_is_missing_is_said(project):
    (shown,) = re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL)
    (project.root / "config.toml").write_text(shown, encoding="utf-8")
    project.ok("apply")
    without = project.run("run", "--once")
    assert without.code == 1
    assert "SENDGRID_KEY" in without.err


def test_every_command_named_exists():
    from nurture.cli.group import VERBS

    named = set(re.findall(r"^ {4}nurture ([a-z][a-z-]*)", README, flags=re.MULTILINE)) | set(
        re.findall(r"`nurture ([a-z][a-z-]*)", README)
    )
    assert named <= set(VERBS)
    assert {"run", "doctor", "status", "outbox", "halt", "preview"} <= named
