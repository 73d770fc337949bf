"""An editor really completes: the schemas that `nurture schema --write` makes, in the servers that editors run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nurture.language.grammar import VERBS
from tests.language_servers import Editor, editing, toml_server, yaml_server
from tests.projects import Project

YAML = {"yaml": {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}}}
TOML = {"evenBetterToml": {"schema": {"enabled": True}}}
EVENTS = {"order.placed", "order.delivered", "complaint.opened"}
CLASSES = {"service", "care", "celebration", "news", "offer"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the starter book, with its schemas written."""
    root = tmp_path_factory.mktemp("editor")
    Project(root).ok("init", str(root / "shop"))
    Project(root / "shop").ok("schema", "--write")
    return root / "shop"


@pytest.fixture(scope="module")
def yaml_editor(folder: Path) -> Iterator[Editor]:
    with editing(yaml_server(), folder, YAML) as editor:
        yield editor


@pytest.fixture(scope="module")
def toml_editor(folder: Path) -> Iterator[Editor]:
    with editing(toml_server(), folder, TOML) as editor:
        yield editor


def mails_of(folder: Path) -> set[str]:
    return {path.name for path in (folder / "templates").iterdir() if not path.name.startswith("_")}


def typed(folder: Path, old: str, new: str, file: str = "sequences/welcome.yaml") -> tuple[str, int, int]:
    """The file after somebody typed `new` in the place of `old`, and where their cursor stands."""
    text = (folder / file).read_text()
    assert old in text
    before, _, after = text.partition(old)
    upto = before + new
    return upto + after, upto.count("\n"), len(upto.rpartition("\n")[2])


def test_a_step_completes_to_every_verb(folder: Path, yaml_editor: Editor) -> None:
    text, line, _ = typed(folder, "  - send: welcome_hello", "  - \n  - send: welcome_hello")
    uri = yaml_editor.open(folder / "sequences" / "verbs.yaml", "yaml", text)
    offered = yaml_editor.completions(uri, line - 1, 4)
    assert {table.verb for table in VERBS.tables} <= offered


def test_a_mail_completes_to_those_of_the_project(folder: Path, yaml_editor: Editor) -> None:
    text, line, character = typed(folder, "send: welcome_hello", "send: ")
    uri = yaml_editor.open(folder / "sequences" / "mails.yaml", "yaml", text)
    assert mails_of(folder) <= yaml_editor.completions(uri, line, character)


def test_an_event_completes_to_those_of_the_catalogue(folder: Path, yaml_editor: Editor) -> None:
    text, line, character = typed(folder, "event: subscriber.joined", "event: ")
    uri = yaml_editor.open(folder / "sequences" / "events.yaml", "yaml", text)
    assert yaml_editor.completions(uri, line, character) >= EVENTS


def test_a_wrong_key_is_underlined_where_it_stands(folder: Path, yaml_editor: Editor) -> None:
    text, line, character = typed(folder, "priority:", "prioritty:")
    uri = yaml_editor.open(folder / "sequences" / "wrong.yaml", "yaml", text)
    found = [one for one in yaml_editor.diagnostics(uri) if "prioritty" in one["message"]]
    assert [one["range"]["start"] for one in found] == [{"line": line, "character": character - len("prioritty:")}]


def test_a_key_tells_what_it_means(folder: Path, yaml_editor: Editor) -> None:
    text, line, _ = typed(folder, "priority:", "priority:")
    uri = yaml_editor.open(folder / "sequences" / "hover.yaml", "yaml", text)
    assert "Higher wins" in yaml_editor.hover(uri, line, 2)


def test_the_starter_book_is_without_a_finding_there(folder: Path, yaml_editor: Editor) -> None:
    for file in sorted((folder / "sequences").rglob("*.yaml")):
        uri = yaml_editor.open(file, "yaml", file.read_text())
        assert yaml_editor.next_diagnostics(uri) == [], file.name


def test_a_class_completes_in_toml_too(folder: Path, toml_editor: Editor) -> None:
    file = "sequences/first_order_anniversary.toml"
    text, line, character = typed(folder, 'class    = "celebration"', 'class    = ""', file)
    uri = toml_editor.open(folder / "sequences" / "classes.toml", "toml", text)
    assert toml_editor.diagnostics(uri)  # the schema is read by then
    assert {f'"{each}"' for each in CLASSES} <= toml_editor.completions(uri, line, character - 1)


def test_a_wrong_key_is_underlined_in_toml_too(folder: Path, toml_editor: Editor) -> None:
    text, line, _ = typed(folder, "priority", "prioritty", "sequences/first_order_anniversary.toml")
    uri = toml_editor.open(folder / "sequences" / "wrong.toml", "toml", text)
    found = [one for one in toml_editor.diagnostics(uri) if "prioritty" in one["message"]]
    assert [one["range"]["start"]["line"] for one in found] == [line]


def test_a_mail_completes_in_toml_too(folder: Path, toml_editor: Editor) -> None:
    file = "sequences/first_order_anniversary.toml"
    text, line, character = typed(folder, 'send      = "year_in_coffee"', 'send      = ""', file)
    uri = toml_editor.open(folder / "sequences" / "mails.toml", "toml", text)
    assert toml_editor.diagnostics(uri)
    assert {f'"{mail}"' for mail in mails_of(folder)} <= toml_editor.completions(uri, line, character - 1)
