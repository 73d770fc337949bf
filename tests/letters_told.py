"""What a letter of tests/specimens/letters is read as; `python -m tests.letters_told` writes it beside each anew."""

import json
from pathlib import Path

from nurture.decide.replies import judged
from nurture.deliver.letter import letter_of_raw

FOLDER = Path(__file__).parent / "specimens" / "letters"
TOPICS = ("coffee_tips", "news")
SHOWN = ("from_address", "from_name", "subject", "words", "message_id", "answers", "automatic", "attachments")


def letters() -> list[Path]:
    """Every letter, by name."""
    return sorted(FOLDER.glob("*.eml"))


def told(path: Path) -> str:
    """What it is read as."""
    letter = letter_of_raw(path.read_bytes())
    found = judged(letter, TOPICS)
    said = {"kind": found.kind.value, "because": found.because, "topic": found.topic}
    read = {name: getattr(letter, name) for name in SHOWN}
    return json.dumps({**said, **read}, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    for path in letters():
        path.with_suffix(".json").write_text(told(path), encoding="utf-8")
