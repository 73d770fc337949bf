"""Law: whatever stands in a project's files, the checker answers with findings, soon, and never with a traceback.

Files of every kind are drawn: bytes of any kind, what breaks other readers of YAML and TOML, and the starter book's own
files with pieces cut out, doubled, swapped and overwritten.
"""

import json
import resource
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.engine.check import check
from nurture.language.page import LARGEST
from nurture.language.report import as_json, as_text
from nurture.model.place import Severity

ROOT = Path(__file__).parents[2]
BASE_FOLDER = ROOT / "tests/specimens/check/base"
BASE = {path.relative_to(BASE_FOLDER).as_posix(): path.read_bytes() for path in BASE_FOLDER.rglob("*.*")}
OWN = {
    path.relative_to(ROOT).as_posix(): path.read_bytes()
    for folder in ("sequences", "templates/welcome_hello", "templates/_layout")
    for path in sorted((ROOT / folder).rglob("*.*"))
    if path.suffix in (".yaml", ".toml", ".md", ".mjml")
}
PLACES = [
    *sorted(OWN),
    "sequences/tips.toml", "sequences/house/gifts.toml", "sequences/house/calendars/x.toml",
    "sequences/tests/x.test.toml",
    "templates/one_recipe/en.md", "templates/one_recipe/en.mjml", "templates/one_recipe/fr.html", "sequences/Ünï.yaml",
]  # fmt: skip
SECONDS = 10  # of the processor; a check of the small project takes a tenth of one
DEEP = 3_000
HOSTILE = [
    b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    b"<<: *a\n",
    b"!!python/object/apply:os.system ['x']\n",
    b"%YAML 1.1\n",
    b"? [a, b]\n: c\n",
    b"- " * DEEP,
    b"[" * DEEP,
    b"{a: " * DEEP,
    b"]" * DEEP,
    b"{" * DEEP,
    b"'" * 501,
    b'"' * 501,
    b"a:\n" + b"".join(b" " * n + b"a:\n" for n in range(400)),
    b"a.b.c." * DEEP,
    b"steps:\n" + b"  - send: x\n" * 2_000,
    b"if: " + b"(" * DEEP,
    b"if: " + b"not " * DEEP + b"true\n",
    b"if: " + b"1 + " * DEEP + b"1 > 0\n",
    b"if: person.orders.count in [" + b"1, " * DEEP + b"1]\n",
    b"if: count('order.placed', within='99999999999 days') > 1\n",
    b"wait: 99999999999999999999 days\n",
    b"wait: 0 days\n",
    b"x: 1e99999\n",
    b"x: 0x" + b"f" * 400 + b"\n",
    b"x: -0\n",
    b"once: 9999-12-31 23:59\n",
    b"once: 0001-01-01 00:00\n",
    b"day: 2027-02-30\n",
    b"max: -1\n",
    b"times: 999999999\n",
    b"enrol: tips\n",
    b"\xff\xfe",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    "\u2028\u202e".encode(),
    b"\r",
    b"\t",
    b"{{ " * 500,
    b"{% for x in y %}" * 300,
    b"{# nurture: allow",
    b"# nurture: allow W308 because x\n" * 300,
    b"---\n" * 50,
    b"{{ a|" + b"day|" * 900 + b"day }}",
    b"[[steps]]\n" * 900,
    b"a = " + b"[" * DEEP,
    b"[a." + b"b." * DEEP + b"c]\n",
    b"a = '''",
    b"<mj-section>" * 500,
    b"<![CDATA[",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>&a;",
    b"&#x110000;",
    b"codes: {make: '{99999}'}\n",
    b"  : \n",
    b"worth: 99999999999999999999999999999 EUR\n",
    b"make: '{8}{8}{8}'\n",
    b"rhythm: .inf\n",
    b"x: .nan\n",
]


@st.composite
def written(draw: st.DrawFn) -> tuple[str, bytes]:
    """A path, and bytes for it."""
    path = draw(st.sampled_from(PLACES))
    kind = draw(st.sampled_from(["bytes", "hostile", "changed", "changed", "changed"]))
    if kind == "bytes":
        return path, draw(st.binary(max_size=200))
    data = OWN.get(path) or draw(st.sampled_from(sorted(OWN.values())))
    if kind == "hostile":
        data = data[: draw(st.integers(0, len(data)))]
        return path, data + draw(st.sampled_from(HOSTILE)) + draw(st.sampled_from([b"", b"\n", data]))
    for _ in range(draw(st.integers(1, 4))):
        data = draw(changed(data))
    return path, data


@st.composite
def changed(draw: st.DrawFn, data: bytes) -> bytes:
    """The file with one thing changed."""
    lines = data.split(b"\n")
    how = draw(st.sampled_from(["drop", "double", "swap", "word", "insert", "indent", "cut"]))
    one, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    if how == "drop":
        del lines[min(one, other) : max(one, other)]
    elif how == "double":
        lines[one:one] = lines[other : other + 8]
    elif how == "swap":
        lines[one], lines[other] = lines[other], lines[one]
    elif how == "indent":
        lines[one] = b"  " * draw(st.integers(0, 9)) + lines[one].strip()
    elif how == "word":
        words, others = lines[one].split(b" "), lines[other].split(b" ")
        words[draw(st.integers(0, len(words) - 1))] = draw(
            st.sampled_from([*others, b"[]", b"{}", b"-1", b"''", b"~", b"x.y"])
        )
        lines[one] = b" ".join(words)
    elif how == "insert":
        at = draw(st.integers(0, len(lines[one])))
        lines[one] = lines[one][:at] + draw(st.sampled_from(HOSTILE))[:40] + lines[one][at:]
    else:
        return data[: draw(st.integers(0, len(data)))] + data[draw(st.integers(0, len(data))) :]
    return b"\n".join(lines)


def judged(path: str, data: bytes) -> None:
    """What is true of every answer."""
    begun = time.process_time()
    found = check(BASE | {path: data})
    taken = time.process_time() - begun
    errors = [one for one in found.problems if one.severity is Severity.error]
    assert (found.book is None) == bool(errors)
    for one in found.problems:
        lines = found.sources[one.place.file]
        assert 1 <= one.place.line <= len(lines) + 1
        assert one.place.column >= 1
        assert one.message
    assert bool(as_text(found.problems, found.sources).encode()) == bool(found.problems)
    assert len(json.loads(as_json(found.problems))["findings"]) == len(set(found.problems))
    assert taken < SECONDS, (path, taken)


@settings(max_examples=60, deadline=None)
@given(written())
def test_whatever_is_written_the_checker_answers_soon(file: tuple[str, bytes]) -> None:
    judged(*file)


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_what_breaks_other_readers_is_answered(number: int) -> None:
    for path in ("sequences/tips.yaml", "sequences/tips.toml", "templates/one_recipe/en.md"):
        judged(path, HOSTILE[number])


@pytest.mark.parametrize("path", ["sequences/tips.yaml", "sequences/house/gifts.toml", "templates/one_recipe/en.md"])
def test_a_file_larger_than_may_be_is_answered_in_little_room(path: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    data = b"a: 1\n" * (40 * LARGEST // 5)
    judged(path, data)
    assert (path, "E100") in {(one.place.file, one.code) for one in check(BASE | {path: data}).problems}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kilobytes
