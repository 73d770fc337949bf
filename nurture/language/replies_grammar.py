"""The grammar of `replies`: what becomes of the letters that readers write (mission.md C25, D11, D29)."""

from nurture.language.shapes import WAITING, Key, Known, Many, Part, Span, Table, Words
from nurture.model.letter import Kind

WRITTEN = (Kind.complaint, Kind.question, Kind.praise, Kind.other)
"""The kinds that a person writes and a person answers, in the order in which a letter's words are looked at."""

_WHO = Key("to", Known("person"), "Who answers: one of `people`.", default="owner, else the first of people")
_DUE = Key("due", Span(WAITING), "Until when; working days are those of the shop.", default="2 working days")
_MANY = Many(Words(), alone=True, most=500)
LETTERS = Table(
    "letters",
    "letters of one kind",
    "What becomes of letters of one kind.",
    (
        Key("to", _WHO.shape, "Who answers these.", default="to of replies"),
        Key("due", _DUE.shape, "Until when these are answered.", default="due of replies"),
        Key(
            "event",
            Known("event"),
            "The event that such a letter is for sequences, stages and mutes. It is told `ticket`, `about`, `kind`, "
            "`mail` and `sequence` that they answer and `by: letter`, as far as the catalogue has these as text.",
            default="complaint.opened for a complaint, if the catalogue has it; else none",
        ),
        Key(
            "answered",
            Known("event"),
            "The event when `nurture replies done` says that it is answered; told the same `ticket`.",
            default="complaint.resolved for a complaint, if the catalogue has it; else none",
        ),
        Key("words", _MANY, "Words by which a letter is one of these, before the usual ones.", default="the usual"),
    ),
    beside=(("answered", "event"),),
)
REPLIES = Table(
    "replies",
    "'replies'",
    "Who answers the letters of readers, until when, and what a letter starts or stops.",
    (
        _WHO,
        _DUE,
        Key(
            "stop_words",
            _MANY,
            "Words that refuse mail when a letter says nothing else, beside the usual ones of eleven languages.",
            default="the usual",
        ),
        *(
            Key(kind.value, Part(LETTERS), f"Letters that are held for {words}.", default="as above")
            for kind, words in zip(WRITTEN, ("a complaint", "a question", "praise", "none of these"), strict=True)
        ),
    ),
    cures=(("stop", "stop_words: [the words that refuse mail]"),),
)
