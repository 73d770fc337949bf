"""What holds for all tests: how Hypothesis looks for examples, and the databases a store may lie in."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings

from tests.new_stores import InFiles, NewStores, OnServer
from tests.postgres_server import Server, postgres_server

# No deadline: a busy machine is no broken law. In CI the examples are the same each time, so that a change is
# judged by what it changes; at a desk they are new each time, and so keep finding what nobody thought of.
settings.register_profile("house", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("house")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL for all tests of this process; it is only started for those that ask."""
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def new_stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewStores]:
    """Gives new stores of either database: whoever asks for it is run twice."""
    if request.param == "sqlite":
        yield InFiles(tmp_path)
        return
    with ExitStack() as stack:
        yield OnServer(request.getfixturevalue("postgres"), stack)


@pytest.fixture
def store_url(new_stores: NewStores) -> str:
    """The URL of a new store, of either database: whoever asks for it is run twice."""
    return new_stores()


@pytest.fixture(params=["sqlite", "postgresql"])
def lean_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """As `store_url`, but no test ever left many rows there: how PostgreSQL answers depends on what it once held."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    server: Server = request.getfixturevalue("postgres")
    with server.new_store("how it answers") as url:
        yield url
