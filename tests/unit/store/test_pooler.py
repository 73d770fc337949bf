"""Through a pooler that gives each transaction another session no seat would last, so none is taken."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from nurture.store.database import connect
from nurture.store.postgresql import UnfitServerError
from nurture.store.seats import Seat
from tests.daemons import free_port, until
from tests.postgres_server import NOBODY, Server


def test_no_seat_is_taken_through_a_pooler_that_changes_sessions(postgres: Server, tmp_path: Path) -> None:
    name = str(make_url(postgres.new_database()).database)
    for mode, fits in (("session", True), ("transaction", False)):
        with pgbouncer(postgres, tmp_path / mode, name, mode) as url:
            seat = Seat(connect(url), "one", alone=False)
            with nullcontext() if fits else pytest.raises(UnfitServerError, match="pool_mode"):
                assert seat.take()
            seat.release()


def test_a_seat_is_taken_where_nothing_stands_between(postgres: Server) -> None:
    direct = Seat(connect(postgres.new_database()), "one", alone=False)
    assert direct.take()
    direct.release()


@contextmanager
def pgbouncer(server: Server, folder: Path, name: str, mode: str) -> Iterator[str]:
    """The address of a database of the server through PgBouncer."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        cure = "there is no pgbouncer on this machine"
        if "NURTURE_NO_SKIPS" in os.environ:
            pytest.fail(cure)
        pytest.skip(cure)
    folder.mkdir()
    port = free_port()
    (folder / "users").write_text('"nurture" ""\n', encoding="utf-8")
    (folder / "ini").write_text(
        f"[databases]\n{name} = host={server.folder / 'socket'} user=nurture\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        f"pool_mode = {mode}\nauth_file = {folder / 'users'}\nlogfile = {folder / 'log'}\n",
        encoding="utf-8",
    )
    as_nobody: dict[str, Any] = {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}
    for one in (folder, *folder.iterdir(), *folder.parents[:3]):
        one.chmod(0o777 if one == folder else one.stat().st_mode | 0o055)
    process = subprocess.Popen([program, str(folder / "ini")], stderr=subprocess.DEVNULL, **as_nobody)
    try:
        until(lambda: answers(port))
        yield f"postgresql://nurture@127.0.0.1:{port}/{name}"
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
