"""By which rules people are placed on the customer's line, as a short digest."""

from hashlib import sha256

from nurture.model.book import Book


def stage_rules(book: Book) -> str:
    """The stage and moment rules: a person placed by other words is placed anew, silently."""
    stages = [f"{s.id}={s.enter.text}~{s.keep_for}" for s in book.stages]
    whole = "\n".join(stages + [f"{m.id}:{m.while_.text}" for m in book.moments])
    return sha256(whole.encode()).hexdigest()[:12]
