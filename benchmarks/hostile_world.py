"""What the world does to a running shop, at length: `python -m benchmarks.hostile_world NAME`, a name at a time.

overlap, clock (needs libfaketime), full and readonly (root, for a small disk of its own), locked, rubbish, killed.
Each uses the installed command, says what it saw, and ends with an error when mail was lost, doubled or not said.
The short forms of these are in tests/acceptance/test_hostile_world.py; what was seen is in docs/hostile-world.md.
"""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from benchmarks.crowd import write
from benchmarks.frame import NURTURE, nurture, shop
from benchmarks.post_office import KEY, Office, office
from benchmarks.rubbish import rubbish_file
from benchmarks.running import Daemon, daemon
from benchmarks.webhook_flood import posts
from nurture.wiring import now

CONFIG = """
[provider]
name = "sendgrid"
[sendgrid]
url = "{url}"
key_env = "SENDGRID_KEY"
events_key = "{events_key}"
[web]
url = "https://shop.example"
listen = "127.0.0.1:{port}"
[tick]
every = "1 second"
"""
MEGABYTE = 1_000_000
LEASES = 1_500.0  # seconds: longer than any mail stays with a batch that came to no end


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def mailing(people: int, events_key: str = "", folder: Path | None = None) -> Iterator[tuple[Path, Office, int]]:
    """A shop that mails through the loopback server, each of whose contacts has just complained; and its port."""
    with shop() as made:
        if folder is not None:
            shutil.copytree(made, folder / "shop")
        root = made if folder is None else folder / "shop"
        with office(made.parent) as server:
            os.environ["SENDGRID_KEY"], port = KEY, free_port()
            text = CONFIG.format(url=server.url, events_key=events_key, port=port)
            (root / "config.toml").write_text(text.replace('events_key = ""\n', ""), encoding="utf-8")
            nurture("apply", folder=root)
            nurture("import", "suppressions", "--none", folder=root)
            rows = [(f"c{n}", f"c{n}@shop.example", "en") for n in range(people)]
            write(root / "people.csv", ("id", "email", "locale"), rows)
            nurture("import", "contacts", "people.csv", folder=root)
            complain(root, 0, people)
            yield root, server, port


def complain(root: Path, first: int, last: int) -> None:
    """These contacts complain now, and are to be answered at once; repeating it adds nothing."""
    file, at = root / f"complaints-{first}.csv", now().isoformat(timespec="seconds")
    rows = [(f"c{n}", at, "complaint.opened", f"T{n}", f"complaint-{n}") for n in range(first, last)]
    write(file, ("id", "at", "event", "ticket", "outside_id"), rows)
    nurture("import", "events", file.name, folder=root)


def run(root: Path, *words: str, **environment: str) -> tuple[int, str, float]:
    """The command, whatever becomes of it: exit code, its last line to standard error or output, seconds."""
    begun = time.perf_counter()
    given = [str(NURTURE), *words]
    done = subprocess.run(given, cwd=root, capture_output=True, text=True, env=os.environ | environment, check=False)
    if "Traceback" in done.stderr:
        raise SystemExit(done.stderr)
    said = (done.stderr.strip() or done.stdout.strip() or "-").splitlines()
    return done.returncode, said[-1], time.perf_counter() - begun


def once_each(server: Office, people: int) -> str:
    """That everybody was written to once; SystemExit when anybody was not, or twice."""
    counted = Counter(line["key"] for line in server.lines())
    twice = [one for one, count in counted.items() if count > 1]
    if twice or len(counted) != people:
        raise SystemExit(f"{len(counted):,} of {people:,} mails, {len(twice):,} of them more than once")
    return f"{people:,} people, each written to once"


def until(true: Callable[[], bool], seconds: float = 300.0) -> None:
    """Wait; SystemExit when it does not come."""
    end = time.perf_counter() + seconds
    while not true():
        if time.perf_counter() > end:
            raise SystemExit("it did not come to that")
        time.sleep(0.05)


def faults(one: Daemon) -> dict[str, int]:
    """What failed, as its log says it; the server has no lists of suppressions, which is said too and left out."""
    failed = [said for _, said in one.said if said["event"].endswith("failed")]
    return dict(Counter(f"{one['event']}: {one.get('words', one['error'])}" for one in failed if "404" not in str(one)))


def overlap(people: int = 1_000) -> None:
    """Two daemons, imports, applies, questions and handing over by hand, all at once on one store."""
    words = ([("run", "--once"), ("apply",), ("outbox",), ("status",), ("import", "contacts", "people.csv")],)
    with mailing(people) as (root, server, _), daemon(root) as one:
        second = Daemon(root)
        codes: Counter[tuple[str, int]] = Counter()

        def keep_on(given: tuple[str, ...]) -> None:
            while server.accepted() < 2 * people:
                codes[" ".join(given[:2]), run(root, *given)[0]] += 1

        threads = [threading.Thread(target=keep_on, args=(given,), daemon=True) for given in words[0]]
        for thread in threads:
            thread.start()
        rows = [(f"c{n}", f"c{n}@shop.example", "en") for n in range(2 * people)]
        write(root / "people.csv", ("id", "email", "locale"), rows)
        nurture("import", "contacts", "people.csv", folder=root)
        for first in range(people, 2 * people, people // 4):
            complain(root, first, first + people // 4)
        until(lambda: server.accepted() >= 2 * people)
        for thread in threads:
            thread.join()
        second.process.terminate()
        second.process.wait(60)
        print("commands beside two daemons, by exit code:", dict(sorted(codes.items())))
        print("the second daemon:", Counter(said["event"] for _, said in second.said).most_common(3))
        print("faults in the first one's log:", faults(one))
        print(once_each(server, 2 * people))


LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


def clock(people: int = 100) -> None:
    """A daemon whose clock goes a year ahead, comes back, goes a day back, and comes back, by libfaketime."""
    with mailing(people) as (root, server, _):
        shift = root / "shift"
        shift.write_text("+0\n", encoding="utf-8")
        faked = {"LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": str(shift), "FAKETIME_NO_CACHE": "1"}
        faked["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
        os.environ |= faked
        with daemon(root) as one:
            for name in faked:
                del os.environ[name]
            until(lambda: server.accepted() >= people)
            for jump, words in (("+1y", "a year ahead"), ("+0", "back"), ("-1d", "a day back")):
                shift.write_text(f"{jump}\n", encoding="utf-8")
                begun = server.accepted()
                time.sleep(8)
                print(f"{words}: {server.accepted() - begun} mails; doctor:", alarm(root, jump))
            more = [(f"c{n}", f"c{n}@shop.example", "en") for n in range(people, 2 * people)]
            write(root / "people.csv", ("id", "email", "locale"), more)
            nurture("import", "contacts", "people.csv", folder=root)
            complain(root, people, 2 * people)
            time.sleep(10)
            print("a day back, with new complaints:", server.accepted() - people, "mails")
            shift.write_text("+0\n", encoding="utf-8")
            until(lambda: server.accepted() >= 2 * people)
            print("set right:", Counter(said["event"] for _, said in one.said if said["event"].startswith("daemon.")))
        print(once_each(server, 2 * people))


def alarm(root: Path, jump: str) -> str:
    """What doctor says of the clock and the daemon, by a clock that is as wrong."""
    environment = {"LD_PRELOAD": LIBRARY, "FAKETIME": jump}
    given = [str(NURTURE), "doctor", "--offline", "--json"]
    done = subprocess.run(given, cwd=root, capture_output=True, text=True, env=os.environ | environment, check=False)
    found = json.loads(done.stdout).get("findings")
    if found is None:
        raise SystemExit(done.stdout + done.stderr)
    return "; ".join(f"{one['state']}: {one['words']}" for one in found if one["about"] in ("clock", "daemon"))


def root_asks(*words: str) -> None:
    """A command of the system, which must go well."""
    subprocess.run(words, check=True)


@contextmanager
def small_disk(size: int) -> Iterator[tuple[Path, Callable[[str], None]]]:
    """A disk in memory of so many megabytes, and what mounts it otherwise: `ro`, `rw`, `size=…`. Needs root."""
    folder = Path(tempfile.mkdtemp(prefix="nurture-small-disk-"))
    root_asks("mount", "-t", "tmpfs", "-o", f"size={size}m", "tmpfs", str(folder))
    try:
        yield folder, lambda how: root_asks("mount", "-o", f"remount,{how}", str(folder))
    finally:
        root_asks("umount", "-l", str(folder))
        folder.rmdir()


def fill(root: Path) -> Path:
    """Take all that is left of the disk but a few kilobytes."""
    file = root.parent / "filler"
    with file.open("wb", buffering=0) as out:
        try:
            while True:
                out.write(bytes(65_536))
        except OSError:
            pass
    return file


def post(port: int, body: bytes, headers: dict[str, str]) -> int:
    """What SendGrid's post is answered; 0 when nobody answers."""
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/in/sendgrid/events", body, headers)
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310  (an address of our own)
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0


def stored(root: Path) -> int:
    """How many posts the store has."""
    with sqlite3.connect(root / "nurture.db") as store:
        return int(store.execute("SELECT count(*) FROM received").fetchone()[0])


def full(people: int = 2_000) -> None:
    """A disk that is full: during an import, while a daemon hands over, while the web part is posted to."""
    wanted, public = posts(100, 20)
    with small_disk(30) as (disk, mounted), mailing(people, public, disk) as (root, server, port):
        rows = [(f"n{n}", f"n{n}@shop.example", "en") for n in range(200_000)]
        write(server.log.with_name("many.csv"), ("id", "email", "locale"), rows)
        print("import:", run(root, "import", "contacts", str(server.log.with_name("many.csv"))))
        filler = fill(root)
        print("run --once:", run(root, "run", "--once"), "and", server.accepted(), "mails at the server")
        with sqlite3.connect(root / "nurture.db") as store:
            print("integrity:", store.execute("PRAGMA integrity_check").fetchone()[0])
        mounted("size=60m")
        with daemon(root) as one:
            until(lambda: server.accepted() > 0 and post(port, b"", {}) == 403)
            fill(root)
            begun = server.accepted()
            answers = Counter(post(port, body, headers) for body, headers in wanted[:30])
            time.sleep(10)
            print(f"full amid handing over, at {begun:,} mails; ten seconds later {server.accepted():,}; {faults(one)}")
            print("posts on a full disk:", dict(answers), "stored:", stored(root))
            if stored(root) < answers[204]:
                raise SystemExit("a post that was answered is not there")
            filler.unlink()
            mounted("size=100m")
            begun, room = server.accepted(), time.perf_counter()
            again = Counter(post(port, body, headers) for body, headers in wanted)
            print("after room was made, by itself:", dict(again), "stored:", stored(root))
            until(lambda: server.accepted() >= people, LEASES)  # what was on its way waits for its lease to end
            print(f"all {people:,} mails: {time.perf_counter() - room:.0f} s after room was made, {begun:,} before")
        print(once_each(server, people))


def readonly(people: int = 10) -> None:
    """A disk that turns read-only under a daemon, as a failing one does, and is mended."""
    with small_disk(40) as (disk, mounted), mailing(people, "", disk) as (root, server, _):
        mounted("ro")
        for words in (("status",), ("run", "--once"), ("doctor", "--offline"), ("import", "contacts", "people.csv")):
            print(" ".join(words), run(root, *words))
        mounted("rw")
        print("run --once, mended:", run(root, "run", "--once"))
        print(once_each(server, people))


def locked(seconds: int = 60) -> None:
    """Another process holds the store for a minute while a daemon works and the web part is posted to."""
    wanted, public = posts(20, 20)
    with mailing(20, public) as (root, server, port), daemon(root) as one:
        until(lambda: post(port, b"", {}) == 403 and server.accepted() == 20)
        rows = [(f"c{n}", f"c{n}@shop.example", "en") for n in range(40)]
        write(root / "people.csv", ("id", "email", "locale"), rows)
        nurture("import", "contacts", "people.csv", folder=root)
        with sqlite3.connect(root / "nurture.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            held = time.perf_counter()
            answers = Counter(post(port, body, headers) for body, headers in wanted[:2])
            print("posts:", dict(answers), "import:", run(root, "import", "contacts", "people.csv"))
            time.sleep(max(0.0, seconds - (time.perf_counter() - held)))
            other.execute("ROLLBACK")
        print("the log:", faults(one))
        complain(root, 20, 40)
        print("posts again:", dict(Counter(post(port, body, headers) for body, headers in wanted)), stored(root))
        until(lambda: server.accepted() >= 40)
        print(once_each(server, 40))


def rubbish(rows: int = 1_000_000) -> None:
    """A file of which nearly every row is rubbish: how long, how much memory, what is said of it."""
    with shop() as root:
        nurture("apply", folder=root)
        good = rubbish_file(root / "list.csv", rows)
        begun = time.perf_counter()
        given = ["/usr/bin/time", "-f", "%e s, %U s of processor, %M KB", str(NURTURE), "import", "contacts"]
        done = subprocess.run([*given, "list.csv"], cwd=root, capture_output=True, text=True, check=False)
        print(f"{rows:,} rows, {(root / 'list.csv').stat().st_size / MEGABYTE:.0f} MB, {good:,} of them good")
        print(done.stdout.strip(), "\n", done.stderr.strip()[-300:], f"\n{time.perf_counter() - begun:.0f} s in all")
        with sqlite3.connect(root / "nurture.db") as store:
            print("contacts:", store.execute("SELECT count(*) FROM person").fetchone()[0])
        reasons: Counter[str] = Counter()
        with (root / "list.rejects.csv").open(encoding="utf-8", newline="") as file:
            for line in file:
                if found := re.match(r"\d+,(?:\"((?:[^\"]|\"\")*)\"|([^,]*)),", line):
                    reasons[re.sub(r"'.*?'|\d+", "…", found[1] or found[2])[:70]] += 1
        for reason, count in reasons.most_common(12):
            print(f"{count:>9,}  {reason}")


def killed(times: int = 20) -> None:
    """A web part and a reader of its posts that are killed at random instants while posts come: nothing is lost."""
    wanted, public = posts(1_000, 20)
    random, answered = Random(5), set[int]()  # noqa: S311  (no secret)
    with mailing(1, public) as (root, _, port):
        kills = {"web": 0, "run --once": 0}
        while kills["web"] < times or len(answered) < len(wanted):
            web = subprocess.Popen([NURTURE, "web"], cwd=root, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            until(lambda: post(port, b"", {}) == 403)
            stop = threading.Timer(random.uniform(0.02, 0.6), web.send_signal, (signal.SIGKILL,))
            stop.start()
            for number, (body, headers) in enumerate(wanted):
                if web.poll() is not None:
                    break
                if number not in answered and post(port, body, headers) == 204:
                    answered.add(number)
            stop.join()
            kills["web"] += 1
            web.wait()
            if stored(root) < len(answered):
                raise SystemExit("a post that was answered is not there")
        print(f"{kills['web']} kills of the web part: {len(answered):,} answered, {stored(root):,} stored")
        while unread(root):
            reader = subprocess.Popen([NURTURE, "run", "--once"], cwd=root, stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0.8, 2.0) if kills["run --once"] < times else 600 if reader.wait() else 0)
            reader.kill()
            kills["run --once"] += reader.wait() != 0
        with sqlite3.connect(root / "nurture.db") as store:
            count = store.execute("SELECT count(*), count(DISTINCT id) FROM happening").fetchone()
        print(f"{kills['run --once']} kills of the reader: {count[0]:,} happenings, {count[1]:,} different")
        if count != (20_000, 20_000) or stored(root) != len(wanted):
            raise SystemExit("something was lost, or came twice")


def unread(root: Path) -> int:
    """How many posts nobody has read."""
    with sqlite3.connect(root / "nurture.db") as store:
        return int(store.execute("SELECT count(*) FROM received WHERE done_at IS NULL").fetchone()[0])


TRIALS = {one.__name__: one for one in (overlap, clock, full, readonly, locked, rubbish, killed)}

if __name__ == "__main__":
    TRIALS[sys.argv[1]](*(int(one) for one in sys.argv[2:]))
