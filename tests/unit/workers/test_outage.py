"""The database is away: one line says so and one that it is back; libraries' lines of it go, and all others stay."""

import logging

import psycopg
import pytest
from procrastinate.exceptions import ConnectorException

from nurture.workers.outage import AGAIN, HELD_UP, QUIET, Outage

POOL = "psycopg.pool"


class Passing:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def unreachable() -> psycopg.OperationalError:
    with pytest.raises(psycopg.OperationalError) as raised:
        psycopg.connect("host=127.0.0.1 port=1 connect_timeout=5")
    return raised.value


def in_the_queue(cause: Exception) -> ConnectorException:
    with pytest.raises(ConnectorException) as raised:
        raise ConnectorException from cause
    return raised.value


def line(name: str, words: str, *arguments: object, fault: BaseException | None = None) -> logging.LogRecord:
    told = (type(fault), fault, None) if fault else None
    return logging.LogRecord(name, logging.ERROR, "", 0, words, arguments, told)


def test_it_is_said_once_that_it_is_away_and_once_that_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    passing, away = Passing(), unreachable()
    outage = Outage(passing)
    outage.well()
    assert outage.told(in_the_queue(away), "tick")
    assert outage.told(psycopg.errors.AdminShutdown("never shown"), "seat")
    passing.seconds = 12
    assert outage.told(away, "seat")
    assert outage.told(psycopg.errors.InvalidPassword("never shown"), "queue"), "another matter, and said too"
    assert outage.told(in_the_queue(psycopg.errors.ReadOnlySqlTransaction("never shown")), "tick"), "a standby"
    outage.well()
    passing.seconds += QUIET
    outage.well()
    outage.well()
    lost, shut, standby, back = [record.getMessage() for record in caplog.records]
    assert lost.startswith('queue.lost lane=tick error=OperationalError words="no PostgreSQL answers there')
    assert shut.startswith('queue.lost lane=queue error=InvalidPassword words="the password is wrong')
    assert 'words="the server is a standby' in standby
    assert back == "queue.back seconds=12"


def test_a_fault_that_is_no_outage_is_said_once_in_ten_minutes_for_each_lane() -> None:
    passing, fault = Passing(), ZeroDivisionError()
    outage = Outage(passing)
    assert not outage.told(fault, "seat")
    assert [outage.new(fault, "seat") for _ in range(3)] == [True, False, False]
    assert [outage.new(fault, "tick"), outage.new(None, "tick"), outage.new(OSError(), "seat")] == [True] * 3
    passing.seconds = AGAIN
    assert [outage.new(fault, "seat") for _ in range(2)] == [True, False]


def test_what_libraries_say_of_it_is_folded_and_nothing_else_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    away = unreachable()
    side = line("procrastinate.worker.tick", f"Side task listener failed with exception: {ConnectorException()}")
    gives_up = line(POOL, "discarding closed connection: %s", "one")
    outage = Outage(Passing())
    assert outage.written(gives_up), "the database answers, so this is something else"
    folded = [
        side,
        line("procrastinate.utils", "listener error", fault=in_the_queue(away)),
        line(POOL, "error connecting in %r: %s", "pool", away),
        line("asyncio", "Task exception was never retrieved", fault=away),
        gives_up,
        line("psycopg", "error ignored terminating %r: %s", "a pipeline", psycopg.errors.DiskFull("never shown")),
    ]
    assert [outage.written(one) for one in folded] == [False] * len(folded)
    assert [record.getMessage().split()[0] for record in caplog.records] == ["queue.lost"]
    others = [
        line("procrastinate.utils", "fetcher error", fault=in_the_queue(psycopg.errors.UndefinedTable("jobs"))),
        line("procrastinate.worker.tick", "Side task fetcher failed with exception: division by zero"),
        line("asyncio", "Task exception was never retrieved", fault=ZeroDivisionError()),
        line("asyncio", "Executing took 3 seconds"),
    ]
    assert all(outage.written(one) for one in others)


def test_what_was_long_ago_is_not_said_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage(Passing())
    outage.ending = True
    assert not outage.written(line("procrastinate.utils", "listener error", fault=in_the_queue(unreachable())))
    cut = line("psycopg", "query cancellation interrupted (%s): closing connection", "one")
    cut.levelno = logging.WARNING
    assert not outage.written(cut)
    assert outage.written(line("procrastinate.utils", "fetcher error", fault=ZeroDivisionError()))
    assert caplog.records == []


def test_a_worker_that_others_took_for_gone_says_so(caplog: pytest.LogCaptureFixture) -> None:
    struck_off = in_the_queue(psycopg.errors.ForeignKeyViolation("never shown"))
    assert not Outage(Passing()).written(line("asyncio", "Task exception was never retrieved", fault=struck_off))
    assert [record.getMessage().partition(" words=")[2][:30] for record in caplog.records] == [f'"{HELD_UP[:29]}']
