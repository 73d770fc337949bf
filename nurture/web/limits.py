"""How often something may be asked: so many at once, and then so many a second, for each of many keys.

What a limit is never put on: a POST with a genuine token. Nothing may stand between a reader and their stop, and
behind a proxy all readers come from one address. So the address counts only for links that are not ours, which
cost no look into the store; and of genuine pages each link has a limit of its own.
"""

from collections import OrderedDict
from datetime import datetime


class Limit:
    """A bucket of `most` for each key, refilled by `per_second`; the keys used longest ago are forgotten."""

    def __init__(self, most: float, per_second: float, keys: int = 10_000) -> None:
        self.most = most
        self.per_second = per_second
        self.keys = keys
        self._left: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def allows(self, key: str, now: datetime) -> bool:
        """Take one for a key; False when none is left. A clock that was put back gives nothing and takes nothing."""
        left, at = self._left.pop(key, (self.most, now))
        left = min(self.most, left + max(0.0, (now - at).total_seconds()) * self.per_second)
        allowed = left >= 1
        self._left[key] = (left - 1 if allowed else left, now)
        if len(self._left) > self.keys:
            self._left.popitem(last=False)
        return allowed
