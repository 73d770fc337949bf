"""The grammar of `sunset`: when readers who never act are not written to any more (email.md 4.4)."""

from nurture.language.shapes import CALENDAR, Choice, Key, Many, Span, Table, Whole
from nurture.model.rules import CLASSES

SUNSET = Table(
    "sunset",
    "'sunset'",
    "Who had so many mails and did nothing of their own since gets none of some classes, until they act again.",
    (
        Key(
            "after",
            Span(CALENDAR),
            "So long without a click, a letter, a consent or an event of their own, such as an order.",
            required=True,
        ),
        Key("mails", Whole(1, 1_000), "And so many mails but service in that time.", default="10"),
        Key(
            "classes",
            Many(Choice(tuple(name for name in CLASSES if name != "service")), alone=True),
            "The mails that do not go then.",
            default="[news, offer]",
        ),
    ),
)
