"""What of the working tree is not live, and how many are inside what is (language.md 8 and 11.2)."""

from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

from nurture.engine.project import read_files
from nurture.model.book import Book

if TYPE_CHECKING:  # `check` asks for files only and loads no store
    from nurture.engine.workshop import Workshop


def differing_files(files: Mapping[str, bytes], applied: Mapping[str, str]) -> int:
    """How many files are new, changed or gone beside the newest `apply`, whose SHA-256 by path is given."""
    hashes = {path: sha256(data).hexdigest() for path, data in files.items()}
    return sum(hashes.get(path) != applied.get(path) for path in hashes.keys() | applied.keys())


def standing(shop: "Workshop", book: Book) -> tuple[dict[str, int], frozenset[str]]:
    """How many are inside each sequence, and the sequences whose file differs from what is live."""
    known = shop.store.load_files()
    counts: Counter[str] = Counter()
    for (name, _), count in shop.store.counts().inside.items():
        counts[name] += count
    files = read_files(shop.root)
    differing = (
        name
        for name, sequence in book.sequences.items()
        if known.files.get(sequence.place.file) != files.get(sequence.place.file)
    )
    return dict(counts), frozenset(differing)
