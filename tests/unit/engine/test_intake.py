from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from nurture.engine.cells import CellError
from nurture.engine.faults import MisuseError
from nurture.engine.intake import Intake, Wanted, check_wanted
from nurture.engine.table import Table
from nurture.engine.take_in import Rejects
from nurture.model.book import Book
from nurture.model.catalogue import Catalogue, Field, OrderRule
from nurture.model.event import Money
from nurture.model.length import Length, Unit
from nurture.model.rules import Rules, Topic

NOW = datetime(2027, 3, 10, 12, tzinfo=UTC)
TEXT = Field("x", "text")
BOOK = Book(
    Rules("shop", zone="Europe/Paris"),
    Catalogue(
        person={"country": TEXT, "birthday": Field("birthday", "day"), "visits": Field("visits", "number", source="x")},
        orders=OrderRule("order.placed", "order_id"),
        events={
            "order.placed": {"order_id": TEXT, "total": Field("total", "money")},
            "order.delivered": {"order_id": TEXT},
            "review.posted": {"stars": Field("stars", "number")},
        },
    ),
    topics={"offers": Topic("offers"), "news": Topic("news"), "care": Topic("care", confirm="please")},
)


def read(tmp_path: Path, text: str, **wanted):
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="utf-8")
    table = Table(path)
    intake = Intake(table, Wanted(**wanted), BOOK, NOW)
    return [intake.rows(row) for row in table.rows()]


def test_an_order_has_its_fields_and_a_name_of_its_own(tmp_path):
    rows = read(tmp_path, "id,at,total\na,2027-03-01,12.50\na,2027-03-01,12.50\n", kind="orders")
    (one,), (other,) = rows
    assert (one.name, one.outside_id, one.at) == ("order.placed", "a", datetime(2027, 3, 1, 11, tzinfo=UTC))
    assert one.fields["total"] == Money(Decimal("12.50"), "EUR")
    assert one.fields["order_id"] != other.fields["order_id"]
    assert read(tmp_path, "id,at,total\na,2027-03-01,12.50\n", kind="orders")[0][0].fields == one.fields


def test_the_sender_s_own_id_names_the_order(tmp_path):
    ((order,),) = read(tmp_path, "id,at,outside_id\na,2027-03-01,O-1\n", kind="orders")
    assert (order.id, order.fields["order_id"]) == ("O-1", "O-1")


def test_delivered_after_counts_dates_and_what_is_to_come_is_known_when_it_comes(tmp_path):
    text = "id,at\na,2027-03-01\nb,2027-03-09\n"
    rows = read(tmp_path, text, kind="orders", delivered_after=Length(3, Unit.day))
    (_, past), (order, coming) = rows
    assert (past.at, past.known_at) == (datetime(2027, 3, 4, 11, tzinfo=UTC), NOW)
    assert (coming.at, coming.known_at) == (datetime(2027, 3, 12, 11, tzinfo=UTC),) * 2
    assert coming.fields == {"order_id": order.fields["order_id"]}


def test_fresh_lets_what_is_young_enough_start(tmp_path):
    text = "id,at\na,2027-03-03\nb,2027-03-01\n"
    rows = read(tmp_path, text, kind="orders", fresh=Length(8, Unit.day))
    assert [order.fresh for (order,) in rows] == [True, False]


def test_contacts_tell_facts_but_not_those_that_are_worked_out(tmp_path):
    text = "id,country,birthday,visits,tags\na,FR,--02-29,9,vip coffee\nb,,,,\n"
    (one,), (two,) = read(tmp_path, text, kind="contacts")
    assert one.facts == {"country": "FR", "birthday": (2, 29)}
    assert one.tags == ("vip", "coffee")
    assert two.facts == {}


def test_each_event_has_its_own_fields(tmp_path):
    text = "id,at,event,stars,total\na,2027-03-01,review.posted,5,\nb,2027-03-01,order.placed,,3\n"
    (review,), (order,) = read(tmp_path, text, kind="events")
    assert (review.name, review.fields) == ("review.posted", {"stars": 5})
    assert (order.name, order.fields) == ("order.placed", {"total": Money(Decimal(3), "EUR")})


def test_an_order_may_tell_a_fact_of_the_buyer(tmp_path):
    ((order,),) = read(tmp_path, "id,at,country\na,2027-03-01,FR\n", kind="orders")
    assert order.facts == {"country": "FR"}


def test_a_topic_behind_a_minus_is_refused(tmp_path):
    (rows,) = read(tmp_path, "id,consent\na,news -offers\n", kind="consents", basis="asked")
    assert [(row.given, row.topics, row.basis) for row in rows] == [
        (True, ("news",), "asked"),
        (False, ("offers",), "asked"),
    ]


def test_a_mail_of_before_has_its_day_in_the_zone_of_the_project(tmp_path):
    ((send,),) = read(tmp_path, "id,at,mail,class\na,2027-03-01 23:30+00:00,hello,care\n", kind="sends")
    assert (send.mail, send.class_, send.day) == ("hello", "care", date(2027, 3, 2))


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        ("orders", "id,at\n,2027-03-01\n", "neither an id nor an address"),
        ("orders", "id,at\na,\n", "no date"),
        ("orders", "id,at\na,2027-03-11\n", "lies in the future"),
        ("orders", "id,at,total\na,2027-03-01,3 euro\n", "total: '3 euro' is not an amount"),
        ("events", "id,at,event\na,2027-03-01,review.psted\n", "there is no event 'review.psted'"),
        ("events", "id,at,event\na,2027-03-01,\n", "no event"),
        ("consents", "id,consent\na,ofers\n", "there is no topic 'ofers'"),
        ("sends", "id,at,mail,class\na,2027-03-01,hello,cares\n", "there is no class 'cares'"),
        ("sends", "id,at,mail\na,2027-03-01,\n", "no mail"),
    ],
)
def test_reasons_for_the_rejects_file(tmp_path, kind, text, reason):
    with pytest.raises(CellError, match=reason):
        read(tmp_path, text, kind=kind)


def test_ignored_columns_are_named(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("who,at,cds\n", encoding="utf-8")
    assert Intake(Table(path), Wanted("orders", {"who": "id"}), BOOK, NOW).ignored == ["cds"]


@pytest.mark.parametrize("kind", ["orders", "events"])
def test_consent_is_not_read_beside_orders_and_events_and_that_is_said(tmp_path, kind):
    path = tmp_path / "x.csv"
    path.write_text("id,at,event,consent\n", encoding="utf-8")
    assert "consent" in Intake(Table(path), Wanted(kind), BOOK, NOW).ignored
    with pytest.raises(MisuseError, match=f"consent=consent: an import of {kind} knows: id, email, at"):
        Intake(Table(path), Wanted(kind, {"consent": "consent"}), BOOK, NOW)


@pytest.mark.parametrize(
    ("header", "columns", "said"),
    [
        ("email,id,email", {}, "columns 1 and 3 are both called 'email'"),
        ("id,mail,mail", {"mail": "email"}, "columns 2 and 3 are both called 'mail'"),
        ("a,b", {"a": "id", "b": "id"}, "--map a=id and --map b=id: only one column can say 'id'"),
    ],
)
def test_two_columns_for_one_thing_are_refused(tmp_path, header, columns, said):
    path = tmp_path / "x.csv"
    path.write_text(f"{header}\n", encoding="utf-8")
    with pytest.raises(MisuseError, match=said):
        Intake(Table(path), Wanted("contacts", columns), BOOK, NOW)


def test_two_columns_that_nobody_reads_may_be_called_the_same(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("id,note,note\n", encoding="utf-8")
    assert Intake(Table(path), Wanted("contacts"), BOOK, NOW).ignored == ["note", "note"]


def test_names_that_nobody_knows_say_nothing_and_are_counted(tmp_path):
    path = tmp_path / "x.csv"
    rows = ["a,FR", "b,XX", "c,UK", "d,XX", "e,de", "f,Elbonia", "g,\x1b[31m"]
    path.write_text("\n".join(["id,country", *rows, ""]), encoding="utf-8")
    table = Table(path)
    intake = Intake(table, Wanted("contacts"), BOOK, NOW)
    facts = [intake.rows(row)[0].facts for row in table.rows()]
    assert facts == [{"country": "FR"}, {}, {}, {}, {"country": "de"}, {}, {}]
    assert [list(one.words()) for one in intake.unheard.found()] == [
        ["the country of 5 rows is not known (XX, UK, Elbonia, …):", "  the house's clock is used"]
    ]


def test_a_consent_of_a_contact_needs_its_ground_too(tmp_path):
    with pytest.raises(MisuseError, match="needs --basis"):
        read(tmp_path, "id,consent\na,news\n", kind="contacts")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted("orders", topics=("ofers",), basis="x"), "no such topic"),
        (Wanted("orders", topics=("offers",)), "needs --basis"),
        (Wanted("consents"), "needs --basis"),
        (Wanted("contacts", delivered_after=Length(1, Unit.day)), "goes with orders"),
    ],
)
def test_what_is_asked_for_must_make_sense(wanted, said):
    with pytest.raises(MisuseError, match=said):
        check_wanted(wanted, BOOK)


def test_a_book_without_orders_takes_none(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("id,at\n", encoding="utf-8")
    bare = Book(Rules("shop"), Catalogue())
    with pytest.raises(MisuseError, match="which event is an order"):
        Intake(Table(path), Wanted("orders"), bare, NOW + timedelta(days=1))


def test_what_proves_a_consent_comes_in_columns_of_its_own(tmp_path):
    text = "id,consent,how,wording,until\na,offers,checkout box,Send me offers,2029-03-01\nb,-news,,,2029-03-01\n"
    (given,), (refused,) = read(tmp_path, text, kind="consents", basis="opt_in", by="lena")
    assert given.proof == {
        "topics": ("offers",), "basis": "opt_in", "wording": "Send me offers", "how": "checkout box", "by": "lena",
        "until": date(2029, 3, 1),
    }  # fmt: skip
    assert refused.until is None
    ((contact,),) = read(tmp_path, "id,how\na,paper\n", kind="contacts", topics=("news",), basis="opt_in")
    assert (contact.how, contact.topics) == ("paper", ("news",))
    with pytest.raises(CellError, match="has no year"):
        read(tmp_path, "id,consent,until\na,offers,--03-01\n", kind="consents", basis="opt_in")


def test_who_is_only_asked_needs_no_basis_and_refuses_as_ever(tmp_path):
    check_wanted(Wanted("consents", ask=True), BOOK)
    ((asked, refused),) = read(tmp_path, "id,consent\na,care -news\n", kind="consents", ask=True)
    assert (asked.asked, refused.asked) == (True, False)
    with pytest.raises(CellError, match="topic 'offers' says no `confirm`"):
        read(tmp_path, "id,consent\na,offers\n", kind="consents", ask=True)
    with pytest.raises(MisuseError, match="topic 'offers' says no `confirm`"):
        check_wanted(Wanted("contacts", topics=("offers",), ask=True), BOOK)


def test_rejects_run_in_no_spreadsheet_and_come_back_to_the_letter(tmp_path):
    path = tmp_path / "people.csv"
    told = [["=1+1", "+49 170", "-12.50"], ["a;=1", "'=x", "it's"]]
    path.write_text("=id,@at,total\n" + "".join(f"{','.join(row)}\n" for row in told), encoding="utf-8")
    table = Table(path)
    with ExitStack() as stack:
        rejects = Rejects(table, stack)
        for row in table.rows():
            rejects.add(row, "'=1+1' is not a date")
    text = rejects.path.read_text(encoding="utf-8").splitlines()
    assert text[:2] == ["line,reason,'=id,'@at,total", "2,''=1+1' is not a date,'=1+1,'+49 170,-12.50"]
    again = Table(rejects.path)
    assert again.columns == ["line", "reason", "=id", "@at", "total"]
    assert [row.cells[2:] for row in again.rows()] == told
