"""What the daemon keeps in memory: it should not matter how many people there are."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.crowd import crowd, write
from benchmarks.frame import Figure, growth, nurture, run
from benchmarks.lived import quiet_id
from benchmarks.post_office import mailing, office
from benchmarks.running import daemon
from nurture.wiring import now

SIZES = (100_000, 1_000_000)
WRITERS = 2_000  # people who write and get a service mail each, while it runs


def measure(sizes: Sequence[int] = ()) -> list[Figure]:
    """A daemon that starts, takes the newcomers in, mails, and rests."""
    figures: list[Figure] = []
    peaks: dict[int, float] = {}
    for people in sizes or SIZES:
        started, worked, peak = life(people)
        words = f"{started:.0f} MB after its first turn, {worked:.0f} MB after mailing, {peak:.0f} MB at the most"
        values = {"people": people, "first_megabytes": started, "mailed_megabytes": worked, "peak_megabytes": peak}
        figures.append(Figure(f"memory of the daemon, {people:,} people", words, "150 MB", values))
        peaks[people] = peak
    return [*figures, *growth("the most memory", peaks, "")]


def life(people: int) -> tuple[float, float, float]:
    """Megabytes: after the first turn, in which one in a hundred is decided; after mailing; and at the most."""
    with crowd(people) as (store, _book, _ready):
        file = store.database.file
        assert file is not None
        folder = file.parent
        with office(folder.parent) as server:
            mailing(folder, server)
            with daemon(folder) as running:
                running.until(lambda: bool(running.heard("tick.done")))
                started = running.memory()
                complaints(folder, WRITERS)
                running.until(lambda: server.accepted() >= WRITERS)
                return started, running.memory(), running.memory("VmHWM")


def complaints(folder: Path, people: int) -> None:
    """So many write to the shop, and are to be answered at once."""
    at = now().isoformat(timespec="seconds")
    rows = (
        (who, at, "complaint.opened", f"T{n}", f"complaint-{n}") for n, who in enumerate(map(quiet_id, range(people)))
    )
    write(folder / "complaints.csv", ("id", "at", "event", "ticket", "outside_id"), rows)
    nurture("import", "events", "complaints.csv", folder=folder)


if __name__ == "__main__":
    run({"daemon_memory": measure})
