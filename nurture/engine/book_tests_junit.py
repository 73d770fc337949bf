"""The results of `nurture test` in the JUnit format, which build machines read."""

from collections.abc import Iterable
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from nurture.engine.book_tests import Result
from nurture.engine.book_tests_words import result_lines


def write_junit(results: Iterable[Result], path: Path) -> None:
    """One suite for each test file, one case for each of its cases, with what differs as the failure's text."""
    root = Element("testsuites", name="nurture test")
    suites: dict[str, list[Result]] = {}
    for result in results:
        suites.setdefault(result.file, []).append(result)
    for file, of_file in suites.items():
        failed = sum(not result.passed for result in of_file)
        suite = SubElement(root, "testsuite", name=file, tests=str(len(of_file)), failures=str(failed), errors="0")
        for result in of_file:
            case = SubElement(suite, "testcase", classname=file, name=result.case.name, file=file)
            case.set("line", str(result.case.place.line))
            if not result.passed:
                head, *lines = result_lines(result)
                failure = SubElement(case, "failure", message=result.differences[0].words)
                failure.text = "\n".join([head.strip(), *lines])
    indent(root)
    ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
