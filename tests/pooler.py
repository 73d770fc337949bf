"""PgBouncer, a program of the system's, between a test and its server."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.daemons import free_port, until
from tests.postgres_server import NOBODY, Server


@contextmanager
def pgbouncer(server: Server, name: str, mode: str) -> Iterator[str]:
    """The address of a database of the server through PgBouncer."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        cure = "there is no pgbouncer on this machine"
        if "NURTURE_NO_SKIPS" in os.environ:
            pytest.fail(cure)
        pytest.skip(cure)
    folder = Path(tempfile.mkdtemp(prefix="pooler-", dir=server.folder))  # whoever runs the server reaches it
    port = free_port()
    (folder / "users").write_text('"nurture" ""\n', encoding="utf-8")
    (folder / "ini").write_text(
        f"[databases]\n{name} = host={server.folder / 'socket'} user=nurture\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        f"pool_mode = {mode}\nauth_file = {folder / 'users'}\nlogfile = {folder / 'log'}\n",
        encoding="utf-8",
    )
    as_nobody: dict[str, Any] = {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}
    folder.chmod(0o777)
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
