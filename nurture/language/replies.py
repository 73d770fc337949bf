"""`replies` of rules.yaml as a value: who answers letters, and which events they are (mission.md C25)."""

from collections.abc import Iterable, Iterator

from nurture.language.reader import Fields, Reader
from nurture.language.replies_grammar import WRITTEN
from nurture.language.tree import ListNode, Node, ScalarNode
from nurture.model.length import Length
from nurture.model.letter import Kind
from nurture.model.place import Place
from nurture.model.rules import Answer, Replies


def read_replies(part: Fields | None, reader: Reader) -> Replies:
    """`replies` as a value, with the usual answers where it is not written."""
    if part is None:
        return Replies()
    kinds = dict(answers_of(part))
    for fields in kinds.values():
        if fields.text("event") and fields.text("event") == fields.text("answered"):
            message = "a letter and its answer are one event"
            reader.say("E114", fields.place_of("answered"), message, "answered: another event of the catalogue")
    _said_once([(part, "stop_words"), *((fields, "words") for fields in kinds.values())], reader)
    return Replies(
        part.text("to"),
        part.get("due", Length) or Replies().due,
        part.many("stop_words", str),
        tuple((kind, _answer(fields)) for kind, fields in kinds.items()),
    )


def answers_of(part: Fields) -> Iterator[tuple[Kind, Fields]]:
    """What is written about each kind of letter."""
    for kind in WRITTEN:
        fields = part.get(kind.value, Fields)
        if fields is not None:
            yield kind, fields


def _answer(part: Fields) -> Answer:
    return Answer(
        part.text("to"), part.get("due", Length), part.text("event"), part.text("answered"), part.many("words", str)
    )


def _said_once(lists: Iterable[tuple[Fields, str]], reader: Reader) -> None:
    """E114 for words without a letter or digit, which no letter can say, and E210 for those that mean two things."""
    taken: set[str] = set()
    for fields, key in lists:
        for place, words in _written(fields.node.get(key)):
            plain = " ".join(words.casefold().split())
            if not any(letter.isalnum() for letter in plain):
                reader.say("E114", place, f"'{key}: {words}' is not understood", "words are letters and digits")
            elif plain in taken:
                reader.say("E210", place, f"'{words}' is written twice: a letter that says it is of one kind")
            taken.add(plain)


def _written(node: Node | None) -> Iterator[tuple[Place, str]]:
    for item in node.items if isinstance(node, ListNode) else filter(None, [node]):
        if isinstance(item, ScalarNode) and item.text:
            yield item.place, item.text
