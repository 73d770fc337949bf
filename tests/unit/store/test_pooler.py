"""Through a pooler that gives each transaction another session no seat would last, so none is taken."""

from contextlib import nullcontext

import pytest
from sqlalchemy import make_url

from nurture.store.database import connect
from nurture.store.postgresql import UnfitServerError
from nurture.store.seats import Seat
from tests.pooler import pgbouncer
from tests.postgres_server import Server


def test_no_seat_is_taken_through_a_pooler_that_changes_sessions(postgres: Server) -> None:
    name = str(make_url(postgres.new_database()).database)
    for mode, fits in (("session", True), ("transaction", False)):
        with pgbouncer(postgres, name, mode) as url:
            seat = Seat(connect(url), "one", alone=False)
            with nullcontext() if fits else pytest.raises(UnfitServerError, match="pool_mode"):
                assert seat.take()
            seat.release()


def test_a_seat_is_taken_where_nothing_stands_between(postgres: Server) -> None:
    direct = Seat(connect(postgres.new_database()), "one", alone=False)
    assert direct.take()
    direct.release()
