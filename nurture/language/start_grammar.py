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
    WallClock,
)
from nurture.model.length import Unit

NAME = Pattern(r"[a-z][a-z0-9_]*", "a name", "lower-case letters, digits and underscores, first a letter")
PATH = Pattern(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+", "a dotted name such as person.birthday")
ABOUT = Known(
    "thing", ("person", "event", "occurrence"), Pattern(r"event\.[a-z][a-z0-9_]*", "a field such as event.order_id")
)
SHARE = Pattern(r"(0|[1-9][0-9]?) ?%", "a share such as 10%", "a whole number of percent under 100, e.g. 10%")
ONCE = Pattern(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2} ([01][0-9]|2[0-3]):[0-5][0-9]",
    "a day and a time such as 2027-03-02 10:00",
    "a day and a time, e.g. 2027-03-02 10:00",
)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
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
LATE = Key(
    "if_late",
    Choice(("enter", "skip")),
    "What happens when the day is learned between `lead` and day 0.",
    default="enter",
)

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
                Key(
                    "per",
                    Known("thing"),
                    "The kind of thing whose day it is, once for each of them: subscription.renews_on.",
                    default="the person's own day",
                ),
                CONDITION,
                LATE,
            ),
            verb="day",
        ),
        Table(
            "holiday trigger",
            "a 'holiday' start",
            "Starts at 00:00 on the reader's clock, `lead` before each named day; `start.name` is the day's name.",
            (
                Key(
                    "holiday",
                    Many(Known("special day"), alone=True, most=50),
                    "The days, of calendars/ or the built-in tables.",
                    required=True,
                ),
                Key(
                    "observed_by",
                    PATH,
                    "The fact (tags) in which people say what they observe; a religious day is for nobody else.",
                    default="everybody, for days that are not religious",
                ),
                Key("in", PATH, "The fact whose country's date counts.", default="person.country"),
                Key("lead", DATES, "How long before the day they enter.", default="on the day"),
                CONDITION,
                LATE,
            ),
            verb="holiday",
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
            "stage left trigger",
            "a 'stage_left' start",
            "Starts when new evidence brings somebody out of a stage or a moment; day 0 is that day.",
            (
                Key("stage_left", Known("stage"), "The stage or moment that is left.", required=True),
                CONDITION,
                SETTLING,
            ),
            verb="stage_left",
        ),
        Table(
            "every trigger",
            "an 'every' start",
            "Starts each week at this time on each reader's own clock.",
            (
                Key("every", Choice(("week",)), "week.", required=True),
                Key("weekday", Choice(WEEKDAYS), "On this day of the week.", required=True),
                Key("at", WallClock(), "At this time.", required=True),
                CONDITION,
            ),
            verb="every",
        ),
        Table(
            "once trigger",
            "a 'once' start",
            "A broadcast: starts once for everybody, at this time on each reader's own clock; needs `at_most`.",
            (Key("once", ONCE, "The day and the time.", required=True), CONDITION),
            verb="once",
        ),
        Table(
            "manual trigger",
            "a 'manual' start",
            "Starts only by `nurture enrol`, an `enrol` step or the API.",
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
