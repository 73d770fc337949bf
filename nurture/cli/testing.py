"""The verb that runs the test files: test (language.md 10)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nurture.cli.command import Asked, command
from nurture.cli.edge import FINDINGS, FINE
from nurture.cli.output import answer, plural, say, say_all, say_next
from nurture.cli.progress import progress

if TYPE_CHECKING:
    from nurture.engine.book_tests import Result
    from nurture.engine.book_tests_cover import Cover
    from nurture.language.test_files import CaseFile

EMPTY = ("expects nothing yet", "expect nothing yet")


@command(
    "test",
    "nurture test                               every case of sequences/tests/",
    'nurture test first_order -k "happy"        some of them',
    'nurture test --record "happy answer"       write what comes into the file, to be read by a person',
    "nurture test --sweep                       laws over all clocks and seasons",
)
@click.argument("names", nargs=-1)
@click.option("-k", "words", default="", help="Only cases with these words in their name.")
@click.option(
    "--record",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[WORDS]",
    help="Fill in `expect` of the case with these words; without words, of every case that has none.",
)
@click.option("--accept", is_flag=True, help="Rewrite what failing cases expect to what came, after a wanted change.")
@click.option("--cover", "covering", is_flag=True, help="List the steps and ways that no case reaches.")
@click.option(
    "--sweep",
    is_flag=False,
    flag_value="some",
    default=None,
    type=click.Choice(["some", "all"]),
    metavar="[all]",
    help="Hold the laws in every clock, round every change of clocks, over two years; `all` on every day.",
)
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write the results for a build machine.")
@click.option("--processes", type=click.IntRange(1, 64), default=None, help="For --sweep; without it, one a core.")
def test_command(
    asked: Asked,
    names: tuple[str, ...],
    words: str,
    record: str | None,
    accept: bool,
    covering: bool,
    sweep: str | None,
    junit: Path | None,
    processes: int | None,
) -> int:
    """Run the cases of sequences/tests/: the mails that come, held against those expected.

    The real engine on a test clock; nothing is stored, handed over or called. Exits 1 when a case fails.
    """
    from nurture.engine.book_tests_project import chosen, count, opened, results_of, to_record

    if record is not None and accept:
        raise click.UsageError("--record and --accept do not go together")
    root = asked.root
    project = opened(root)
    book = project.book
    if sweep is not None:
        from nurture.cli.sweeping import sweep_book

        return sweep_book(asked, book, chosen(project.cases, names, words), sweep == "all", processes)
    cases = chosen(project.cases, names, words)
    if record is not None:
        cases = to_record(cases, record)
        if not cases:
            raise click.UsageError(nothing_to_record(record))
    with progress("testing", count(cases)) as tell:
        results = results_of(book, project.files, cases, tell)
    if record is not None or accept:
        wanted = (
            results
            if record is not None
            else [one for one in results if one.case.expect is not None and not one.passed]
        )
        return write_down(asked, root, project.cases, wanted)
    if junit is not None:
        from nurture.engine.book_tests_junit import write_junit

        write_junit(results, junit)
    from nurture.engine.book_tests_cover import cover

    tell_results(asked, results, cover(book, results, names) if covering else None)
    return FINE if all(result.passed for result in results) else FINDINGS


def nothing_to_record(words: str) -> str:
    """Why nothing is recorded, and how it can be asked for."""
    if not words:
        return "--record: every case expects something already; --accept rewrites those that fail"
    return f"--record: no case has '{words}' in its name; of all cases of a file: nurture test FILE --record"


def write_down(asked: Asked, root: Path, files: "Sequence[CaseFile]", results: "Sequence[Result]") -> int:
    """Write what came into the files, and say what to read now."""
    from nurture.engine.book_tests import beside_expect
    from nurture.engine.book_tests_recording import record

    written = [path.relative_to(root).as_posix() for path in record(root, files, results)]
    if asked.json:
        answer({"written": written, "cases": [as_json(one) for one in results]})
        return FINE
    for result in results:
        say(f"  {plural(len(result.story.came), 'message'):<12} {result.case.name}")
        for one in beside_expect(result):
            say(f"{'':<14} still to be mended by hand: {one.mail} {one.words}".replace(":  ", ": "))
    say(f"Written: {', '.join(written)}" if written else "Nothing changed: the files say it already.")
    say_next("read it: git diff sequences/tests", "nurture test")
    return FINE


def tell_results(asked: Asked, results: "Sequence[Result]", covered: "Cover | None") -> None:
    """Every case, file by file, and how many failed."""
    failed = sum(not result.passed for result in results)
    if asked.json:
        document = {"passed": len(results) - failed, "failed": failed, "cases": [as_json(one) for one in results]}
        answer({**document, "cover": covered} if covered else document)
        return
    from nurture.engine.book_tests_words import result_lines

    file = ""
    for result in results:
        if result.file != file:
            file = result.file
            say(file)
        say_all(result_lines(result))
    say(f"{len(results) - failed:,} passed, {failed:,} failed")
    empty = [result.case.name for result in results if not result.case.expects_anything]
    if empty:
        say(f"{plural(len(empty), f'case {EMPTY[0]}', f'cases {EMPTY[1]}')}: {empty[0]}")
    if covered is not None:
        say(f"{covered.reached:,} of {covered.steps:,} steps are reached by some case")
        say_all(gap.line for gap in covered.gaps)
    if failed:
        say_next("mend it, then nurture test", "nurture test --accept  if what came is what you want")
    else:
        after = "nurture test --sweep" if covered else "nurture test --cover"
        say_next(*(["nurture test --record"] if empty else [after, "nurture simulate --days 14"]))


def as_json(result: "Result") -> dict[str, object]:
    """One case for machines."""
    from nurture.engine.book_tests_words import trail

    return {
        "file": result.file,
        "line": result.case.place.line,
        "name": result.case.name,
        "passed": result.passed,
        "came": result.story.came,
        "differences": [
            {
                "mail": one.mail,
                "at": one.at,
                "wanted": one.wanted,
                "words": one.words,
                "line": one.place and one.place.line,
            }
            for one in result.differences
        ],
        "why": list(trail(result.differences[0], result.story)) if result.differences else [],
    }


COMMANDS = {"test": test_command}
