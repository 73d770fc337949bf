import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from nurture import observe
from nurture.observe import JsonLines, Lines

NOW = datetime(2027, 3, 9, 10, tzinfo=UTC)


@pytest.fixture(params=[Lines, JsonLines])
def shown(request) -> Iterator[tuple[io.StringIO, type]]:
    """What a handler with each of the two ways of writing shows of the events and of a library."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(request.param())
    loggers = [logging.getLogger("nurture"), logging.getLogger("aiohttp.server")]
    before = [(one, one.level) for one in loggers]
    for one in loggers:
        one.addHandler(handler)
        one.setLevel(logging.INFO)
    yield written, request.param
    for one, level in before:
        one.removeHandler(handler)
        one.setLevel(level)


def test_an_event_is_one_line_with_its_fields(shown):
    written, how = shown
    observe.note(observe.TICK_DONE, people=3, since=NOW, words='two "words"\nand a line', empty="")
    (line,) = written.getvalue().splitlines()
    if how is JsonLines:
        found = json.loads(line)
        assert found.pop("time").endswith("Z")
        assert found == {
            "level": "info", "event": "tick.done", "people": 3, "since": "2027-03-09T10:00:00Z",
            "words": 'two "words"\nand a line', "empty": "",
        }  # fmt: skip
    else:
        said = r'people=3 since=2027-03-09T10:00:00Z words="two \"words\"\nand a line" empty=""'
        assert line.partition("Z ")[2] == f"tick.done {said}"


def test_a_warning_says_so(shown):
    written, how = shown
    observe.note(observe.DAEMON_HOLDS, level=logging.WARNING, because="x")
    said = '"level": "warning"' if how is JsonLines else "Z warning daemon.holds because=x"
    assert said in written.getvalue()


def test_of_a_library_only_the_unfilled_first_line_is_shown(shown):
    written, _ = shown
    try:
        raise ValueError("salma@shop.example")
    except ValueError:
        logging.getLogger("aiohttp.server").exception("Error handling %s\nfuture: salma", "salma@shop.example")
    (line,) = written.getvalue().splitlines()
    assert "salma" not in line
    assert "Error handling %s ValueError" in line
    assert "aiohttp.server" in line


def test_an_event_without_a_name_here_is_a_defect():
    with pytest.raises(ValueError, match="no log event is called"):
        observe.note("tick.dnoe")


def test_an_error_is_said_by_its_type_and_place_and_its_words_only_when_they_are_ours():
    with pytest.raises(ValueError, match="salma") as caught:
        observe.note("salma@shop.example")
    fields = observe.fault_fields(caught.value)
    assert fields["error"] == "ValueError"
    assert fields["at"].startswith("observe.py:")
    assert "salma" not in str(fields)
    assert "salma" in observe.fault_fields(caught.value, words=True)["words"]


def test_no_value_begins_a_line_or_moves_a_cursor(shown):
    written, _how = shown
    observe.note(observe.SHOP_TAKEN, source="shopify", topic="a\u2028b\x85c\x0bd\x1b[2Je\u202ef\0", left="g\nh")
    (line,) = written.getvalue().splitlines()
    assert line.isprintable()


def test_a_line_of_a_fault_says_when_and_where(shown):
    """JSON: the place of a fault is `at`, and must not stand where the time of the line stands."""
    written, how = shown
    observe.note(observe.SYNC_FAILED, error="NotToldError", at="engine/syncing.py:55")
    (line,) = written.getvalue().splitlines()
    assert "engine/syncing.py:55" in line
    when = json.loads(line)["time"] if how is JsonLines else line.partition(" ")[0]
    assert datetime.strptime(when, "%Y-%m-%dT%H:%M:%SZ").year >= 2026  # noqa: DTZ007
