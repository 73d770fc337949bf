"""Whether two versions of a sequence mean the same, however they are written."""

from collections.abc import Mapping

from nurture.model.plain import plain
from nurture.model.sequence import Sequence

_WORDS_ONLY = frozenset({"note", "about", "owner", "title", "was", "removed", "nodes", "switch", "source"})
"""Fields that change nothing for anybody inside: words for people, and what an apply has followed already."""


def same_meaning(old: Sequence, new: Sequence) -> bool:
    """Whether nothing that anybody gets, when, or under which key, is another."""
    return _bare(plain(old)) == _bare(plain(new))


def _bare(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _bare(item) for key, item in value.items() if key not in _WORDS_ONLY}
    return tuple(_bare(item) for item in value) if isinstance(value, tuple) else value
