"""Many workers on one store, and what is kept for how long

Revision: 0005
After: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    many_at_work()
    what_is_kept()
    if op.get_bind().dialect.name == "postgresql":
        text_by_code_point()  # last: both hold for all tables above
        numbers_go_on()


def many_at_work():
    op.add_column("runner", sa.Column("kind", sa.String(), server_default="daemon", nullable=False))
    op.create_table(
        "round",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "round_part",
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("round", "first"),
    )
    op.create_table(
        "allowance",
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("free_at", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider"),
    )


def what_is_kept():
    op.create_table(
        "footing",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.Column("standing", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("person", "upto"),
    )
    op.create_index("footing_by_at", "footing", ["used", "at", "person"], unique=False)


def text_by_code_point():
    """Texts are compared by code point, as SQLite and Python do, whatever the language of the database."""
    inspector = sa.inspect(op.get_bind())
    for table in inspector.get_table_names():
        texts = [one for one in inspector.get_columns(table) if isinstance(one["type"], sa.String)]
        changes = ", ".join(f'ALTER "{one["name"]}" TYPE {_bare(one["type"])} COLLATE "C"' for one in texts)
        if changes and table != "alembic_version" and not table.startswith("procrastinate_"):
            op.execute(f'ALTER TABLE "{table}" {changes}')


def numbers_go_on():
    """A table that was made anew by a migration counts from 1 again: not in a store that has rows."""
    connection = op.get_bind()
    inspector = sa.inspect(connection)
    for table in inspector.get_table_names():
        for column in (one["name"] for one in inspector.get_columns(table) if "nextval" in str(one["default"])):
            counter = f"pg_get_serial_sequence('\"{table}\"', '{column}')"
            op.execute(f'SELECT setval({counter}, (SELECT coalesce(max("{column}"), 0) + 1 FROM "{table}"), false)')  # noqa: S608  (names of our own tables)


def _bare(kind):
    return "text" if isinstance(kind, sa.Text) else "varchar"


def downgrade():
    raise NotImplementedError("a store does not go back: restore the copy that was made before")
