"""What an open project is: its folder, configuration, store and way out. Built by `wiring`, used by the engine."""

from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import Any

from nurture.config import Config
from nurture.deliver.protocol import Provider
from nurture.links import Links
from nurture.model.values import dataclass
from nurture.store.open import Store


def nothing_set(_name: str) -> str:
    """An environment in which nothing is set."""
    return ""


@dataclass(frozen=True, slots=True)
class Workshop:
    """Everything a command needs to work on one project. `provider` hands mails over.

    `links` makes the addresses in mails; None while no web address is configured (mails then carry mailto: links).

    `variable` tells an environment variable by its name (empty: not set), for the endpoints of rules.yaml.

    `mint` draws so many letters and digits by chance, for the codes of gifts; without it none can be made.

    `owner` is the name under which this installation claims mails; one round at a time has it.
    """

    root: Path
    config: Config
    store: Store
    provider: Provider[Any, Any]
    owner: str = ""
    links: Links | None = None
    variable: Callable[[str], str] = field(default=nothing_set, repr=False)
    mint: Callable[[int], str] | None = field(default=None, repr=False)
