"""Read one file of the marketer's: bytes in, the tree with places and all findings out (language.md 9.1)."""

from nurture.language.page import open_page
from nurture.language.tree import Allowance, ListNode, MappingNode, Node, ScalarNode, Source, Value, place_in
from nurture.language.yaml_source import read_yaml

__all__ = ["Allowance", "ListNode", "MappingNode", "Node", "ScalarNode", "Source", "Value", "place_in", "read"]


def read(data: bytes, file: str) -> Source:
    """Read a file; `file` is its path relative to the project, and `.toml` at its end means TOML, else YAML.

    Mistakes are in `Source.problems`, with the codes E100 to E105, never raised.
    """
    page, problems = open_page(data, file)
    if problems:
        return Source(file, page.lines, None, problems)
    root, found, _ = read_yaml(page, page.text)
    return Source(file, page.lines, root, tuple(found))
