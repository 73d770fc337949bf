"""The people of random worlds as a store takes them in."""

from nurture.model.event import Event
from nurture.store.rows import ContactRow, EventRow
from tests.random_worlds import START, World


def contact(number: int, world: World) -> ContactRow:
    return ContactRow(outside_id=f"c{number}", facts=dict(world.person.facts), known_at=START)


def row(number: int, event: Event) -> EventRow:
    return EventRow(
        outside_id=f"c{number}", name=event.name, at=event.happened_at, id=event.id, fields=event.fields,
        known_at=event.known_at,
    )  # fmt: skip


def no_rejects(row: object, why: str) -> None:
    raise AssertionError(f"{row}: {why}")
