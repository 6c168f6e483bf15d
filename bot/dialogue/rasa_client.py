"""Talking to Rasa: its REST channel on loopback, with a time limit; and reading a finished turn from the tracker."""

from __future__ import annotations

from typing import Any

import httpx
from anyio import to_thread

from bot.db.engine import Store
from bot.dialogue.messages import Button, Reply
from bot.dialogue.trackers import bot_events_after, read_tracker


class RasaDown(Exception):
    """Rasa did not answer in time or answered with an error. Carries no text of the conversation."""


class RasaTurn:
    """What Rasa answered: the replies and the wishes (``custom`` messages) that go with them."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.replies: list[Reply] = []
        self.wishes: dict[str, Any] = {}
        for message in messages:
            custom = message.get("custom") or {}
            kind = custom.pop("kind", None)
            self.wishes.update(custom)
            if message.get("text"):
                buttons = [Button(b["title"], b["payload"]) for b in message.get("buttons") or []]
                self.replies.append(Reply(message["text"], buttons))
            if kind and self.replies:
                last = self.replies[-1]
                self.replies[-1] = Reply(last.text, last.buttons, kind=kind)


class RasaClient:
    """One HTTP client for Rasa's REST channel."""

    def __init__(self, url: str, timeout: float, store: Store) -> None:
        self._client = httpx.AsyncClient(base_url=url, timeout=timeout, trust_env=False)
        self._store = store

    async def handle(self, sender: str, text: str, metadata: dict[str, Any], repeated: bool) -> RasaTurn:
        """Give one message to Rasa. ``repeated``: a try after a crash, which looks first whether Rasa has
        answered it already. Raises ``RasaDown``."""
        if repeated:
            dialogue = await to_thread.run_sync(read_tracker, self._store, sender)
            events = bot_events_after(dialogue, metadata["message_key"])
            if events is not None:
                return RasaTurn([_from_event(event) for event in events])
        try:
            response = await self._client.post(
                "/webhooks/rest/webhook", json={"sender": sender, "message": text, "metadata": metadata}
            )
        except httpx.HTTPError as error:
            raise RasaDown(type(error).__name__) from None
        if response.status_code != 200:
            raise RasaDown(f"http_{response.status_code}")
        return RasaTurn(response.json())

    async def ready(self, actions_port: int) -> dict[str, bool]:
        """Whether Rasa and the action server answer (each listens only once it has loaded everything)."""
        return {
            "rasa": await self._answers("/webhooks/rest/"),
            "actions": await self._answers(f"http://127.0.0.1:{actions_port}/health"),
        }

    async def _answers(self, url: str) -> bool:
        try:
            return (await self._client.get(url)).status_code == 200
        except httpx.HTTPError:
            return False

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _from_event(event: dict[str, Any]) -> dict[str, Any]:
    data = event.get("data") or {}
    return {"text": event.get("text"), "buttons": data.get("buttons"), "custom": data.get("custom")}
