from importlib import import_module

import click
import pytest

from nurture.cli.command import WIDTH, ExampleCommand
from nurture.cli.edge import run
from nurture.cli.group import VERBS, nurture


def every_command() -> list[tuple[str, click.Command]]:
    found = []
    for verb in VERBS:
        command = nurture.get_command(click.Context(nurture), verb)
        assert command is not None
        if isinstance(command, click.Group):
            found += [(f"{verb} {name}", sub) for name, sub in command.commands.items()]
        else:
            found.append((verb, command))
    return found


def test_every_family_lists_just_its_verbs():
    for module in {module for module, _ in VERBS.values()}:
        mine = {verb for verb, (where, _) in VERBS.items() if where == module}
        assert set(import_module(f"nurture.cli.{module}").COMMANDS) == mine


@pytest.mark.parametrize("verb", list(VERBS))
def test_help_starts_with_an_example_of_that_verb(verb, capsys):
    assert run([verb, "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Example:"
    assert lines[1].startswith(f"  nurture {verb}")
    assert max(map(len, lines)) <= WIDTH


def test_every_command_takes_json_and_a_project():
    for name, command in every_command():
        assert isinstance(command, ExampleCommand), name
        options = {option for parameter in command.params for option in parameter.opts}
        assert {"--json", "--project"} <= options, name
        assert command.help, name
        for parameter in command.params:
            assert not isinstance(parameter, click.Option) or parameter.help, f"{name} {parameter.name}"


@pytest.mark.parametrize(
    "line", [["chek"], ["--nope"], ["check", "--format", "xml"], ["check", "--project", "/nowhere"], ["schema"]]
)
def test_wrong_usage_is_64(line, capsys):
    assert run(line) == 64
    assert capsys.readouterr().err


def test_a_mistyped_verb_is_named(capsys):
    run(["chek"])
    assert "did you mean 'check'?" in capsys.readouterr().err


def test_a_fault_of_our_own_comes_as_a_report(monkeypatch, capsys):
    monkeypatch.setattr("nurture.engine.project.find_project", lambda *_: 1 / 0)
    assert run(["check"]) == 4
    said = capsys.readouterr().err
    assert "should not have happened" in said
    assert "ZeroDivisionError" in said


def test_a_report_that_is_pasted_somewhere_names_nobody(monkeypatch, capsys):
    whom = "@".join(("salma", "shop.example"))  # a trace shows the lines of code, and so those of this test

    def broken(*_given):
        try:
            raise KeyError(whom)
        except KeyError as first:
            raise RuntimeError(f"no row for {whom}") from first

    monkeypatch.setattr("nurture.engine.project.find_project", broken)
    monkeypatch.setattr("sys.argv", ["nurture", "show", whom, f"--as={whom}", "--json"])
    assert run(["check"]) == 4
    said = capsys.readouterr().err
    assert "show … --as --json" in said
    assert said.index("builtins.KeyError") < said.index("builtins.RuntimeError")
    assert "test_frame.py" in said
    assert said.count("Traceback") == 2
    assert whom not in said


def test_version(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("nurture ")
