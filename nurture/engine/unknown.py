"""A name typed at the command line that there is not: which one may be meant, or which there are."""

from collections.abc import Collection

from nurture.engine.faults import MisuseError
from nurture.language.names import did_you_mean

LONG = 12  # names that an answer can list


def refuse_unknown(what: str, name: str, known: Collection[str]) -> None:
    """MisuseError for a name that is not among those known, with its cure."""
    if name not in known:
        raise MisuseError(f"there is no {what} '{name}'; {meant(name, known)}")


def meant(name: str, known: Collection[str]) -> str:
    """`did you mean 'birthday'?`, or the names there are."""
    names = sorted(known)
    few = names if len(names) <= LONG else [*names[:LONG], "…"]
    return did_you_mean(name, names, f"there are: {', '.join(few)}." if names else "there are none.")
