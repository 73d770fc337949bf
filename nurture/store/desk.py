"""What lies on the shop's desk beside its mails: tasks, drafts that wait for approval, calls of systems, letters."""

from nurture.model.values import dataclass
from nurture.store.drafts import Drafts
from nurture.store.open import Store
from nurture.store.replies import Replies
from nurture.store.tasks import Tasks
from nurture.store.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Desk:
    """The doors to each of them."""

    tasks: Tasks
    drafts: Drafts
    webhooks: Webhooks
    replies: Replies


def desk(store: Store) -> Desk:
    """The desk of an open store."""
    doors = store.database, store.outbox.remember
    return Desk(Tasks(*doors), Drafts(*doors), Webhooks(*doors), Replies(*doors))
