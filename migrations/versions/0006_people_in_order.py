"""People lie in the order in which pages of them are read, and by the turns of a broadcast

From here on what a person went through is kept in few words, which an older nurture would not read.

Revision: 0006
After: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    op.drop_index("person_by_zone", table_name="person")
    op.create_index("person_by_zone", "person", ["zone", "country", "id", "bucket", "stage", "placed_by"], unique=False)
    op.create_index("person_by_bucket", "person", ["zone", "bucket", "id"], unique=False)
