"""Drafts, codes of gifts, tasks, webhooks, renamed things, how people came to a version

Revision: 0003
After: 0002
"""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "draft",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("approver", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("valid_for", sa.String(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("settled_by", sa.String(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("draft_by_state", "draft", ["state", "since"], unique=False)
    op.create_table(
        "code",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("gift", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("made", sa.Boolean(), nullable=False),
        sa.Column("reservation", sa.String(), nullable=True),
        sa.Column("mail", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("drawn_at", sa.BigInteger(), nullable=True),
        sa.Column("given_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_on", sa.Integer(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("worth", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("gift", "code", name="code_unique"),
        sa.UniqueConstraint("reservation", name="code_once"),
        sqlite_autoincrement=True,
    )
    op.create_index("code_free", "code", ["gift", "reservation", "number"], unique=False)
    op.create_index("code_of_mail", "code", ["mail"], unique=False)
    op.create_index("code_drawn", "code", ["drawn_at"], unique=False)
    op.create_table(
        "task",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Integer(), nullable=False),
        sa.Column("held_until", sa.BigInteger(), nullable=True),
        sa.Column("taken_by", sa.String(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.String(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("task_by_due", "task", ["done_at", "due_on"], unique=False)
    op.create_index("task_of_person", "task", ["person"], unique=False)
    op.create_table(
        "webhook",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("retry", sa.Integer(), nullable=False),
        sa.Column("timeout", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("webhook_by_next", "webhook", ["state", "next_at"], unique=False)
    op.create_table(
        "renamed",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("old", sa.String(), nullable=False),
        sa.Column("new", sa.String(), nullable=False),
        sa.Column("application", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "old"),
    )
    op.create_table(
        "move",
        sa.Column("sequence", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("due_now", sa.String(), nullable=False),
        sa.Column("spread", sa.String(), nullable=False),
        sa.Column("application", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", "version"),
    )
    op.create_table(
        "decision",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.Column("gone", sa.String(), nullable=False),
        sa.Column("basis", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("decision_of_person", "decision", ["person", "number"], unique=False)
    decided_before()
    # SQLite would write an added column behind the constraints; the tables are made anew instead.
    with op.batch_alter_table("version", recreate="always") as table:
        table.add_column(sa.Column("lineages", sa.Text(), nullable=False, server_default="{}"))
        table.add_column(sa.Column("starts_since", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("past_too", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("application", recreate="always") as table:
        table.add_column(sa.Column("known", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("basis", recreate="always") as table:
        table.add_column(sa.Column("application", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("switches", sa.Text(), nullable=False, server_default=""))
        table.drop_constraint("basis_once", type_="unique")
        table.create_unique_constraint("basis_once", ["book", "engine", "language", "application", "switches"])
    with op.batch_alter_table("message", recreate="always", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.alter_column("variant", server_default="")  # reflected in brackets otherwise
        table.add_column(sa.Column("offered", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("carries", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("clicked_at", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("person", recreate="always") as table:
        table.add_column(sa.Column("country", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("placed_by", sa.String(), nullable=False, server_default=""))
    op.create_index("person_by_zone", "person", ["zone", "country", "stage", "placed_by", "bucket", "id"], unique=False)
    op.create_index("enrolment_by_start", "enrolment", ["sequence", "started_at", "person"], unique=False)
    dates_of_things()
    for row in op.get_bind().execute(sa.text("SELECT id, bucket, zone, facts FROM person")).all():
        told_before(*row)
    heard_before()


def decided_before():
    """A row without a digest for whoever was decided on before there was a journal: they cannot be replayed."""
    said = sa.text(
        "INSERT INTO decision (person, bucket, at, since, upto, mails, gone, basis, digest) "
        "SELECT id, bucket, decided_until, decided_until, decided_number, 0, '', 0, :nothing FROM person "
        "WHERE decided_number > 0"
    )
    op.get_bind().execute(said, {"nothing": b""})


def dates_of_things():
    """The table of dates with the thing in its key: it is made anew, since a primary key cannot grow."""
    op.drop_index("day_of_by_day", table_name="day_of")
    op.rename_table("day_of", "day_of_0002")
    op.create_table(
        "day_of",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("thing", sa.String(), nullable=False, server_default=""),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("month_day", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person", "path", "thing"),
        sqlite_with_rowid=False,
    )
    columns = "person, path, bucket, zone, month_day, year"
    op.execute(f"INSERT INTO day_of ({columns}) SELECT {columns} FROM day_of_0002")  # noqa: S608 - no words from outside
    op.drop_table("day_of_0002")
    op.create_index("day_of_by_day", "day_of", ["path", "month_day", "zone", "year", "person"], unique=False)


def told_before(person, bucket, zone, facts):
    """What is asked of a person by column or row from now on: their country, and the tags in their facts."""
    known = json.loads(facts)
    country = known.get("country")
    if isinstance(country, str) and country:
        said = sa.text("UPDATE person SET country = :country WHERE id = :id")
        op.get_bind().execute(said, {"country": country, "id": person})
    for name, value in known.items():
        tags = value.get("s", ()) if isinstance(value, dict) else value if isinstance(value, list) else ()
        for tag in dict.fromkeys(tag for tag in tags if isinstance(tag, str)):
            said = sa.text(
                "INSERT INTO day_of (person, path, bucket, zone, month_day, year) "
                "VALUES (:person, :path, :bucket, :zone, 0, 0)"
            )
            row = {"person": person, "path": f"{name}:{tag}", "bucket": bucket, "zone": zone}
            op.get_bind().execute(said, row)


def heard_before():
    """The day of the last mail that gave somebody something, else of their first consent, for the rule of silence."""
    op.execute(
        "INSERT INTO silence (person, event, bucket, zone, last_day) "
        "SELECT m.person, 'person.heard', p.bucket, p.zone, max(m.day) FROM message m JOIN person p ON p.id = m.person "
        "WHERE m.class_ NOT IN ('service', 'offer') AND (m.fate IS NULL OR m.fate NOT IN "
        "('cancelled', 'expired', 'refused')) GROUP BY m.person, p.bucket, p.zone"
    )
    unheard = (
        "SELECT id, bucket, zone, state FROM person WHERE zone <> '' AND id NOT IN (SELECT person FROM silence "
        "WHERE event = 'person.heard')"
    )
    said = sa.text(
        "INSERT INTO silence (person, event, bucket, zone, last_day) "
        "VALUES (:person, 'person.heard', :bucket, :zone, :last_day)"
    )
    for person, bucket, zone, state in op.get_bind().execute(sa.text(unheard)).all():
        given = [since for yes, since, *_ in json.loads(state).get("consents", {}).values() if yes]
        if given:
            first = datetime.fromtimestamp(min(given) / 1_000_000, ZoneInfo(zone)).toordinal()
            row = {"person": person, "bucket": bucket, "zone": zone, "last_day": first}
            op.get_bind().execute(said, row)
