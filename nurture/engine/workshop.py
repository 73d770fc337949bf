"""What an open project is: its folder, configuration, store and way out. Built by `wiring`, used by the engine."""

from dataclasses import dataclass
from pathlib import Path

from nurture.config import Config
from nurture.deliver.folder import Folder
from nurture.links import Links
from nurture.model.book import Book
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

    def links(self, book: Book) -> Links | None:
        """The maker of signed addresses; None while no web address and secret are configured."""
        if not self.config.web_url or not self.config.web_secret:
            return None
        return Links(self.config.web_url, self.config.web_secret.encode(), book.rules.project)
