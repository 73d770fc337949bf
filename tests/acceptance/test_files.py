import json
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from tests.projects import Project


def test_init_makes_a_project_that_passes(empty):
    answer = empty.ok("init", "my_shop")
    assert answer.lines[-1].startswith("Next: cd my_shop && nurture check")
    made = Project(empty.root / "my_shop")
    for name in ("config.toml", ".vscode/settings.json", ".taplo.toml", ".gitignore", ".nurture/sequence.schema.json"):
        assert (made.root / name).is_file(), name
    checked = made.ok("check", "--strict")
    assert checked.lines[-2].endswith("files, 0 errors, 0 warnings")
    assert checked.lines[-1].startswith("Next: ")


def test_init_overwrites_nothing(project):
    before = (project.root / "sequences" / "welcome.yaml").read_bytes()
    answer = project.run("init")
    assert answer.code == 64
    assert "nothing was written" in answer.err
    assert (project.root / "sequences" / "welcome.yaml").read_bytes() == before


def test_a_project_is_found_from_below_and_by_option(project):
    below = Project(project.root / "sequences" / "house")
    assert below.ok("check").out == project.ok("check").out
    assert Project(project.root.parent).ok("check", "--project", "shop").out == project.ok("check").out


def test_no_project_is_wrong_usage(empty):
    answer = empty.run("check")
    assert answer.code == 64
    assert "nurture init" in answer.err


@pytest.fixture
def broken(project) -> Project:
    path = project.root / "sequences" / "welcome.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("priority: 40", "prioritty: 40"), encoding="utf-8")
    return project


def test_a_mistake_is_shown_with_its_place_and_cure(broken):
    answer = broken.run("check")
    assert answer.code == 1
    assert "sequences/welcome.yaml:11:1: error E110" in answer.out
    assert "did you mean 'priority'?" in answer.out
    assert "1 error," in answer.lines[-2]


def test_mistakes_of_sequences_and_of_templates_come_at_once(broken):
    mail = broken.root / "templates" / "first_bag_check_in" / "en.md"
    mail.write_text(mail.read_text(encoding="utf-8") + "\n{{ codee }}\n", encoding="utf-8")
    hello = broken.root / "templates" / "welcome_hello" / "en.md"
    hello.write_text(hello.read_text(encoding="utf-8") + "\n{{ start.source }}\n{{ person.nme }\n", encoding="utf-8")
    found = json.loads(broken.run("check", "--json").out)["findings"]
    errors = {(one["file"], one["code"]) for one in found if one["severity"] == "error"}
    assert errors == {
        ("sequences/welcome.yaml", "E110"),
        ("templates/first_bag_check_in/en.md", "E220"),
        ("templates/welcome_hello/en.md", "E223"),
    }


def test_the_cure_of_a_missing_mail_works_while_the_file_is_still_broken(project):
    welcome = project.root / "sequences" / "welcome.yaml"
    welcome.write_text(welcome.read_text(encoding="utf-8").replace("welcome_hello", "good_morning"), encoding="utf-8")
    assert "`nurture new mail good_morning` writes one" in project.run("check").out
    project.ok("new", "mail", "good_morning")
    project.ok("schema", "--write")
    project.ok("check")


def test_findings_for_machines(broken):
    findings = json.loads(broken.run("check", "--json").out)["findings"]
    assert ("sequences/welcome.yaml", 11, "E110") in {(one["file"], one["line"], one["code"]) for one in findings}
    assert json.loads(broken.run("check", "--format", "sarif").out)["version"] == "2.1.0"
    assert broken.run("check", "--format", "github").out.count("::error file=sequences/welcome.yaml") == 1
    junit = fromstring(broken.run("check", "--format", "junit").out.encode())  # noqa: S314 - what is read is our own
    assert [case.get("file") for case in junit.iter("testcase") if case.find("failure") is not None] == [
        "sequences/welcome.yaml"
    ]


def test_a_check_of_what_is_named_is_silent_about_the_rest(broken):
    answer = broken.run("check", "welcome")
    assert answer.code == 1
    assert "sequences/welcome.yaml:11:1: error E110" in answer.out
    others = broken.ok("check", "birthday", "welcome_hello")
    assert others.lines[0].endswith("files, 0 errors, 0 warnings")
    none = broken.run("check", "welcom")
    assert none.code == 64
    assert "did you mean 'welcome'?" in none.err


def test_check_says_how_many_files_are_not_live_as_they_are(project):
    assert "what is live" not in project.ok("check").out
    project.ok("apply", "--yes-send", "0")
    assert "what is live" not in project.ok("check").out
    path = project.root / "sequences" / "welcome.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("priority: 40", "priority: 41"), encoding="utf-8")
    assert project.ok("check").lines[1].startswith("1 file differs from what is live")
    (project.root / "sequences" / "gone_quiet.yaml").unlink()
    assert project.run("check").lines[-2].startswith("2 files differ from what is live")


def test_broken_files_are_not_applied(broken):
    answer = broken.run("apply")
    assert answer.code == 1
    assert "nothing was planned or applied" in answer.out
    assert broken.run("run", "--once").code == 4


def test_a_new_sequence_passes_and_changes_nothing_live(project):
    project.ok("new", "sequence", "spring_push")
    project.ok("new", "sequence", "second_welcome", "--from", "welcome")
    project.ok("new", "sequence", "bag_after_bag", "--from", "next_bag")
    assert "0 errors" in project.ok("check").lines[-2]
    for name in ("spring_push", "second_welcome"):
        assert "status: draft" in (project.root / "sequences" / f"{name}.yaml").read_text(encoding="utf-8")
    again = project.run("new", "sequence", "spring_push")
    assert again.code == 64
    assert "already" in again.err
    assert "small letters" in project.run("new", "sequence", "Spring-Push").err


def test_a_translation_is_named_when_its_source_was_changed_since(project):
    project.ok("new", "mail", "spring_hello")
    assert "W311" not in "\n".join(line for line in project.run("check").lines if "was changed after" in line)
    source = project.root / "templates" / "spring_hello" / "en.md"
    source.write_text(source.read_text(encoding="utf-8").replace("Write here", "Please write"), encoding="utf-8")
    named = [line for line in project.run("check").lines if "spring_hello/en.md was changed after this" in line]
    assert len(named) == 4
    assert named[0].startswith("templates/spring_hello/ar.md:4:14: warning W311")


def test_a_new_mail_has_a_file_for_each_language(project):
    project.ok("new", "mail", "spring_hello")
    assert {path.name for path in (project.root / "templates" / "spring_hello").iterdir()} == {
        "en.md", "tr.md", "ar.md", "he.md", "hy.md"
    }  # fmt: skip
    project.ok("new", "mail", "summer_hello", "--locale", "he")
    assert [path.name for path in (project.root / "templates" / "summer_hello").iterdir()] == ["he.md"]


def test_a_language_more_is_a_copy_of_the_first_one_with_its_variants(project):
    answer = project.ok("new", "mail", "warm_wishes", "--locale", "fr")
    folder = project.root / "templates" / "warm_wishes"
    assert "Nobody reads fr yet: add it to  locales  in sequences/house/rules" in answer.lines
    for source in (folder / "en.md", folder / "christmas" / "en.md"):
        head, body = source.read_text(encoding="utf-8").removeprefix("---\n").split("---\n", 1)
        copy = source.with_name("fr.md").read_text(encoding="utf-8")
        assert copy.startswith(f"---\n{head}untranslated: true\nstill_right: ")
        assert copy.endswith(body)
    rules = project.root / "sequences" / "house" / "rules.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("he, hy]", "he, hy, fr]"), encoding="utf-8")
    found = project.run("check")
    assert "was changed after this" not in found.out
    assert "translate templates/warm_wishes/christmas/fr.md and take out 'untranslated: true'" in found.out
    (folder / "diwali" / "fr.md").unlink()
    assert "nurture new mail warm_wishes --locale fr" in project.run("check").out
    assert "templates/warm_wishes/diwali/fr.md" in project.ok("new", "mail", "warm_wishes", "--locale", "fr").out
    again = project.run("new", "mail", "warm_wishes", "--locale", "fr")
    assert again.code == 64
    assert "is there in fr already" in again.err


def test_schemas_are_of_this_project(project):
    schema = project.ok("schema", "sequence").out
    assert "first_bag_check_in" in schema
    json.loads(schema)
    project.ok("schema", "--write")
    assert json.loads((project.root / ".nurture" / "rules.schema.json").read_text(encoding="utf-8"))


def test_a_wrong_config_names_every_line(project):
    (project.root / "config.toml").write_text('mode = "tset"\n[store]\nulr = "x"\n', encoding="utf-8")
    answer = project.run("apply")
    assert answer.code == 1
    assert "config.toml:1:1" in answer.err
    assert "config.toml:3:1" in answer.err
    (project.root / "config.toml").write_bytes('mode = "lïve"'.encode("cp1252"))
    assert "config.toml is not UTF-8" in project.run("apply").err


@pytest.mark.parametrize("url", ["mysql://lena:secret@db/shop", "nurture.db"])
def test_an_address_of_no_store_is_trouble_and_tells_no_password(project, url):
    (project.root / "config.toml").write_text(f'[store]\nurl = "{url}"\n', encoding="utf-8")
    answer = project.run("apply")
    assert answer.code == 4
    assert "the address of the store is not understood" in answer.err
    assert "secret" not in answer.err


def test_a_store_that_cannot_be_opened_is_trouble(project):
    (project.root / "nurture.db").mkdir()
    answer = project.run("apply")
    assert answer.code == 4
    assert "the store cannot be used" in answer.err
    assert not Path(project.root / "outbox").exists()
