"""How long a daemon takes from its start to its first decisions: people are many, and one of them has news."""

import os
import statistics
from collections.abc import Sequence
from pathlib import Path

from benchmarks.crowd import crowd, write
from benchmarks.frame import Figure, nurture, run
from benchmarks.lived import quiet_id
from benchmarks.running import Daemon, daemon
from nurture.wiring import now

PEOPLE = 100_000
TIMES = 9


def measure(sizes: Sequence[int] = ()) -> list[Figure]:
    """From starting the command to the line in the log that says its first turn is done."""
    figures = []
    for people in sizes or (PEOPLE,):
        with crowd(people) as (store, _book, _ready):
            file = store.database.file
            assert file is not None
            starts = [start(file.parent, number) for number in range(TIMES + 1)][1:]  # the first compiles modules
        walls, works = zip(*starts, strict=True)
        middle = statistics.median(walls), statistics.median(works)
        words = f"{middle[0] * 1e3:.0f} ms, {middle[1] * 1e3:.0f} ms of processor; "
        quickest = f"the quickest {min(walls) * 1e3:.0f} ms, {min(works) * 1e3:.0f} of processor"
        values = {"people": people, "seconds": middle[0], "processor_seconds": middle[1]}
        figures.append(Figure(f"first tick of the daemon, {people:,} people", words + quickest, "300 ms", values))
    return figures


def start(folder: Path, number: int) -> tuple[float, float]:
    """One start: seconds to the first tick by the clock, and of processor until it was over."""
    news = (quiet_id(1), now().isoformat(timespec="seconds"), "complaint.opened", f"T{number}", f"first-tick-{number}")
    write(folder / "news.csv", ("id", "at", "event", "ticket", "outside_id"), iter([news]))
    nurture("import", "events", "news.csv", "--fresh", "2 days", folder=folder)
    with daemon(folder) as running:
        running.until(lambda: bool(running.heard("tick.done")))
        worked = processor_seconds(running)
    return running.heard("tick.done")[0][0], worked


def processor_seconds(running: Daemon) -> float:
    """What a process has worked so far, in the system's ticks of a hundredth of a second."""
    said = Path(f"/proc/{running.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(said[11]) + int(said[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    run({"first_tick": measure})
