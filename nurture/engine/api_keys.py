"""Keys for the API: made once and shown once, believed by their hash, revoked by name.

A key is 256 bits of chance, so one round of SHA-256 keeps it as safe as itself: slow hashes (bcrypt, Argon2) are for
what people make up, and would let whoever posts wrong keys keep the server busy.
"""

import hmac
import re
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from hashlib import sha256

from nurture import observe
from nurture.engine.faults import MisuseError, StateError
from nurture.engine.unknown import meant
from nurture.engine.workshop import Workshop
from nurture.model.values import dataclass
from nurture.store.api_keys import ApiKey, api_keys

PREFIX = "nvk_"  # so that a scanner for secrets in code finds one
PLACES = 52  # of 31 letters and digits each: 257 bits, a little more than 32 bytes of chance
SCOPES = ("contacts", "events", "things", "numbers", "consents")
NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True)
class Shown:
    """One key as people and --json see it; never the key itself."""

    name: str
    scopes: tuple[str, ...]
    since: datetime
    who: str
    revoked_at: datetime | None
    used_at: datetime | None

    def words(self) -> str:
        """`till  events things, since 2027-03-01 by lena, last used 2027-03-09`."""
        used = f"last used {self.used_at:%Y-%m-%d}" if self.used_at else "never used"
        state = f"revoked {self.revoked_at:%Y-%m-%d}" if self.revoked_at else used
        return f"  {self.name:<20}  {' '.join(self.scopes)}, since {self.since:%Y-%m-%d} by {self.who}, {state}"


def new_key(shop: Workshop, name: str, scopes: Collection[str], who: str, now: datetime) -> str:
    """Make a key; it is told here and never again. MisuseError for a name or a scope that cannot be."""
    if NAME.fullmatch(name) is None:
        raise MisuseError(f"'{name}' is no name for a key: lower-case letters, digits, - and _; first a letter")
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        raise MisuseError(f"--scope {unknown[0]}: there is no such scope; {meant(unknown[0], SCOPES)}")
    if not scopes:
        raise MisuseError(f"--scope says what the key may tell: {', '.join(SCOPES)}")
    if shop.mint is None:
        raise StateError("no key can be made here: this project was opened without a source of chance.")
    key = PREFIX + shop.mint(PLACES)
    if not api_keys(shop.store).add(ApiKey(name, _hash(key), frozenset(scopes), now, who)):
        raise MisuseError(f"there is or was a key '{name}'; names are not used again. `nurture keys` lists them.")
    observe.note(observe.KEY_BY_HAND, act="new", key=name)
    return key


def revoke(shop: Workshop, name: str, now: datetime) -> None:
    """Believe a key no more, at once. MisuseError when there is none of that name."""
    keys = api_keys(shop.store)
    if not keys.revoke(name, now):
        names = [one.name for one in keys.all() if one.revoked_at is None]
        raise MisuseError(f"no key '{name}' is in use; {meant(name, names)}")
    observe.note(observe.KEY_BY_HAND, act="revoke", key=name)


def listing(shop: Workshop) -> Iterator[Shown]:
    """Every key there ever was, by name."""
    for one in api_keys(shop.store).all():
        yield Shown(one.name, tuple(sorted(one.scopes)), one.since, one.who, one.revoked_at, one.used_at)


def believed(shop: Workshop, presented: str, clock: Callable[[], datetime]) -> ApiKey | None:
    """The key that was presented; None alike for none, an unknown and a revoked one.

    It is compared with every key, whichever fits: how long that takes tells nothing of any.
    """
    given, found, keys = _hash(presented), None, api_keys(shop.store)
    for one in keys.all():
        if hmac.compare_digest(one.hash, given) and one.revoked_at is None:
            found = one
    if found is not None:
        keys.used(found, clock())
    return found


def _hash(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
