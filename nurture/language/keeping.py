"""`keep:` of rules.yaml as a value: how long what grows is kept."""

from nurture.language.reader import Fields, Reader
from nurture.model.keeping import LEAST, Keep, days
from nurture.model.length import Length


def read_keep(part: Fields | None, reader: Reader) -> Keep:
    """The value; E114 for what is so short that something else would lack it."""
    if part is None:
        return Keep()
    said = {kind: length for kind in LEAST if (length := part.get(kind, Length)) is not None}
    for kind, length in list(said.items()):
        if days(length) < LEAST[kind]:
            reader.say("E114", part.place_of(kind), f"'{kind}: {length}' is too short", f"at least {LEAST[kind]} days")
            del said[kind]
    return Keep(**said)
