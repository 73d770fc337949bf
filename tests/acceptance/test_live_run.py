"""Live runs: the installed daemon, a server in SendGrid's shape beside it, events that arrive, and `kill -9`."""

import os

from tests.live_run import live_run
from tests.projects import Project

KILLS, MAILS, RATE = 30, 600, 24.0
SEED = "LIVE_RUN_SEED"  # in the environment: the same moments once more


def test_killed_at_30_moments_nothing_goes_twice_and_nothing_is_lost(empty: Project) -> None:
    seed = int(os.environ[SEED]) if SEED in os.environ else None
    found = live_run(empty.root, KILLS, MAILS, RATE, seed)
    told = "\n".join(found.lines())
    print(told)
    # What it proves it proves only if kills fell where it hurts.
    assert found.kills == KILLS, told
    assert found.fell["handed"] >= 5, told
    assert found.recovered_in_doubt > 0, told
    assert found.in_doubt_though_accepted > 0, told
    assert found.took_over > 0, told
    assert found.accepted > found.mails / 3, told
