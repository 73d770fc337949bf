"""A finding says the cause: what a misspelt key leads to is silent, a former name has its cure, and what cannot run."""

import pytest

from nurture.language.project import read_project
from nurture.language.test_files_reader import read_test_files
from nurture.model.place import Problem, Severity
from tests.small_project import FILES, SEQUENCE

TOPICS = "sequences/house/topics.yaml"
GIFTS = "sequences/house/gifts.yaml"
GIVING = FILES[SEQUENCE].replace(
    "  - wait: 5 days\n  - {send: one_question}",
    "  - {id: bag, gift: coffee}\n  - {send: one_question, with: {code: CODE}}",
)
COFFEE = "gifts:\n  coffee: {worth: 9 EUR, codes: {make: 'BAG-{8}'}, valid: 3 days}\n"


def errors(changed: dict[str, str]) -> list[Problem]:
    """The findings of the small project with files that are otherwise; its mails are there."""
    mails = {f"templates/{mail}/en.md": b"---\nsubject: Hello\n---\nHello." for mail in ("how_are_you", "one_question")}
    files = {path: text.encode() for path, text in (FILES | changed).items()}
    found = read_project(files | mails).problems
    return [problem for problem in found if problem.severity is Severity.error]


def told(changed: dict[str, str]) -> list[tuple[str, str]]:
    return [(problem.code, problem.hint) for problem in errors(changed)]


@pytest.mark.parametrize("key", ["topic", "class", "status"])
def test_what_a_misspelt_key_leads_to_is_silent(key: str) -> None:
    text = FILES[SEQUENCE].replace(f"\n{key}:", f"\n{key}k:")
    assert told({SEQUENCE: text}) == [("E110", f"did you mean '{key}'?")]


def test_a_topic_that_is_not_written_at_all_is_still_missing() -> None:
    assert [code for code, _ in told({SEQUENCE: FILES[SEQUENCE].replace("topic: care\n", "")})] == ["E310"]


def test_a_stage_that_is_unlike_any_is_told_which_there_are() -> None:
    told_of = told({SEQUENCE: FILES[SEQUENCE].replace("stage: any", "stage: zzz")})
    assert told_of == [("E203", "there are buying, looking, any; or declare it in sequences/house/stages.yaml")]
    assert told({SEQUENCE: FILES[SEQUENCE].replace("stage: any", "stage: bying")}) == [
        ("E203", "did you mean 'buying'?")
    ]
    asked = FILES[SEQUENCE].replace("start:\n", "start:\n  if: has_moment('zzz')\n")
    assert told({SEQUENCE: asked}) == [("E203", "no moment is declared")]


@pytest.mark.parametrize(
    ("code", "house", "old", "new", "today"),
    [
        ("E208", "  care: {title", "topic: care", "topic: care", "after_order"),
        ("E208", "  mothers_day: {title", "topic: care", "topic: tips\ntheme: mothers_day", "family"),
        ("E208", "tags: [do_not_ask,", "start:\n", "while: not has_tag('do_not_ask')\nstart:\n", "silent"),
    ],
)
def test_a_former_name_of_the_house_is_told_its_name_of_today(
    code: str, house: str, old: str, new: str, today: str
) -> None:
    was = house.strip().removeprefix("tags: [").partition(":")[0].removesuffix(",")
    renamed = f"tags: [{{tag: {today}, was: {was}}}," if "tags" in house else f"  {today}: {{was: {was}, title"
    topics = FILES[TOPICS].replace(house, renamed)
    assert told({TOPICS: topics, SEQUENCE: FILES[SEQUENCE].replace(old, new)}) == [
        (code, f"it is called '{today}' now")
    ]


def test_a_former_name_of_a_sequence_a_step_and_a_mail_is_told_its_name_of_today() -> None:
    text = FILES[SEQUENCE].replace("- {send: one_question}", "- {send: one_question, was: ask, if: IF}")
    other = "sequences/other.yaml"
    enrols = FILES[SEQUENCE].replace("check_in", "other").replace("- wait: 5 days", "- enrol: former")
    renamed = text.replace("title:", "was: former\ntitle:").replace(", if: IF", "")
    assert told({SEQUENCE: renamed, other: enrols}) == [("E209", "it is called 'check_in' now")]
    asked = {
        "steps.ask.outcome == 'sent'": ("E201", "it is called 'one_question' now"),
        "got('ask')": ("E204", "it is called 'one_question' now"),
    }
    for question, finding in asked.items():
        assert told({SEQUENCE: text.replace("IF", f'"{question}"')}) == [finding]
    removed = text.replace(", if: IF", "").replace("start:", "removed: [{step: gone, go_to: ask}]\nstart:")
    assert told({SEQUENCE: removed}) == [("E209", "it is called 'one_question' now")]


@pytest.mark.parametrize("value", ["lower(gifts.bag.code)", "days_until(gifts.bag.expires_on)"])
def test_a_code_that_is_put_in_at_the_end_is_not_worked_into_anything(value: str) -> None:
    assert errors({GIFTS: COFFEE, SEQUENCE: GIVING.replace("CODE", "gifts.bag.code")}) == []
    (found,) = errors({GIFTS: COFFEE, SEQUENCE: GIVING.replace("CODE", value)})
    name = value[value.index("(") + 1 : -1]
    assert (found.code, found.hint) == ("E201", f"code: {name}, just so; the template can shape it")
    assert found.message.startswith(f"'{name}' is put in when the mail is handed over")
    line = GIVING.replace("CODE", value).splitlines()[found.place.line - 1]
    assert line[found.place.column - 1 :].startswith(name)


@pytest.mark.parametrize("limit", ["each_person: 20 USD per year", "all: 900 USD per month"])
def test_a_gift_that_its_budget_cannot_count_is_refused(limit: str) -> None:
    def book(gift: str) -> dict[str, str]:
        return {GIFTS: f"{COFFEE.replace('worth: 9 EUR', gift)}budget: {{{limit}}}\n"}

    assert told(book("worth: 9 EUR")) == [("E114", "cost: what it costs you, in USD")]
    assert told(book("worth: 9 USD, cost: 4 EUR")) == [("E114", "cost: what it costs you, in USD")]
    assert told(book("worth: 9 EUR, cost: 4 USD")) == []
    assert told(book("worth: 9 USD")) == []


def test_a_test_file_that_still_has_former_names_is_told_those_of_today() -> None:
    renamed = FILES[SEQUENCE].replace("check_in", "how_was_it").replace("title:", "was: check_in\ntitle:", 1)
    renamed = renamed.replace("- {send: one_question}", "- {send: one_question, was: ask}")
    case = "{name: one, given: {person: {}}, until: 2027-03-01, never: [ask]}"
    written = f"tests: a\nwith: [check_in]\ncases:\n  - {case}\n"
    files = {path: text.encode() for path, text in FILES.items() if path != SEQUENCE}
    files |= {"sequences/how_was_it.yaml": renamed.encode(), "sequences/tests/a.test.yaml": written.encode()}
    mails = {f"templates/{mail}/en.md": b"---\nsubject: Hello\n---\nHello." for mail in ("how_are_you", "one_question")}
    found = read_test_files(files | mails, read_project(files | mails).partial, ()).problems
    assert [(one.code, one.hint) for one in found] == [
        ("E209", "it is called 'how_was_it' now"),
        ("E204", "it is called 'one_question' now"),
    ]
