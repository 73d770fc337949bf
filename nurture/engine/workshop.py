"""What an open project is: its folder, configuration, store and way out. Built by `wiring`, used by the engine."""

from dataclasses import dataclass
from pathlib import Path

from nurture.config import Config
from nurture.deliver.folder import Folder
from nurture.store.open import Store


@dataclass(frozen=True, slots=True)
class Workshop:
    """Everything a command needs to work on one project. `provider` hands mails over.

    `owner` is the name under which this installation claims mails; one round at a time has it.
    """

    root: Path
    config: Config
    store: Store
    provider: Folder
    owner: str = ""
