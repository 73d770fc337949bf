"""What the mail benchmarks share: the SendGrid-shaped server as its own process, and a shop that mails through it."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import on_postgresql
from benchmarks.frame import ROOT, nurture, shop

KEY = "SG.loopback"
VALIDATED = 50  # one of so many requests is held against the published document; the limits of the pages are on all
CONFIG = """
[provider]
name = "sendgrid"
[sendgrid]
url = "{url}"
key_env = "SENDGRID_KEY"
[web]
url = "https://shop.example"
[tick]
every = "1 second"
"""


class Office:
    """The server: where it is, its process, and the log of what it accepted."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        assert process.stdout is not None
        self.process, self.log = process, log
        self.url = f"http://127.0.0.1:{int(process.stdout.readline())}"

    def accepted(self) -> int:
        """How many mails it has taken."""
        with urllib.request.urlopen(f"{self.url}/control", timeout=30) as answer:  # noqa: S310  (an address of our own)
            return int(json.load(answer)["accepted"])

    def lines(self) -> list[dict[str, str]]:
        """What it accepted, with key and instant; the last line may still be on its way."""
        whole = self.log.read_bytes().rpartition(b"\n")[0]
        return [json.loads(line) for line in whole.splitlines()]


@contextmanager
def office(folder: Path, *more: str) -> Iterator[Office]:
    """The server for as long as the block lasts."""
    log = folder / "accepted.jsonl"
    words = ("-m", "tests.sendgrid_server", "--validate", str(VALIDATED), "--log", str(log), *more)
    process = subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield Office(process, log)
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def mailing_shop(*more: str) -> Iterator[tuple[Path, Office]]:
    """A shop whose starter book is applied, and which mails through the server; nobody is kept from mail."""
    with shop() as folder, office(folder.parent, *more) as server:
        if store := on_postgresql.new_store():
            (folder / "config.toml").write_text(store, encoding="utf-8")
        nurture("apply", folder=folder)
        mailing(folder, server, store)
        yield folder, server


def mailing(folder: Path, server: Office, config: str = "") -> None:
    """Let a project mail through the server, with these tables of config.toml beside."""
    os.environ["SENDGRID_KEY"] = KEY
    (folder / "config.toml").write_text(CONFIG.format(url=server.url) + config, encoding="utf-8")
    nurture("import", "suppressions", "--none", folder=folder)
