import re
from pathlib import Path

from nurture.config import KEYS
from nurture.model.alarm import KINDS
from nurture.observe import NAMES

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


def rows(heading: str) -> set[str]:
    """What stands in code in the first column of the table below a heading."""
    below = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return {
        name for row in re.findall(r"^\| (`.*?) \|", below, flags=re.MULTILINE) for name in re.findall(r"`(.+?)`", row)
    }


def test_every_log_event_is_explained_and_none_besides():
    assert rows("The log") == NAMES


def test_every_key_of_the_configuration_is_explained_and_none_besides():
    assert rows("Configuration") == KEYS.keys()


def test_every_alarm_is_explained_and_none_besides():
    chapter = PAGE.split("\n## Alarms\n")[1].split("\n## ")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", chapter, re.MULTILINE)) == KINDS
