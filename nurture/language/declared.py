"""The names that a project declares, before anything is read: what other files may refer to.

Names are taken as written, so that one whose declaration has findings is not called unknown as well.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import PurePosixPath

from nurture.language.names import Names
from nurture.language.tree import ListNode, MappingNode, Node, ScalarNode
from nurture.model.book import Mail
from nurture.model.special_days import SPECIAL_DAYS

Roots = Mapping[str, Node | None]


def all_names(roots: Roots, calendars: Iterable[Node | None], sequences: Roots, mails: Mapping[str, Mail]) -> Names:
    """All names by kind; None for a kind whose file could not be read. `sequences` are by path."""

    def declared(kind: str, key: str) -> tuple[str, ...] | None:
        root = roots.get(kind)
        return None if kind in roots and root is None else _ids(child(root, key))

    return Names(
        event=declared("catalogue", "events"),
        stage=declared("stages", "stages"),
        moment=declared("stages", "moments"),
        mail=tuple(mails),
        topic=declared("topics", "topics"),
        theme=declared("topics", "themes"),
        tag=declared("topics", "tags"),
        gift=declared("gifts", "gifts"),
        ladder=declared("ladders", "ladders"),
        person=declared("rules", "people"),
        endpoint=declared("rules", "endpoints"),
        thing=declared("catalogue", "things"),
        special_day=_special_days(list(calendars)),
        sequence=tuple(PurePosixPath(path).stem for path in sequences),
        renamed=cache(lambda: dict(_renamed(roots.get("topics"), sequences))),
    )


def _renamed(topics: Node | None, sequences: Roots) -> Iterator[tuple[tuple[str, str], str]]:
    """Every `was:` of the project: of topics, themes, tags and sequences, and of the mails that a step sends now."""
    for kind in ("topic", "theme"):
        declared = child(topics, f"{kind}s")
        for name, node in declared if isinstance(declared, MappingNode) else ():
            yield from _was(kind, node, name)
    tags = child(topics, "tags")
    for node in tags if isinstance(tags, ListNode) else ():
        yield from _was("tag", node, child(node, "tag"))
    for root in sequences.values():
        yield from _was("sequence", root, child(root, "sequence"))
        for step in _mappings(child(root, "steps")):
            yield from _was("mail", step, child(step, "send") or child(step, "mail"))


def _was(kind: str, node: Node | None, today: Node | None) -> Iterator[tuple[tuple[str, str], str]]:
    was = child(node, "was")
    if isinstance(was, ScalarNode) and isinstance(today, ScalarNode):
        yield (kind, was.text), today.text


def _mappings(node: Node | None) -> Iterator[MappingNode]:
    """Every mapping inside, however deep."""
    if isinstance(node, MappingNode):
        yield node
        for _, inside in node:
            yield from _mappings(inside)
    for inside in node if isinstance(node, ListNode) else ():
        yield from _mappings(inside)


def _special_days(calendars: list[Node | None]) -> tuple[str, ...] | None:
    if any(root is None for root in calendars):
        return None
    written = (name for root in calendars for name in _ids(child(root, "days")))
    return tuple(dict.fromkeys([*written, *SPECIAL_DAYS]))


def rungs_of(ladders: Node | None) -> dict[str, tuple[str, ...]]:
    """The rungs of each ladder, as written."""
    found = child(ladders, "ladders")
    if not isinstance(found, MappingNode):
        return {}
    return {name.text: _ids(child(node, "rungs")) for name, node in found}


def child(node: Node | None, key: str) -> Node | None:
    """What stands behind a key of a mapping."""
    return node.get(key) if isinstance(node, MappingNode) else None


def _ids(node: Node | None) -> tuple[str, ...]:
    """The names in a mapping's keys, a list of words, or a list of mappings with an id."""
    if isinstance(node, MappingNode):
        return node.keys
    found = (child(item, "id") or child(item, "tag") or item for item in node) if isinstance(node, ListNode) else ()
    return tuple(item.text for item in found if isinstance(item, ScalarNode))
