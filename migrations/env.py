"""Alembic's entry: uses the connection that `nurture.store.migrate` hands over, or a URL from `-x url=...`."""

from alembic import context

from nurture.store.database import connect
from nurture.store.tables import METADATA


def run(connection):
    context.configure(connection=connection, target_metadata=METADATA, compare_type=True, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with connect(context.get_x_argument(as_dictionary=True)["url"]).writing() as opened:
        run(opened)
