"""`nurture check NAME ...`: of everything that is wrong, what concerns the sequences and mails that were named."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import PurePosixPath

from nurture.engine.check import Checked
from nurture.engine.faults import MisuseError
from nurture.engine.project import SEQUENCE_ENDINGS
from nurture.model.book import Book
from nurture.model.step import Send

_HOME = PurePosixPath("sequences")
_MAILS = PurePosixPath("templates")


def of_names(checked: Checked, files: Collection[str], names: Iterable[str]) -> Checked:
    """Only the findings in what was named: a sequence's file, its test file and the mails it sends, or a mail.

    The whole book is judged all the same, since a sequence is right or wrong beside the others. MisuseError for a
    name that is neither a sequence nor a mail.
    """
    wanted: set[str] = set()
    known = _known(checked.partial, files)
    for name in names:
        if name not in known:
            close = get_close_matches(name, sorted(known), 1)
            cure = f"did you mean '{close[0]}'?" if close else "`nurture ls` names the sequences."
            raise MisuseError(f"there is no sequence and no mail '{name}'; {cure}")
        wanted |= known[name]
    problems = tuple(problem for problem in checked.problems if problem.place.file in wanted)
    return replace(checked, problems=problems, files=len(wanted))


def _known(book: Book, files: Collection[str]) -> Mapping[str, set[str]]:
    """The files of everything that can be named; a sequence that cannot be read counts by its file's name."""
    known: dict[str, set[str]] = {}
    for file in files:
        path = PurePosixPath(file)
        if path.parts[0] == _MAILS.name and len(path.parts) > 2 and not path.parts[1].startswith("_"):
            known.setdefault(path.parts[1], set()).add(file)
    mails = dict(known)
    for file in files:
        path = PurePosixPath(file)
        if path.parent == _HOME and path.suffix in SEQUENCE_ENDINGS:
            sends = _sent(book, path.stem)
            tests = {one for one in files if one.startswith(f"sequences/tests/{path.stem}.test.")}
            known[path.stem] = known.get(path.stem, set()).union({file}, tests, *(mails.get(one, ()) for one in sends))
    return known


def _sent(book: Book, name: str) -> set[str]:
    sequence = book.sequences.get(name)
    nodes = sequence.nodes.values() if sequence else ()
    return {node.step.mail for node in nodes if isinstance(node.step, Send)}
