"""A shop that was moved to PostgreSQL and back goes on as if it had stayed: the same mails, reasons and numbers."""

from datetime import datetime
from pathlib import Path

from nurture.engine.replaying import replay
from nurture.store.database import connect
from nurture.store.moving import move
from nurture.store.open import open_store
from tests.going_on import goes_on, mails_in, rows_of
from tests.ninety_days import NinetyDays
from tests.postgres_server import Server


def test_the_moved_shop_goes_on_as_the_old_one_would_have(tmp_path: Path, postgres: Server) -> None:
    story = NinetyDays(tmp_path / "lived", seed=11, people=6, days=25)
    story.live().close()
    here, stayed = story.folder / "nurture.db", tmp_path / "stayed.db"
    stayed.write_bytes(here.read_bytes())
    there, back = postgres.new_database(), f"sqlite:///{tmp_path / 'back.db'}"
    moved(f"sqlite:///{here}", there, story.now)
    one, other = open_store(f"sqlite:///{stayed}"), open_store(there)
    assert goes_on(one, tmp_path / "one", story.now) == goes_on(other, tmp_path / "other", story.now) > 3
    assert mails_in(tmp_path / "other") == mails_in(tmp_path / "one")
    expected = rows_of(one)
    assert rows_of(other) == expected
    for store in (one, other):
        proved = replay(store, (), None)
        assert proved.equal
        assert proved.decisions > 50
        store.close()
    moved(there, back, story.now)
    last = open_store(back)
    assert rows_of(last) == expected
    assert replay(last, (), None).equal
    last.close()


def moved(source: str, target: str, now: datetime) -> None:
    databases = connect(source), connect(target)
    move(*databases, now)
    for one in databases:
        one.engine.dispose()
