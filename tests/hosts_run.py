"""Three workers, the database and the provider on hosts of their own, of which one after the other is lost.

As a program: `python -m tools.hosts_run --rounds 3 --mails 3000`. Each round kills a worker, cuts one off from the
database and one from the provider, and has the database fall and stand up again, in an order drawn anew, while events
arrive. At the end all cables are plugged, and the server's log is held against the store, mail by mail.
"""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from random import Random  # noqa: TID251  (tests may draw: the seed is said, and can be given)
from typing import Any

import psycopg

from nurture.wiring import now, stopwatch
from tests import live_shop
from tests.contract.certificates import authority
from tests.daemons import BOUND, Running, came_true, until
from tests.hosts import DATA, WORLD, Host, Hosts, as_nobody, hosts
from tests.live_judge import Figures, Judge, in_store
from tests.live_run import at_rest, decided
from tests.live_server import ROOT, Server
from tests.live_shop import Person
from tests.postgres_server import NOBODY, programs_and_data
from tests.projects import COMMAND, Project
from tests.sendgrid_server import KEY

WORKERS = ("first", "second", "third")
LOSSES = ("a worker is killed", "cut off from the database", "cut off from the provider", "the database falls")
CUT = (5.0, 40.0)  # seconds that a cable is out
GOES_ON = (2.0, 8.0)  # seconds between two losses
DOWN = (0.5, 5.0)  # seconds that a worker or the database is down
LATENCY = 0.05
ROUND_LASTS = 90.0  # seconds, about: the mails of a wave are spread over as long, so that something is always lost amid
PORT, TLS_PORT = 5432, 8443
SETTLES = 420.0  # seconds: a lease of five minutes, and what waits behind it


@dataclass
class Database:
    """PostgreSQL on its host, as it can be lost: whatever was not on the disk is gone."""

    host: Host
    folder: Path
    programs: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"postgresql://nurture@{self.host.address(DATA)}:{PORT}/postgres"

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        settings = (f"listen_addresses={self.host.address(DATA)}", f"port={PORT}", "max_connections=200")
        given = [word for one in settings for word in ("-c", one)]
        words: list[str | Path] = [
            self.programs / "postgres",
            "-D",
            self.folder / "data",
            "-k",
            self.folder / "socket",
            *given,
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.host.command(*as_nobody(NOBODY, words)), stderr=log, cwd=self.folder)
        until(self.answers, lambda: (self.folder / "log").read_text(errors="replace")[-2000:])

    def answers(self) -> bool:
        """Whether it takes connections."""
        with suppress(psycopg.OperationalError):
            psycopg.connect(self.url, connect_timeout=2).close()
            return True
        return False

    def fall(self) -> None:
        """As by a fault of its machine's memory: every process of it ends at once."""
        assert self.process is not None
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(BOUND)


@dataclass
class Shop:
    """The hosts, what runs on them, and what was done to them."""

    project: Project
    net: Hosts
    database: Database
    server: Server
    certificate: Path
    random: Random
    rate: float
    workers: dict[str, Running] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)
    ended: Counter[int] = field(default_factory=Counter)

    def start(self, name: str) -> None:
        """A worker on its host, in a folder of its own."""
        folder = self.project.root / name
        join = () if folder.exists() else ("--join",)  # as a person says who adds a machine
        folder.mkdir(exist_ok=True)
        write_config(folder, self.database, self.server, self.rate)
        file = self.project.root / f"daemon-{len(list(self.project.root.glob('daemon-*.log')))}-{name}.log"
        trust = {"SENDGRID_KEY": KEY, "SSL_CERT_FILE": str(self.certificate), "HOME": str(folder)}
        with file.open("w", encoding="utf-8") as log:
            words = self.net.made[name].command("setpriv", "--pdeathsig", "KILL", COMMAND, "worker", *join)
            process = subprocess.Popen(words, cwd=folder, env=os.environ | trust, stdout=log, stderr=log)
        self.workers[name] = Running(process, file)

    def keep_alive(self) -> None:
        """Start each worker that ended by itself, as a machine's service would; count how it ended."""
        for name, one in list(self.workers.items()):
            code = one.process.poll()
            if code is not None:
                self.ended[code] += 1
                self.start(name)

    def lose(self, what: str) -> None:
        """One loss, for a while."""
        name = self.random.choice(WORKERS)
        if what == LOSSES[0]:
            self.workers.pop(name).kill()
            self.pause(*DOWN)
            self.start(name)
        elif what == LOSSES[3]:
            self.database.fall()
            self.pause(*DOWN)
            self.database.start()
        else:
            network = DATA if what == LOSSES[1] else WORLD
            self.net.pull(self.net.made[name], network)
            self.pause(*CUT)
            self.net.plug(self.net.made[name], network)
        self.lost[what] += 1

    def pause(self, least: float, most: float) -> None:
        """Let time pass, and services restart what ended."""
        ends = self.random.uniform(least, most)
        passed = stopwatch()
        while passed() < ends:
            self.keep_alive()
            threading.Event().wait(min(0.5, ends))

    def stop(self) -> None:
        """Ask all workers to end; they must end in good order."""
        for one in self.workers.values():
            one.process.send_signal(signal.SIGTERM)
        codes = {name: one.process.wait(BOUND) for name, one in self.workers.items()}
        assert set(codes.values()) == {0}, f"{codes}\n{self.logs()}"

    def logs(self) -> str:
        """The end of each worker's log."""
        return "\n".join(f"{name}: …{one.log[-1500:]}" for name, one in self.workers.items())


def write_config(folder: Path, database: Database, server: Server, rate: float) -> None:
    """The same for every host."""
    lines = (
        f'[store]\nurl = "{database.url}"', '[provider]\nname = "sendgrid"',
        f'[sendgrid]\nurl = "{server.url}"\nkey_env = "SENDGRID_KEY"', '[web]\nurl = "https://mail.shop.example"',
        '[tick]\nevery = "1 second"', f"[rate]\nper_second = {rate}",
    )  # fmt: skip
    (folder / "config.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


@contextmanager
def provider_on(host: Host, log: Path, certificate: Path) -> Iterator[Server]:
    """The SendGrid-shaped server on a host, speaking https."""
    log.touch()
    log.with_suffix(".notes").touch()
    told = ("--log", log, "--host", host.address(WORLD), "--port", str(TLS_PORT), "--latency", str(LATENCY))
    words = host.command(sys.executable, "-m", "tests.sendgrid_server", *told, "--certificate", certificate)
    with log.with_suffix(".errors").open("w") as errors:
        process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert process.stdout is not None
        yield Server(f"https://{host.address(WORLD)}:{int(process.stdout.readline())}", log)
        assert process.poll() is None, "the server ended while it was needed"
    finally:
        process.terminate()
        process.communicate()


@contextmanager
def database_on(host: Host, folder: Path) -> Iterator[Database]:
    """PostgreSQL on a host: what it has promised to keep is on the disk."""
    programs, _ = programs_and_data(folder)
    with (folder / "data" / "pg_hba.conf").open("a") as rules:
        rules.write("host all all 10.77.1.0/24 trust\n")
    database = Database(host, folder, programs)
    database.start()
    try:
        yield database
    finally:
        database.fall()


@contextmanager
def shop_on_hosts(root: Path, random: Random, rate: float = 50.0) -> Iterator[Shop]:
    """Everything in its place, and no worker yet."""
    with ExitStack() as beside:
        net = beside.enter_context(hosts())
        store, provider = net.add("store", DATA), net.add("provider", WORLD)
        for name in WORKERS:
            net.add(name, DATA, WORLD)
        certificate, _ = authority(root, provider.address(WORLD))
        both = root / "certificate-and-key.pem"
        both.write_bytes(certificate.read_bytes() + (root / "key.pem").read_bytes())
        beside.callback(os.environ.pop, "SSL_CERT_FILE", None)
        os.environ["SSL_CERT_FILE"] = str(certificate)
        folder = Path(beside.enter_context(tempfile.TemporaryDirectory(prefix="nurture-store-")))
        database = beside.enter_context(database_on(store, folder))
        server = beside.enter_context(provider_on(provider, root / "accepted.log", both))
        project = Project(root)
        project.ok("init")
        write_config(root, database, server, rate)
        live_shop.make(project)
        shop = Shop(project, net, database, server, certificate, random, rate)
        try:
            yield shop
        finally:
            for one in shop.workers.values():
                one.kill()


def hosts_run(root: Path, rounds: int, mails: int, seed: int | None = None) -> tuple[Figures, Counter[str]]:
    """A whole run in an empty folder; AssertionError when a mail is doubled, lost, or in doubt and not listed."""
    figures = Figures(secrets.randbelow(10**6) if seed is None else seed)
    print(f"seed {figures.seed}", flush=True)
    random, passed = Random(figures.seed), stopwatch()  # noqa: S311
    each = max(1, round(mails / live_shop.expected(live_shop.people(20)).total() * 20 / rounds) + 1)
    waves = [live_shop.people(each, each * number, each) for number in range(rounds)]
    with shop_on_hosts(root, random, max(1.0, mails / rounds / ROUND_LASTS)) as shop:
        for name in WORKERS:
            shop.start(name)
        arrive(shop, waves[0], 0)
        with ThreadPoolExecutor(1) as importing:
            for number in range(rounds):
                wave = [importing.submit(arrive, shop, waves[number], number)] if number else []
                for what in random.sample(LOSSES, len(LOSSES)):
                    shop.pause(*GOES_ON)
                    shop.lose(what)
                    print(f"{passed():5.0f} s {what}; {decided(shop.project)} mails decided", file=sys.stderr)
                for one in wave:
                    one.result()
        settle(shop, figures, {one.id: one for wave in waves for one in wave})
        figures.kills = shop.lost[LOSSES[0]]
    figures.seconds = round(passed(), 1)
    return figures, shop.lost + Counter({f"ended by itself with {code}": n for code, n in shop.ended.items()})


def arrive(shop: Shop, who: list[Person], number: int) -> None:
    """A wave of people and events; the database may fall amid it, then it is told once more, as a person would."""
    live_shop_rows = [row for one in who for row in one.events(now())]
    shop.project.table(f"contacts-{number}.csv", CONTACT, (one.contact() for one in who))
    shop.project.table(f"events-{number}.csv", live_shop.COLUMNS, sorted(live_shop_rows, key=itemgetter(2)))
    for words in (
        ("contacts", f"contacts-{number}.csv", "--basis", "said so in the shop"),
        ("events", f"events-{number}.csv", "--fresh", live_shop.FRESH),
    ):
        assert came_true(lambda words=words: shop.project.run("import", *words).code == 0, 300, look=1.0), words  # type: ignore[misc]


CONTACT = ("id", "email", "first_name", "locale", "zone", "consent")


def settle(shop: Shop, figures: Figures, who: dict[str, Person]) -> None:
    """Left alone, the workers bring all to its end; then the judge has its say."""
    judge = Judge(shop.project, shop.server, who, figures)
    mails = judge.wanted.total()

    def rests() -> bool:
        shop.keep_alive()
        return at_rest(shop.project, mails)

    def stands() -> str:
        waits: Any = in_store(shop.project, "SELECT count(*) FROM planned")[0][0]
        return f"{decided(shop.project)} of {mails} decided, {waits} wait\n{shop.logs()}"

    until(rests, stands, SETTLES + mails / 20)
    shop.stop()
    judge.judge()
