"""What readers may ask, by the installed command: who refused is not mailed; who asks is shown, merged, forgotten."""

import base64
import hmac
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from random import Random  # noqa: TID251  (the seed is given)
from urllib.error import URLError
from zipfile import ZipFile

from nurture.deliver import shopify
from nurture.wiring import now
from tests.daemons import BOUND, ask, until
from tests.refusal_moves import PATIENCE, Deeds
from tests.refusal_run import IN_SHORT, Shop, faulty_run, short_run
from tests.refusal_shop import CARE, LETTER, RECEIPT, SECRET, listing_server, mail_of, write
from tools.refusal_run import document

NAMES = {"c0": "سلمى", "c1": "Ben", "c2": "Noa"}
MISUSE = 64


def test_nobody_who_refused_is_mailed_whatever_happens_then(tmp_path: Path) -> None:
    """The short form of `python -m tools.refusal_run`: each mail that is owed goes once, and no other."""
    found = short_run(tmp_path)
    assert found.wrong == []
    assert found.missing == []
    assert found.spared > 20
    assert set(found.mails) == {LETTER, CARE, RECEIPT}
    assert len(found.trials) == len(IN_SHORT)
    assert json.loads(document(found, held=True))["trials"] == found.trials


def test_that_run_sees_a_planted_fault(tmp_path: Path) -> None:
    found = faulty_run(tmp_path, "any later consent counts")
    assert found.wrong


class Rights(Deeds):
    """A shop of three readers."""

    def remember(self) -> None:
        """What the server took, by whose order and which mail."""
        self.last |= {(mail.one, mail.mail): mail for mail in map(mail_of, self.server.accepted)}

    @contextmanager
    def web(self) -> Iterator[None]:
        """`nurture web` alone: it keeps and answers, and decides nothing."""
        with self.project.start("web") as process:
            try:
                until(lambda: process.poll() is not None or self.answers(), seconds=PATIENCE)
                yield
                process.terminate()
                process.communicate(timeout=BOUND)
                assert process.returncode == 0
            finally:
                process.kill()

    def answers(self) -> bool:
        try:
            return ask(f"{self.url}/robots.txt")[0] == 200
        except URLError:
            return False

    def orders(self, order: str, at: datetime) -> None:
        rows = ((one, f"{order}-{one}") for one in NAMES)
        self.tell("events", (
            {"id": one, "event": "order.placed", "at": at.isoformat(), "outside_id": id_, "order_id": id_}
            for one, id_ in rows
        ))  # fmt: skip

    def unreadable(self) -> None:
        """A signed post of the shop with a time that is none."""
        body = json.dumps({"id": 7, "email": "x@shop.example", "updated_at": "yesterday"}).encode()
        signature = base64.b64encode(hmac.digest(SECRET["SHOPIFY"].encode(), body, sha256)).decode()
        said = {shopify.SIGNATURE: signature, shopify.TOPIC: "customers/update", shopify.DELIVERY: "1"}
        self.post("/in/shopify", body, said, 200)

    def bytes(self) -> bytes:
        """The store's file and its log."""
        return b"".join(file.read_bytes() for file in self.project.root.glob("nurture.db*"))


def test_readers_are_answered_shown_merged_and_forgotten(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    with listing_server() as server:
        one = Rights(Shop(tmp_path / "shop"), server, Random(1), 3)  # noqa: S311  (no secret)
        project = one.project
        write(project, server.url, one.port, one.events.key)
        project.ok("apply")
        project.ok("import", "suppressions", "--none")
        rows = [
            (id_, f"{id_}@shop.example", "ar" if id_ == "c0" else "en", name, "letters") for id_, name in NAMES.items()
        ]
        project.table("people.csv", ["id", "email", "locale", "first_name", "consent"], rows)
        project.ok("import", "contacts", "people.csv", "--basis", "box at the till")
        one.key = re.findall(r"nvk_\w+", project.ok("keys", "new", "till", "--scope", "contacts,events").out)[0]

        with one.web():  # alone: what comes is kept, what is asked is answered
            one.orders("r1", now())
            one.unreadable()
            assert server.accepted == []
            project.ok("run", "--once")
            assert len(server.accepted) == 9
            one.remember()
            one.one_click("c1")
            one.spam_report("c2")
            unread = project.run("received", "--again")
            assert (unread.code, "shopify" in unread.out) == (1, True), unread
            server.lists["unsubscribes"] = [{"created": int(now().timestamp()), "email": "c0@shop.example"}]
            assert json.loads(project.ok("sync", "--json").out)
            shown(one)
            project.ok("merge", "c1", "c2", "--yes", "--by", "lena")
            again = project.run("merge", "c2", "c1", "--yes", "--by", "lena")
            assert (again.code, "one contact already" in again.err) == (MISUSE, True), again
            forgotten(one)
            one.orders("r2", now())
            project.ok("run", "--once")
        assert server.accepted[9:] == [], "c0 was forgotten, and c1 is c2, of whom a spam report came"


def shown(one: Rights) -> None:
    """What `export-person` puts into the archive: for the reader, in their language, with subjects; nobody else's."""
    one.project.ok("export-person", "c0", "--output", "for_her.zip")
    with ZipFile(one.project.root / "for_her.zip") as archive:
        page, data = (archive.read(name).decode() for name in ("everything.html", "everything.json"))
    assert '<html lang="ar" dir="rtl">' in page
    assert all(word in page for word in ("سلمى", "Letters", "SendGrid", "A letter about r1-c0", "c0@shop.example"))
    assert json.loads(data)["outside_id"][0]["value"] == "c0"
    for text in (page, data):
        assert not re.search(r"c[12]@shop|Ben|Noa", text)


def forgotten(one: Rights) -> None:
    """Killed while SendGrid is told, it is made good by whoever comes next; two at once do no harm."""
    server, project = one.server, one.project
    server.slow = 60.0
    with project.start("forget", "c0", "--yes", "--by", "lena") as process:
        until(lambda: server.erased or process.poll() is not None, seconds=PATIENCE)
        process.kill()
        process.communicate()
    server.slow = 0.0
    told = len(server.erased)
    project.ok("run", "--once")
    assert server.erased[told:] == ["c0@shop.example"]
    assert b"c0@shop.example" not in one.bytes()
    assert "سلمى".encode() not in one.bytes()
    both = [project.start("forget", "c1", "--yes", "--by", "lena") for _ in range(2)]
    codes = []
    for process in both:
        _, errors = process.communicate(timeout=PATIENCE)
        codes.append(process.returncode)
        assert process.returncode in (0, MISUSE), errors
    assert 0 in codes
    assert set(server.erased) >= {"c1@shop.example", "c2@shop.example"}
    assert not re.search(rb"c[012]@shop\.example|Ben|Noa", one.bytes())
