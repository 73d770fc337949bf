"""`nurture upgrade` in words: what will be done, who must not be at work meanwhile, what was done."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from nurture.engine.moving import LIVELY, refuse_beside
from nurture.model.values import dataclass
from nurture.store.database import Database
from nurture.store.moving import working
from nurture.store.upgrading import Pending, pending, upgrade


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What was to be done, and the copy that was made before, of a store in a file."""

    plan: Pending
    copy: Path | None = None


def plan_lines(plan: Pending) -> Iterator[str]:
    """What an upgrade would do, for people."""
    if not plan.steps:
        yield f"The store has the newest tables ({plan.to}); there is nothing to do."
        return
    yield f"The store's tables are {plan.version or 'without a number'}; this nurture's are {plan.to}. To be done:"
    yield from (f"  {step.number}  {step.words}" for step in plan.steps)
    yield (
        "Daemons and workers of the older nurture may go on meanwhile and afterwards, until they are started anew."
        if plan.beside
        else "Daemons and workers of the older nurture must be stopped first: they cannot go on with these tables."
    )


def upgrade_store(database: Database, now: datetime, pause: Callable[[float], object]) -> Upgraded:
    """Do it. StateError while somebody is at work who could not go on afterwards."""
    plan = pending(database)
    if not plan.steps:
        return Upgraded(plan)
    if not plan.beside:
        refuse_beside(working(database, now - LIVELY), database, ", and could not go on with the new tables")
    return Upgraded(plan, upgrade(database, pause))


def done_lines(done: Upgraded, seconds: float) -> Iterator[str]:
    """What was done, for people."""
    if not done.plan.steps:
        yield from plan_lines(done.plan)
        return
    before = done.plan.version or "without a number"
    yield f"The store's tables were {before} and are {done.plan.to}, in {seconds:.1f} s."
    if done.copy is not None:
        yield f"The store from before is kept: {done.copy}."
