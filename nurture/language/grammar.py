"""The step table (language.md 4) as data: the one source of checker, JSON Schema and reference."""

from nurture.language.shapes import (
    CALENDAR,
    WAITING,
    Choice,
    Family,
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
    Span,
    Table,
    WallClock,
    Whole,
    Words,
)
from nurture.language.start_grammar import AGAIN, DATES, NAME, ONE_TRIGGER, PATH, TRIGGERS
from nurture.model.rules import CLASSES

FACT = Pattern(r"person\.[a-z][a-z0-9_]*", "a fact such as person.vip_since")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PILLARS = ("product", "service", "community", "experience", "bridge")
LATER_SKIP_STOP = Choice(("later", "skip", "stop"))
CLASS = Choice(CLASSES)
STEPS = Many(Forms("step"))

WINDOW = Table(
    "window",
    "a window",
    "The days and hours in which messages may go, on the reader's clock.",
    (
        Key("days", Many(Choice(WEEKDAYS), alone=True), "Days of the week.", default="every day"),
        Key("from", WallClock(), "From this time on.", default="00:00"),
        Key("to", WallClock(), "Up to, not including, this time.", default="the end of the day"),
    ),
    some_of=("days", "from", "to"),
)
COMMON = (
    Key("id", NAME, "The step's name; a send is called like its mail, a wait before_<next step>.", default="derived"),
    Key("if", Question(), "A condition; when it is not true the step is skipped.", default="none"),
    Key("note", Words(), "For people."),
)


def _step(verb: str, called: str, about: str, keys: tuple[Key, ...], later: frozenset[str] = frozenset()) -> Table:
    return Table(f"{verb} step", called, about, (*keys, *COMMON), verb=verb, later=later | {"was"}, stranger="E113")


SEND_KEYS = (
    Key("send", Known("mail"), "The mail: a folder of templates/.", required=True),
    Key("class", CLASS, "What kind of message it is.", default="the sequence's"),
    Key("topic", Known("topic"), "What the reader can unsubscribe from.", default="the sequence's"),
    Key("theme", Known("theme"), "What a reader can be spared.", default="the sequence's"),
    Key("variant", NAME, "A folder of the mail that is looked in first: templates/<mail>/<variant>/.", default="none"),
    Key("with", Named(NAME, Formula()), "Variables of the mail and how they are worked out.", default="none"),
    Key("window", Part(WINDOW), "When it may go.", default="the sequence's"),
    Key(
        "valid_for",
        Span(),
        "How late it may go, counted from due; too late is outcome `expired`.",
        default="service, care, news 3 days; celebration 1 day; offer 5 days",
    ),
    Key(
        "at_once",
        Flag(),
        "Not held by quiet hours within 30 minutes of something the reader did.",
        default="false",
    ),
    Key(
        "fixed",
        Flag(),
        "Belongs to its day and goes before movable messages; never an offer.",
        default="true for a celebration started by a day",
    ),
    Key("if_capped", LATER_SKIP_STOP, "When a limit is full: move it, drop it, end the sequence.", default="later"),
    Key("if_muted", LATER_SKIP_STOP, "When its class is muted: move it, drop it, end the sequence.", default="later"),
    Key("if_no_consent", Choice(("skip", "stop")), "Without consent: drop it, or end the sequence.", default="skip"),
)

WAITS = Family(
    "wait",
    "a wait",
    (
        Table(
            "wait until day",
            "a 'wait until_day'",
            "Until a day counted from day 0.",
            (
                Key("until_day", Whole(-366, 3660), "The day; day 0 is the day of what started it.", required=True),
                Key("at", WallClock(), "At this time.", default="10:00"),
            ),
            verb="until_day",
        ),
        Table(
            "wait until date",
            "a 'wait until'",
            "Until a day of the person's, read again whenever it changes.",
            (
                Key("until", PATH, "A fact that is a day or a moment, such as person.birthday.", required=True),
                Key("minus", DATES, "So long before it.", default="none"),
                Key("at", WallClock(), "At this time.", default="10:00"),
            ),
            verb="until",
        ),
        Table(
            "wait until weekday",
            "a 'wait until_weekday'",
            "Until the first moment inside; the message right after it inherits the window.",
            (
                Key("until_weekday", Many(Choice(WEEKDAYS), alone=True), "Days of the week.", required=True),
                Key("between", Many(WallClock(), least=2, most=2), "From and to: [09:00, 11:00].", default="all day"),
                Key("at_least", Span(CALENDAR), "At least so long after the previous step.", default="none"),
            ),
            verb="until_weekday",
        ),
    ),
    strange="E110",
    later=frozenset({"event"}),
)

ARMS = Family(
    "arm",
    "an arm",
    (
        Table(
            "if arm",
            "an arm",
            "The first arm whose condition is true is taken.",
            (
                Key("if", Question(), "The condition of this arm.", required=True),
                Key("then", STEPS, "What happens then.", required=True),
            ),
            verb="if",
            cures=(("else", "make it an arm of its own: - else:"),),
        ),
        Table(
            "else arm",
            "an 'else' arm",
            "The last arm, taken when no other is; without it the flow goes on.",
            (Key("else", STEPS, "What happens otherwise.", required=True),),
            verb="else",
        ),
    ),
    strange="E110",
)

VERBS = Family(
    "step",
    "a step",
    (
        _step("send", "a 'send' step", "Sends a mail.", SEND_KEYS, frozenset({"approve"})),
        _step(
            "wait",
            "a 'wait' step",
            "Waits from the previous step's done: days and longer on the reader's clock, hours as elapsed time.",
            (
                Key("wait", PlainOr(Span(WAITING), Forms("wait")), "How long, or until when.", required=True),
                Key("at", WallClock(), "The time of day, for days and longer.", default="the same time of day"),
            ),
            frozenset({"then", "else"}),
        ),
        _step(
            "branch",
            "a 'branch' step",
            "Takes the first arm whose condition is true; none and no else goes on.",
            (
                Key(
                    "branch", Many(Forms("arm"), most=20), "The arms: {if, then}, and at the end {else}.", required=True
                ),
            ),
        ),
        _step(
            "tag",
            "a 'tag' step",
            "Gives the person tags.",
            (Key("tag", Many(Known("tag"), alone=True), "The tags, declared in topics.yaml.", required=True),),
        ),
        _step(
            "untag",
            "an 'untag' step",
            "Takes tags from the person.",
            (Key("untag", Many(Known("tag"), alone=True), "The tags, declared in topics.yaml.", required=True),),
        ),
        _step(
            "set",
            "a 'set' step",
            "Sets facts of the person.",
            (Key("set", Named(FACT, Formula()), "Facts and their values: {person.vip_since: today}.", required=True),),
        ),
        _step(
            "stop",
            "a 'stop' step",
            "Ends this person's enrolment.",
            (Key("stop", Words(), "The reason, kept and shown by `explain`.", required=True),),
        ),
    ),
    strange="E111",
    later=frozenset({"split", "gift", "ladder", "task", "webhook", "move_to", "enrol", "repeat"}),
    common=frozenset({key.name for key in COMMON} | {"was"}),
)


GOAL = Table(
    "goal",
    "a goal",
    "What the sequence hopes for; counted, and it ends the sequence at once.",
    (
        Key("event", Known("event"), "The event hoped for.", required=True),
        Key("within", Span(), "Counted within this time from the start.", default="as long as inside"),
        Key("if", Question(), "Only when this is true of the event.", default="none"),
        Key("stop", Flag(), "false only counts.", default="true"),
    ),
)

STOP_RULE = Table(
    "stop_when",
    "an entry of 'stop_when'",
    "Ends the enrolment the moment the event comes or the condition turns true.",
    (
        Key("event", Known("event"), "An event."),
        Key("if", Question(), "A condition; beside an event it is asked of that event."),
    ),
    some_of=("event", "if"),
)

SEQUENCE = Table(
    "sequence",
    "a sequence",
    "One file of sequences/: what starts it, who may enter, and its steps.",
    (
        Key("sequence", NAME, "Its name; equal to the file name.", required=True),
        Key("title", Words(), "For people.", required=True),
        Key("about", Words(), "For people: what it is for."),
        Key("owner", Words(), "For people: who looks after it."),
        Key("note", Words(), "For people."),
        Key(
            "stage",
            Many(Known("stage", ("any",)), alone=True),
            "Stages or moments of those who may start, or `any`; asked at entry.",
            required=True,
        ),
        Key(
            "serves",
            Many(Known("stage"), alone=True),
            "The stages it is counted for in the map.",
            default="same as stage",
        ),
        Key("pillar", Many(Choice(PILLARS), alone=True), "Which of the five pillars it serves.", default="none"),
        Key("aims_at", Known("stage"), "The stage or moment it should lift people to.", default="none"),
        Key("class", CLASS, "The class of its messages.", required=True),
        Key(
            "because",
            Choice(("contract", "law", "reply")),
            "Why a service sequence may skip consent and limits.",
            default="required for service",
        ),
        Key("theme", Known("theme"), "What a reader can be spared.", default="none"),
        Key(
            "topic", Known("topic"), "What the reader can unsubscribe from.", default="required unless class is service"
        ),
        Key(
            "status",
            Choice(("draft", "live", "closed", "paused")),
            "draft never runs; closed lets people finish; paused sends nothing.",
            required=True,
        ),
        Key("priority", Whole(0, 100), "Higher wins, within a class.", default="50"),
        Key("start", Forms("trigger"), "What starts it.", required=True),
        Key("again", PlainOr(Choice(("never",)), Part(AGAIN)), "Who may start again, and when.", required=True),
        Key("while", Question(), "Asked before every step; not true ends it as `no longer fits`.", default="none"),
        Key("stop_when", Many(Part(STOP_RULE), most=20), "What ends it at once.", default="none"),
        Key("goal", Part(GOAL), "What it hopes for; looked at before stop_when.", default="none"),
        Key("window", Part(WINDOW), "When its messages may go.", default="quiet hours only"),
        Key("steps", STEPS, "The steps.", required=True),
    ),
    later=frozenset({"hold_out", "on_change", "was", "removed", "spread", "at_most"}),
)

FAMILIES = {family.name: family for family in (TRIGGERS, ONE_TRIGGER, VERBS, WAITS, ARMS)}
