"""The date in the shop, by which tasks are due and figures are told."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from nurture.model.rules import Rules


def today(rules: Rules, now: datetime) -> date:
    """The date in the project's zone at an instant."""
    return now.astimezone(ZoneInfo(rules.zone)).date()
