"""Many workers on one store, and what is kept for how long

Revision: 0005
After: 0004
"""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    pass


def downgrade():
    raise NotImplementedError("a store does not go back: restore the copy that was made before")
