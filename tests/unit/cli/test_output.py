"""Lines too long for the screen: they go on below, and nothing of them is lost."""

import shlex

from nurture.cli.command import WIDTH
from nurture.cli.output import say_next, wrapped


def test_a_long_line_goes_on_under_its_last_column():
    head = "Mon 08 Mar 10:00 salma  invite_a_friend        "
    words = "-> Thu 11 Mar 10:00: already had thank_you_with_card, warm_wishes, happy_birthday (limit 3 per 7 days)"
    first, *rest = wrapped(head + words)
    assert first.startswith(head + "-> Thu 11 Mar")
    assert rest
    assert all(line.startswith(" " * len(head)) and line[len(head)] != " " for line in rest)
    assert max(map(len, [first, *rest])) <= WIDTH
    assert " ".join([first.removeprefix(head), *map(str.strip, rest)]) == words


def test_a_line_without_columns_goes_on_a_little_further_in():
    line = "  Did not start: " + "condition " * 12
    first, second = wrapped(line.rstrip())
    assert first.startswith("  Did not start")
    assert second.startswith("      condition")


def test_a_line_that_fits_stays_as_it_is():
    line = "x" * 40 + "  " + "y" * (WIDTH - 42)
    assert wrapped(line) == [line]
    assert wrapped("") == [""]


def test_a_word_longer_than_the_screen_is_not_cut():
    assert "a" * 120 in wrapped("see  " + "a" * 120)[-1]


def test_what_to_do_next_is_never_cut(capsys):
    commands = [f"nurture explain {'n' * 80}@shop.example --sequence {name}" for name in ("birthday", "first_order")]
    say_next(*commands)
    said = capsys.readouterr().out.splitlines()
    assert [line[6:] for line in said] == commands
    assert shlex.split(said[0]) == ["Next:", *shlex.split(commands[0])]
    say_next("nurture check", "nurture demo")
    assert capsys.readouterr().out == "Next: nurture check   ·   nurture demo\n"
