"""The keys of sequences/house/ (language.md 3) as data, beside the step table."""

from nurture.language.giving_grammar import CALENDAR_FILE, GIFTS, LADDERS
from nurture.language.keep_grammar import KEEP
from nurture.language.replies_grammar import REPLIES
from nurture.language.shapes import (
    CALENDAR,
    ELAPSED,
    Anything,
    Choice,
    Day,
    Flag,
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
    Zone,
)
from nurture.language.start_grammar import NAME, SHARE
from nurture.language.step_grammar import CLASS
from nurture.language.sunset_grammar import SUNSET
from nurture.model.rules import CLASSES

EMAIL = Pattern(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]+\.[^@\s<>,;\".]+", "an e-mail address")
LOCALE = Pattern(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?", "a locale such as en or pt-BR")
ENVIRONMENT = Pattern(r"[A-Z][A-Z0-9_]*", "the name of an environment variable such as ERP_URL")
CURRENCY = Pattern(r"[A-Z]{3}", "a currency such as EUR")
EVENT = Pattern(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*", "an event's name such as order.placed")
TAKE = Pattern(
    r"count|days|(first|last|sum)( [a-z][a-z0-9_]*)?",
    "count, days, first, last or sum FIELD",
    "count, days, first, last or sum FIELD",
)
CLASSES_OF = Many(CLASS, alone=True)
LIMITED = Many(Choice(tuple(name for name in CLASSES if name != "service")), alone=True)

SENDER_KEYS = (
    Key("name", Words(), "The name in the From line.", required=True),
    Key("address", EMAIL, "The address in the From line.", required=True),
    Key("reply_to", EMAIL, "Where answers go.", default="address"),
)
SENDER = Table("sender", "a sender", "Who speaks.", SENDER_KEYS)
SPEAKS_FOR = Table(
    "speaks for",
    "'for'",
    "Which mails this sender speaks in.",
    (
        Key("classes", CLASSES_OF, "For mails of these classes."),
        Key("topics", Many(Known("topic"), alone=True), "For mails of these topics."),
    ),
    some_of=("classes", "topics"),
)
SPECIAL_SENDER = Table(
    "special sender",
    "a sender",
    "Another sender, for some classes or topics.",
    (*SENDER_KEYS, Key("for", Part(SPEAKS_FOR), "When this sender speaks.", required=True)),
)
QUIET = Table(
    "quiet_hours",
    "'quiet_hours'",
    "Hours in which nothing but service mail goes, on the reader's clock; may cross midnight.",
    (
        Key("from", WallClock(), "From this time on.", required=True),
        Key("to", WallClock(), "Up to, not including, this time.", required=True),
    ),
)
LIMIT = Table(
    "limit",
    "a limit",
    "At most so many messages to one person; service is never limited and never counts.",
    (
        Key("max", Whole(1, 1000), "How many.", required=True),
        Key("per", Choice(("day", "week", "month")), "In a calendar period on the reader's clock."),
        Key("within", Span((CALENDAR[0], CALENDAR[1])), "In so many consecutive local dates ending today."),
        Key("classes", LIMITED, "Only these classes count.", default="all but service"),
    ),
    one_of=("per", "within"),
)
MUTE = Table(
    "mute",
    "a mute",
    "A no-upsell window: these classes are silent after an event.",
    (
        Key("name", NAME, "Its name, for reasons and findings.", required=True),
        Key("classes", CLASSES_OF, "The classes that are silent.", required=True),
        Key("after", Known("event"), "The event it runs from.", required=True),
        Key("for", Span((CALENDAR[0], CALENDAR[1])), "How long; counted like until_day."),
        Key("until", Known("event"), "The event that ends it."),
        Key("then_for", Span((CALENDAR[0], CALENDAR[1])), "So long after `until`.", default="ends with it"),
        Key("at_most", Span((CALENDAR[0], CALENDAR[1])), "At the longest.", default="no end"),
    ),
    one_of=("for", "until"),
    beside=(("then_for", "until"), ("at_most", "until")),
)
BRAKE = Table(
    "brake",
    "'brake'",
    "What holds mail when a mistake would send far more than ever; `nurture release` lets it go.",
    (
        Key(
            "most_per_hour",
            Whole(1, 10_000_000),
            "So many mails but service in any hour; more are held until a person has looked.",
            required=True,
        ),
    ),
)
ENDPOINT = Table(
    "endpoint",
    "an endpoint",
    "Where webhooks go; addresses and keys stay in the environment, not in files.",
    (
        Key("url_env", ENVIRONMENT, "The environment variable that holds its https address.", required=True),
        Key("key_env", ENVIRONMENT, "The environment variable that holds its key.", default="no key"),
        Key("private", Flag(), "Whether its address may lie inside the shop's own network.", default="false"),
    ),
)
BALANCE = Table(
    "balance",
    "'balance'",
    "At most so many offers for so many mails that give something (care, news, celebration).",
    (
        Key("offers", Whole(1, 100), "So many offers.", required=True),
        Key("per", Whole(1, 100), "For every so many mails that give something.", required=True),
        Key("within", Span((CALENDAR[0], CALENDAR[1])), "That the person had in this time.", required=True),
    ),
)
SILENCE = Table(
    "silence",
    "'silence'",
    "Who heard nothing but offers for so long is enrolled in a sequence.",
    (
        Key("at_most", Span((CALENDAR[0], CALENDAR[1])), "The longest silence.", required=True),
        Key("start", Known("sequence"), "The sequence that ends it.", required=True),
    ),
)
RULES = Table(
    "rules",
    "rules.yaml",
    "The house rules, written once and true for all sequences.",
    (
        Key("project", NAME, "The project's name; part of every send key, so it never changes.", required=True),
        Key("zone", Zone(), "The IANA zone used when a reader's own cannot be worked out.", default="UTC"),
        Key(
            "unknown_zone",
            Choice(("safe", "project")),
            "safe: an hour that is decent in every zone of their country. project: the project's zone.",
            default="safe",
        ),
        Key("locales", Many(LOCALE, most=100), "The mails' languages, in order of fallback.", default="[en]"),
        Key(
            "leap_day",
            Choice(("feb-28", "mar-1", "leap-years-only")),
            "When 29 February is kept in other years.",
            default="feb-28",
        ),
        Key("sender", Part(SENDER), "Who speaks.", required=True),
        Key("postal_address", Words(), "The address at the foot of every mail.", default="none"),
        Key(
            "classes",
            Many(CLASS, least=5, most=5),
            "The kinds of message, strongest claim first.",
            default="[service, care, celebration, news, offer]",
        ),
        Key("quiet_hours", Part(QUIET), "When nothing but service mail goes.", default="none"),
        Key("limits", Many(Part(LIMIT), most=20), "How much one person may get.", default="none"),
        Key("mute", Many(Part(MUTE), most=50), "No-upsell windows.", default="none"),
        Key("min_gap", Span(ELAPSED), "Between two limited mails to one inbox.", default="none"),
        Key("brake", Part(BRAKE), "When more mail than ever is held.", default="none"),
        Key(
            "senders",
            Named(NAME, Part(SPECIAL_SENDER)),
            "Other senders, by class or topic; the first that fits speaks.",
            default="none",
        ),
        Key("currency", CURRENCY, "The currency of the totals.", default="EUR"),
        Key("hold_out", SHARE, "The share who get nothing but service mail, for measuring.", default="0%"),
        Key(
            "seeds",
            Many(EMAIL),
            "Addresses that get a copy of every mail that is new, as it is applied; while config.toml says "
            'mode = "test", the only ones that get mail.',
            default="none",
        ),
        Key("people", Named(NAME, EMAIL), "Who gets tasks, drafts and alarms: a name and an address.", default="none"),
        Key("endpoints", Named(NAME, Part(ENDPOINT)), "Where webhooks go.", default="none"),
        Key("balance", Part(BALANCE), "How much must be given for every offer.", default="none"),
        Key("silence", Part(SILENCE), "What begins for who heard nothing but offers for long.", default="none"),
        Key("sunset", Part(SUNSET), "When readers who never act are left in peace.", default="never"),
        Key("replies", Part(REPLIES), "Who answers letters, and what they start or stop.", default="the usual answers"),
        Key("keep", Part(KEEP), "How long what grows is kept.", default="as its keys say"),
        Key("language", Whole(1, 1), "The version of this language.", default="1"),
    ),
)

FACT_TYPES = ("text", "number", "bool", "day", "moment", "tags", "money")
FORMATS = ("country", "locale", "zone")
FIELD_KEYS = (
    Key("one_of", Many(Words()), "The closed list of values.", default="open"),
    Key("sensitive", Flag(), "For people: special care; religion, health and the like.", default="false"),
    Key("example", Anything(), "For people: an example."),
)
PERSON_FIELD = Table(
    "fact",
    "a fact",
    "One thing known about a person.",
    (
        Key("type", Choice(FACT_TYPES), "Its type.", default="by `take`"),
        Key(
            "format",
            Choice(FORMATS),
            "What the text is; the fact is called the same, since nurture looks for it by that name.",
            default="plain text",
        ),
        Key("year", Choice(("optional",)), "A day whose year may be missing: --05-14.", default="has a year"),
        Key("placeholders", Many(Day()), "Days that mean unknown.", default="none"),
        Key("from", Known("event"), "The event it is worked out from."),
        Key("take", TAKE, "What is taken of these events: count, days, first, last, or sum FIELD."),
        *FIELD_KEYS,
    ),
    some_of=("type", "from"),
    beside=(("from", "take"), ("take", "from")),
)
EVENT_FIELD = Table(
    "event field",
    "a field",
    "One field of an event.",
    (Key("type", Choice(FACT_TYPES), "Its type.", required=True), *FIELD_KEYS),
)
LINE = Table(
    "order line",
    "a line",
    "One product of an order.",
    (
        Key("product", Choice(("text",)), "text.", required=True),
        Key("quantity", Choice(("number",)), "number."),
        Key("price", Choice(("money",)), "money."),
    ),
)
EVENT_VALUE = PlainOr(Choice(FACT_TYPES), Part(EVENT_FIELD), Many(Part(LINE), most=1))
RECORD_VALUE = PlainOr(Choice(FACT_TYPES), Part(EVENT_FIELD))
ORDERS = Table(
    "orders",
    "'orders'",
    "Which event is an order; gives person.orders.count, .first_at, .last_at and .total.",
    (
        Key("from", Known("event"), "The event that is an order.", required=True),
        Key("id", NAME, "The field that names the order."),
        Key("undone_by", Many(Known("event"), alone=True), "Events that undo the order of that id.", default="none"),
    ),
    beside=(("undone_by", "id"),),
)
THING = Table(
    "thing",
    "a thing",
    "A kind of record that a person can have several of, such as a subscription.",
    (
        Key("key", NAME, "The field that names one of them; conditions say subscription.id.", required=True),
        Key("fields", Named(NAME, RECORD_VALUE), "Its fields.", required=True),
    ),
)
NUMBERS = Table(
    "numbers",
    "numbers",
    "Numbers that the shop tells, known for one `over` from then.",
    (
        Key("fields", Named(NAME, RECORD_VALUE), "The fields.", required=True),
        Key("over", Choice(("day", "week", "month")), "The time they are about.", default="week"),
    ),
)
CATALOGUE = Table(
    "catalogue",
    "catalogue.yaml",
    "What is known about people, and what can happen; conditions and templates may use nothing else.",
    (
        Key("person", Named(NAME, Part(PERSON_FIELD)), "The facts.", default="none"),
        Key("orders", Part(ORDERS), "What an order is.", default="none"),
        Key("events", Named(EVENT, Named(NAME, EVENT_VALUE)), "The events and their fields.", default="none"),
        Key("done_by_shop", Many(Known("event")), "Events that are not the reader's own doing.", default="none"),
        Key(
            "expects",
            Named(Known("event"), Span()),
            "How often each of these events comes at the least; `nurture doctor` says when one has fallen silent.",
            default="none",
        ),
        Key("things", Named(NAME, Part(THING)), "Records a person can have several of.", default="none"),
        Key("numbers", Named(NAME, Part(NUMBERS)), "Numbers for digests, which the shop tells.", default="none"),
    ),
)

STAGE = Table(
    "stage",
    "a stage",
    "One place on the customer's line; the first whose rule holds is theirs.",
    (
        Key("id", NAME, "Its name.", required=True),
        Key("title", Words(), "For people.", required=True),
        Key("enter", Question(), "The rule; true for everybody else.", required=True),
        Key("keep_for", Span(CALENDAR), "Kept at least so long once entered.", default="no longer than its rule holds"),
    ),
)
MOMENT = Table(
    "moment",
    "a moment",
    "Something that holds beside the stage.",
    (
        Key("id", NAME, "Its name.", required=True),
        Key("title", Words(), "For people.", required=True),
        Key("while", Question(), "Holds for as long as this is true.", required=True),
    ),
)
STAGES = Table(
    "stages",
    "stages.yaml",
    "The customer's line, in order, and the moments beside it.",
    (
        Key("stages", Many(Part(STAGE)), "Exactly one at a time: the first whose rule holds.", required=True),
        Key("moments", Many(Part(MOMENT)), "Beside the stage.", default="none"),
    ),
)

TITLES = Key("title", Named(LOCALE, Words()), "What readers see, by language.", required=True)
TOPIC = Table(
    "topic",
    "a topic",
    "Something a reader can unsubscribe from.",
    (
        TITLES,
        Key(
            "basis",
            Choice(("opt_in", "customer")),
            "opt_in: asked for. customer: the soft opt-in of customers, can be refused.",
            default="opt_in",
        ),
        Key("was", NAME, "Its earlier name; consents and refusals follow.", default="none"),
        Key(
            "confirm",
            Known("mail"),
            "The mail that asks them to confirm, with `confirm_url`; without their click nothing else comes.",
            default="none: nobody can be asked",
        ),
    ),
)
THEME = Table(
    "theme",
    "a theme",
    "Something a reader can be spared, from every sequence.",
    (TITLES, Key("was", NAME, "Its earlier name; who is spared it stays spared.", default="none")),
)
RENAMED_TAG = Table(
    "renamed tag",
    "a tag",
    "A tag that was called otherwise; who has it keeps it.",
    (
        Key("tag", NAME, "Its name.", required=True),
        Key("was", NAME, "Its earlier name.", required=True),
    ),
)
TOPICS = Table(
    "topics",
    "topics.yaml",
    "What a reader decides: topics, themes; and the tags of the house.",
    (
        Key("topics", Named(NAME, Part(TOPIC)), "What a reader can unsubscribe from.", default="none"),
        Key("themes", Named(NAME, Part(THEME)), "What a reader can be spared.", default="none"),
        Key(
            "tags",
            Many(PlainOr(NAME, Part(RENAMED_TAG))),
            "The tags that steps and conditions may use.",
            default="none",
        ),
    ),
)

HOUSE = {
    "rules": RULES,
    "catalogue": CATALOGUE,
    "stages": STAGES,
    "topics": TOPICS,
    "gifts": GIFTS,
    "ladders": LADDERS,
    "calendar": CALENDAR_FILE,
}
"""The files of sequences/house/ by kind; a calendar is any file of house/calendars/."""
