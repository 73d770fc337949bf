"""Prism, which holds requests and answers against SendGrid's own OpenAPI document: as a mock, or before a server."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PRISM = HERE / "prism" / "node_modules" / ".bin" / "prism"  # beside package.json: npm ci --prefix tests/prism
DOCUMENTS = HERE / "data" / "sendgrid"
PATCHED, PUBLISHED = DOCUMENTS / "tsg_mail_v3.patched.json", DOCUMENTS / "tsg_mail_v3.json"
PATIENCE = 120  # seconds in which it has begun to listen


@contextmanager
def prism(document: Path, before: str = "") -> Iterator[str]:
    """A Prism that serves a document, or stands before the server at an address; where it listens.

    Where it is not installed its tests are left out, unless nothing may be (CI).
    """
    if not (PRISM.exists() and shutil.which("node")):
        cure = "prism is not installed: npm ci --prefix tests/prism"
        if "NURTURE_NO_SKIPS" in os.environ:
            pytest.fail(cure)
        pytest.skip(cure)
    port = free_port()
    words = ["proxy" if before else "mock", "--host", "127.0.0.1", "--port", str(port), "--errors", str(document)]
    process = subprocess.Popen(
        ["node", str(PRISM), *words, *([before] if before else [])],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said = until_listening(process)
        yield f"http://127.0.0.1:{port}"
        assert process.poll() is None, said
    finally:
        process.terminate()
        process.wait(30)


def until_listening(process: "subprocess.Popen[str]") -> list[str]:
    """Read what it says until it listens, then go on reading beside; what it said."""
    said: list[str] = []
    listening = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                said.append(line)
                if "Prism is listening" in line:
                    listening.set()
        listening.set()

    threading.Thread(target=read, daemon=True).start()
    assert listening.wait(PATIENCE), "".join(said)
    assert process.poll() is None, "".join(said)
    return said


def free_port() -> int:
    """A port that nobody has now."""
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
