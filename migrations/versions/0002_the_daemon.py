"""Held mails, switches, secrets of links, declarations, daemons at work

Revision: 0002
After: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "held",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sqlite_with_rowid=False,
    )
    op.create_index("held_by_lane", "held", ["lane", "due_at", "key"], unique=False)
    op.create_table(
        "switch",
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("sequence", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("keep_service", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("word", "sequence"),
    )
    op.create_table(
        "secret",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "declaration",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "runner",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("process", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    an_exception = sa.text("fate IS NOT NULL")
    # SQLite would write an added column behind the constraints; the tables are made anew instead.
    with op.batch_alter_table("planned", recreate="always", table_kwargs={"sqlite_with_rowid": False}) as table:
        table.add_column(sa.Column("released", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("message", recreate="always", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.add_column(sa.Column("variant", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("again", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.create_index(
            "message_by_fate", ["fate", "settled_at"], sqlite_where=an_exception, postgresql_where=an_exception
        )
    with op.batch_alter_table("batch", recreate="always", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.add_column(sa.Column("braked", sa.Integer(), nullable=False, server_default="0"))
        table.create_index("batch_by_claim", ["claimed_at", "braked"], unique=False)
    with op.batch_alter_table("batch_member", recreate="always") as table:
        table.add_column(sa.Column("released", sa.Boolean(), nullable=False, server_default=sa.false()))
