"""What doctor sees of gifts: pools of codes that come to their end."""

from collections.abc import Iterator

from nurture.engine.doctor import Finding, look, ok, wrong
from nurture.engine.pools import left
from nurture.model.book import Book
from nurture.store.open import Store

REMEDY = "put new codes into its file, then nurture codes add"
LOOK = "take out of its file what was given elsewhere, then nurture codes again"


def gift_findings(store: Store, book: Book) -> Iterator[Finding]:
    """Each pool with its stock: an empty one keeps its mails from going."""
    for one in left(store, book):
        if one.source == "pool" and not one.stock.free:
            yield wrong("gifts", f"no code is left: {one.words()}", LOOK if one.stock.aside else REMEDY)
        elif one.short:
            yield look("gifts", one.words(), REMEDY)
        elif one.source == "pool":
            yield ok("gifts", one.words())
