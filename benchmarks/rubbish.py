"""A file of contacts in which nearly every row is rubbish, of every kind that people really send."""

from pathlib import Path
from random import Random

GOOD_EACH = 10  # one row in so many is good


def rubbish_file(path: Path, rows: int) -> int:
    """Write it; how many of its rows are good. In no encoding, so that it is read as Windows' western one."""
    random, good = Random(11), 0  # noqa: S311  (no secret)
    with path.open("wb") as file:
        file.write(b"id,email,locale,first_name\r\n")
        for row in range(rows):
            if row % GOOD_EACH == 0:
                good += 1
                file.write(b"g%d,g%d@shop.example,en,Salma\r\n" % (row, row))
            else:
                file.write(random.choice(KINDS)(row))
    return good


KINDS = (
    lambda row: b"x%d,not an address,en,A\r\n" % row,
    lambda row: b"x%d,%s%d@shop.example,en,B\r\n" % (row, b"a" * 70, row),
    lambda row: b"x%d,\xff\xfe@\xe9.example,,\xff\xfe\r\n" % row,
    lambda row: b"x%d,a@b@c,en\r\n" % row,
    lambda row: b"x%d,x%d@shop.example\r\n" % (row, row),
    lambda row: b"x%d,x%d@shop.example,en,D,E,F,G\r\n" % (row, row),
    lambda row: b"x%d,x\x00%d@shop.example,en,\x00\x1b[2J\r\n" % (row, row),
    lambda row: b"x%d,x%d.example,en,%s\r\n" % (row, row, b"C" * 900),
    lambda row: b'=cmd|\' /C calc\'!A%d,=1+1,en,"=HYPERLINK(""http://192.0.2.1"")"\r\n' % row,
    lambda row: b"g%d,other%d@shop.example@,en,Twice\r\n" % (row // 20 * 10, row),
    lambda row: b'x%d,"torn"quote@shop.example,en,F\r\n' % row,
    lambda row: b",,,\r\n,,en,nobody %d\r\n" % row,
)
