"""Raw posts, happenings, replies, counts of a day, keys of the API, erasures, merges; how a consent was given

Revision: 0004
After: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NOT_DONE = sa.text("done_at IS NULL")
TO_GIVE_UP = sa.text("done_at IS NOT NULL AND headers <> ''")
HURTS = sa.text("what IN ('bounced', 'dropped', 'complained')")
TO_JUDGE = sa.text("what = 'clicked' AND \"by\" = 'unknown'")


def upgrade():
    what_came()
    what_became_of_mails()
    whom_it_is_about()
    with op.batch_alter_table("consent") as consent:
        consent.add_column(sa.Column("how", sa.Text(), server_default="", nullable=False))
        consent.add_column(sa.Column("who", sa.String(), server_default="", nullable=False))
        consent.add_column(sa.Column("until", sa.BigInteger(), nullable=True))
    op.add_column("planned", sa.Column("because", sa.String(), server_default="", nullable=False))
    for queue in ("planned", "held"):
        op.add_column(queue, sa.Column("alike", sa.String(), server_default="", nullable=False))
    asked = sa.text("name = 'address.asked'")
    op.create_index(
        "event_address_asked", "event", ["known_at"], unique=False, sqlite_where=asked, postgresql_where=asked
    )


def what_came():
    op.create_table(
        "received",
        sa.Column("number", COUNTED, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("source", "digest", name="received_once"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "received_to_do", "received", ["problem", "number"], unique=False,
        sqlite_where=NOT_DONE, postgresql_where=NOT_DONE,
    )  # fmt: skip
    op.create_index(
        "received_old", "received", ["source", "done_at"], unique=False,
        sqlite_where=TO_GIVE_UP, postgresql_where=TO_GIVE_UP,
    )  # fmt: skip
    op.create_table(
        "reply",
        sa.Column("number", COUNTED, nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("received"),
        sqlite_autoincrement=True,
    )
    op.create_index("reply_of_person", "reply", ["person", "at"], unique=False)


def what_became_of_mails():
    op.create_table(
        "happening",
        sa.Column("number", COUNTED, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("bounce", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("known", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("happening_of_mail", "happening", ["key", "what"], unique=False)
    op.create_index("happening_of_person", "happening", ["person", "at"], unique=False)
    for name, column, where in (
        ("happening_that_hurts", "person", HURTS),
        ("happening_to_judge", "known_at", TO_JUDGE),
    ):
        op.create_index(name, "happening", [column], unique=False, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "mail_day",
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "provider", "family", "what"),
        sqlite_with_rowid=False,
    )


def whom_it_is_about():
    op.create_table(
        "api_key",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
        sa.UniqueConstraint("hash"),
    )
    op.create_table(
        "erasure",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("addresses", sa.Text(), nullable=False),
        sa.Column("outside", sa.Text(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("to_tell", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person"),
    )
    op.create_table(
        "merged",
        sa.Column("old", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("old"),
    )
    op.create_index(op.f("ix_merged_person"), "merged", ["person"], unique=False)
