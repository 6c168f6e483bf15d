"""officers talk with reporters: the floor of a chat, quiet messages behind the receipt"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('replies', schema=None) as batch_op:
        batch_op.add_column(sa.Column('line', sa.String(), nullable=True))
        batch_op.create_index(batch_op.f('ix_replies_line'), ['line'], unique=False)

    with op.batch_alter_table('conversations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('chat', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('floor_officer', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('floor_since', sa.Float(), nullable=True))
        batch_op.add_column(sa.Column('heard_at', sa.Float(), nullable=True))
        batch_op.add_column(sa.Column('silent_due_at', sa.Float(), nullable=True))
        batch_op.create_unique_constraint('uq_conversations_chat', ['chat'])
        batch_op.create_index('ix_conversations_floor', ['floor', 'floor_at'], unique=False)
        batch_op.create_index('ix_conversations_silent', ['silent_due_at'], unique=False)

    op.create_table('floor_lines',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('chat', sa.String(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('author', sa.String(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('chat', 'seq', name='uq_floor_lines_order')
    )
    with op.batch_alter_table('floor_lines', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_floor_lines_chat'), ['chat'], unique=False)

    with op.batch_alter_table('reports', schema=None) as batch_op:
        batch_op.add_column(sa.Column('notice_sender', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('notice_address', sa.LargeBinary(), nullable=True))
        batch_op.create_index('ix_reports_notice', ['notice_sender'], unique=False)

    op.create_table('report_messages',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('report_id', sa.String(), nullable=False),
    sa.Column('data_key', sa.LargeBinary(), nullable=True),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.Float(), nullable=False),
    sa.Column('read_at', sa.Float(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('report_messages', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_report_messages_report_id'), ['report_id'], unique=False)

    with op.batch_alter_table('desk_notes', schema=None) as batch_op:
        batch_op.add_column(sa.Column('seen_at', sa.Float(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('desk_notes', schema=None) as batch_op:
        batch_op.drop_column('seen_at')

    op.drop_table('report_messages')
    with op.batch_alter_table('reports', schema=None) as batch_op:
        batch_op.drop_index('ix_reports_notice')
        batch_op.drop_column('notice_address')
        batch_op.drop_column('notice_sender')

    op.drop_table('floor_lines')
    with op.batch_alter_table('conversations', schema=None) as batch_op:
        batch_op.drop_index('ix_conversations_silent')
        batch_op.drop_index('ix_conversations_floor')
        batch_op.drop_constraint('uq_conversations_chat', type_='unique')
        for name in ('silent_due_at', 'heard_at', 'floor_since', 'floor_officer', 'chat'):
            batch_op.drop_column(name)

    with op.batch_alter_table('replies', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_replies_line'))
        batch_op.drop_column('line')
