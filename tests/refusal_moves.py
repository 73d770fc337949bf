"""What a long run of refusals does to a project: every way to refuse, and all that might bring mail back."""

import base64
import hmac
import html
import json
import re
import shutil
import sqlite3
import urllib.request
from collections.abc import Iterable
from contextlib import ExitStack, closing
from copy import deepcopy
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from random import Random  # noqa: TID251  (tests may draw: the seed is said, and can be given)
from urllib.parse import urlencode

from nurture.deliver import shopify
from nurture.wiring import now
from tests.daemons import BOUND, Running, ask, daemon, free_port, until
from tests.live_run import in_store
from tests.projects import Answer, Project
from tests.refusal_shop import ALL, CARE, LETTER, NEWS, SECRET, Crowd, ListingServer, Mail, Names
from tests.sendgrid_events import EventWebhook, told
from tests.shop_posts import TOPICS, payload

PATIENCE = 240.0  # seconds, for a machine that does much else
HALTED = 4  # what the command ends with when the state is not as it must be


@dataclass
class Deeds:
    """One project with its people and its daemon, and what is done to it. `last` is each one's last mail of a kind."""

    project: Project
    server: ListingServer
    random: Random
    size: int = 24
    names: Names = field(default_factory=Names)
    key: str = ""
    number: int = 0
    running: Running | None = None
    last: dict[tuple[str, str], Mail] = field(default_factory=dict)
    open: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.crowd, self.port = Crowd(self.size), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.events = EventWebhook(self.url)
        self.put_by: tuple[Path, Crowd, Names] | None = None

    def look(self, after: str, at_rest: bool = True) -> None:
        """What the server took since is held against who had refused by then."""
        raise NotImplementedError

    def start(self) -> None:
        """Its daemon, with the web part."""
        self.running = self.open.enter_context(daemon(self.project))
        one = self.running
        until(lambda: one.said("web.listens") or one.process.poll() is not None, lambda: one.log, PATIENCE)
        assert one.process.poll() is None, one.log

    def stop(self) -> None:
        """The daemon ends in good order."""
        if self.running is not None:
            assert self.running.stop() == 0, self.running.log
            self.running = None

    def at_rest(self) -> bool:
        """Whether everything that came was read and decided, and nothing waits or is on its way."""
        return not in_store(self.project, (
            "SELECT 1 FROM received WHERE done_at IS NULL AND problem = '' UNION ALL SELECT 1 FROM planned UNION ALL "
            "SELECT 1 FROM batch WHERE status IN ('claimed', 'handed') UNION ALL "
            "SELECT 1 FROM event JOIN person ON person.id = event.person WHERE event.number > person.decided_number"
        ))  # fmt: skip

    # How people refuse

    def one_click(self, one: str) -> None:
        """The address of the header, as a mail program posts to it: of the letters, or of the care."""
        mail = self.random.choice([LETTER, CARE])
        header = self.last[(one, mail)].line["body"]["headers"]["List-Unsubscribe"]
        status, _ = ask(re.findall(r"<(http[^>]+)>", header)[0], b"List-Unsubscribe=One-Click")
        assert status == 200
        self.crowd.said_no(one, frozenset({mail}))

    def page_of_choices(self, one: str) -> None:
        """Every box is unticked, and the form is sent."""
        self.choose(one, "choices")
        self.crowd.said_no(one, NEWS)

    def page_of_all(self, one: str) -> None:
        self.choose(one, "all")
        self.crowd.said_no(one, NEWS)

    def choose(self, one: str, do: str) -> None:
        text = "".join(part["value"] for part in self.last[(one, CARE)].line["body"]["content"])
        url = re.findall(rf"{self.url}/p/[\w.-]+", html.unescape(text))[0]
        status, page = ask(url)
        assert status == 200
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        status, _ = ask(url, urlencode({**hidden, "do": do}).encode())
        assert status == 200

    def reply(self, one: str) -> None:
        """They answer their last letter with a word of stop; or write one of their own."""
        about = self.last[(one, LETTER)].line["message_id"] if self.random.random() < 0.5 else ""
        answers = f"In-Reply-To: {about}\r\n" if about else ""
        self.number += 1
        letter = (
            f"From: {self.crowd.address[one]}\r\nSubject: Re: A letter\r\n"
            f"Message-ID: <{self.number}@reader.example>\r\n{answers}\r\nPlease unsubscribe me.\r\n"
        )
        body, kind = form({"email": letter})
        self.post(f"/in/sendgrid/mail/{SECRET['INBOUND']}", body, {"Content-Type": kind}, 204)
        self.crowd.said_no(one, frozenset({LETTER}) if about else NEWS)

    def spam_report(self, one: str) -> None:
        self.event(one, "spamreport")
        self.crowd.said_no(one, ALL)
        self.crowd.barred.update(self.crowd.with_(one))

    def unsubscribe_event(self, one: str) -> None:
        self.event(one, "unsubscribe")
        self.crowd.said_no(one, frozenset({LETTER}))

    def event(self, one: str, what: str) -> None:
        assert self.events.send(told(self.last[(one, LETTER)].line, what, at=now()), now()) == 204

    def csv(self, one: str) -> None:
        rows = [(one, f"-{self.names.letters} -care")]
        self.project.table("no.csv", ["id", "consent"], rows)
        self.project.ok("import", "consents", "no.csv", "--basis", "said so by phone")
        self.crowd.said_no(one, NEWS)

    def api(self, one: str) -> None:
        self.tell("consents", [{"id": one, "refuses_everything": True, "at": now().isoformat(), "basis": "by phone"}])
        self.crowd.said_no(one, NEWS)

    def provider_list(self, one: str) -> None:
        """An event that was lost: only SendGrid's own list has it."""
        row = {"created": int(now().timestamp()) - 60, "email": self.crowd.address[one].upper()}
        self.server.lists.setdefault("spam_reports", []).append(row)
        self.nurture("sync")
        self.crowd.said_no(one, ALL)
        self.crowd.barred.update(self.crowd.with_(one))

    def while_mail_waits(self, one: str) -> None:
        """What was decided for them waits when they refuse."""
        self.nurture("halt")
        self.number += 1
        order = f"h{self.number}-{one}"
        self.tell("events", [{"id": one, "event": "order.placed", "at": now().isoformat(), "order_id": order}])
        until(lambda: in_store(self.project, "SELECT count(*) FROM planned")[0][0], lambda: "nothing waits", PATIENCE)
        self.page_of_all(one)
        self.nurture("unhalt")

    # What might bring mail back to them

    def topic_renamed(self, _one: str) -> None:
        self.number += 1
        self.renamed(Names(f"letters_{self.number}", self.names.sequence, self.names.letters))

    def sequence_renamed(self, _one: str) -> None:
        self.number += 1
        self.renamed(Names(self.names.letters, f"letter_{self.number}", "", self.names.sequence))

    def renamed(self, names: Names) -> None:
        self.names = names
        names.write(self.project.root)
        self.nurture("apply")

    def merged(self, one: str) -> None:
        """Who refused and who did not are one, this way round or that."""
        others = [each for each in self.crowd.single() if each != one and each not in self.crowd.barred]
        other = self.random.choice(others)
        first, second = self.random.sample([one, other], 2)
        self.nurture("merge", first, second, "--yes", "--by", "lena")
        self.crowd.merge(first, second)
        self.crowd.address[second] = self.crowd.address[first]

    def put_aside(self) -> None:
        """A backup of the store as it is while the daemon is at work, and of the files."""
        folder = self.project.root.with_name(f"{self.project.root.name}-aside")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.project.root / "sequences", folder / "sequences")
        live, backup = sqlite3.connect(self.project.root / "nurture.db"), sqlite3.connect(folder / "nurture.db")
        with closing(live), closing(backup):
            live.backup(backup)
        self.put_by = folder, deepcopy(self.crowd), self.names

    def restored(self, _one: str) -> None:
        """The backup comes back: it waits until a person has looked, who takes in again what was refused since."""
        assert self.put_by is not None
        folder, crowd, names = self.put_by
        self.stop()
        for file in self.project.root.glob("nurture.db*"):
            file.unlink()
        shutil.copy(folder / "nurture.db", self.project.root / "nurture.db")
        shutil.rmtree(self.project.root / "sequences")
        shutil.copytree(folder / "sequences", self.project.root / "sequences")
        assert self.project.run("run", "--once").code == HALTED
        self.look("restored, nobody has looked", at_rest=False)
        self.names, self.crowd.address, self.crowd.group = names, dict(crowd.address), dict(crowd.group)
        self.refuse_again()
        self.nurture("run", "--once", "--accept")
        self.start()
        self.put_aside()

    def refuse_again(self) -> None:
        """What was refused since the backup, from the lists that a shop has of it."""
        words = {LETTER: f"-{self.names.letters}", CARE: "-care"}
        rows = [
            (one, " ".join(words[mail] for mail in sorted(self.crowd.refused[one] & NEWS)))
            for one in self.crowd.names
            if self.crowd.refused[one] & NEWS
        ]
        self.project.table("no.csv", ["id", "consent"], rows)
        self.nurture("import", "consents", "no.csv", "--basis", "refused before the restore")
        left = sorted(self.crowd.barred - self.crowd.gone)
        barred = [(self.crowd.address[one], "spam report") for one in left]
        if barred:
            self.project.table("barred.csv", ["email", "because"], barred)
            self.nurture("import", "suppressions", "barred.csv")

    def copied(self, _one: str) -> None:
        """The whole folder, started elsewhere: it mails nobody."""
        copy = self.elsewhere()
        shutil.copytree(self.project.root, copy.root)
        self.refused_elsewhere(copy)

    def copied_by_file(self, _one: str) -> None:
        """Only files and store, opened by another installation."""
        copy = self.elsewhere()
        shutil.copytree(self.project.root, copy.root, ignore=shutil.ignore_patterns(".nurture"))
        self.refused_elsewhere(copy)

    def elsewhere(self) -> Project:
        return replace(self.project, root=self.project.root.with_name(f"{self.project.root.name}-copy"))

    def refused_elsewhere(self, copy: Project) -> None:
        """A run of it ends at once, and says why."""
        answer = copy.run("run", "--once")
        assert answer.code == HALTED, answer
        assert "cop" in answer.err + answer.out, answer
        shutil.rmtree(copy.root)

    def shop_tells_again(self, one: str) -> None:
        """Shopify says that they subscribed, just now; and tells of them as a new customer."""
        agreed = {"state": "subscribed", "opt_in_level": "single_opt_in", "consent_updated_at": now().isoformat()}
        number = self.random.randrange(10**9)
        for name, more in (
            ("shopify_customers_create", {"id": number, "email": self.crowd.address[one]}),
            ("shopify_customers_email_marketing_consent_update",
             {"customer_id": number, "email_address": self.crowd.address[one]}),
        ):  # fmt: skip
            body = json.dumps(payload(name) | more | {"email_marketing_consent": agreed}).encode()
            signature = base64.b64encode(hmac.digest(SECRET["SHOPIFY"].encode(), body, sha256)).decode()
            said = {shopify.SIGNATURE: signature, shopify.TOPIC: TOPICS[name], shopify.DELIVERY: str(number)}
            self.post("/in/shopify", body, said, 200)

    def api_tells_again(self, one: str) -> None:
        """The till says once more that they, and everybody, agreed to the letters."""
        self.tell("contacts", [
            {"id": each, "consent": [self.names.letters], "at": now().isoformat(), "basis": "box at the till"}
            for each in {one, *self.crowd.names}
        ])  # fmt: skip

    def csv_again(self, _one: str, basis: str = "a form") -> None:
        """The list of the first day, on which everybody said yes."""
        self.nurture("import", "contacts", "people.csv", "--basis", basis)

    def csv_with_another_basis(self, _one: str) -> None:
        self.number += 1
        rows = [(one, "en", self.names.letters) for one in self.crowd.names]
        self.project.table("again.csv", ["id", "locale", "consent"], rows)
        self.nurture("import", "contacts", "again.csv", "--basis", f"list {self.number}")

    def list_is_empty(self, _one: str) -> None:
        """SendGrid has whoever was listed no more."""
        self.server.lists.clear()
        self.nurture("sync", "--whole")

    def address_changes(self, one: str) -> None:
        self.number += 1
        address = f"{one}.{self.number}@shop.example"
        self.project.table("moved.csv", ["id", "email", "consent"], [(one, address, self.names.letters)])
        self.nurture("import", "contacts", "moved.csv", "--basis", "a form")
        for each in self.crowd.with_(one):
            self.crowd.moves(each, address)

    def forgotten(self, one: str) -> None:
        """They are forgotten for good, and the shop tells of them once more."""
        self.crowd.said_no(one, ALL)
        self.crowd.barred.add(one)
        self.crowd.gone.add(one)
        before = len(self.server.erased)
        self.nurture("forget", one, "--yes", "--by", "lena")
        assert len(self.server.erased) > before, "SendGrid was not told"
        row = {"id": one, "email": self.crowd.address[one], "consent": [self.names.letters], "basis": "box at the till"}
        self.tell("contacts", [{**row, "at": now().isoformat()}])

    # Telling

    def nurture(self, *words: str) -> Answer:
        answer = self.project.run(*words)
        assert answer.code == 0, f"{words}: {answer}"
        return answer

    def tell(self, kind: str, rows: Iterable[dict[str, object]]) -> None:
        """Rows by the API."""
        said = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        self.post(f"/api/v1/{kind}", json.dumps(list(rows)).encode(), said, 200)

    def post(self, path: str, body: bytes, headers: dict[str, str], status: int) -> None:
        request = urllib.request.Request(self.url + path, data=body, headers=headers)  # noqa: S310  (loopback)
        with urllib.request.urlopen(request, timeout=BOUND) as answer:  # noqa: S310
            assert answer.status == status, answer.read()


def form(values: dict[str, str]) -> tuple[bytes, str]:
    """A multipart form and its content type."""
    edge = "edge-of-the-form"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in values.items()
    ]
    return f"{''.join(parts)}--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"
