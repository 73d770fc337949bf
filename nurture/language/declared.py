"""The names that a project declares, before anything is read: what other files may refer to.

Names are taken as written, so that one whose declaration has findings is not called unknown as well.
"""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from nurture.language.names import Names
from nurture.language.tree import ListNode, MappingNode, Node, ScalarNode
from nurture.model.book import Mail
from nurture.model.special_days import SPECIAL_DAYS

Roots = Mapping[str, Node | None]


def all_names(
    roots: Roots, calendars: Iterable[Node | None], sequences: Iterable[str], mails: Mapping[str, Mail]
) -> Names:
    """All names by kind; None for a kind whose file could not be read."""

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
    )


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
