"""Every table. Each column is classified by what it may hold at rest (``info["class"]``):

``plain`` nothing about a person; ``sealed`` AEAD-sealed (see ``bot.db.sealing``); ``hashed`` keyed or slow
hash; ``pseudonym`` keyed HMAC of an address. ``tests/unit/test_column_inventory.py`` fails on a column
without a class.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData()

PLAIN, SEALED, HASHED, PSEUDONYM = "plain", "sealed", "hashed", "pseudonym"


def column(name: str, kind: Any, *args: Any, cls: str = PLAIN, **options: Any) -> sa.Column[Any]:
    """A column with its class."""
    return sa.Column(name, kind, *args, info={"class": cls}, **options)


def sealed(name: str, row: str, *, nullable: bool = False) -> sa.Column[Any]:
    """A sealed column. ``row`` says what its seal is bound to besides table and column: the name of the column
    (or, joined by ``/``, columns) that identifies the row. ``data_key`` columns and what is sealed with them
    belong together (see ``bot.reports.content``)."""
    found = column(name, sa.LargeBinary, cls=SEALED, nullable=nullable)
    found.info["row"] = row
    return found


def text(name: str, **options: Any) -> sa.Column[Any]:
    """A plain text column, not null unless said."""
    return column(name, sa.String, nullable=options.pop("nullable", False), **options)


def moment(name: str, **options: Any) -> sa.Column[Any]:
    """Seconds since 1970 (UTC) as a float: the same on every engine."""
    return column(name, sa.Float, nullable=options.pop("nullable", False), **options)


meta = sa.Table("meta", metadata, text("name", primary_key=True), text("value"))

# --- dialogue ---------------------------------------------------------------------------------------------
inbox = sa.Table(
    "inbox",
    metadata,
    column("id", sa.Integer, primary_key=True, autoincrement=True),
    text("channel"),
    column("update_key", sa.String, cls=HASHED, nullable=False),  # keyed HMAC of the update id
    column("sender", sa.String, cls=PSEUDONYM, nullable=False),
    sealed("body", "update_key", nullable=True),  # IncomingMessage as JSON; emptied once answered and at rest
    text("state"),  # new, done, failed
    column("attempts", sa.Integer, nullable=False, default=0),
    moment("received_at"),
    moment("handled_at", nullable=True),
    sa.UniqueConstraint("channel", "update_key", name="uq_inbox_update"),
    sa.Index("ix_inbox_state", "state", "id"),
)
replies = sa.Table(
    "replies",
    metadata,
    column("id", sa.Integer, primary_key=True, autoincrement=True),
    column("inbox_id", sa.Integer, nullable=True),
    column("seq", sa.Integer, nullable=False),
    text("channel"),
    column("sender", sa.String, cls=PSEUDONYM, nullable=False),
    sealed("body", "inbox_id/seq", nullable=True),  # {"chat_id", "reply"}
    text("state"),  # pending, sent, failed, held (until the person writes again)
    column("attempts", sa.Integer, nullable=False, default=0),
    moment("created_at"),
    moment("due_at"),
    moment("sent_at", nullable=True),
    text("line", nullable=True, index=True),  # the officer's line (floor_lines) that it brings
    sa.UniqueConstraint("inbox_id", "seq", name="uq_replies_inbox"),
    sa.Index("ix_replies_state", "state", "channel", "due_at"),
)
conversations = sa.Table(
    "conversations",
    metadata,
    column("sender", sa.String, cls=PSEUDONYM, primary_key=True),
    text("channel"),
    sealed("address", "sender"),  # {"chat_id"}
    sealed("context", "sender"),  # what the conversation remembers: earlier risk, audience, introduced
    text("chat", nullable=True, unique=True),  # UUID: how officers and alerts name this chat
    text("floor"),  # bot, waiting, officer
    text("floor_officer", nullable=True),  # the login of who has the floor; empty: somebody at the platform's console
    moment("floor_since", nullable=True),  # when the floor last changed
    moment("floor_at", nullable=True),  # when the officer who has the floor last wrote
    moment("heard_at", nullable=True),  # the person's first message that this officer has not answered
    moment("silent_due_at", nullable=True),  # in danger: when officers are told unless the person writes again
    moment("updated_at"),
    sa.Index("ix_conversations_floor", "floor", "floor_at"),
    sa.Index("ix_conversations_silent", "silent_due_at"),
)
floor_lines = sa.Table(  # what is said while a person waits for an officer or talks with one
    "floor_lines",
    metadata,
    text("id", primary_key=True),  # UUID
    text("chat", index=True),
    column("seq", sa.Integer, nullable=False),  # their order within a chat
    text("author"),  # person, officer, console (by the platform's own means), bot (a safe answer, a hand-over sentence)
    sealed("body", "id"),  # {"text"}
    moment("created_at"),
    sa.UniqueConstraint("chat", "seq", name="uq_floor_lines_order"),
)
trackers = sa.Table(
    "trackers",
    metadata,
    column("sender", sa.String, cls=PSEUDONYM, primary_key=True),
    sealed("body", "sender"),  # Rasa's serialised tracker
    moment("updated_at"),
)
safe_words = sa.Table(  # a person's own word for the quick exit
    "safe_words",
    metadata,
    column("sender", sa.String, cls=PSEUDONYM, primary_key=True),
    column("word", sa.String, cls=HASHED, nullable=False),  # keyed HMAC of sender and word
    moment("used_at"),
)
counters = sa.Table(
    "counters",
    metadata,
    column("key", sa.String, cls=HASHED, primary_key=True),  # keyed HMAC of (purpose, sender, window)
    column("n", sa.Integer, nullable=False),
    moment("expires_at"),
)
button_payloads = sa.Table(
    "button_payloads",
    metadata,
    column("token", sa.String, cls=HASHED, primary_key=True),  # keyed HMAC of the payload, sent in its place
    sealed("payload", "token"),
    moment("used_at"),
)

# --- bridges ----------------------------------------------------------------------------------------------
platform_contacts = sa.Table(
    "platform_contacts",
    metadata,
    column("sender", sa.String, cls=PSEUDONYM, primary_key=True),
    text("channel"),
    moment("acted_at"),  # the person's last action, from which a platform counts its reply window
)
platform_tokens = sa.Table(
    "platform_tokens",
    metadata,
    text("name", primary_key=True),  # the platform and its app
    sealed("body", "name"),  # {"access", "refresh"}
    text("state"),  # ready, spending (the single-use refresh token is on its way), lost
    moment("expires_at"),
    moment("renewed_at"),
)
platform_messages = sa.Table(
    "platform_messages",
    metadata,
    column("key", sa.String, cls=HASHED, primary_key=True),  # keyed HMAC of chat and message id
    column("sender", sa.String, cls=PSEUDONYM, nullable=False),
    sealed("ref", "key"),  # the platform's message id, for the quick hide; kept 48 hours
    moment("at"),
    sa.Index("ix_platform_messages_sender", "sender", "at"),
)
platform_sends = sa.Table(
    "platform_sends",
    metadata,
    text("reply", primary_key=True),  # our id of the reply
    column("parts", sa.Integer, nullable=False),  # how many of its messages were delivered
    text("state"),  # ready, trying (outcome unknown), seen (the platform showed it to us)
    column("digest", sa.String, cls=HASHED, nullable=False),  # keyed HMAC of chat and text that is being tried
    sealed("ref", "reply", nullable=True),  # the platform's message id that the reply is written into
    moment("at"),
    sa.Index("ix_platform_sends_digest", "digest"),
)

# --- reports and forwarding -------------------------------------------------------------------------------
reports = sa.Table(
    "reports",
    metadata,
    text("id", primary_key=True),  # UUID, chosen before the first forwarding attempt
    # keyed HMAC of the caller's key: one report for one confirmed draft, however often it is confirmed
    column("idempotency_key", sa.String, cls=HASHED, nullable=False, unique=True),
    text("channel"),
    column("sender", sa.String, cls=PSEUDONYM, nullable=False),
    text("risk"),
    text("status"),  # received, forwarded, acknowledged, in_progress, closed, withdrawn
    sealed("data_key", "id", nullable=True),  # this report's own key, sealed; deleting it shreds the report
    sealed("content", "id"),  # sealed with the data key
    column("receipt_lookup", sa.String, cls=HASHED, nullable=False, unique=True),  # slow keyed hash
    moment("created_at"),
    moment("updated_at"),
    moment("seen_at", nullable=True),  # when a person first opened it
    # the chat in which the reporter wants to be told, neutrally, of new messages; nobody who has not chosen it
    column("notice_sender", sa.String, cls=PSEUDONYM, nullable=True),
    sealed("notice_address", "id", nullable=True),  # {"channel", "chat_id"}, sealed with the data key
    sa.Index("ix_reports_sender", "sender"),
    sa.Index("ix_reports_notice", "notice_sender"),
)
deliveries = sa.Table(
    "deliveries",
    metadata,
    column("id", sa.Integer, primary_key=True, autoincrement=True),
    text("report_id", index=True),
    text("target"),
    text("kind"),  # report, update, withdrawal
    text("state"),  # pending, sending, unknown, delivered, rejected, dead
    column("attempts", sa.Integer, nullable=False, default=0),
    moment("due_at"),
    moment("claimed_at", nullable=True),
    moment("delivered_at", nullable=True),
    text("last_error", nullable=True),  # a code such as http_503 or timeout; never a body
    text("fields", nullable=True),  # names of the target's fields it refused or dropped; never a value
    text("ref", default=""),  # which update, by its UUID; empty for the report itself
    moment("checked_at", nullable=True),  # when the target was last asked how the case stands
    sa.UniqueConstraint("report_id", "target", "kind", "ref", name="uq_deliveries_once"),
    sa.Index("ix_deliveries_state", "target", "state", "due_at"),
)
report_updates = sa.Table(  # what a reporter adds later, or that the report is withdrawn
    "report_updates",
    metadata,
    text("id", primary_key=True),  # UUID, the delivery's ref
    text("report_id", index=True),
    text("kind"),  # update, withdrawal
    sealed("data_key", "id", nullable=True),
    sealed("content", "id"),
    moment("created_at"),
)
report_messages = sa.Table(  # what officers write to the holder of a receipt
    "report_messages",
    metadata,
    text("id", primary_key=True),  # UUID
    text("report_id", index=True),
    sealed("data_key", "id", nullable=True),
    sealed("content", "id"),  # {"text"}
    moment("created_at"),
    moment("read_at", nullable=True),  # when it was first shown to the receipt's holder
)
target_states = sa.Table(  # whether a target may be used at all, and how many are talking to it
    "target_states",
    metadata,
    text("target", primary_key=True),
    # keyed HMAC of the credentials that were refused: other ones may be tried
    column("credentials", sa.String, cls=HASHED, nullable=True),
    text("stopped", nullable=True),  # why it was stopped (http_401 …); empty while it works
    moment("changed_at"),
)
hook_messages = sa.Table(  # ids of status messages that came in: a replayed one does nothing
    "hook_messages",
    metadata,
    column("id", sa.String, cls=HASHED, primary_key=True),  # keyed HMAC
    moment("received_at"),
)
alerts = sa.Table(
    "alerts",
    metadata,
    text("id", primary_key=True),  # UUID
    text("kind"),  # report, silent, heartbeat, or what is wrong with the machine (target_stopped …)
    text("subject"),  # the report's UUID, or the name of a target or channel
    text("risk"),
    sealed("place", "id"),  # {"commune": …} of a report
    text("detail"),  # codes and field names only
    text("state"),  # open, acknowledged, ended
    text("once", nullable=True, unique=True),  # while open: no second one of the same kind and subject
    column("step", sa.Integer, nullable=False),  # the next step of the ladder
    moment("created_at"),
    moment("due_at"),
    text("acknowledged_by", nullable=True),
    moment("acknowledged_at", nullable=True),
    sa.Index("ix_alerts_state", "state", "due_at"),
    sa.Index("ix_alerts_subject", "subject"),
)
alert_sends = sa.Table(
    "alert_sends",
    metadata,
    column("id", sa.Integer, primary_key=True, autoincrement=True),
    text("alert_id", index=True),
    column("step", sa.Integer, nullable=False),
    text("channel"),  # desk, telegram, email
    text("person"),  # a key of the roster, never an address
    text("state"),  # pending, sending, sent, failed
    column("attempts", sa.Integer, nullable=False, default=0),
    text("last_error", nullable=True),
    moment("due_at"),
    moment("claimed_at", nullable=True),
    moment("sent_at", nullable=True),
    sa.UniqueConstraint("alert_id", "step", "channel", "person", name="uq_alert_sends_once"),
    sa.Index("ix_alert_sends_state", "state", "due_at"),
)
desk_cases = sa.Table(
    "desk_cases",
    metadata,
    text("id", primary_key=True),  # the report's UUID
    text("risk"),
    text("status"),
    sealed("data_key", "id", nullable=True),
    sealed("content", "id"),
    text("acknowledged_by", nullable=True),
    moment("acknowledged_at", nullable=True),
    moment("received_at"),
    moment("updated_at"),
    moment("withdrawn_at", nullable=True),
    sa.Index("ix_desk_cases_status", "status", "received_at"),
)
desk_notes = sa.Table(  # what the reporter added to a case
    "desk_notes",
    metadata,
    text("id", primary_key=True),  # the update's UUID
    text("case_id", index=True),
    text("kind"),
    sealed("data_key", "id", nullable=True),
    sealed("content", "id"),
    moment("created_at"),
    moment("seen_at", nullable=True),  # when an officer first saw it
)
audit = sa.Table(
    "audit",
    metadata,
    column("id", sa.Integer, primary_key=True, autoincrement=True),
    moment("at"),
    text("actor"),  # officer login, or system
    text("action"),
    text("subject"),  # an id, never content
    text("detail"),  # codes only
    sa.Index("ix_audit_subject", "subject", "id"),
)

# --- desk -------------------------------------------------------------------------------------------------
officers = sa.Table(
    "officers",
    metadata,
    text("login", primary_key=True),
    column("password", sa.String, cls=HASHED, nullable=False),  # Argon2id
    column("must_change", sa.Boolean, nullable=False),
    column("active", sa.Boolean, nullable=False),
    moment("created_at"),
)
desk_sessions = sa.Table(
    "desk_sessions",
    metadata,
    column("token", sa.String, cls=HASHED, primary_key=True),
    text("login"),
    moment("created_at"),
    moment("seen_at"),
)
