"""What all benchmarks share: figures as a Markdown table and as JSON, the machine they were taken on, a project.

A benchmark is a module with `measure(sizes)`, the numbers of people to measure at; none given, it takes its own.
"""

import json
import os
import platform
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import on_postgresql

ROOT = Path(__file__).parents[1]
NURTURE = Path(sys.executable).parent / "nurture"
SAMPLE = ROOT / "tests" / "data" / "cdnow_sample.csv"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: what was measured, what was reached, and what was hoped for; `values` are for machines."""

    what: str
    reached: str
    goal: str = ""
    values: Mapping[str, float] = field(default_factory=dict)


Measure = Callable[[Sequence[int]], list[Figure]]


def run(benchmarks: Mapping[str, Measure], words: Sequence[str] | None = None) -> None:
    """Measure, print one table and, where asked for, write JSON; progress goes to standard error."""
    parser = ArgumentParser(description="Measure; print a table.")
    parser.add_argument("people", type=int, nargs="*", help="numbers of people to measure at")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--postgresql", action="store_true", help="stores in PostgreSQL instead of SQLite")
    asked = parser.parse_args(words)
    if asked.postgresql:
        on_postgresql.begin()
    figures: list[Figure] = []
    told = []
    for name, measure in benchmarks.items():
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        wall, worked = time.perf_counter(), processor_seconds()
        found = measure(asked.people)
        figures += found
        told.append(in_json(name, found, Taken(time.perf_counter() - wall, processor_seconds() - worked)))
    print(table(figures))
    if asked.json:
        said = {"machine": machine(), "store": "postgresql" if asked.postgresql else "sqlite", "versions": versions(),
                "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "load": os.getloadavg(), "processors": os.cpu_count(),
                "benchmarks": told}  # fmt: skip
        asked.json.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def in_json(name: str, figures: Sequence[Figure], spent: "Taken") -> dict[str, Any]:
    """What one benchmark said, how long it took with all it prepared, and the most memory any of its processes had."""
    peaks = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "name": name,
        "seconds": round(spent.wall, 3),
        "processor_seconds": round(spent.worked, 3),
        "peak_megabytes": round(max(peaks) / 1024, 1),
        "figures": [
            {"what": one.what, "reached": one.reached, "goal": one.goal, "values": dict(one.values)} for one in figures
        ],
    }


def versions() -> dict[str, str]:
    """Of what was measured, and of what it stands on."""
    from importlib.metadata import version

    packages = {name: version(name) for name in ("nurture", "SQLAlchemy", "Jinja2", "aiohttp")}
    return {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version} | packages


def growth(what: str, seconds: Mapping[int, float], goal: str) -> list[Figure]:
    """How many times as long it takes with so many times the people; nothing for one size."""
    sizes = sorted(seconds)
    if len(sizes) < 2:
        return []
    first, last = sizes[0], sizes[-1]
    times = seconds[last] / seconds[first]
    words = f"{what}, {last:,} people against {first:,}"
    return [Figure(words, f"{times:.2f} times", goal, {"times": times})]


def machine() -> str:
    """The machine in one line."""
    words = [f"{os.cpu_count()} × {processor()}", platform.system(), f"Python {platform.python_version()}"]
    return ", ".join(words)


def processor() -> str:
    """What the processor calls itself."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def table(figures: list[Figure]) -> str:
    """The figures as Markdown, under the machine and the day."""
    rows = [f"| {figure.what} | {figure.reached} | {figure.goal} |" for figure in figures]
    head = [f"{machine()}, {datetime.now(UTC):%Y-%m-%d}", "", "| what | reached | goal |", "|---|---|---|"]
    return "\n".join([*head, *rows])


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds by the wall clock, and seconds that processors worked for it: far apart on a machine that is busy."""

    wall: float
    worked: float

    def words(self, unit: str = "s") -> str:
        """For the table, in seconds or `ms`."""
        factor, digits = (1000, 0) if unit == "ms" else (1, 2)
        return f"{self.wall * factor:.{digits}f} {unit} ({self.worked * factor:.{digits}f} {unit} of processor)"

    def rate(self, number: int) -> float:
        """How many a second of processor; what is too quick for the system's clock took one tick of it."""
        return number / max(self.worked, 1 / os.sysconf("SC_CLK_TCK"))

    @property
    def values(self) -> dict[str, float]:
        """For JSON, in seconds."""
        return {"seconds": round(self.wall, 6), "processor_seconds": round(self.worked, 6)}


def taken(work: Callable[[], object], times: int = 1) -> Taken:
    """How long the work takes, the processes it starts included: medians of so many times."""
    walls, works = [], []
    for _ in range(times):
        wall, worked = time.perf_counter(), processor_seconds()
        work()
        walls.append(time.perf_counter() - wall)
        works.append(processor_seconds() - worked)
    return Taken(statistics.median(walls), statistics.median(works))


def processor_seconds() -> float:
    """What this process and those it has waited for have worked so far, and the server that has the store."""
    spent = os.times()
    own = spent.user + spent.system + spent.children_user + spent.children_system
    return own + on_postgresql.worked()


def nurture(*words: str | Path, folder: Path, fine: tuple[int, ...] = (0,)) -> str:
    """Run the installed command in a project; what it printed. It must go well: end with one of the `fine` codes."""
    done = subprocess.run([NURTURE, *words], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in fine:
        raise SystemExit(f"nurture {' '.join(map(str, words))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


@contextmanager
def shop() -> Iterator[Path]:
    """A project made by `nurture init`, gone afterwards; without the brake, which would hold what is measured."""
    with TemporaryDirectory(prefix="nurture-benchmark-") as folder:
        nurture("init", "shop", folder=Path(folder))
        unbraked(Path(folder) / "shop")
        yield Path(folder) / "shop"


def unbraked(folder: Path) -> None:
    """Take the brake out of a project's rules: it would hold what is measured."""
    rules = folder / "sequences" / "house" / "rules.yaml"
    braked = rules.read_text(encoding="utf-8").splitlines(keepends=True)
    rules.write_text("".join(line for line in braked if not line.startswith("brake:")), encoding="utf-8")


def purchases(folder: Path) -> tuple[Path, int]:
    """The full CDNOW log where NURTURE_DATA says it lies, else the vendored sample; and how many orders it has.

    Copied into the project under one header, since the sample names its customers twice.
    """
    full = Path(os.environ.get("NURTURE_DATA", "")) / "cdnow_master.csv"
    source = full if full.is_file() else SAMPLE
    target = folder / "cdnow.csv"
    shutil.copyfile(source, target)
    if source == SAMPLE:
        text = target.read_text(encoding="utf-8").replace("sample_id", "customer_id", 1)
        target.write_text(text, encoding="utf-8")
    with target.open(encoding="utf-8") as lines:
        return target, sum(1 for _ in lines) - 1
