"""Every folder of tests/specimens/source: a file, and beside it what is said about it, to the letter."""

from pathlib import Path

import pytest

from nurture.language.report import as_text
from nurture.language.source import read

SPECIMENS = sorted((Path(__file__).parents[2] / "specimens" / "source").iterdir())


@pytest.mark.parametrize("folder", SPECIMENS, ids=lambda folder: folder.name)
def test_specimen(folder: Path) -> None:
    (file,) = folder.glob("file.*")
    source = read(file.read_bytes(), file.name)
    expected = (folder / "expected.txt").read_bytes().decode()
    assert as_text(source.problems, {file.name: source.lines}) == expected
    codes = {problem.code for problem in source.problems}
    assert codes == ({folder.name[:4]} if folder.name != "clean" else set())


def test_every_code_of_the_loader_has_a_specimen() -> None:
    assert {folder.name[:4] for folder in SPECIMENS} == {"E100", "E101", "E102", "E103", "E104", "E105", "clea"}
