"""The inbox and the outgoing replies: nothing twice, nothing lost, nothing readable."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from bot.db.engine import Store, open_store
from bot.db.together import Together
from bot.dialogue.inbox import Inbox, Outgoing
from bot.dialogue.messages import Button, IncomingMessage, Reply
from bot.settings import Settings

CANARY = "CHIMHOAMI"


def make_store(folder: Path) -> Store:
    return open_store(Settings(data_dir=folder, database_url=""))


def message(update: str = "1", text: str = "xin chào", chat: str = "42") -> IncomingMessage:
    return IncomingMessage(channel="telegram", chat_id=chat, update_id=update, text=text)


def test_an_update_is_taken_once(tmp_path: Path) -> None:
    inbox = Inbox(make_store(tmp_path))
    assert inbox.accept(message())
    assert not inbox.accept(message(text="another text under the same update"))
    assert inbox.accept(IncomingMessage(channel="web", chat_id="42", update_id="1"))


def test_many_are_taken_in_one_go_and_each_told_apart(tmp_path: Path) -> None:
    inbox = Inbox(make_store(tmp_path))
    assert inbox.accept(message("1"))
    assert inbox.accept_all([message("1"), message("2"), message("3"), message("2")]) == [False, True, True, False]


async def test_one_message_that_cannot_be_stored_takes_no_other_with_it(tmp_path: Path) -> None:
    inbox = Inbox(make_store(tmp_path))
    honest = inbox.accept_all

    def accept_all(messages: Sequence[IncomingMessage]) -> list[bool]:
        if any(m.text == "bad" for m in messages):
            raise OSError("disk")
        return honest(messages)

    inbox.accept_all = accept_all  # type: ignore[method-assign]
    take = Together(inbox.accept_all)
    texts = ["một", "bad", "hai"]
    results = await asyncio.gather(
        *(take(message(str(n), text=text)) for n, text in enumerate(texts)), return_exceptions=True
    )
    assert [results[0], results[2]] == [True, True]
    assert isinstance(results[1], OSError)


def test_a_persons_messages_keep_their_order(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    inbox = Inbox(store)
    for number in range(3):
        inbox.accept(message(str(number), text=f"tin {number}"))
    (sender,) = inbox.waiting_senders()
    texts = []
    while (pending := inbox.claim(sender)) is not None:
        texts.append(pending.message.text)
        inbox.finish(pending, [Reply("dạ")], None)
    assert texts == ["tin 0", "tin 1", "tin 2"]


def test_a_killed_answer_is_tried_again_and_counted(tmp_path: Path) -> None:
    inbox = Inbox(make_store(tmp_path))
    inbox.accept(message())
    (sender,) = inbox.waiting_senders()
    first = inbox.claim(sender)
    again = inbox.claim(sender)
    assert first is not None
    assert again is not None
    assert (first.attempts, again.attempts) == (0, 1)


def test_replies_go_out_in_order_and_are_forgotten(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    inbox, outgoing = Inbox(store), Outgoing(store)
    inbox.accept(message())
    pending = inbox.claim(inbox.waiting_senders()[0])
    assert pending is not None
    inbox.finish(pending, [Reply("một", [Button("Có", "/affirm")]), Reply("hai", kind="receipt")], None)
    (first,) = outgoing.due()
    assert (first.reply.text, first.chat_id) == ("một", "42")
    assert first.reply.buttons == [Button("Có", "/affirm")]
    outgoing.later(first.id, 60)
    assert outgoing.due() == []  # the second waits for the first
    outgoing.hurry(first.sender)
    outgoing.sent(outgoing.due()[0].id)
    (second,) = outgoing.due()
    assert (second.reply.text, second.reply.kind) == ("hai", "receipt")
    outgoing.sent(second.id)
    assert outgoing.due() == []


def test_nothing_is_readable_at_rest(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    inbox = Inbox(store)
    inbox.accept(message(update=f"u-{CANARY}", text=f"con tên {CANARY}", chat=f"chat-{CANARY}"))
    pending = inbox.claim(inbox.waiting_senders()[0])
    assert pending is not None
    context = store.sealer.seal_json({"recent": [CANARY]}, "conversations", "context", pending.sender)
    inbox.finish(pending, [Reply(f"chào {CANARY}")], context)
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert files
    for path in files:
        assert CANARY.encode() not in path.read_bytes(), path.name


def test_forgetting_a_chat(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    inbox, outgoing = Inbox(store), Outgoing(store)
    inbox.accept(message())
    pending = inbox.claim(inbox.waiting_senders()[0])
    assert pending is not None
    context = store.sealer.seal_json({"introduced": True}, "conversations", "context", pending.sender)
    inbox.finish(pending, [Reply("một")], context)
    inbox.forget(pending.sender)
    assert outgoing.due() == []
