"""How a value is spelt in YAML: plain where it reads back as itself, else in quotes (language.md 2 and 9.1)."""

import re

from nurture.language.yaml_source import plain_value

_PLAIN = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`][^\n]*|[-?:](?=[^\s\[\]{},])[^\n]*")
_NOT_IN_FLOW = re.compile(r"[,\[\]{}?]|:(?![0-9A-Za-z])|^:")  # what ends a text between braces, or may
_UNSEEN = re.compile("[\x00-\x1f\ufeff]")  # what YAML reads as something else where it stands as it is
_TWISTED = re.compile(
    r"(?i)y|n|yes|no|on|off|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*|0[0-7]+"
)
"""What YAML 1.1 takes for something else than the text it is here: Norway, clock times, days."""


def spelt(text: str, *, flow: bool, quote: bool = False) -> str:
    """A text as YAML has it; `flow` between braces or brackets, `quote` also where only YAML 1.1 would twist it."""
    if _stands_plain(text, flow=flow) and not (quote and _TWISTED.fullmatch(text)):
        return text
    return in_quotes(text)


def in_quotes(text: str) -> str:
    """In double quotes, or in single ones where double ones or backslashes stand in it."""
    if _UNSEEN.search(text):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{_UNSEEN.sub(_escaped, escaped)}"'
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def _escaped(found: re.Match[str]) -> str:
    letter = found[0]
    return {"\n": "\\n", "\t": "\\t"}.get(letter, f"\\u{ord(letter):04X}")


def _stands_plain(text: str, *, flow: bool) -> bool:
    if (
        not _PLAIN.fullmatch(text)
        or _UNSEEN.search(text)
        or text != text.strip()
        or ": " in text
        or " #" in text
        or text.endswith(":")
    ):
        return False
    if flow and _NOT_IN_FLOW.search(text):
        return False
    try:
        return plain_value(text) == text
    except ValueError:
        return False
