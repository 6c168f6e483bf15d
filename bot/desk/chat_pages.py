"""The desk's pages about chats, and quiet messages on a case."""

from __future__ import annotations

import secrets

from starlette.responses import Response

from bot.desk import cases, chats
from bot.desk.pages import UUID
from bot.desk.web import SCRIPTED, Desk, Visit, live, redirect
from bot.dialogue.floor import Floor


class ChatPages:
    """One method for each page or form."""

    def __init__(self, desk: Desk, floor: Floor) -> None:
        self._desk, self._floor = desk, floor

    def list(self, visit: Visit) -> Response:
        """Who waits and who talks."""
        rows = chats.list_chats(self._desk.store, visit.login, self._desk.clock(), live=live(visit.request))
        return self._desk.page(visit, "chats.html", rows=rows)

    def chat(self, visit: Visit) -> Response:
        """One chat; a page that looks again gets only what may have changed."""
        chat, again = visit.request.path_params["chat"], live(visit.request)
        found = None
        if UUID.fullmatch(chat):
            now, windows = self._desk.clock(), self._desk.windows
            found = chats.view_chat(self._desk.store, chat, visit.login, now, windows=windows, live=again)
        if found is None:
            return self._desk.problem(visit, "chat_gone", 404)
        template = "chat_talk.html" if again else "chat.html"
        response = self._desk.page(visit, template, chat=found, key=secrets.token_hex(16))
        response.headers["Content-Security-Policy"] = SCRIPTED
        return response

    def take(self, visit: Visit) -> Response:
        """Take a chat over."""
        chat = visit.request.path_params["chat"]
        return self._answer(visit, chat, self._floor.take(chat, visit.login))

    def write(self, visit: Visit) -> Response:
        """Say something."""
        chat = visit.request.path_params["chat"]
        text, key = visit.form.get("text", ""), visit.form.get("key", "")[:64] or secrets.token_hex(16)
        return self._answer(visit, chat, self._floor.write(chat, visit.login, text, key))

    def back(self, visit: Visit) -> Response:
        """Hand the chat back to the bot."""
        chat = visit.request.path_params["chat"]
        return redirect("/desk/chats", "chat_back" if self._floor.give_back(chat, visit.login) else "chat_not_yours")

    def _answer(self, visit: Visit, chat: str, result: str) -> Response:
        if result == "gone":
            return self._desk.problem(visit, "chat_gone", 404)
        note = {"taken": "chat_taken", "other": "chat_other"}.get(result, "")
        return redirect(f"/desk/chats/{chat}", note)

    def message(self, visit: Visit) -> Response:
        """Leave a quiet message for the holder of a case's receipt."""
        case_id = visit.request.path_params["case_id"]
        if not UUID.fullmatch(case_id):
            return self._desk.problem(visit, "not_found", 404)
        text, key = visit.form.get("text", ""), visit.form.get("key", "")[:64]
        note = cases.write_message(self._desk.store, case_id, visit.login, text, key, self._desk.clock())
        return redirect(f"/desk/cases/{case_id}", note)
