"""Names that speak of a mail being opened, which nobody can know (language.md 1 and 9.4, W316)."""

import re

WHY = "nobody can know who opened a mail: mail programs fetch the pictures by themselves"
CURE = "ask steps.<id>.clicked, or wait for what they should do, such as an order or an answer"

_MAIL = r"(?:e[-_]?)?(?:mail|message|newsletter|letter|campaign)s?"
_OPENED = r"(?:open|opens|opened|opening|viewed|seen|read)"
_SPOKEN = re.compile(
    rf"(?:person\.)?(?:(?:.*[._-])?{_MAIL}[._-]{_OPENED}|(?:last_)?open(?:s|ed)?)(?:_(?:at|rate|count|on))?"
)


def speaks_of_opening(name: str) -> bool:
    """`mail.opened`, `email_opened`, `person.last_opened_at`; not `complaint.opened`."""
    return _SPOKEN.fullmatch(name) is not None
