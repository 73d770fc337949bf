"""Equal rows are counted whatever the size of the file."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from nurture.store.counted_rows import CountedRows


@given(rows=st.lists(st.binary(min_size=1, max_size=1), max_size=60), kept=st.integers(1, 5))
def test_each_row_is_told_which_of_its_equals_it_is(rows: list[bytes], kept: int) -> None:
    counted, seen = CountedRows(kept), Counter[bytes]()
    for row in rows:
        seen[row] += 1
        assert counted.count(row) == seen[row]
    counted.clear()
    assert [counted.count(row) for row in dict.fromkeys(rows)] == [1] * len(seen)
