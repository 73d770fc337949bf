"""The verbs of steps (language.md 4.3) as data: the one source of checker, JSON Schema and reference."""

from dataclasses import replace

from nurture.language.shapes import (
    ANY_UNIT,
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
from nurture.language.start_grammar import DATES, NAME, PATH, WEEKDAYS
from nurture.model.length import Unit
from nurture.model.rules import CLASSES

FACT = Pattern(r"person\.[a-z][a-z0-9_]*", "a fact such as person.vip_since")
VARIANT = Pattern(
    r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*",
    "the name of a folder, or what names it such as start.name",
    "a folder of the mail, or a dotted name such as start.name",
)
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
    Key("was", NAME, "An earlier id of this step; those who are on it follow.", default="none"),
)


def step_table(verb: str, called: str, about: str, keys: tuple[Key, ...], *, stateful: bool = False) -> Table:
    """The table of one verb with what every step carries; one that carries state must be given an id (4.3)."""
    own = (replace(COMMON[0], required=True, default=""), *COMMON[1:]) if stateful else COMMON
    return Table(f"{verb} step", called, about, (*keys, *own), verb=verb, stranger="E113")


MESSAGE = (
    Key("class", CLASS, "What kind of message it is.", default="the sequence's"),
    Key("topic", Known("topic"), "What the reader can unsubscribe from.", default="the sequence's"),
    Key("theme", Known("theme"), "What a reader can be spared.", default="the sequence's"),
    Key(
        "variant",
        VARIANT,
        "A folder of the mail that is looked in first: templates/<mail>/<variant>/; or what names it: start.name.",
        default="none",
    ),
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
    Key(
        "approve",
        Known("person"),
        "Who must approve, edit or drop it first; `valid_for` then counts from the approval.",
        default="nobody",
    ),
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
            "Until a day of the person or of the thing it is about, read again whenever it changes.",
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
        Table(
            "wait for event",
            "a 'wait' for an event",
            "Until one of these events comes, or the time is up; the step needs an id.",
            (
                Key(
                    "event", Many(Known("event"), alone=True), "The events; the first that fits answers.", required=True
                ),
                Key("if", Question(), "Only when this is true of the event (`event.*`).", default="any of them"),
                Key("up_to", Span(ANY_UNIT), "How long at most.", required=True),
            ),
            verb="event",
        ),
    ),
    strange="E110",
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

WAY = Table(
    "way",
    "a way",
    "One way of a split.",
    (
        Key("way", NAME, "Its name: the outcome of those who go it.", required=True),
        Key("weight", Whole(1, 1000), "Its share of the people, beside the other ways' weights.", default="1"),
        Key("then", STEPS, "What happens on it.", default="goes on"),
    ),
)
MEASURE = Table(
    "measure",
    "'measure'",
    "What the ways are compared by.",
    (
        Key("event", Known("event"), "The event hoped for.", required=True),
        Key("within", Span(), "Counted within this time after the split.", default="as long as inside"),
    ),
)
ROUNDS = Table(
    "rounds",
    "'repeat'",
    "How often, and how far apart.",
    (
        Key(
            "times", Whole(1, 1000), "So many rounds at most, the first at once; 60 rounds or two years.", required=True
        ),
        Key("every", Span(), "From the beginning of the first round, never from the last.", required=True),
        Key("until", Question(), "Asked before each round; when it is true there are no more.", default="none"),
    ),
)

VERBS = Family(
    "step",
    "a step",
    (
        step_table(
            "send",
            "a 'send' step",
            "Sends a mail. Outcome: sent, or why not.",
            (Key("send", Known("mail"), "The mail: a folder of templates/.", required=True), *MESSAGE),
        ),
        step_table(
            "wait",
            "a 'wait' step",
            "Waits from the previous step's done: days and longer on the reader's clock, hours as elapsed time.",
            (
                Key("wait", PlainOr(Span(WAITING), Forms("wait")), "How long, or until when.", required=True),
                Key("at", WallClock(), "The time of day, for days and longer.", default="the same time of day"),
                Key(
                    "then",
                    STEPS,
                    "Of a wait for an event: what happens when it came (outcome `came`).",
                    default="goes on",
                ),
                Key("else", STEPS, "Of a wait for an event: what happens when not (`timed_out`).", default="goes on"),
            ),
        ),
        step_table(
            "branch",
            "a 'branch' step",
            "Takes the first arm whose condition is true; none and no else goes on.",
            (
                Key(
                    "branch", Many(Forms("arm"), most=20), "The arms: {if, then}, and at the end {else}.", required=True
                ),
            ),
        ),
        step_table(
            "split",
            "a 'split' step",
            "Sends everybody one of several ways, by chance, and always the same one. Outcome: the way.",
            (
                Key("split", Many(Part(WAY), least=2, most=20), "The ways.", required=True),
                Key("measure", Part(MEASURE), "What the ways are compared by.", default="none"),
                Key(
                    "again",
                    Choice(("same", "fresh")),
                    "Who comes again: the same way for ever, or a fresh draw for each subject.",
                    default="same",
                ),
            ),
            stateful=True,
        ),
        step_table(
            "gift",
            "a 'gift' step",
            "Reserves a gift; its code is drawn with the mail that carries it. "
            "Outcome: waiting, given, had_enough, over_budget, out_of_codes.",
            (
                Key("gift", Known("gift"), "The gift, declared in gifts.yaml.", required=True),
                Key("valid", Span(CALENDAR), "How long it is good, from the mail on.", default="as in gifts.yaml"),
                Key(
                    "if_none",
                    Choice(("skip", "go_on", "stop")),
                    "When there is none for this person: mails that carry it are skipped, go without it, "
                    "or the sequence ends.",
                    default="skip",
                ),
            ),
            stateful=True,
        ),
        step_table(
            "ladder",
            "a 'ladder' step",
            "Sends a mail with the first rung that fits (`rung`, `rung_title`). Outcome: sent, `none`, or why not.",
            (
                Key("ladder", Known("ladder"), "The ladder, declared in ladders.yaml.", required=True),
                Key("mail", Known("mail"), "The mail: a folder of templates/.", required=True),
                *MESSAGE,
            ),
        ),
        step_table(
            "task",
            "a 'task' step",
            "Makes a task for a person of the shop. Outcome: made, done, not_done.",
            (
                Key(
                    "task", Words(), "What is to do; {{ person.first_name }} and the like are filled in.", required=True
                ),
                Key("to", Known("person"), "Who does it: one of `people` in rules.yaml.", required=True),
                Key("due", Span(WAITING), "Until when; working days are those of the shop.", required=True),
                Key("hold_until_done", Span(WAITING), "Waits for it, so long at most.", default="does not wait"),
            ),
            stateful=True,
        ),
        step_table(
            "webhook",
            "a 'webhook' step",
            "Calls an endpoint of rules.yaml and waits for its answer. Outcome: ok, failed.",
            (
                Key("webhook", Known("endpoint"), "The endpoint.", required=True),
                Key(
                    "body",
                    Named(NAME, Formula()),
                    "What is sent, and how it is worked out; a single word is itself: flag: vip.",
                    default="empty",
                ),
                Key("retry", Whole(0, 20), "So many more attempts when it fails.", default="3"),
                Key(
                    "timeout", Span((Unit.second, Unit.minute)), "How long one attempt may take.", default="10 seconds"
                ),
                Key("save_as", FACT, "The fact that keeps what was answered.", default="not kept"),
                Key("if_fails", Choice(("go_on", "stop")), "When all attempts failed.", default="go_on"),
            ),
            stateful=True,
        ),
        step_table(
            "tag",
            "a 'tag' step",
            "Gives the person tags.",
            (Key("tag", Many(Known("tag"), alone=True), "The tags, declared in topics.yaml.", required=True),),
        ),
        step_table(
            "untag",
            "an 'untag' step",
            "Takes tags from the person.",
            (Key("untag", Many(Known("tag"), alone=True), "The tags, declared in topics.yaml.", required=True),),
        ),
        step_table(
            "set",
            "a 'set' step",
            "Sets facts of the person.",
            (Key("set", Named(FACT, Formula()), "Facts and their values: {person.vip_since: today}.", required=True),),
        ),
        step_table(
            "move_to",
            "a 'move_to' step",
            "Moves the person to a stage.",
            (
                Key("move_to", Known("stage of the line"), "The stage; moments cannot be moved to.", required=True),
                Key("pin", Span(CALENDAR), "Keeps them there so long, whatever its rule says.", default="not kept"),
            ),
        ),
        step_table(
            "enrol",
            "an 'enrol' step",
            "Starts another sequence for this person, asked like a manual start. Outcome: started, refused.",
            (Key("enrol", Known("sequence"), "The other sequence.", required=True),),
        ),
        step_table(
            "repeat",
            "a 'repeat' step",
            "Goes through its steps several times, the first round at once.",
            (
                Key("repeat", Part(ROUNDS), "How often, and how far apart.", required=True),
                Key("steps", STEPS, "The steps of a round.", required=True),
            ),
            stateful=True,
        ),
        step_table(
            "stop",
            "a 'stop' step",
            "Ends this person's enrolment.",
            (Key("stop", Words(), "The reason, kept and shown by `explain`.", required=True),),
        ),
    ),
    strange="E111",
    common=frozenset(key.name for key in COMMON),
)
