"""The step table (language.md 4) as data: the one source of checker, JSON Schema and reference."""

from nurture.language.shapes import (
    Choice,
    Flag,
    Forms,
    Key,
    Known,
    Many,
    Part,
    PlainOr,
    Question,
    Span,
    Table,
    Whole,
    Words,
)
from nurture.language.start_grammar import AGAIN, NAME, ONE_TRIGGER, RECENT, SHARE, TRIGGERS
from nurture.language.step_grammar import ARMS, CLASS, STEPS, VERBS, WAITS, WINDOW

PILLARS = ("product", "service", "community", "experience", "bridge")

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

REMOVAL = Table(
    "removed",
    "an entry of 'removed'",
    "A step that is gone: where those go who stand on it.",
    (
        Key("step", NAME, "The id it had.", required=True),
        Key("people_there", Choice(("next", "stop")), "Go on with what came next, or end."),
        Key("go_to", NAME, "Go on with this step."),
    ),
    one_of=("people_there", "go_to"),
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
        Key("hold_out", SHARE, "The share kept out for measuring, on top of the project's.", default="none"),
        Key(
            "at_most",
            Whole(1, 10_000_000),
            "So many people a day may start; more are held and asked about.",
            default="required with `once`",
        ),
        Key("spread", RECENT, "Of a `once` start: the sending is spread over this time.", default="none"),
        Key(
            "on_change",
            Choice(("move", "finish_old")),
            "When a new version is applied, those inside move to it, or finish the old one.",
            default="move",
        ),
        Key("was", NAME, "Its earlier name; history and people follow.", default="none"),
        Key(
            "removed", Many(Part(REMOVAL), most=50), "Steps that are gone, and where people on them go.", default="none"
        ),
        Key("steps", STEPS, "The steps.", required=True),
    ),
)

FAMILIES = {family.name: family for family in (TRIGGERS, ONE_TRIGGER, VERBS, WAITS, ARMS)}
