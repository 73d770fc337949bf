import csv
import re
import signal
from datetime import timedelta

import pytest

from nurture.wiring import now

ORDERS = ["id", "at", "total"]


def test_bad_rows_go_to_a_file_with_their_reasons_and_the_rest_is_taken(project):
    project.table(
        "orders.csv",
        ORDERS,
        [("a", "2026-01-02", "12.50"), ("b", "yesterday", "3"), ("", "2026-01-02", "3"), ("c", "2026-01-02", "3,50"),
         ("d", "2999-01-01", "3"), ("e", "2026-01-02")],
    )  # fmt: skip
    answer = project.ok("import", "orders", "orders.csv")
    assert "1 new contact, 1 event\n" in answer.out
    assert "5 rows could not be read" in answer.out
    with (project.root / "orders.rejects.csv").open(encoding="utf-8", newline="") as file:
        rejected = list(csv.reader(file))
    assert rejected[0] == ["line", "reason", *ORDERS]
    assert [row[0] for row in rejected[1:]] == ["3", "4", "5", "6", "7"]
    assert "not a date" in rejected[1][1]
    assert "neither an id" in rejected[2][1]
    assert "not an amount" in rejected[3][1]
    assert "in the future" in rejected[4][1]
    assert "the header has 3" in rejected[5][1]


def test_rows_that_are_equal_to_the_letter_are_all_orders(project):
    project.table("orders.csv", ORDERS, [("a", "2026-01-02", "12.50")] * 3)
    assert "3 events" in project.ok("import", "orders", "orders.csv").out
    assert "0 events" in project.ok("import", "orders", "orders.csv").out


def test_one_address_is_one_contact(project):
    project.table("one.csv", ["email", "first_name"], [("lena@shop.example", "Lena"), ("LENA@shop.example", "Lena")])
    assert "1 new contact," in project.ok("import", "contacts", "one.csv").out
    project.table("two.csv", ["id", "email"], [("7", "lena@shop.example")])
    assert "0 new contacts" in project.ok("import", "contacts", "two.csv").out
    project.ok("apply")
    assert "Lena" in project.ok("show", "7").out


def test_a_fact_that_goes_back_to_what_it_was_is_a_change(project):
    project.ok("apply")
    for name in ("Lena", "Magda", "Lena"):
        project.table("one.csv", ["id", "first_name"], [("7", name)])
        project.ok("import", "contacts", "one.csv")
        project.ok("run", "--once")
    assert project.ok("show", "7").lines[0].startswith("Lena")


def test_a_date_alone_is_noon_in_the_zone_of_the_project(project):
    project.table("orders.csv", ["id", "at"], [("a", "2026-07-02")])
    project.ok("import", "orders", "orders.csv")
    project.ok("apply")
    assert "the last Thu 02 Jul 12:00" in project.ok("show", "a").out


def test_what_is_too_old_starts_nothing_and_is_counted(project):
    project.ok("apply")
    project.table("orders.csv", ORDERS, [("a", "2026-01-02", "12.50"), ("b", "2026-01-03", "12.50")])
    out = project.ok("import", "orders", "orders.csv").out
    assert "2 of 2 events order.placed start nothing: older than fresh (2 days)" in out
    assert "--fresh" not in out  # no sensible age lets an order of months ago start anything
    today = now().date()  # the installed command has the real clock, and so must its input
    days = [(today - timedelta(days=age)).isoformat() for age in (1, 7, 90)]
    project.table("recent.csv", ORDERS, [(day, day, "12.50") for day in days])
    out = project.ok("import", "orders", "recent.csv").out
    assert "2 of 3 events order.placed start nothing: older than fresh (2 days)" in out
    assert "--fresh '7 days'" in out or "--fresh '8 days'" in out  # noon of that day: the hour of this run decides


def test_consent_is_given_only_where_it_is_said(project):
    project.ok("apply")
    project.table("people.csv", ["id", "email"], [("a", "a@shop.example")])
    project.ok("import", "contacts", "people.csv")
    assert "agreed to nothing" in project.ok("show", "a").out
    project.ok("import", "contacts", "people.csv", "--consent", "order_care offers", "--basis", "ticked at checkout")
    assert "agreed to offers, order_care" in project.ok("show", "a").out
    project.table("answers.csv", ["id", "consent"], [("a", "coffee_tips -offers")])
    project.ok("import", "consents", "answers.csv", "--basis", "asked by mail")
    assert "agreed to coffee_tips, order_care; refused offers" in project.ok("show", "a").out
    project.ok("import", "contacts", "people.csv", "--consent", "offers", "--basis", "the shop says so")
    assert "refused offers" in project.ok("show", "a").out


def test_the_suppressed_and_the_mails_of_before(project):
    project.ok("apply")
    project.table("people.csv", ["id", "email"], [("a", "a@shop.example")])
    project.ok("import", "contacts", "people.csv")
    project.table("had.csv", ["id", "at", "mail", "class"], [("a", "2026-11-01", "old_news", "news")])
    assert "earlier mails" in project.ok("import", "sends", "had.csv").out
    assert "old_news" in project.ok("show", "a").out
    project.table("never.csv", ["email"], [("a@shop.example",)])
    project.ok("import", "suppressions", "never.csv")
    assert "never written to" in project.ok("show", "a").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--map", "customer=id"], "no column 'customer'"),
        (["--map", "who=id"], "no column says 'at'"),
        (["--map", "who=id", "--map", "day=when"], "knows: id, email, at"),
        (["--map", "who"], "not COLUMN=NAME"),
        ([], "no column says 'id'"),
        (["--map", "who=id", "--map", "day=at", "--delivered-after", "3 dayz"], "write '3 days'"),
        (["--map", "who=id", "--map", "day=at", "--consent", "order_care"], "needs --basis"),
        (["--map", "who=id", "--map", "day=at", "--consent", "nothing", "--basis", "x"], "no such topic"),
    ],
)
def test_what_does_not_fit_the_file_is_said_before_anything_is_read(project, arguments, said):
    project.table("log.csv", ["who", "day", "sum"], [("a", "2026-01-02", "12.50")])
    answer = project.run("import", "orders", "log.csv", *arguments)
    assert answer.code == 64
    assert said in answer.err


def cut_within(project, rows):
    """How an import ended that was killed as soon as it had written some of its rows."""
    project.table("orders.csv", ORDERS, [(f"c{n % 500}", "2026-01-02", f"{n}.00") for n in range(rows)])
    cut = project.start("import", "orders", "orders.csv")
    store = project.root / "nurture.db-wal"
    while cut.poll() is None and not (store.exists() and store.stat().st_size > 200_000):
        pass
    cut.kill()
    cut.communicate()
    return cut.returncode


def test_an_import_that_is_cut_goes_on_when_repeated(project):
    sizes = (20_000, 60_000, 180_000)  # a quick machine may be done before the kill: then with more rows
    rows = next((rows for rows in sizes if cut_within(project, rows) == -signal.SIGKILL), 0)
    assert rows, "the import was always done before it could be cut"
    rest = project.ok("import", "orders", "orders.csv").out
    assert 0 < int(re.search(r"([\d,]+) events", rest)[1].replace(",", "")) <= rows
    out = project.ok("import", "orders", "orders.csv").out
    assert "0 new contacts, 0 events" in out
    assert f"{rows:,} were known already" in out


def test_names_that_nobody_knows_are_told_at_the_end_and_the_rows_are_kept(project):
    header = ["id", "email", "country", "zone", "locale"]
    project.table(
        "people.csv",
        header,
        [("a", "a@shop.example", "XX", "Mars/Base", "klingon_!"), ("b", "b@shop.example", "FR", "Mars/Moon", "fr")],
    )
    out = project.ok("import", "contacts", "people.csv").out
    assert "2 new contacts" in out
    assert "the zone of 2 rows is not known (Mars/Base, Mars/Moon):" in out
    assert "the country of 1 row is not known (XX):" in out
    assert "the locale of 1 row is not known (klingon_!):" in out
    project.ok("apply")
    assert "klingon" not in project.ok("show", "a").out


def test_two_columns_of_one_name_are_refused_before_anything_is_read(project):
    project.table("people.csv", ["id", "email", "email"], [("a", "a@shop.example", "b@shop.example")])
    answer = project.run("import", "contacts", "people.csv")
    assert answer.code == 64
    assert "columns 2 and 3 are both called 'email'" in answer.err


def test_what_proves_a_consent_is_kept_and_shown(project):
    project.ok("apply")
    columns = ["id", "email", "at", "consent", "how", "wording", "until"]
    yes = "Yes, send me coffee tips"
    project.table(
        "consents.csv", columns,
        [("a", "a@shop.example", "2026-01-02", "coffee_tips", "box at checkout", yes, "2026-02-02"),
         ("a", "a@shop.example", "2026-01-03", "news", "by telephone", "", ""),
         ("a", "a@shop.example", "2026-01-04", "-offers", "by telephone", "", "")],
    )  # fmt: skip
    project.ok("import", "consents", "consents.csv", "--basis", "opt_in")
    shown = project.ok("show", "a").out
    assert "agreed to news; agreed once to coffee_tips; refused offers\n" in shown
    ledger = shown.split("Ledger:\n", 1)[1]
    assert "  2026-01-02 12:00  agreed to coffee_tips, until 2026-02-02\n      imported by " in ledger
    assert f'; box at checkout; opt_in\n      shown: "{yes}"\n' in ledger
    assert "  2026-01-04 12:00  refused offers\n" in ledger


def test_who_is_only_asked_for_has_not_agreed(project):
    project.ok("apply")
    project.table(
        "asked.csv", ["id", "email", "consent"], [("a", "a@b.example", "news"), ("b", "b@b.example", "order_care")]
    )
    assert "1 row could not be read" in project.ok("import", "consents", "asked.csv", "--ask").out
    assert "topic 'order_care' says no `confirm`" in (project.root / "asked.rejects.csv").read_text()
    answer = project.run("import", "contacts", "asked.csv", "--ask", "--consent", "order_care")
    assert (answer.code, "topic 'order_care' says no `confirm`" in answer.err) == (64, True)
    shown = project.ok("show", "a").out
    assert "agreed to nothing" in shown
    assert "was asked to confirm news\n" in shown
