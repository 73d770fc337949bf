from pathlib import Path

import pytest

from nurture.engine.faults import MisuseError
from nurture.engine.table import LONGEST, Table


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


def test_a_quote_that_is_never_closed_costs_its_own_line_only(tmp_path):
    rows = list(table(tmp_path, b'a,b\n1,2\n3,"4\n5,6\n7,8\n').rows())
    assert [(row.line, row.cells) for row in rows] == [(2, ["1", "2"]), (3, []), (4, ["5", "6"]), (5, ["7", "8"])]
    assert rows[1].wrong == "a quote opens here and is never closed; the lines after this one are read on their own"


def wide(count: int, odd: dict[int, str]) -> bytes:
    """A file with so many rows of three cells, some of which are otherwise."""
    rows = (odd.get(number, f"c{number},n{number},x") for number in range(count))
    return "\n".join(["id,name,note", *rows, ""]).encode()


@pytest.mark.parametrize(
    "odd",
    [
        {10: 'c10,"open,x', 50: 'c50,"open,x'},
        {10: 'c10,"open,x', 50: 'c50,shut",x'},
        {10: 'c10,"open,x', 50: 'c50,x,shut"'},
        {10: 'c10,"open,x', 11: 'c11,"open,x'},
        {10: 'c10,"open,x', 20: "c20", 30: 'c30,"a ""word""",x', 50: 'c50,"open",x'},
    ],
)
def test_two_odd_quotes_far_from_each_other_cost_no_row_between_them(tmp_path, odd):
    rows = list(table(tmp_path, wide(60, odd)).rows())
    refused = {row.line - 2 for row in rows if row.wrong}
    assert 10 in refused <= set(odd)
    assert [row.cells[0] for row in rows if not row.wrong] == [f"c{n}" for n in range(60) if n not in refused]
    assert "looks like rows" in next(row.wrong for row in rows if row.wrong) or 11 in odd


@pytest.mark.parametrize(
    "cell",
    [
        "Dear Anna,\nthank you, and you, and you\nBye, Tom, Ann",
        '[\n{""sku"": 1, ""n"": 2},\n{""sku"": 2, ""n"": 2},\n{""sku"": 3, ""n"": 2},\n{""sku"": 4, ""n"": 2}\n]',
        "\n" * 50,
        "one, two\n" * 50,
    ],
)
def test_a_cell_of_many_lines_is_a_cell(tmp_path, cell):
    (_, row, _) = table(tmp_path, wide(3, {1: f'c1,n1,"{cell}"'})).rows()
    assert (row.wrong, row.cells) == ("", ["c1", "n1", cell.replace('""', '"')])


def test_a_quote_that_swallows_very_much_is_given_up_and_what_follows_is_read(tmp_path):
    rows = list(table(tmp_path, b'a,b\n3,"4\n' + b"5,6\n" * 100_000 + b'7,"8"\n').rows())
    assert (rows[0].line, rows[0].wrong[:4], len(rows)) == (2, "more", 100_002)
    assert {tuple(row.cells) for row in rows[1:-1]} == {("5", "6")}
    assert (rows[-1].line, rows[-1].cells) == (100_003, ["7", "8"])


def test_a_line_without_an_end_is_one_row_that_cannot_be_read(tmp_path):
    rows = list(table(tmp_path, b"a,b\n" + b"x" * (3 * LONGEST + 5) + b"\n1,2\n").rows())
    assert [(row.line, row.cells, bool(row.wrong)) for row in rows] == [(2, [], True), (3, ["1", "2"], False)]
    rows = list(table(tmp_path, b"a,b\n1,2\n" + b"y," * LONGEST).rows())
    assert [(row.line, bool(row.wrong)) for row in rows] == [(2, False), (3, True)]


def test_a_line_without_an_end_behind_an_open_quote_takes_nothing_else_with_it(tmp_path):
    data = b'a,b\n1,"2\n3,' + b"x" * (2 * LONGEST) + b"\n5,6\n" + b"7," + b"y" * LONGEST + b"\n8,9\n"
    rows = list(table(tmp_path, data).rows())
    assert [(row.line, row.cells) for row in rows] == [(2, []), (3, []), (4, ["5", "6"]), (5, []), (6, ["8", "9"])]


def test_cells_over_very_many_lines_are_one_row_that_cannot_be_read(tmp_path):
    rows = list(table(tmp_path, b"a,b\n" + b'"\n",' * LONGEST + b"\n1,2\n").rows())
    assert rows[0].wrong
    assert rows[-1].cells == ["1", "2"]


@pytest.mark.parametrize(
    "data",
    [
        "a,b\n1,2\n3,4\n".encode("utf-16")[:-1],
        b"\xef\xbb\xbfa,b\n1,2\n3,\xff\n",
        b"a,b\n1,2\n3,caf\xe9\x81\n",
    ],
)
def test_bytes_that_are_none_of_the_encoding_cost_their_own_row(tmp_path, data):
    rows = list(table(tmp_path, data).rows())
    assert rows[0].cells == ["1", "2"]
    assert "none of the file's encoding" in rows[1].wrong
    assert len(rows) == 2


@pytest.mark.parametrize("data", [b"PK\x03\x04\x14\x00\x06\x00,\n1,2\n", b"x" * 300_000])
def test_what_is_no_table_is_refused(tmp_path, data):
    with pytest.raises(MisuseError, match="Save it as CSV"):
        table(tmp_path, data)
