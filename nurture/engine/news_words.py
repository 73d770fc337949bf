"""What became of mails, in words for `explain`: delivered, clicked and by whom, bounced and what that says."""

from collections.abc import Mapping, Sequence

from nurture.model.happening import By, Happened, Happening
from nurture.store.open import Store

UNSAID = frozenset({Happened.processed})  # it says no more than that it was taken


def news_words(store: Store, keys: Sequence[str]) -> Mapping[str, str]:
    """By send key: what happened in its order, each with its minute (UTC); nothing of mails nobody told of."""
    return {key: in_words(those) for key, those in store.happenings.of_mails(list(keys)).items() if in_words(those)}


def in_words(told: Sequence[Happening]) -> str:
    """`delivered 2027-03-09 10:02 UTC · clicked 10:05`: each kind once, by its first time."""
    found: dict[str, str] = {}
    for one in told:
        if one.what not in UNSAID:
            found.setdefault(_name(one), f"{one.at:%Y-%m-%d %H:%M}")
    return " · ".join(f"{name} {at} UTC" for name, at in found.items())


def _name(one: Happening) -> str:
    machine = " by a machine" if one.by is By.machine else ""
    bounce = f" ({one.bounce.value})" if one.bounce else ""
    return f"{one.what.value}{machine}{bounce}"
