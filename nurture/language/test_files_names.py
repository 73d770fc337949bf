"""The names that a test file may use: the project's, its facts, and the fields of events, things and numbers."""

from collections.abc import Collection, Iterator, Mapping
from functools import cache

from nurture.language.files import sort_files
from nurture.language.names import Names
from nurture.model import event as own
from nurture.model.book import Book
from nurture.model.catalogue import Field
from nurture.model.step import Send
from nurture.model.values import dataclass

ADDRESS_STATES = ("ok", "soft", "blocked", "hard", "complained", "role")


@dataclass(frozen=True, slots=True)
class NamesInTests(Names):
    """Beside the project's names: facts that can be told, and fields by what they belong to."""

    fact: tuple[str, ...] | None = ()
    field: tuple[str, ...] | None = ()
    record_field: tuple[str, ...] | None = ()
    numbers: tuple[str, ...] | None = ()

    def of(self, what: str) -> tuple[str, ...] | None:
        """All names of one kind."""
        match what:
            case "fact":
                return self.fact
            case "field":
                return self.field
            case "record field":
                return self.record_field
            case "kind of numbers":
                return self.numbers
            case _:
                return Names.of(self, what)


def names_of(book: Book, files: Mapping[str, bytes], broken: Collection[str] = ()) -> NamesInTests:
    """The names of a book; None for what stands in a file with errors, so that nothing false is said of it."""
    unread = {file.split("/")[2].split(".")[0] for file in broken if file.startswith("sequences/house/")}
    catalogue = None if "catalogue" in unread else book.catalogue
    topics = None if "topics" in unread else book
    sequences = {path.split("/")[1].split(".")[0] for path in sort_files(files).sequences}
    named = [thing.key for thing in book.catalogue.things.values()]
    things = [name for thing in book.catalogue.things.values() for name in thing.fields]
    numbers = [name for one in book.catalogue.numbers.values() for name in one.fields]
    return NamesInTests(
        event=tuple(catalogue.events) if catalogue else None,
        mail=tuple(sorted(book.mails)),
        topic=tuple(topics.topics) if topics else None,
        theme=tuple(topics.themes) if topics else None,
        tag=tuple(sorted(topics.tags)) if topics else None,
        sequence=tuple(sorted(sequences | set(book.sequences))),
        thing=tuple(catalogue.things) if catalogue else None,
        gift=None if "gifts" in unread else tuple(gift.name for gift in book.house.gifts),
        fact=tuple(_told(book)) if catalogue else None,
        field=tuple(_fields(book)) if catalogue else None,
        record_field=tuple(dict.fromkeys([*named, *things, *numbers])) if catalogue else None,
        numbers=tuple(catalogue.numbers) if catalogue else None,
        renamed=cache(lambda: dict(_renamed(book))),
    )


def _renamed(book: Book) -> Iterator[tuple[tuple[str, str], str]]:
    """Every `was:` of a book: of sequences, topics, themes and tags, and of the mails that a step sends now."""
    yield from ((("tag", was), tag) for was, tag in book.renamed.get("tag", {}).items())
    for kind, named in (("sequence", book.sequences), ("topic", book.topics), ("theme", book.themes)):
        yield from (((kind, one.was), name) for name, one in named.items())
    for sequence in book.sequences.values():
        steps = (node.step for node in sequence.nodes.values())
        yield from ((("mail", step.was), step.mail) for step in steps if isinstance(step, Send))


def _told(book: Book) -> dict[str, Field]:
    """The facts that somebody can tell; those worked out from events are not among them."""
    return {name: fact for name, fact in book.catalogue.person.items() if not fact.take}


def _fields(book: Book) -> dict[str, Field]:
    """All fields of all events, nurture's own included."""
    found: dict[str, Field] = {}
    for fields in book.catalogue.events.values():
        found |= fields
    for name in own.OWN_EVENTS:
        found |= own_fields(name, book)
    return found


def own_fields(name: str, book: Book) -> Mapping[str, Field]:
    """The fields of an event of nurture's own, as a test writes them; none for an event that it cannot tell."""
    match name:
        case own.PERSON_CHANGED:
            return _told(book)
        case own.PERSON_TAGGED | own.PERSON_UNTAGGED:
            return {"tags": Field("tags", "tags", one_of=tuple(sorted(book.tags)))}
        case own.PERSON_ENROLLED:
            return {"sequence": Field("sequence", "text", one_of=tuple(sorted(book.sequences)))}
        case own.CONSENT_GIVEN | own.CONSENT_REFUSED | own.CONSENT_LIFTED:
            return {"topics": Field("topics", "tags", one_of=tuple(book.topics))}
        case own.THEME_SPARED | own.THEME_WANTED:
            return {"theme": Field("theme", "text", one_of=tuple(book.themes))}
        case own.ADDRESS_STATE:
            return {"state": Field("state", "text", one_of=ADDRESS_STATES)}
        case own.GIFT_USED:
            return {"gift": Field("gift", "text", one_of=tuple(gift.name for gift in book.house.gifts))}
        case _:
            return {}
