"""One damaged row holds up nobody else: neither deciding nor handing over."""

import asyncio
import logging
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from nurture import observe
from nurture.engine.tick import tick
from nurture.model.decision import Why
from nurture.model.mail import Fate
from nurture.store.tables import PERSON
from tests.sending_worlds import NOW, open_shop, planned, the_book


def damage(store, label: str) -> str:
    person = store.find(label)
    with store.database.writing() as connection:
        connection.execute(update(PERSON).where(PERSON.c.id == person).values(state="{torn"))
    return person


def test_mails_of_others_go_and_that_of_the_damaged_is_refused_with_the_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "nurture")
    shop = open_shop(tmp_path)
    planned(shop.store, service=3)
    person = damage(shop.store, "s1")
    done = asyncio.run(shop.sending().round())
    assert done.fates == {Fate.accepted: 2, Fate.refused: 1}
    (reason,) = [one for one in shop.store.reasons(person) if one.why is Why.broken]
    assert "cannot be read" in reason.words
    named = [record for record in caplog.records if record.__dict__.get("event") == observe.PERSON_UNREADABLE]
    assert len(named) == 1
    shop.store.close()


def test_a_tick_decides_for_everybody_else(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    planned(shop.store, service=2)
    damage(shop.store, "s0")
    shop.store.wake_everybody(NOW + timedelta(minutes=1))
    assert tick(shop.store, the_book(), NOW + timedelta(minutes=1)).people == 2
    assert shop.store.watermark == NOW + timedelta(minutes=1)
    shop.store.close()
