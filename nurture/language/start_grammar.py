"""What can start a sequence and who may start again (language.md 4.2 and 4.4), as data beside the step table."""

from dataclasses import replace

from nurture.language.shapes import (
    ELAPSED,
    Choice,
    Factor,
    Family,
    Flag,
    Forms,
    Key,
    Known,
    Many,
    Pattern,
    Question,
    Span,
    Table,
)
from nurture.model.length import Unit

NAME = Pattern(r"[a-z][a-z0-9_]*", "a name", "lower-case letters, digits and underscores, first a letter")
PATH = Pattern(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+", "a dotted name such as person.birthday")
ABOUT = Pattern(
    r"person|event|occurrence|event\.[a-z][a-z0-9_]*",
    "person, event, occurrence or a field such as event.order_id",
    "person, event, occurrence or a field such as event.order_id",
)
TIMES = Pattern(r"[1-9][0-9]* per (([1-9][0-9]* )?(day|week|month|year)s?)", "so many per so long, e.g. 4 per year")

CONDITION = Key("if", Question(), "A condition; asked once, at entry, after `settle`. Unknown counts as no.")
SETTLING = Key(
    "settle",
    Span(ELAPSED, 0),
    "How long to wait before the entry is asked, so that the data has time to arrive.",
    default="10 minutes",
)
DATES = Span((Unit.day, Unit.week))
RECENT = Span((*ELAPSED, Unit.day, Unit.week))

TRIGGERS = Family(
    "trigger",
    "a start",
    (
        Table(
            "event trigger",
            "an 'event' start",
            "Starts when the event happens; day 0 is the event's day.",
            (
                Key("event", Known("event"), "The event that starts it.", required=True),
                CONDITION,
                SETTLING,
                Key("fresh", RECENT, "An event older than this when it is learned starts nothing.", default="2 days"),
            ),
            verb="event",
        ),
        Table(
            "day trigger",
            "a 'day' start",
            "Starts at 00:00 on the reader's clock, `lead` before the day; day 0 is the day itself.",
            (
                Key("day", PATH, "A fact that is a day or a moment, such as person.birthday.", required=True),
                Key("every", Choice(("year",)), "Comes again each year; first after one year.", default="once"),
                Key("lead", DATES, "How long before the day they enter.", default="on the day"),
                CONDITION,
                Key(
                    "if_late",
                    Choice(("enter", "skip")),
                    "What happens when the day is learned between `lead` and day 0.",
                    default="enter",
                ),
            ),
            verb="day",
            later=frozenset({"per"}),
        ),
        Table(
            "lapse trigger",
            "a 'lapse' start",
            "Starts at 10:00 on the reader's clock on the day the silence reaches its length.",
            (
                Key("lapse", Known("event"), "The event that has not come again.", required=True),
                Key("for", DATES, "The length of the silence."),
                Key("rhythm", Factor(), "The silence as a multiple of this person's own usual gap."),
                Key("at_least", DATES, "Never sooner than this.", default="none"),
                Key("at_most", DATES, "Never later than this.", default="none"),
                Key("if_unknown", DATES, "The silence for who has no rhythm yet.", default="does not start"),
                CONDITION,
            ),
            verb="lapse",
            one_of=("for", "rhythm"),
            beside=(("at_least", "rhythm"), ("at_most", "rhythm"), ("if_unknown", "rhythm")),
        ),
        Table(
            "stage trigger",
            "a 'stage' start",
            "Starts when new evidence brings somebody into a stage or a moment; day 0 is that day.",
            (
                Key("stage", Known("stage"), "The stage or moment that is entered.", required=True),
                CONDITION,
                SETTLING,
            ),
            verb="stage",
        ),
        Table(
            "manual trigger",
            "a 'manual' start",
            "Starts only by `nurture enrol` or the API.",
            (Key("manual", Flag(only=True), "true.", required=True), CONDITION),
            verb="manual",
        ),
        Table(
            "any trigger",
            "an 'any' start",
            "Starts by whichever of several triggers comes.",
            (Key("any", Many(Forms("one trigger"), least=2, most=10), "The triggers.", required=True),),
            verb="any",
        ),
    ),
    strange="E110",
    later=frozenset({"holiday", "every", "once", "stage_left"}),
)

ONE_TRIGGER = replace(
    TRIGGERS, name="one trigger", tables=tuple(table for table in TRIGGERS.tables if table.verb != "any")
)

AGAIN = Table(
    "again",
    "'again'",
    "Who may start again, and when.",
    (
        Key("per", ABOUT, "What one enrolment is about.", default="by the trigger"),
        Key(
            "running",
            Choice(("ignore", "restart", "queue", "alongside")),
            "What happens when one is already inside.",
            default="ignore",
        ),
        Key("gap", Span(), "At least this long since the last start.", default="none"),
        Key("limit", TIMES, "At most so many starts in a rolling period, e.g. 4 per year.", default="none"),
    ),
)
