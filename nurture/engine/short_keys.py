"""Keys as people type them: their beginning, as in git, as long as it is clear which one is meant."""

from collections.abc import Callable

from nurture.engine.faults import MisuseError

KEY_SHOWN = 12


def key_meant(keys_like: Callable[[str], list[str]], prefix: str, what: str, shows: str) -> str:
    """The one key that begins so; MisuseError when none or several do, with the command that `shows` them."""
    found = keys_like(prefix) if prefix else []
    if prefix in found:
        return prefix
    if len(found) > 1:
        raise MisuseError(f"several keys begin with '{prefix}': {', '.join(key[:16] for key in found)} …")
    if not found:
        raise MisuseError(f"no {what} has a key that begins with '{prefix}'; `{shows}` shows them.")
    return found[0]
