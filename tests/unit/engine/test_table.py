from pathlib import Path

import pytest

from nurture.engine.faults import MisuseError
from nurture.engine.table import Table


def table(tmp_path: Path, data: bytes) -> Table:
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    return Table(path)


def cells(read: Table) -> list[list[str]]:
    return [row.cells for row in read.rows() if not row.wrong]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_any_common_encoding(tmp_path, encoding):
    read = table(tmp_path, "name,city\nZoé,Köln\n".encode(encoding))
    assert read.columns == ["name", "city"]
    assert cells(read) == [["Zoé", "Köln"]]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_any_common_delimiter(tmp_path, mark):
    assert cells(table(tmp_path, f"a{mark}b\n1{mark}2\n".encode())) == [["1", "2"]]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_breaks_inside_quotes_and_the_line_of_each_row(tmp_path, end):
    read = table(tmp_path, end.join(["a,b", '1,"two', 'lines"', "3,4"]).encode())
    assert [(row.line, row.cells) for row in read.rows()] == [(2, ["1", f"two{end}lines"]), (4, ["3", "4"])]


def test_ragged_rows_have_a_reason_and_the_rest_goes_on(tmp_path):
    read = table(tmp_path, b"a,b\n1\n1,2,3\n\n1,2\n")
    assert [(row.line, row.wrong) for row in read.rows()] == [
        (2, "1 cells, but the header has 2"),
        (3, "3 cells, but the header has 2"),
        (5, ""),
    ]


def test_a_quote_that_makes_no_sense_has_a_reason(tmp_path):
    read = table(tmp_path, b'a,b\n"x"y,2\n1,2\n')
    assert [(row.line, bool(row.wrong)) for row in read.rows()] == [(2, True), (3, False)]


def test_positions_reach_the_size_of_the_file(tmp_path):
    read = table(tmp_path, b"a,b\n" + b"1,2\n" * 50_000)
    positions = [row.position for row in read.rows()]
    assert positions == sorted(positions)
    assert positions[-1] == read.size


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path, data):
    with pytest.raises(MisuseError):
        table(tmp_path, data)


def test_a_header_alone_has_no_rows(tmp_path):
    assert cells(table(tmp_path, b"a,b\n")) == []


def test_a_quote_that_is_never_closed_says_what_it_swallowed(tmp_path):
    rows = list(table(tmp_path, b'a,b\n1,2\n3,"4\n5,6\n7,8\n').rows())
    assert [(row.line, row.cells) for row in rows[:1]] == [(2, ["1", "2"])]
    assert (rows[1].line, len(rows)) == (3, 2)
    assert "nothing from here to the end of the file was read" in rows[1].wrong
