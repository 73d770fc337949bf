"""`run --once` beside a daemon leaves the work to one that lives, and says so of one that hangs."""

from datetime import timedelta
from pathlib import Path

import pytest

from nurture.cli.command import Asked
from nurture.cli.edge import run
from nurture.cli.running import leave_it_to
from nurture.engine.faults import StateError
from nurture.store.runner import Runner
from nurture.wiring import Holder, now, workshop


def test_a_daemon_that_hangs_is_no_excuse_for_doing_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", str(tmp_path / "shop")]) == 0
    moment = now()

    def seen(ago: timedelta) -> None:
        with workshop(tmp_path / "shop") as shop:
            shop.store.beat(Runner(shop.owner, 7, "1", moment, moment - ago, None, "at work"))

    seen(timedelta(seconds=20))
    asked, holder = Asked(tmp_path / "shop", False), Holder("daemon", 7, moment)
    assert leave_it_to(holder, asked, accept=False) == 0
    assert "and decides and hands over by itself" in " ".join(capsys.readouterr().out.split())
    seen(timedelta(minutes=9))
    with pytest.raises(StateError, match="said last 9 minutes ago that it lives"):
        leave_it_to(holder, asked, accept=False)
