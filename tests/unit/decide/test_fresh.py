"""An event that is told late starts nothing, and `fresh` says how late is too late (language.md 4.2 and 6.4)."""

from dataclasses import replace

import pytest

from tests import worlds as w


@pytest.mark.parametrize(("fresh", "starts"), [("2 days", False), ("4 days", True)])
def test_how_late_an_event_may_be_told(fresh: str, starts: bool) -> None:
    trigger = replace(w.JOINED, fresh=w.length(fresh))
    book = w.book(w.sequence("welcome", trigger, [w.send("hello")]))
    late = w.event("subscriber.joined", "2027-03-01 12:00", "2027-03-04 12:00")
    life = w.live(book, w.newborn(), [*w.reachable(), late], "2027-03-05 12:00")
    assert ("too old" in w.whys(life)) is not starts
    assert [mail for _, mail in life.mails] == (["hello"] if starts else [])
