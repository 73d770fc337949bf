"""The keys of gifts.yaml, ladders.yaml and calendars/ (language.md 3, 6.9, 6.13 and 15) as data."""

from nurture.language.shapes import (
    CALENDAR,
    Choice,
    Day,
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
    Whole,
    Words,
)
from nurture.language.start_grammar import NAME, TIMES

MONEY = Pattern(
    r"[0-9]{1,9}(\.[0-9]{1,2})? [A-Z]{3}",
    "an amount and a currency such as 9 EUR",
    "an amount and a currency, e.g. 9 EUR",
)
MONEY_PER = Pattern(
    r"[0-9]{1,9}(\.[0-9]{1,2})? [A-Z]{3} per ([1-9][0-9]{0,3} )?(day|week|month|year)s?",
    "an amount per time such as 40 EUR per year",
    "an amount per time, e.g. 40 EUR per year",
)
CODE = Pattern(
    r"[A-Z0-9_-]{0,20}\{([6-9]|1[0-9]|20)\}[A-Z0-9_-]{0,20}",
    "a pattern such as BDAY-{8}, where {8} stands for eight letters and digits",
    "capitals and digits round one {8}: so many letters and digits, 6 to 20",
)
POOL = Pattern(
    r"([A-Za-z0-9_-][A-Za-z0-9_.-]*/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*\.(csv|txt)",
    "a file of the project such as codes/free_shipping.csv, one code a line",
    "a .csv or .txt file below the project's folder, e.g. codes/free_shipping.csv",
)
COUNTRY = Pattern(r"[A-Z]{2}", "a country such as FR")
YEAR = Pattern(r"[12][0-9]{3}", "a year such as 2027")
MONTH_DAY = Pattern(
    r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", "a month and a day such as 10-01", "a month and a day, e.g. 10-01"
)

CODES = Table(
    "codes",
    "'codes'",
    "Where the codes of a gift come from.",
    (
        Key("pool", POOL, "A file of codes, brought in by `nurture apply`; each is given once."),
        Key("make", CODE, "Codes are made by this pattern."),
    ),
    one_of=("pool", "make"),
)
GIFT = Table(
    "gift",
    "a gift",
    "Something that is given: a code, a perk or a parcel.",
    (
        Key("worth", MONEY, "What it is worth to who gets it.", required=True),
        Key("codes", Part(CODES), "Where its codes come from.", default="it has none"),
        Key("valid", Span(CALENDAR), "How long it is good, from the mail on.", default="no end"),
        Key("each_person", TIMES, "How often one person may get it, e.g. 1 per year.", default="no limit"),
        Key(
            "kind",
            Choice(("code", "perk", "parcel")),
            "A perk and a parcel make a task to fulfil them.",
            default="code",
        ),
        Key("cost", MONEY, "What it costs the shop; budgets count it.", default="as `worth`"),
    ),
)
BUDGET = Table(
    "budget",
    "'budget'",
    "How much may be given away; a gift over it is outcome `over_budget`.",
    (
        Key("each_person", MONEY_PER, "To one person, e.g. 40 EUR per year."),
        Key("all", MONEY_PER, "To all together, e.g. 2000 EUR per year."),
    ),
    some_of=("each_person", "all"),
)
GIFTS = Table(
    "gifts",
    "gifts.yaml",
    "The gifts, and how much may be given away.",
    (
        Key("gifts", Named(NAME, Part(GIFT)), "The gifts.", required=True),
        Key("budget", Part(BUDGET), "How much may be given away.", default="no limit"),
    ),
)

RUNG = Table(
    "rung",
    "a rung",
    "One offer of a ladder.",
    (
        Key("id", NAME, "Its name.", required=True),
        Key("title", Words(), "What it is called in mails: `rung_title`.", required=True),
        Key("if", Question(), "For whom it fits.", default="everybody"),
        Key("products", Many(Words(), alone=True), "Products whose order takes it.", default="its own id"),
    ),
)
LADDER = Table(
    "ladder",
    "a ladder",
    "Offers in order: the first rung that fits, is not resting and is not taken.",
    (
        Key(
            "taken_when", Known("event"), "The event that takes a rung, with one of its products in it.", required=True
        ),
        Key("taken_within", Span(CALENDAR), "Counted within this time of the mail.", default="21 days"),
        Key("rest", Span(CALENDAR), "The same rung is not offered again within this.", default="none"),
        Key(
            "stop_after",
            Whole(1, 100),
            "After so many refusals in a row the ladder is left alone for a year.",
            default="never",
        ),
        Key("rungs", Many(Part(RUNG), most=50), "The rungs, first offer first.", required=True),
    ),
)
LADDERS = Table(
    "ladders",
    "ladders.yaml",
    "The upsell ladders.",
    (Key("ladders", Named(NAME, Part(LADDER)), "The ladders.", required=True),),
)

DATES_BY_YEAR = Named(YEAR, PlainOr(Day(), Named(COUNTRY, Day())))
SPECIAL_DAY = Table(
    "special day",
    "a special day",
    "A day that the built-in tables cannot know, or know less well; what is written here wins over them.",
    (
        Key("every", MONTH_DAY, "The same date each year.", default="by the years below"),
        Key(
            "mood",
            Choice(("festive", "neutral", "solemn")),
            "On a solemn day celebrations and offers are silent in its country.",
            default="as in the tables, else festive",
        ),
    ),
    others=Key("years", DATES_BY_YEAR, "A year, with its date or with a date for each country."),
)
CALENDAR_FILE = Table(
    "calendar",
    "a calendar",
    "Special days that tables cannot know.",
    (Key("days", Named(NAME, Part(SPECIAL_DAY)), "The days.", required=True),),
)
