"""How long `nurture test` takes: the starter book, a book of 200 sequences, and the laws in every clock and season.

The large book is the starter's sequences many times over under other names, each copy with the test file of its
original; the mails are the same ones.
"""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.frame import Figure, nurture, run, shop, taken

SEQUENCES = 200


def measure(_sizes: Sequence[int] = ()) -> list[Figure]:
    """Whole processes, from start to exit; the sweep on as many processes as there are processors."""
    with shop() as folder:
        starter = taken(lambda: nurture("test", folder=folder), times=5)
        passed = cases(nurture("test", folder=folder))
        swept = taken(lambda: nurture("test", "--sweep", folder=folder))
        grow(folder, SEQUENCES)
        large = taken(lambda: nurture("test", folder=folder), times=3)
        many = cases(nurture("test", folder=folder))
    return [
        Figure(f"`nurture test` of the starter book, {passed} cases", starter.words()),
        Figure(f"`nurture test` of a book of {SEQUENCES} sequences, {many} cases", large.words(), "5 s"),
        Figure(f"`nurture test --sweep` of the starter book, {os.cpu_count()} processes", swept.words(), "180 s"),
    ]


def cases(printed: str) -> int:
    """How many cases passed; all of them, or the command had failed."""
    found = re.search(r"^([0-9,]+) passed, 0 failed$", printed, flags=re.MULTILINE)
    if found is None:
        raise SystemExit(f"not every case passed:\n{printed}")
    return int(found[1].replace(",", ""))


def grow(folder: Path, wanted: int) -> None:
    """Copy sequences with their tests under other names until there are so many; a house rule starts the manual one."""
    there = [path for path in sorted((folder / "sequences").glob("*.*")) if path.is_file()]
    originals = [path for path in there if "manual: true" not in path.read_text(encoding="utf-8")]
    for number in range(len(there), wanted):
        original = originals[number % len(originals)]
        name = f"{original.stem}_{number}"
        text = original.read_text(encoding="utf-8")
        copy = re.sub(rf'^(sequence\s*[:=]\s*"?){original.stem}\b', rf"\g<1>{name}", text, flags=re.MULTILINE)
        original.with_stem(name).write_text(copy, encoding="utf-8")
        tests = folder / "sequences" / "tests"
        for file in tests.glob(f"{original.stem}.test.*"):
            (tests / file.name.replace(original.stem, name)).write_text(
                "".join(in_its_place(file, original.stem, name)), encoding="utf-8"
            )


def in_its_place(file: Path, original: str, name: str) -> Iterator[str]:
    """The lines of a test file with a copy in the place of the original, in its world and where endings are told."""
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        told = re.match(r"\s*(tests|with|ends)\s*[:=]", line)
        yield re.sub(rf"\b{original}\b", name, line) if told else line


if __name__ == "__main__":
    run({"book_tests": measure})
