"""Nobody who refused is mailed, whatever is imported, synced or restored after it; planted faults are caught."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurture.decide import consent, consents
from nurture.store import identity, ingest
from tests.postgres_server import Server
from tests.refusals import IN_FILES, MOVES, OFTEN, PEOPLE, Lived, Move, lived

LAWFUL = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
HISTORIES = st.lists(
    st.tuples(st.one_of(st.sampled_from(MOVES), st.sampled_from(OFTEN)), st.integers(0, len(PEOPLE) - 1)),
    min_size=4,
    max_size=25,
)


@LAWFUL
@given(moves=HISTORIES)
def test_nobody_who_refused_is_mailed(moves: list[Move]) -> None:
    assert lived(moves).wrong == []


@settings(LAWFUL, max_examples=6)
@given(moves=HISTORIES)
def test_nobody_who_refused_is_mailed_over_postgresql(postgres: Server, moves: list[Move]) -> None:
    with postgres.new_store() as url:
        assert lived([one for one in moves if one[0] not in IN_FILES], url).wrong == []


def test_mails_do_go_in_these_histories() -> None:
    """Where nobody refuses all are mailed; who refused news still gets what they are owed."""
    told = lived([("joins", 0), ("complains", 1), ("sends", 0), ("refuses", 0), ("complains", 0), ("joins", 0)])
    assert told.went == {"news": 3, "service": 2}
    assert lived([("refuses", n) for n in range(3)] + [("joins", 0), ("complains", 0)]).went == {"service": 1}
    assert lived([("provider sync", n) for n in range(3)] + [("joins", 0), ("complains", 0)]).went == {}


@pytest.mark.parametrize("how", MOVES)
@pytest.mark.parametrize("refused", ["refuses", "refuses everything", "spam report", "provider sync"])
def test_a_refusal_outlives_each_of_them(refused: str, how: str) -> None:
    told = lived([("joins", 0), ("backup", 0), (refused, 0), (how, 0), ("restore", 0), (how, 1), (how, 0)])
    assert told.wrong == []


@pytest.mark.parametrize("refused", ["refuses", "refuses everything", "spam report", "provider sync"])
def test_a_refusal_outlives_an_upgrade_of_the_store(refused: str) -> None:
    for moves in ([(refused, 0)], [(refused, 0), ("sends", 0)], [("joins", 0), ("sends", 0), (refused, 0)]):
        told = lived([("joins", 1), *moves, ("upgrade", 0), ("csv again", 0), ("address goes to another", 0)])
        assert told.wrong == []
        assert told.went["news"] >= 1


FAULTS: dict[str, tuple[object, str, object, list[Move]]] = {
    "any later consent counts": (
        consents, "_refused_since", lambda *_: frozenset(), [("refuses", 0), ("csv with another basis", 0)],
    ),
    "an address that changed hands is clean": (
        identity.Known, "refused_by_another", lambda *_: [], [("refuses", 0), ("address goes to another", 0)],
    ),
    "a refusal counts only once it was folded": (
        identity.Known, "refuses", lambda *_: None, [("refuses", 0), ("address goes to another", 0)],
    ),
    "nobody asks for consent": (consent, "_consent", lambda *_: None, [("refuses", 0)]),
    "what the provider lists is not kept": (ingest.Importing, "_bar", lambda *_: None, [("provider sync", 0)]),
    "what was said since the backup is not taken in again": (
        Lived, "restore", lambda one, _: (one.said_since_backup.clear(), RESTORE(one, "")),
        [("backup", 0), ("refuses", 0), ("restore", 0)],
    ),
}  # fmt: skip
RESTORE = Lived.restore


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, name, wrong, moves = FAULTS[fault]
    assert lived(moves).wrong == []
    monkeypatch.setattr(where, name, wrong)
    assert lived(moves).wrong != []
