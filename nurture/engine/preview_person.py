"""For whom a preview is written when somebody of the store is named; apart, for no other preview needs a store."""

from collections.abc import Mapping
from datetime import datetime

from nurture.engine.applying import tree_book
from nurture.engine.people import find_person, present
from nurture.engine.preview_reader import Reader
from nurture.engine.workshop import Workshop
from nurture.model.book import Book


def known_reader(shop: Workshop, book: Book, files: Mapping[str, bytes], text: str, now: datetime) -> Reader:
    """A person of the store as the files of the working tree would see them now; nothing of it is kept.

    MisuseError for an id or address that nobody has.
    """
    id_ = find_person(shop, text)
    person = present(shop, tree_book(shop.store, book, files, now), id_, now)
    return Reader(person, shop.store.labels([id_])[id_])
