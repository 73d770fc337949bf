"""The keys of sequences/tests/*.test.yaml (language.md 10) as data, beside the step table."""

from nurture.language.shapes import (
    Anything,
    Choice,
    Flag,
    Key,
    Known,
    Many,
    Named,
    Part,
    Pattern,
    PlainOr,
    Table,
    Words,
)
from nurture.language.start_grammar import NAME
from nurture.language.values import CLOCK, DAY
from nurture.model import event as own
from nurture.model.rules import CLASSES

SENT = "sent"
NOT_SENT = (
    "capped", "muted", "expired", "no_consent", "no_address", "spared", "suppressed", "broken", "not_asked",
    "cancelled", "held_out", "solemn_day", "balance", "had_enough", "over_budget", "out_of_codes", "no_rung", "dropped",
    "sunset",
)  # fmt: skip
"""What becomes of a mail that does not go, as files say it: the closed list of reasons in one word each."""

SAYABLE = (
    own.PERSON_CHANGED, own.PERSON_TAGGED, own.PERSON_UNTAGGED, own.PERSON_ENROLLED, own.CONSENT_GIVEN,
    own.CONSENT_REFUSED, own.CONSENT_LIFTED, own.THEME_SPARED, own.THEME_WANTED, own.ADDRESS_STATE, own.GIFT_USED,
)  # fmt: skip
"""Events of nurture's own that a test may tell beside those of the catalogue."""

MOMENT = Pattern(
    rf"{DAY} {CLOCK}(:[0-5][0-9])?", "a day and a clock time such as 2027-03-09 10:00", "write 2027-03-09 10:00"
)
WHEN = Pattern(
    rf"({MOMENT.regex})|(day -?(0|[1-9][0-9]{{0,3}}) {CLOCK})",
    "a day and a clock time such as 2027-03-09 10:00, or day 6 10:00",
    "write 2027-03-09 10:00, or day 6 10:00",
)
LATEST = Pattern(rf"{DAY}( {CLOCK})?", "a day such as 2027-03-25, or with a clock time", "write 2027-03-25")
OLD_FILE = Pattern(
    r"sequences/tests/[^ ].*\.(yaml|toml)",
    "a file below sequences/tests/",
    "keep the old text in a folder of its own, such as sequences/tests/before/first_order.yaml",
)

FACTS = Key("facts", Named(Known("fact"), Anything()), "What is known about them: the facts of the catalogue.")
PERSON = Table("test person", "a person", "Somebody in a test, with what is known about them.", (), others=FACTS)
EVENT = Table(
    "test event",
    "an event",
    "Something that happened to them, with the fields of the catalogue.",
    (
        Key("at", MOMENT, "When, on their own clock.", required=True),
        Key("event", Known("event", also=SAYABLE), "What.", required=True),
    ),
    others=Key("fields", Named(Known("field"), Anything()), "The fields of the event."),
)
RECORD = Table(
    "test record",
    "a record",
    "One thing they have, or numbers told about them.",
    (Key("at", MOMENT, "Told when, on their own clock.", default="before everything else"),),
    others=Key("fields", Named(Known("record field"), Anything()), "Its fields."),
)
GIVEN = Table(
    "given",
    "'given'",
    "Who it is, and what happens to them.",
    (
        Key(
            "person",
            PlainOr(NAME, Part(PERSON)),
            "A name from `people`, or the facts themselves.",
            default="a stranger",
        ),
        Key("events", Many(Part(EVENT), least=0), "What happens, in any order.", default="nothing"),
        Key(
            "things",
            Named(Known("thing"), Many(Part(RECORD), alone=True)),
            "The things they have, such as a subscription.",
            default="none",
        ),
        Key(
            "numbers",
            Named(Known("kind of numbers"), Many(Part(RECORD), alone=True)),
            "Numbers that the shop told.",
            default="none",
        ),
        Key("consents", Many(Known("topic"), alone=True, least=0), "The topics they agreed to.", default="all"),
        Key("refused", Many(Known("topic", also=("all",)), alone=True), "The topics they refused.", default="none"),
        Key("spared", Many(Known("theme"), alone=True), "The themes they are spared.", default="none"),
        Key("tags", Many(Known("tag"), alone=True), "The tags they have.", default="none"),
    ),
)
EXPECTED = Table(
    "expected",
    "an entry of 'expect'",
    "One message that they get.",
    (
        Key("at", WHEN, "When, on their own clock; `day 6 10:00` counts from day 0 of its sequence.", required=True),
        Key("send", Known("mail"), "The mail.", required=True),
        Key("gift", Known("gift"), "The gift that it carries.", default="not looked at"),
        Key("rung", NAME, "The rung of the ladder that it offers.", default="not looked at"),
        Key("class", Choice(CLASSES), "Its class.", default="not looked at"),
        Key("variant", NAME, "The variant of the mail.", default="not looked at"),
    ),
)
WHY = Table(
    "reason",
    "an entry of 'why'",
    "What became of a message.",
    (
        Key("send", Known("mail"), "The mail.", required=True),
        Key("outcome", Choice((SENT, *NOT_SENT)), "What became of it.", required=True),
        Key("at", WHEN, "When that was decided, on their own clock.", default="at any time"),
    ),
)
CLICK = Table(
    "click",
    "a click",
    "They click on something in a mail they had.",
    (
        Key("at", MOMENT, "When, on their own clock.", required=True),
        Key("mail", Known("mail"), "The mail; the newest one of that name.", required=True),
    ),
)
TASK_DONE = Table(
    "task done",
    "an entry of 'tasks'",
    "A person of the shop finishes a task.",
    (
        Key("at", MOMENT, "When, on the clock of the test person.", required=True),
        Key("done", NAME, "The id of the task's step.", required=True),
    ),
)
VERSION = Table(
    "version",
    "'version'",
    "A new version is applied while they are inside: until then they live by the old file.",
    (
        Key("old", OLD_FILE, "The old text of a sequence, kept below sequences/tests/.", required=True),
        Key("at", MOMENT, "When the new version is applied, on their own clock.", required=True),
        Key(
            "due_now",
            Choice(("send", "old-day")),
            "What is chosen for who would be due at once by it, as with apply.",
            default="send",
        ),
    ),
)
ENDINGS = Table(
    "endings",
    "'ends'",
    "How each sequence ended for them.",
    (),
    others=Key("endings", Named(Known("sequence"), Words()), "A sequence, and how it ended."),
)
CASE = Table(
    "case",
    "a case",
    "One person, what happens to them, and the messages they get.",
    (
        Key("name", Words(), "What it shows, in a sentence.", required=True),
        Key("given", Part(GIVEN), "Who it is, and what happens to them.", default="a stranger, and nothing happens"),
        Key(
            "from",
            LATEST,
            "Starts the clock here; what happened before is already in the past.",
            default="the first thing that happens; without one, a year before `until`",
        ),
        Key("until", LATEST, "The last day, to its end, or the last moment; on their own clock.", required=True),
        Key(
            "expect",
            Many(Part(EXPECTED), least=0),
            "All messages they get up to `until`, in order; `nurture test --record` fills it in.",
            default="not looked at",
        ),
        Key(
            "partly", Flag(), "The messages in `expect` come in that order, others may stand between.", default="false"
        ),
        Key("never", Many(Known("mail"), alone=True), "Mails that must not come.", default="none"),
        Key(
            "ends",
            PlainOr(Words(), Part(ENDINGS)),
            "How the tested sequence ended: finished, goal, stopped, no longer fits; or one for each sequence.",
            default="not looked at",
        ),
        Key("why", Many(Part(WHY)), "What became of messages.", default="not looked at"),
        Key("clicks", Many(Part(CLICK)), "When they click in a mail.", default="never"),
        Key("version", Part(VERSION), "Applies a new version in the middle.", default="no"),
        Key("way", Named(NAME, NAME), "The way they go at a split, by its id.", default="as the split draws"),
        Key(
            "drafts",
            Named(Known("mail"), Choice(("approved", "edited", "dropped", "held"))),
            "What a person does with the draft of a mail.",
            default="approved at once",
        ),
        Key(
            "webhooks",
            Named(NAME, Choice(("ok", "failed"))),
            "What is answered to a webhook, by the id of its step.",
            default="ok",
        ),
        Key("tasks", Many(Part(TASK_DONE)), "When tasks are finished.", default="never"),
        Key("held_out", Flag(only=True), "They are among those kept out for measuring.", default="false"),
        Key("address", Choice(("none",)), "none: no address of theirs is known.", default="they have one"),
    ),
)
TEST = Table(
    "test",
    "a test file",
    "Cases for one sequence or for several that live together.",
    (
        Key("tests", NAME, "The name of the file.", required=True),
        Key(
            "with",
            Many(Known("sequence"), alone=True),
            "The sequences that are live in this little world.",
            default="the sequence of the file's name",
        ),
        Key("people", Named(NAME, Part(PERSON)), "People used in the cases below.", default="none"),
        Key("cases", Many(Part(CASE)), "The cases.", required=True),
    ),
)
