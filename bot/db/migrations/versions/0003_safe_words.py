"""a person's own word for the quick exit, as a keyed hash"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('safe_words',
    sa.Column('sender', sa.String(), nullable=False),
    sa.Column('word', sa.String(), nullable=False),
    sa.Column('used_at', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('sender')
    )


def downgrade() -> None:
    op.drop_table('safe_words')
