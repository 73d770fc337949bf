"""Posts of shops for tests: the payloads of tests/data/shops as a shop would send them, and what they come to."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nurture.config import Config
from nurture.deliver.folder import Folder
from nurture.engine.applying import LiveBook
from nurture.engine.taking import take_received
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.event import CONSENT_GIVEN, CONSENT_REFUSED, OWN_EVENTS, PERSON_CHANGED
from nurture.store.open import open_store
from nurture.store.told import things_told

FOLDER = Path(__file__).parent / "data" / "shops"
NOW = datetime(2027, 3, 9, 10, 30, tzinfo=UTC)
TOPICS = {
    "shopify_orders_create": "orders/create",
    "shopify_orders_cancelled": "orders/cancelled",
    "shopify_orders_fulfilled": "orders/fulfilled",
    "shopify_fulfillments_create": "fulfillments/create",
    "shopify_fulfillments_update": "fulfillments/update",
    "shopify_refunds_create": "refunds/create",
    "shopify_customers_create": "customers/create",
    "shopify_customers_update": "customers/update",
    "shopify_customers_email_marketing_consent_update": "customers/email_marketing_consent_update",
    "shopify_customers_redact": "customers/redact",
    "shopify_customers_data_request": "customers/data_request",
    "woocommerce_order_created": "order.created",
    "woocommerce_order_completed": "order.updated",
    "woocommerce_order_refunded": "order.updated",
    "woocommerce_order_cancelled": "order.updated",
    "woocommerce_customer_created": "customer.created",
}
EVERY = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def payload(name: str) -> dict[str, Any]:
    """A payload by its file's name."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


@dataclass
class ShopWorld:
    """A store that shops tell, under a book."""

    shop: Workshop
    live: LiveBook
    now: datetime = NOW

    def tell(self, name: str, **changed: object) -> None:
        """One post of a fixture, with some of its values changed; kept and read."""
        self.post(name.partition("_")[0], TOPICS.get(name, ""), payload(name) | changed)

    def post(self, source: str, topic: str, body: object) -> None:
        headers = {"topic": topic} if topic else {}
        self.shop.store.received.keep(source, json.dumps(body).encode(), headers, self.now)
        while self.shop.store.received.any_to_do():  # what waited for this post is read in the next round
            take_received(self.shop, self.live, self.now)

    def again(self) -> None:
        """Everything that was ever kept is read once more."""
        for number in range(1, 1_000):
            raw = self.shop.store.received.one(number)
            if raw is None:
                return
            from nurture.engine.shops import read_post

            read_post(self.shop, self.live, raw, self.now)

    def problems(self) -> list[str]:
        return sorted(one.problem for one in self.shop.store.received.problems(100))

    def state(self) -> dict[str, dict[str, object]]:
        """What is known of everybody, by what the shop calls them: not when, and not in which order, we heard of it."""
        ids = sorted(id_ for page in self.shop.store.everybody() for id_ in page)
        labels, histories = self.shop.store.labels(ids), self.shop.store.histories(ids)
        return {labels[id_]: self._of(labels[id_], histories[id_]) for id_ in ids}

    def _of(self, label: str, history: Iterable[Any]) -> dict[str, object]:
        facts: dict[str, object] = {}
        for event in history:
            told = event.fields.get("facts")
            if event.name == PERSON_CHANGED and isinstance(told, Mapping):
                facts.update(told)
        happened = sorted(
            (e.name, str(e.happened_at), str(sorted(e.fields.items())), e.outside_id)
            for e in history
            if e.name not in OWN_EVENTS
        )
        consents = sorted(
            (e.name, str(e.happened_at), str(sorted(e.fields.items())))
            for e in history
            if e.name in (CONSENT_GIVEN, CONSENT_REFUSED)
        )
        things = things_told(self.shop.store, [(label, "")]).get((label, ""), {})
        return {"facts": facts, "events": happened, "consents": consents, "things": dict(sorted(things.items()))}

    def names(self, label: str) -> list[str]:
        """The names of the catalogue's events that happened to somebody."""
        events: Any = self.state()[label]["events"]
        return [one[0] for one in events]


def shop_world(root: Path, book: Book, url: str = "", **config: Any) -> ShopWorld:
    """A project in a folder; its store is the one in it, or the one at the URL."""
    url = url or f"sqlite:///{root / 'store.db'}"
    made = Config(url, root / "outbox", root / "installation.json")
    shop = Workshop(root, replace(made, **config), open_store(url), Folder(root / "outbox"))
    return ShopWorld(shop, LiveBook(book, {}))
