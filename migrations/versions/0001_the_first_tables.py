"""The first tables

Revision: 0001
After: nothing
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():  # noqa: PLR0915 - the first tables come all at once
    op.create_table(
        "address",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("state_since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", "valid_from"),
    )
    with op.batch_alter_table("address", schema=None) as batch_op:
        batch_op.create_index(
            "address_valid",
            ["key"],
            unique=True,
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_address_person"), ["person"], unique=False)

    op.create_table(
        "agenda",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", "kind", "due_at"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("agenda", schema=None) as batch_op:
        batch_op.create_index("agenda_by_due", ["due_at", "person"], unique=False)

    op.create_table(
        "application",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("commit", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "applied_file",
        sa.Column("application", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("application", "path"),
    )
    op.create_table(
        "basis",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("language", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("book", "engine", "language", name="basis_once"),
    )
    op.create_table(
        "batch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=False),
        sa.Column("handed_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.create_index("batch_by_status", ["status", "lease_until"], unique=False)

    op.create_table(
        "batch_member",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    with op.batch_alter_table("batch_member", schema=None) as batch_op:
        batch_op.create_index("member_of_batch", ["batch"], unique=False)

    op.create_table(
        "consent",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", "address", "topic"),
    )
    op.create_table(
        "content",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_table(
        "day_of",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("month_day", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person", "path"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("day_of", schema=None) as batch_op:
        batch_op.create_index("day_of_by_day", ["path", "month_day", "zone", "year", "person"], unique=False)

    op.create_table(
        "enrolment",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("sequence", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.String(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ending", sa.String(), nullable=False),
        sa.Column("goal_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("person", "sequence", "subject"),
    )
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.create_index("enrolment_by_sequence", ["sequence", "version", "ended_at"], unique=False)

    op.create_table(
        "event",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("outside_id", sa.String(), nullable=False),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("event_of_person", ["person", "number"], unique=False)

    op.create_table(
        "installation",
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("store"),
    )
    op.create_table(
        "message",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("mail", sa.String(), nullable=False),
        sa.Column("class_", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("theme", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("rung", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("variables", sa.Text(), nullable=False),
        sa.Column("before", sa.Boolean(), nullable=False),
        sa.Column("fate", sa.String(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("key"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index("message_of_person", ["person", "decided_at"], unique=False)

    op.create_table(
        "outside_id",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "value", "valid_from"),
    )
    with op.batch_alter_table("outside_id", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outside_id_person"), ["person"], unique=False)
        batch_op.create_index(
            "outside_id_valid",
            ["source", "value"],
            unique=True,
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        )

    op.create_table(
        "person",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_until", sa.BigInteger(), nullable=False),
        sa.Column("decided_number", sa.BigInteger(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("orders_count", sa.Integer(), nullable=False),
        sa.Column("orders_first_at", sa.BigInteger(), nullable=True),
        sa.Column("orders_last_at", sa.BigInteger(), nullable=True),
        sa.Column("orders_total", sa.Float(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "planned",
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("lane", "due_at", "key"),
        sa.UniqueConstraint("key", name="planned_once"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reason",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("sequence", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("mail", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("looks", sa.Text(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("basis", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("reason", schema=None) as batch_op:
        batch_op.create_index("reason_of_person", ["person", "at"], unique=False)

    op.create_table(
        "silence",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("last_day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person", "event"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("silence", schema=None) as batch_op:
        batch_op.create_index("silence_by_day", ["event", "zone", "last_day", "person"], unique=False)

    op.create_table(
        "suppression",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "version",
        sa.Column("sequence", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("application", sa.Integer(), nullable=False),
        sa.Column("live_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("sequence", "version"),
    )
    op.create_table(
        "watermark",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table("zone_group", sa.Column("zone", sa.String(), nullable=False), sa.PrimaryKeyConstraint("zone"))


def downgrade():  # noqa: PLR0915 - and go all at once
    op.drop_table("zone_group")
    op.drop_table("watermark")
    op.drop_table("version")
    op.drop_table("suppression")
    with op.batch_alter_table("silence", schema=None) as batch_op:
        batch_op.drop_index("silence_by_day")

    op.drop_table("silence")
    with op.batch_alter_table("reason", schema=None) as batch_op:
        batch_op.drop_index("reason_of_person")

    op.drop_table("reason")
    op.drop_table("planned")
    op.drop_table("person")
    with op.batch_alter_table("outside_id", schema=None) as batch_op:
        batch_op.drop_index(
            "outside_id_valid", sqlite_where=sa.text("valid_to IS NULL"), postgresql_where=sa.text("valid_to IS NULL")
        )
        batch_op.drop_index(batch_op.f("ix_outside_id_person"))

    op.drop_table("outside_id")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index("message_of_person")

    op.drop_table("message")
    op.drop_table("installation")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index("event_of_person")

    op.drop_table("event")
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.drop_index("enrolment_by_sequence")

    op.drop_table("enrolment")
    with op.batch_alter_table("day_of", schema=None) as batch_op:
        batch_op.drop_index("day_of_by_day")

    op.drop_table("day_of")
    op.drop_table("content")
    op.drop_table("consent")
    with op.batch_alter_table("batch_member", schema=None) as batch_op:
        batch_op.drop_index("member_of_batch")

    op.drop_table("batch_member")
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.drop_index("batch_by_status")

    op.drop_table("batch")
    op.drop_table("basis")
    op.drop_table("applied_file")
    op.drop_table("application")
    with op.batch_alter_table("agenda", schema=None) as batch_op:
        batch_op.drop_index("agenda_by_due")

    op.drop_table("agenda")
    with op.batch_alter_table("address", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_address_person"))
        batch_op.drop_index(
            "address_valid", sqlite_where=sa.text("valid_to IS NULL"), postgresql_where=sa.text("valid_to IS NULL")
        )

    op.drop_table("address")
