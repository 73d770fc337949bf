"""The documents hold: every dependency has its reason, every link leads somewhere, no machine of ours is named."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from nurture.cli.group import VERBS
from nurture.config import KEYS, read_config

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests" / "data").glob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
LINK = re.compile(r"\]\(([^)\s]+)\)")
SOMEBODYS_FOLDER = re.compile(r"(?<![\w.$}/:<-])/(?:home|root|Users|tmp|work|opt|mnt)/[\w.-]+")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document: Path) -> None:
    broken = [link for link in LINK.findall(prose(document)) if not leads_somewhere(document, link)]
    assert broken == []


def prose(document: Path) -> str:
    """The text without its examples: what a program printed is no link of ours."""
    return re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)


def leads_somewhere(document: Path, link: str) -> bool:
    """Whether a link is outside, or names a file and, behind #, a heading of it."""
    if "://" in link or link.startswith("mailto:"):
        return True
    name, _, heading = link.partition("#")
    target = (document.parent / name) if name else document
    return target.exists() and (not heading or heading in headings(target))


def headings(document: Path) -> set[str]:
    """Headings as links spell them."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_dependency_has_its_reason_and_no_reason_is_left_over() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    declared = {re.split(r"[<>=~!\[; ]", name)[0].lower() for name in wanted}
    explained = {
        name
        for page in DECISIONS
        for line in re.findall(r"^Packages: (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", line)
    }
    assert explained == declared


def test_decisions_are_numbered_without_a_gap_and_all_are_listed() -> None:
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    index = (ROOT / "docs" / "decisions" / "index.md").read_text(encoding="utf-8")
    assert [page.name for page in DECISIONS if f"({page.name})" not in index] == []


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = [
        f"{name}: {found.group()}"
        for name in listed.split("\0")
        if name and (ROOT / name).is_file()
        for found in SOMEBODYS_FOLDER.finditer((ROOT / name).read_text(encoding="utf-8", errors="replace"))
    ]
    assert named == []


def test_the_example_configuration_is_what_holds_without_one_and_names_every_key() -> None:
    text = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    as_written, problems = read_config(ROOT, text, {})
    assert problems == ()
    assert as_written == read_config(ROOT, None, {})[0]
    everything = re.sub(r"^# (\w+ =)", r"\1", text, flags=re.MULTILINE)
    tree = tomllib.loads(everything)
    keys = {f"{table}.{key}" for table, inside in tree.items() if isinstance(inside, dict) for key in inside}
    assert keys | {key for key, value in tree.items() if not isinstance(value, dict)} == set(KEYS)


def test_the_sequence_in_the_readme_is_the_one_of_the_starter_book() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```yaml\n(.*?)```", readme, flags=re.DOTALL)
    name = re.findall(r"^sequence: (\w+)$", shown, flags=re.MULTILINE)[0]
    lines = (ROOT / "sequences" / f"{name}.yaml").read_text(encoding="utf-8").split("\n")
    assert shown == "\n".join(line for line in lines if not line.startswith("# yaml-language-server"))


def test_every_command_in_the_readme_exists() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"^ {4}nurture (\w[\w-]*)|`nurture (\w[\w-]*)", readme, flags=re.MULTILINE))
    verbs = {first or second for first, second in shown}
    assert verbs
    assert verbs <= set(VERBS)
