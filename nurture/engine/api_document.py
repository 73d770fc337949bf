"""The API as an OpenAPI document, made from the catalogue as it is live: what may be told, in which form."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from nurture.engine.posted import EVERYTHING, KINDS, LONGEST, Posting
from nurture.engine.records import key_column
from nurture.model.book import Book
from nurture.model.catalogue import Field
from nurture.model.event import MonthDay

VERSION = "1"
MOST_ROWS = 1_000
LARGEST = 5 * 1024 * 1024  # bytes of one batch
PROBLEMS = {
    "400": "The body was cut off.",
    "401": "No key, or none that is believed: the answer is the same for each.",
    "403": "The key may not tell this.",
    "408": "The body took too long.",
    "413": f"More than {MOST_ROWS:,} rows, or more than 5 MB.",
    "415": "The body is not application/json, or it is compressed.",
    "422": "The body is no JSON, or no list of rows.",
    "429": "Too often: come again after Retry-After seconds.",
    "503": "The store is busy, or nothing is live yet: come again after Retry-After seconds. Nothing is lost by that.",
}
SUMMARIES = {
    "contacts": "People, what is known of them, and what they agreed to",
    "events": "What happened to people",
    "things": "Records that a person can have several of",
    "numbers": "Numbers for digests",
    "consents": "Topics that people agreed to or refused",
}
Schema = dict[str, Any]
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # names do not change with the time
WORD = {"type": "string", "pattern": r"^[^\s,;\u0000]+$", "maxLength": 200}
TEXT = {"type": "string", "pattern": r"^[^\u0000]*$", "maxLength": LONGEST}
AMOUNT = {"type": "string", "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,6})?( [A-Z]{3})?$"}
MOMENT = {"type": "string", "format": "date-time", "description": "ISO 8601; without an offset in the project's zone."}


def document(book: Book, url: str) -> Schema:
    """The whole document (OpenAPI 3.1) for a book, served at `url`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{book.rules.project}: what the world tells",
            "version": VERSION,
            "description": "Made from the catalogue. Rows told again change nothing; each row has its own verdict.",
        },
        "servers": [{"url": url or "/"}],
        "security": [{"key": []}],
        "paths": {
            "/api/v1/openapi.json": {"get": _reading()},
            **{f"/api/v1/{kind}": {"post": _telling(kind)} for kind in KINDS},
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "nurture keys new NAME"}},
            "schemas": {
                **{_row(kind): schema for kind, schema in rows(book).items()},
                "Verdicts": VERDICTS,
                "Problem": PROBLEM,
            },
            "responses": {status: _problem(words, status) for status, words in PROBLEMS.items()},
        },
    }


def rows(book: Book) -> dict[str, Schema]:
    """What one row of each kind may be."""
    about = {
        "contacts": [("", "")], "consents": [("", "")],
        "events": [("", name) for name in book.catalogue.events],
        "things": [(name, "") for name in book.catalogue.things],
        "numbers": [(name, "") for name in book.catalogue.numbers],
    }  # fmt: skip
    return {kind: _one_of(_object(kind, book, *one) for one in about[kind]) for kind in KINDS}


def _one_of(schemas: Iterable[Schema]) -> Schema:
    found = list(schemas)
    if not found:
        return {"type": "object", "maxProperties": 0, "description": "The catalogue has none."}
    return found[0] if len(found) == 1 else {"oneOf": found}


def _object(kind: str, book: Book, about: str, event: str) -> Schema:
    """One object, with every name that `Posting` takes for it and no other."""
    catalogue, needed = book.catalogue, list(NEEDED[kind])
    typed: dict[str, Field] = {**catalogue.person, **catalogue.events.get(event, {})}
    fixed: dict[str, Schema] = {}
    if kind == "events":
        fixed["event"] = {"const": event}
    if kind == "things":
        typed = dict(catalogue.things[about].fields)
        fixed = {"thing": {"const": about}, key_column(about, book): WORD}
    if kind == "numbers":
        typed = dict(catalogue.numbers[about].fields)
        fixed = {"numbers": {"const": about}}
    names = sorted(Posting(kind, book, _NO_TIME, "").names(about, event))
    topics = [*book.topics, *(f"-{topic}" for topic in book.topics)]
    fixed["consent"] = {"type": "array", "items": {"enum": topics}, "description": "One behind a minus is refused."}
    properties = {
        name: fixed.get(name) or (of_field(typed[name]) if name in typed else ABOUT.get(name, TEXT)) for name in names
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": needed,
        "anyOf": [{"required": ["id"]}, {"required": ["email"]}],
        "properties": properties,
    }


def of_field(field: Field) -> Schema:
    """A field of the catalogue as JSON Schema, with its example."""
    found = dict(TYPES[field.type](field))
    example = field.example
    if example is not None and not isinstance(example, MonthDay):
        found["examples"] = [example if isinstance(example, bool | int | float) else str(example)]
    if field.sensitive:
        found["description"] = "Sensitive: tell it only where people asked you to."
    return found


def _text(field: Field) -> Schema:
    return {"enum": list(field.one_of)} if field.one_of else TEXT


def _day(field: Field) -> Schema:
    whole = {"type": "string", "format": "date"}
    without = {"type": "string", "pattern": "^--(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$"}
    return {"anyOf": [whole, without]} if field.year_optional else whole


def _tags(field: Field) -> Schema:
    return {"type": "array", "items": {"enum": list(field.one_of)} if field.one_of else WORD}


def _lines(field: Field) -> Schema:
    parts = {"quantity": {"type": "number"}, "price": AMOUNT}
    told = {name: schema for name, schema in parts.items() if name in field.parts}
    line = {"type": "object", "required": ["product"], "properties": {"product": TEXT, **told}}
    return {"type": "array", "items": line | {"additionalProperties": False}}


TYPES: Mapping[str, Callable[[Field], Schema]] = {
    "text": _text,
    "number": lambda _: {"type": "number"},
    "bool": lambda _: {"type": "boolean"},
    "day": _day,
    "moment": lambda _: MOMENT,
    "tags": _tags,
    "money": lambda _: AMOUNT | {"description": "With a currency behind it when it is not the project's: 24.50 TRY."},
    "lines": _lines,
}
ABOUT: Mapping[str, Schema] = {
    "id": TEXT | {"description": "The shop's own id of the person."},
    "email": {"type": "string", "format": "email", "maxLength": 254},
    "at": MOMENT,
    "outside_id": TEXT | {"description": "Your own id of it: told again under it, it is the same."},
    "key": WORD,
    "removed": {"type": "boolean"},
    "tags": {"type": "array", "items": WORD},
    "until": {"type": "string", "format": "date", "description": "The last day on which the consent holds."},
    "basis": TEXT | {"minLength": 1, "description": "On what ground: 'ticked the box at checkout'."},
    EVERYTHING: {"const": True, "description": "They want no mail but service; stands without 'consent'."},
}
NEEDED = {
    "contacts": (),
    "events": ("event", "at"),
    "things": ("thing",),
    "numbers": ("numbers", "at"),
    "consents": ("at", "basis"),
}
VERDICTS: Schema = {
    "type": "object",
    "required": ["taken", "known", "refused", "rows"],
    "properties": {
        **{word: {"type": "integer", "minimum": 0} for word in ("taken", "known", "refused")},
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["row", "status"],
                "properties": {
                    "row": {"type": "integer", "minimum": 0},
                    "status": {"enum": ["taken", "known", "refused"]},
                    "reason": {"type": "string"},
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "additionalProperties": False,
}


def _row(kind: str) -> str:
    return f"{kind.capitalize().removesuffix('s')}Row"


def _telling(kind: str) -> Schema:
    rows_ = {"type": "array", "maxItems": MOST_ROWS, "items": {"$ref": f"#/components/schemas/{_row(kind)}"}}
    wrapped = {"type": "object", "required": ["rows"], "properties": {"rows": rows_}, "additionalProperties": False}
    said = {"application/json": {"schema": {"$ref": "#/components/schemas/Verdicts"}}}
    return {
        "operationId": f"tell_{kind}",
        "summary": SUMMARIES[kind],
        "description": f"Needs the scope {kind}. A row that cannot be taken is refused alone; the answer is 200.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"oneOf": [rows_, wrapped]}}}},
        "responses": {"200": {"description": "A verdict for each row.", "content": said}} | _problems(PROBLEMS),
    }


def _reading() -> Schema:
    said = {"application/json": {"schema": {"type": "object"}}}
    return {
        "operationId": "read_document",
        "summary": "This document",
        "responses": {"200": {"description": "OpenAPI 3.1.", "content": said}} | _problems(("401", "429", "503")),
    }


def _problems(statuses: Iterable[str]) -> Schema:
    return {status: {"$ref": f"#/components/responses/{status}"} for status in statuses}


def _problem(words: str, status: str) -> Schema:
    found: Schema = {
        "description": words,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in ("429", "503"):
        found["headers"] = {"Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 1}}}
    if status == "401":
        found["headers"] = {"WWW-Authenticate": {"required": True, "schema": {"const": "Bearer"}}}
    return found
