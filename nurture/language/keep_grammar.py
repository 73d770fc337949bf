"""The grammar of `keep`: how long what grows is kept (architecture.md 5)."""

from nurture.language.shapes import CALENDAR, Key, Span, Table

_LONG = Span(CALENDAR, least=0)
KEEP = Table(
    "keep",
    "'keep'",
    "How long what grows is kept. What is older goes at quiet moments; events, mails, consents and refusals never do.",
    (
        Key("reasons", _LONG, "Why something did or did not happen, as `nurture explain` tells.", default="400 days"),
        Key("journal", _LONG, "The decisions that `nurture replay` takes again.", default="400 days"),
        Key("posts", _LONG, "Raw posts of providers and shops, once they were read.", default="30 days"),
        Key("letters", _LONG, "What readers wrote, once it was read and answered.", default="400 days"),
        Key("news", _LONG, "What a provider told of single mails; bounces and complaints stay.", default="400 days"),
        Key(
            "bodies",
            _LONG,
            "What was put into one mail, and text that a person wrote for it, from a week after it was decided on.",
            default="0 days",
        ),
    ),
)
