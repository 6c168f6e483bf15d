"""A Zalo Official Account for tests: real HTTP on a free port, and the documented rules enforced.

    with ZaloDouble() as zalo:
        zalo.webhook_url = "http://127.0.0.1:…/zalo/webhook"
        zalo.say("2468", "Chào bạn")              # a person writes; signed delivery to the webhook
        zalo.wait_for("2468", lambda m: "111" in m.text)
        zalo.press("2468", "Số gọi giúp")         # comes back as a text with the button's payload

What people do: ``say``, ``send_media``, ``follow``, ``unfollow``, ``press``, ``submit_info``, ``block``,
``admin_writes`` (in the console); ``push``/``deliver`` any event, ``redeliver`` an old one.
What goes wrong: ``fail_next("message" | "token" | "getoa", code=…, status=…, times=…, after=…, delay=…, skip=…)``,
``expire_access``, ``revoke_refresh``. ``offset`` moves the clock.

Refused as Zalo refuses: texts that are empty or over 2000 characters, more than 5 buttons, long titles and payloads,
people who never acted or not for 7 days (-230), 48 hours to 7 days without quota (-211), who blocked (-213…), a
wrong or old access token (-216), a used refresh token, a wrong app secret, over 4000 calls a minute (-32).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from tests.contract.telegram_api import until
from tests.contract.zalo_api import ACCESS_SECONDS, ZaloError, ZaloFailure, ZaloMessage, ZaloServer

__all__ = ["ZaloDouble", "ZaloError", "ZaloMessage"]


class ZaloDouble(ZaloServer):
    """See the module's text. Start with ``start()`` or as a context manager; every method is thread-safe."""

    def __enter__(self) -> ZaloDouble:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- what people do -------------------------------------------------------------------------------------
    def act(self, user: str) -> None:
        """The person does something that opens the window, without any event."""
        with self._lock:
            self._acted[user] = self.now()

    def say(self, user: str, text: str, msg_id: str = "") -> dict[str, Any]:
        """A person writes. Returns the event."""
        self.act(user)
        return self.push(
            "user_send_text",
            sender=user,
            recipient=self.oa_id,
            message={"text": text, "msg_id": msg_id or uuid.uuid4().hex[:19]},
        )

    def send_media(self, user: str, kind: str, text: str = "") -> dict[str, Any]:
        """A person sends an ``image``, ``sticker``, ``location``, ``audio``, ``file``…"""
        self.act(user)
        payload: dict[str, Any] = {"url": "https://f20-zpc.zdn.vn/jpg/1.jpg"}
        if kind == "location":
            payload = {"coordinates": {"latitude": "9.99", "longitude": "105.09"}}
        message = {"attachments": [{"type": kind, "payload": payload}], "msg_id": uuid.uuid4().hex[:19]}
        return self.push(
            f"user_send_{kind}",
            sender=user,
            recipient=self.oa_id,
            message={**message, **({"text": text} if text else {})},
        )

    def follow(self, user: str) -> dict[str, Any]:
        """A person follows the account."""
        self.act(user)
        self._blocked.pop(user, None)
        return self.push("follow", oa_id=self.oa_id, follower={"id": user}, source="testing")

    def unfollow(self, user: str) -> dict[str, Any]:
        """A person leaves the account: sends get -213."""
        self.block(user, -213)
        return self.push("unfollow", oa_id=self.oa_id, follower={"id": user}, source="testing")

    def submit_info(self, user: str) -> dict[str, Any]:
        """A person fills in an information form."""
        self.act(user)
        info = {"name": "CANARY-NAME", "phone": "84900000000", "address": "CANARY-ADDRESS"}
        return self.push("user_submit_info", sender=user, recipient=self.oa_id, info=info)

    def press(self, user: str, title: str) -> dict[str, Any]:
        """Press the newest button with this title: its payload arrives as a text."""
        for sent in reversed(self.sent(user)):
            for button in sent.buttons:
                if button["title"] == title:
                    return self.say(user, button["payload"])
        raise AssertionError(f"no button {title!r}; there are {[s.titles for s in self.sent(user)]}")

    def admin_writes(self, user: str, text: str) -> dict[str, Any]:
        """A person of ours answers from the console."""
        message = {"text": text, "msg_id": uuid.uuid4().hex[:19]}
        event = self.event("oa_send_text", recipient=user, message=message)
        event["sender"] = {"id": self.oa_id, "admin_id": "7777"}
        self.deliver(event)
        return event

    def redeliver(self, event: dict[str, Any]) -> None:
        """Deliver an event a second time, unchanged."""
        self.deliver(event)

    # --- what goes wrong ------------------------------------------------------------------------------------
    def block(self, user: str, code: int = -213) -> None:
        """Sends to this person get ``code``."""
        with self._lock:
            self._blocked[user] = code

    def fail_next(
        self,
        path: str,
        code: int = -100,
        status: int = 200,
        times: int = 1,
        after: bool = False,
        delay: float = 0.0,
        skip: int = 0,
    ) -> None:
        """The next ``times`` calls fail; with ``after`` only once their work has been done, with ``skip`` after
        that many calls have succeeded, with ``delay`` so many seconds late."""
        with self._lock:
            self._failures.append(ZaloFailure(path, code, status, times, after, delay, skip))

    def expire_access(self) -> None:
        """The access token stops working."""
        self._access_until = 0.0

    def revoke_refresh(self) -> None:
        """An administrator takes the app's permission away."""
        self.expire_access()
        self._spent.add(self.refresh)
        self.refresh = "nobody-knows"

    def consent(self) -> tuple[str, str]:
        """An administrator allows the app again; the new pair."""
        with self._lock:
            self.access, self.refresh = f"access-{uuid.uuid4().hex[:8]}", f"refresh-{uuid.uuid4().hex[:8]}"
            self._access_until = self.now() + ACCESS_SECONDS
            return self.access, self.refresh

    # --- what happened --------------------------------------------------------------------------------------
    def sent(self, user: str) -> list[ZaloMessage]:
        """The account's messages to a person, oldest first."""
        with self._lock:
            return [message for message in self._sent if message.user_id == user]

    def calls(self, path: str) -> list[dict[str, Any]]:
        """The bodies of every call of ``message`` or ``getoa``."""
        with self._lock:
            return [body for name, body in self._calls if name == path]

    @property
    def waiting(self) -> int:
        """Events that are not delivered yet."""
        return len(self._outbox)

    def wait_for(
        self, user: str, predicate: Callable[[ZaloMessage], bool], timeout: float = 15.0, after: int = 0
    ) -> ZaloMessage:
        """The first message to the person that fits, skipping the first ``after``; waits for it."""
        found: list[ZaloMessage] = []

        def look() -> bool:
            found[:] = [m for m in self.sent(user)[after:] if predicate(m)]
            return bool(found)

        until(look, timeout, f"no such message to {user}", lambda: [m.text for m in self.sent(user)])
        return found[0]
