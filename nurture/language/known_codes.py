"""The findings that an author may let stand: every warning and remark there is (language.md 9.4 and 15)."""

WARNINGS = frozenset(
    {
        "W301", "W302", "W303", "W304", "W305", "W306", "W307", "W308", "W309", "W311", "W313", "W314", "W315", "W316",
        "W317", "W318", "W320", "W325", "W330", "W342", "W343", "W344", "W345", "W346", "W347", "W350", "W351", "W352",
        "W353", "W354", "W355", "W356", "W358",
    }
)  # fmt: skip
REMARKS = frozenset({"I340", "I341"})
MAY_STAND = WARNINGS | REMARKS
