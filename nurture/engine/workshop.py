"""What an open project is: its folder, configuration, store and way out. Built by `wiring`, used by the engine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nurture.config import Config
from nurture.deliver.protocol import Provider
from nurture.links import Links
from nurture.store.open import Store


@dataclass(frozen=True, slots=True)
class Workshop:
    """Everything a command needs to work on one project. `provider` hands mails over.

    `links` makes the addresses in mails; None while no web address is configured (mails then carry mailto: links).

    `owner` is the name under which this installation claims mails; one round at a time has it.
    """

    root: Path
    config: Config
    store: Store
    provider: Provider[Any, Any]
    owner: str = ""
    links: Links | None = None
