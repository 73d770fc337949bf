"""docs/reference.md, generated from the tables of the language, so that no key is without its line."""

from collections.abc import Iterator

from nurture.language.giving_grammar import (
    BUDGET,
    CALENDAR_FILE,
    CODES,
    GIFT,
    GIFTS,
    LADDER,
    LADDERS,
    RUNG,
    SPECIAL_DAY,
)
from nurture.language.grammar import GOAL, REMOVAL, SEQUENCE, STOP_RULE
from nurture.language.house_grammar import (
    BALANCE,
    BRAKE,
    CATALOGUE,
    ENDPOINT,
    EVENT_FIELD,
    LIMIT,
    LINE,
    MOMENT,
    MUTE,
    NUMBERS,
    ORDERS,
    PERSON_FIELD,
    QUIET,
    RENAMED_TAG,
    RULES,
    SENDER,
    SILENCE,
    SPEAKS_FOR,
    SPECIAL_SENDER,
    STAGE,
    STAGES,
    THEME,
    THING,
    TOPIC,
    TOPICS,
)
from nurture.language.keep_grammar import KEEP
from nurture.language.page import LARGEST
from nurture.language.replies_grammar import LETTERS, REPLIES
from nurture.language.sequences import MOST_STEPS
from nurture.language.shapes import (
    Anything,
    Choice,
    Day,
    Factor,
    Flag,
    Forms,
    Formula,
    Key,
    Known,
    Many,
    Named,
    Part,
    Pattern,
    PlainOr,
    Question,
    Shape,
    Span,
    Table,
    WallClock,
    Whole,
    Words,
    Zone,
)
from nurture.language.start_grammar import AGAIN, TRIGGERS
from nurture.language.step_grammar import ARMS, MEASURE, ROUNDS, VERBS, WAITS, WAY, WINDOW
from nurture.language.stretches import DEEPEST, MOST
from nurture.language.sunset_grammar import SUNSET
from nurture.language.test_files_grammar import (
    CASE,
    CLICK,
    ENDINGS,
    EVENT,
    EXPECTED,
    GIVEN,
    PERSON,
    RECORD,
    TASK_DONE,
    TEST,
    VERSION,
    WHY,
)

CHAPTERS: tuple[tuple[str, tuple[Table, ...]], ...] = (
    ("A sequence: sequences/NAME.yaml or .toml", (SEQUENCE, AGAIN, GOAL, STOP_RULE, WINDOW, REMOVAL)),
    ("What starts it: `start`", TRIGGERS.tables),
    ("Steps", (*VERBS.tables, *WAITS.tables, *ARMS.tables, WAY, MEASURE, ROUNDS)),
    (
        "House rules: sequences/house/rules.yaml",
        (
            RULES,
            SENDER,
            SPECIAL_SENDER,
            SPEAKS_FOR,
            QUIET,
            LIMIT,
            MUTE,
            BRAKE,
            ENDPOINT,
            BALANCE,
            SILENCE,
            SUNSET,
            REPLIES,
            LETTERS,
            KEEP,
        ),
    ),
    (
        "What is known: sequences/house/catalogue.yaml",
        (CATALOGUE, PERSON_FIELD, EVENT_FIELD, LINE, ORDERS, THING, NUMBERS),
    ),
    ("The customer's line: sequences/house/stages.yaml", (STAGES, STAGE, MOMENT)),
    ("What readers decide: sequences/house/topics.yaml", (TOPICS, TOPIC, THEME, RENAMED_TAG)),
    ("What is given: sequences/house/gifts.yaml", (GIFTS, GIFT, CODES, BUDGET)),
    ("What is offered: sequences/house/ladders.yaml", (LADDERS, LADDER, RUNG)),
    ("Special days: sequences/house/calendars/NAME.yaml", (CALENDAR_FILE, SPECIAL_DAY)),
)

TESTS = (
    "Tests: sequences/tests/NAME.test.yaml",
    (TEST, CASE, GIVEN, PERSON, EVENT, RECORD, EXPECTED, WHY, CLICK, TASK_DONE, VERSION, ENDINGS),
)

_HEAD = """# Reference of the language

Every key of every file, generated from the step table that the checker and the editor's schema are made from.
Do not edit: `python -m nurture.language.reference > docs/reference.md`.
"""

_BOUNDS = f"""## How much is read

So that a check takes seconds whatever is in a file: a file has at most {LARGEST:,} bytes, a sequence at most
{MOST_STEPS} steps (arms included), lists and mappings stand at most {DEEPEST} deep in each other, and after
{MOST} findings the rest of a file is not looked at. All files are UTF-8; line ends may be those of any system.
"""


def reference() -> str:
    """The whole reference as Markdown."""
    return "\n".join(
        [_HEAD, *(line for title, tables in (*CHAPTERS, TESTS) for line in _chapter(title, tables)), _BOUNDS]
    )


def _chapter(title: str, tables: tuple[Table, ...]) -> Iterator[str]:
    yield f"## {title}\n"
    for table in tables:
        yield f"### {table.name}\n\n{table.about}\n"
        yield "| key | meaning | value | without it |\n|---|---|---|---|"
        yield from (_row(key, table) for key in (*table.keys, *filter(None, [table.others])))
        yield ""


def _row(key: Key, table: Table) -> str:
    absent = "required" if key.required else key.default
    if key.name in (*table.one_of, *table.some_of):
        absent = absent or " or ".join(f"`{name}`" for name in table.one_of or table.some_of)
    return f"| `{key.name}` | {key.about} | {_value(key.shape)} | {absent or '-'} |"


def _value(shape: Shape) -> str:
    match shape:
        case Many(each=each, alone=alone):
            return f"{_value(each)}, one or a list" if alone else f"a list of: {_value(each)}"
        case Named(each=each):
            return f"names, each with: {_value(each)}"
        case Part(table=table):
            return f"keys of {table.name}"
        case Forms(family=family):
            return f"a {family}"
        case PlainOr(plain=plain, mapping=mapping):
            return f"{_value(plain)}; or {_value(mapping)}"
        case Choice(options=options):
            return ", ".join(f"`{option}`" for option in options)
        case Known(what=what, also=also, form=form):
            named = f"the name of {'an' if what[0] in 'aeiou' else 'a'} {what}"
            return " or ".join([*(f"`{word}`" for word in also), named, *([form.of] if form else [])])
        case Pattern(of=of):
            return of
        case Whole(least=least, most=most):
            return f"a whole number from {least} to {most}"
        case Span(units=units):
            return f"a length in {', '.join(unit.value + 's' for unit in units)}"
        case Flag(only=only):
            return "`true` or `false`" if only is None else f"`{str(only).lower()}`"
        case _:
            return _PLAIN[type(shape)]


_PLAIN = {
    Words: "text",
    Factor: "a number above 0",
    WallClock: "a clock time such as 09:30",
    Day: "a date such as 2027-03-02",
    Zone: "an IANA zone",
    Question: "a condition",
    Formula: "a value as in conditions",
    Anything: "anything",
}

if __name__ == "__main__":
    import sys

    sys.stdout.write(reference())
