"""Findings as people, editors and build machines read them (language.md 9.2)."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote

from nurture.language.tree import Source
from nurture.model.place import Problem, Severity

Lines = Mapping[str, Sequence[str]]
Allowed = tuple[str, int, str]
"""A file, a line of it, and the code of a finding."""

_WIDEST = 160  # characters of a quoted line; beyond, the part round the caret is shown
_ISOLATE, _END_ISOLATE = "\u2066", "\u2069"
_UNSEEN = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_GITHUB = {Severity.error: "error", Severity.warning: "warning", Severity.remark: "notice"}
_SARIF = {Severity.error: "error", Severity.warning: "warning", Severity.remark: "note"}
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Sorted by file, line, column and code; the same finding twice counts once."""
    return sorted(set(problems), key=_order)


def silenced(problems: Iterable[Problem], sources: Iterable[Source]) -> tuple[Problem, ...]:
    """The findings that no `# nurture: allow` takes away; an error is never taken away."""
    return without(problems, allowed_in(sources))


def allowed_in(sources: Iterable[Source]) -> frozenset[Allowed]:
    """Every file, line and code of which an author said that it may stand."""
    return frozenset((source.file, one.line, one.code) for source in sources for one in source.allowed)


def without(problems: Iterable[Problem], allowed: frozenset[Allowed]) -> tuple[Problem, ...]:
    """The findings that are not allowed; an error is never allowed."""
    return tuple(
        problem
        for problem in problems
        if problem.severity is Severity.error or (problem.place.file, problem.place.line, problem.code) not in allowed
    )


def summary(problems: Iterable[Problem], files: int) -> str:
    """`13 files, 0 errors, 0 warnings`; remarks are named when there are any."""
    found = [problem.severity for problem in set(problems)]
    parts = [_counted(files, "file")]
    parts += [_counted(found.count(severity), severity.value) for severity in (Severity.error, Severity.warning)]
    if Severity.remark in found:
        parts.append(_counted(found.count(Severity.remark), "remark"))
    return ", ".join(parts)


def as_text(problems: Iterable[Problem], sources: Lines) -> str:
    """One line for machines, and the author's line with a caret for people; empty without findings."""
    return "".join(f"{_text(problem, sources)}\n" for problem in in_order(problems))


def as_json(problems: Iterable[Problem]) -> str:
    """One document: `{"findings": [{file, line, column, code, severity, message, hint}]}`."""
    findings = [
        {
            "file": problem.place.file,
            "line": problem.place.line,
            "column": problem.place.column,
            "code": problem.code,
            "severity": problem.severity.value,
            "message": problem.message,
            "hint": problem.hint,
        }
        for problem in in_order(problems)
    ]
    return _document({"findings": findings})


def as_github(problems: Iterable[Problem]) -> str:
    """Workflow commands of GitHub Actions, one finding a line."""
    return "".join(f"{_command(problem)}\n" for problem in in_order(problems))


def as_junit(problems: Iterable[Problem], strict: bool = False) -> str:
    """JUnit, as most build machines read it: a suite for each file, a case for each finding.

    An error is a failed case, with `strict` a warning too; where nothing is found there is one case, that passed.
    """
    from xml.etree.ElementTree import Element, SubElement, indent, tostring

    root = Element("testsuites", name="nurture check")
    suites: dict[str, list[Problem]] = {}
    for problem in in_order(problems):
        suites.setdefault(problem.place.file, []).append(problem)
    for file, found in suites.items() or [("nurture check", [])]:
        failed = [one for one in found if one.severity is Severity.error or (strict and one.code[0] == "W")]
        counts = {"tests": str(len(found) or 1), "failures": str(len(failed)), "errors": "0"}
        suite = SubElement(root, "testsuite", {"name": _seen(file)} | counts)
        if not found:
            SubElement(suite, "testcase", classname=file, name="no findings")
        for one in found:
            name = f"{one.code} {one.place.line}:{one.place.column} {one.message}"
            case = SubElement(suite, "testcase", classname=_seen(file), name=_seen(name), file=_seen(file))
            case.set("line", str(one.place.line))
            told = SubElement(case, "failure", message=_seen(one.message)) if one in failed else None
            (SubElement(case, "system-out") if told is None else told).text = _seen(_sentence(one))
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def as_sarif(problems: Iterable[Problem]) -> str:
    """SARIF 2.1.0, for code scanning; columns are Unicode code points."""
    found = in_order(problems)
    codes = sorted({problem.code for problem in found})
    driver = {"name": "nurture", "rules": [{"id": code} for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, codes) for problem in found],
    }
    return _document({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def _order(problem: Problem) -> tuple[str, int, int, str, str]:
    place = problem.place
    return (place.file, place.line, place.column, problem.code, problem.message)


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _document(content: object) -> str:
    # Half a character (a lone surrogate) would make a document that cannot be written.
    written = json.dumps(content, ensure_ascii=False, indent=2)
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", written) + "\n"


def _text(problem: Problem, sources: Lines) -> str:
    place = problem.place
    head = f"{_seen(str(place))}: {problem.severity.value} {problem.code}: {_seen(problem.message)}"
    lines = sources.get(place.file, ())
    after = f" {_seen(problem.hint)}" if problem.hint else ""
    if not 1 <= place.line <= len(lines):
        return f"{head}\n      |{after}" if after else head
    part, column = _window(lines[place.line - 1], place.column)
    line = _seen(part)
    shown = f"{_ISOLATE}{line}{_END_ISOLATE}" if _from_right_to_left(line) else line
    return f"{head}\n{place.line:>5} | {shown}".rstrip() + f"\n      | {_indent(line, column)}^{after}"


def _seen(text: str) -> str:
    """The text without anything that could move the cursor or turn the line round; every character stays one."""
    return _UNSEEN.sub(lambda found: chr(0x2400 + ord(found[0])) if found[0] < " " else "\ufffd", text)


def _window(line: str, column: int) -> tuple[str, int]:
    """A long line cut to the part round the column, and the column in that part."""
    if len(line) <= _WIDEST:
        return line, column
    start = max(0, min(column - _WIDEST // 2, len(line) - _WIDEST))
    part = line[start : start + _WIDEST]
    before, after = "…" if start else "", "…" if start + _WIDEST < len(line) else ""
    return f"{before}{part}{after}", column - start + len(before)


def _from_right_to_left(line: str) -> bool:
    return any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in line)


def _indent(line: str, column: int) -> str:
    """Blanks as wide as what stands before the column: wide letters take two cells, combining ones none."""
    before = line[: column - 1].ljust(column - 1)
    return "".join("\t" if letter == "\t" else " " * _cells(letter) for letter in before)


def _cells(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1


def _command(problem: Problem) -> str:
    place = problem.place
    properties = {
        "file": place.file,
        "line": place.line,
        "col": place.column,
        "endColumn": place.column + place.length,
        "title": problem.code,
    }
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{_GITHUB[problem.severity]} {written}::{_data(_sentence(problem))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _sentence(problem: Problem) -> str:
    return f"{problem.message} ({problem.hint})" if problem.hint else problem.message


def _result(problem: Problem, codes: list[str]) -> dict[str, object]:
    place = problem.place
    region = {"startLine": place.line, "startColumn": place.column, "endColumn": place.column + place.length}
    location = {"artifactLocation": {"uri": quote(place.file)}, "region": region}
    return {
        "ruleId": problem.code,
        "ruleIndex": codes.index(problem.code),
        "level": _SARIF[problem.severity],
        "message": {"text": _sentence(problem)},
        "locations": [{"physicalLocation": location}],
    }
