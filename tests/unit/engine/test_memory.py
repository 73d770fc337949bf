"""Threads of a daemon share one arena of the C library."""

import subprocess
import sys

SAY = """
import re, threading
from nurture.engine.memory import shared_by_all_threads
{first}
def work():
    kept = [bytes(1_000) for _ in range(20_000)]  # more than 512 bytes each, so that they are the C library's
    sizes.append(len(kept))
sizes = []
threads = [threading.Thread(target=work) for _ in range(4)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
with open("/proc/self/maps") as maps:
    arenas = re.findall(r"^([0-9a-f]+)-[0-9a-f]+ rw-p 0+ 00:00 0 *$", maps.read(), re.M)
print(sum(int(start, 16) % 2**26 == 0 for start in arenas))
"""


def test_no_thread_has_memory_of_its_own() -> None:
    def arenas(first: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", SAY.format(first=first)], capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    assert arenas("shared_by_all_threads()") == 0 < arenas("")
