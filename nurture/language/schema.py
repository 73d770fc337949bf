"""JSON Schemas of a project's own files, for editors (language.md 9.3): draft-07, from the checker's own tables."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from zoneinfo import available_timezones

from nurture.language.grammar import FAMILIES, SEQUENCE
from nurture.language.house_grammar import HOUSE
from nurture.language.names import Names
from nurture.language.shapes import (
    Anything,
    Choice,
    Day,
    Factor,
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
    Shape,
    Span,
    Table,
    WallClock,
    Whole,
    Words,
    Zone,
)
from nurture.language.test_files_grammar import TEST
from nurture.language.test_files_names import names_of
from nurture.language.values import CLOCK, DAY, span_pattern
from nurture.model.book import Book
from nurture.model.special_days import SPECIAL_DAYS

Schema = dict[str, object]
TABLES = {"sequence": SEQUENCE, **HOUSE}
DRAFT = "http://json-schema.org/draft-07/schema#"


def schema(kind: str, book: Book) -> Schema:
    """The schema of one kind of file, a key of `TABLES` or `test`; KeyError for another.

    The book's mails, events, stages, gifts, ladders, topics and the like are its lists to choose from.
    """
    maker = _Maker(names_of(book, {}) if kind == "test" else names_in(book))
    root = maker.table(TEST if kind == "test" else TABLES[kind])
    return {"$schema": DRAFT, "title": f"nurture {kind}", **root, "definitions": maker.definitions}


def names_in(book: Book) -> Names:
    """The names of a book by kind, as an editor can offer them."""
    return Names(
        event=tuple(book.catalogue.events),
        stage=tuple(stage.id for stage in book.stages),
        moment=tuple(moment.id for moment in book.moments),
        mail=tuple(sorted(book.mails)),
        topic=tuple(book.topics),
        theme=tuple(book.themes),
        tag=tuple(sorted(book.tags)),
        gift=tuple(gift.name for gift in book.house.gifts),
        ladder=tuple(ladder.name for ladder in book.house.ladders),
        person=tuple(name for name, _ in book.rules.people),
        endpoint=tuple(endpoint.name for endpoint in book.rules.endpoints),
        thing=tuple(book.catalogue.things),
        special_day=tuple(dict.fromkeys([*(day.name for day in book.house.days), *SPECIAL_DAYS])),
        sequence=tuple(book.sequences),
    )


class _Maker:
    """Makes schemas of shapes; tables and families are definitions, since steps hold steps."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.definitions: dict[str, Schema] = {}

    def table(self, table: Table) -> Schema:
        made: Schema = {
            "type": "object",
            "description": table.about,
            "additionalProperties": False,
            "required": [key.name for key in table.keys if key.required],
            "properties": {key.name: self._key(key) for key in table.keys},
        }
        if table.others is not None and isinstance(table.others.shape, Named):
            made.update(self._others(table.others, table.others.shape, made["properties"]))
        if table.one_of:
            made["oneOf"] = _one_required(table.one_of)
        if table.some_of:
            made["anyOf"] = _one_required(table.some_of)
        if table.beside:
            made["dependencies"] = {name: [fellow] for name, fellow in table.beside}
        return made

    def _others(self, others: Key, shape: Named, properties: object) -> Schema:
        """Keys of the author's own: of one form, or the project's names, which an editor can then offer."""
        each = self._key(replace(others, shape=shape.each))
        if isinstance(shape.key, Pattern):
            return {"patternProperties": {f"^({shape.key.regex})$": each}}
        known = dict.fromkeys(self._names.of(shape.key.what) or (), each)
        return {"properties": known | properties} if isinstance(properties, dict) else {}

    def _key(self, key: Key) -> Schema:
        default = f" Default: {key.default}." if key.default else ""
        shape = self.shape(key.shape)
        hover = {"description": key.about + default}
        return {"allOf": [shape], **hover} if "$ref" in shape else {**shape, **hover}

    def shape(self, shape: Shape) -> Schema:
        match shape:
            case Known(what=what, also=also, form=form):
                known = _one_of([*(self._names.of(what) or ()), *also])
                return known if form is None else {"anyOf": [known, _plain(form)]}
            case Many():
                return self._many(shape)
            case Named(key=key, each=each):
                return {"type": "object", "propertyNames": self.shape(key), "additionalProperties": self.shape(each)}
            case Part(table=table):
                return self._defined(table.name, lambda: self.table(table))
            case Forms(family=family):
                return self._defined(family, lambda: self._family(family))
            case PlainOr(plain=plain, mapping=mapping, listed=listed):
                parts = [plain, mapping, *([listed] if listed else [])]
                return {"anyOf": [self.shape(part) for part in parts]}
            case _:
                return _plain(shape)

    def _many(self, shape: Many) -> Schema:
        each = self.shape(shape.each)
        several: Schema = {"type": "array", "items": each, "minItems": shape.least}
        if shape.most is not None:
            several["maxItems"] = shape.most
        return {"anyOf": [each, several]} if shape.alone else several

    def _family(self, family: str) -> Schema:
        return {"anyOf": [self.shape(Part(table)) for table in FAMILIES[family].tables]}

    def _defined(self, name: str, make: Callable[[], Schema]) -> Schema:
        name = name.replace(" ", "_")
        if name not in self.definitions:
            self.definitions[name] = {}  # so that a table inside itself ends here
            self.definitions[name] = make()
        return {"$ref": f"#/definitions/{name}"}


def _plain(shape: Shape) -> Schema:
    match shape:
        case Words():
            return {"type": ["string", "number"], "pattern": r"\S"}
        case Pattern(regex=regex):
            return _text(regex)
        case Choice(options=options):
            return _one_of(options)
        case Whole(least=least, most=most):
            return {"type": "integer", "minimum": least, "maximum": most}
        case Factor():
            return {"type": "number", "exclusiveMinimum": 0}
        case Flag(only=only):
            return {"type": "boolean"} if only is None else {"const": only}
        case Span():
            return _text(span_pattern(shape))
        case WallClock():
            return _text(CLOCK)
        case Day():
            return _text(DAY)
        case Zone():
            return _one_of(sorted(available_timezones()))
        case Question():
            return {"type": ["string", "boolean"], "pattern": r"\S"}
        case Formula():
            return {"type": ["string", "number", "boolean"], "pattern": r"\S"}
        case Anything():
            return {"not": {"type": "null"}}
        case _:
            raise TypeError(f"no schema for {shape}")


def _text(regex: str) -> Schema:
    return {"type": "string", "pattern": f"^({regex})$"}


def _one_of(words: Iterable[str]) -> Schema:
    options = list(words)
    return {"enum": options} if options else {"not": {}}


def _one_required(keys: Iterable[str]) -> list[Schema]:
    return [{"required": [key]} for key in keys]
