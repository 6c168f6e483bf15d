"""``knowledge check``: every problem of the knowledge base, each with its file and line."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from bot.knowledge.base import FOLDERS, Loaded, load_sources
from bot.knowledge.models import Document, Item
from bot.knowledge.source import Located, Problem
from bot.knowledge.texts import Rules, average_sentence, count_words, say
from bot.language import normalise, strip_accents

_WRAPPED = re.compile(r"""^(?:'[^']*'|"[^"]*"|\[.*\])$""", re.DOTALL)
"""A text in quotes or brackets of its own: quoted twice in YAML, or a list written as text."""


class Checker:
    """Checks a loaded folder as of a day."""

    def __init__(self, loaded: Loaded, on: date) -> None:
        self.loaded = loaded
        self.on = on
        self.documents: dict[str, Document] = {d.record.id: d.record for d in loaded.of("documents.yml")}
        self.rules = Rules(h.record.number for h in loaded.of("hotlines.yml") if h.record.number)
        self.ids = {located.record.id for located in loaded.items}

    def problems(self) -> list[Problem]:
        """All problems, in the order of files and lines."""
        found = list(self.loaded.problems)
        found += self._duplicates()
        found += self._documents()
        for located in self.loaded.items:
            found += self._identity(located)
            found += self._validity(located)
            found += self._variants(located)
            found += self._texts(located)
            found += self._questions(located)
        found += self._other_texts()
        found += self._foreign()
        return sorted(set(found))

    def _duplicates(self) -> Iterator[Problem]:
        groups = [self.loaded.items, *self.loaded.others.values()]
        for group in groups:
            seen: dict[str, Located] = {}
            for located in group:
                key = getattr(located.record, "id", None) or located.record.label
                if first := seen.get(key):
                    where = f"{first.source.name}:{first.source.line(first.index)}"
                    yield located.problem(say("duplicate_id", where=where), "id")
                seen.setdefault(key, located)

    def _documents(self) -> Iterator[Problem]:
        for located in self.loaded.of("documents.yml"):
            document: Document = located.record
            for field in ("replaced_by", "amended_by"):
                for number, successor in enumerate(getattr(document, field)):
                    if successor.document and successor.document not in self.documents:
                        yield located.problem(say("unknown_successor", document=successor.document), field, number)
            if document.status in ("replaced", "expired") and not document.ends:
                reason = say("status_needs_successor")
                yield located.problem(say("document_status", status=document.status, reason=reason), "status")

    def _identity(self, located: Located) -> Iterator[Problem]:
        item: Item = located.record
        folder = located.source.path.parent
        while folder.name not in FOLDERS and folder.parent != folder:
            folder = folder.parent
        if FOLDERS.get(folder.name) not in (item.kind, None):
            yield located.problem(say("kind_folder", kind=item.kind, folder=folder.name), "kind")
        for number, citation in enumerate(item.citations):
            if citation.document not in self.documents:
                yield located.problem(say("unknown_document", document=citation.document), "citations", number)
        for number, other in enumerate(item.related):
            if other not in self.ids:
                yield located.problem(say("unknown_related", item=other), "related", number)
        if item.kind == "law":
            if not item.citations:
                yield located.problem(say("law_without_citation"), "citations")
            if not item.sources:
                yield located.problem(say("law_without_source"), "sources")
            if not {"parent", "teacher"} & set(item.variants):
                yield located.problem(say("law_without_adult"), "variants")

    def _validity(self, located: Located) -> Iterator[Problem]:
        item: Item = located.record
        if item.kind == "law" and not item.valid_from:
            yield located.problem(say("law_without_start"), "valid_from")
        if item.valid_from and item.valid_to and item.valid_to < item.valid_from:
            yield located.problem(say("backwards"), "valid_to")
        for number, citation in enumerate(item.citations):
            document = self.documents.get(citation.document)
            if not document:
                continue
            if item.valid_from and document.effective and item.valid_from < document.effective:
                text = say("before_document", start=item.valid_from, document=document.id, effective=document.effective)
                yield located.problem(text, "valid_from")
            shown_today = item.in_force(self.on)
            if shown_today and document.ends and document.ends <= self.on:
                text = say("document_ended", document=document.id, since=document.ends)
                yield located.problem(text, "citations", number)
            if shown_today and document.effective and document.effective > self.on:
                text = say("document_not_yet", document=document.id, on=self.on, effective=document.effective)
                yield located.problem(text, "citations", number)

    def _variants(self, located: Located) -> Iterator[Problem]:
        item: Item = located.record
        limits = self.rules.limits
        for audience in item.audiences:
            if not item.variants.get(audience, "").strip():
                yield located.problem(say("missing_variant", audience=audience), "audiences")
        for audience, text in item.variants.items():
            if audience not in item.audiences:
                yield located.problem(say("undeclared_variant", audience=audience), "variants", audience)
            if (words := count_words(text)) > limits["variant_words"]:
                message = say("too_long", audience=audience, words=words, limit=limits["variant_words"])
                yield located.problem(message, "variants", audience)
            for word in self.rules.forbidden(text, audience):
                message = say("forbidden", place=f"variants.{audience}", word=word, audience=audience)
                yield located.problem(message, "variants", audience)
        child = item.variants.get("child", "")
        if (average := average_sentence(child)) > limits["child_sentence_words"]:
            message = say("long_sentences", average=f"{average:.1f}", limit=limits["child_sentence_words"])
            yield located.problem(message, "variants", "child")
        if child and not self.rules.names_help(child):
            yield located.problem(say("nobody_to_tell"), "variants", "child")

    def _texts(self, located: Located) -> Iterator[Problem]:
        """Numbers and promises, wherever they stand in an item."""
        item: Item = located.record
        texts: list[tuple[tuple[str | int, ...], str]] = [(("topic",), item.topic)]
        texts += [(("variants", audience), text) for audience, text in item.variants.items()]
        texts += [(("details",), item.details or "")]
        for field in ("steps", "questions", "keywords"):
            texts += [((field, number), text) for number, text in enumerate(getattr(item, field))]
        for route, text in texts:
            place = ".".join(str(part) for part in route)
            for number in self.rules.foreign_numbers(text):
                yield located.problem(say("phone", place=place, number=number), *route)
            if route[0] in ("questions", "keywords"):
                continue
            if _WRAPPED.match(text):
                yield located.problem(say("wrapped", place=place), *route)
            if words := self.rules.secrecy(text):
                yield located.problem(say("secrecy", place=place, words=words), *route)
            if route[0] in ("details", "steps"):
                for word in self.rules.forbidden(text):
                    yield located.problem(say("forbidden", place=place, word=word, audience="all"), *route)

    def _questions(self, located: Located) -> Iterator[Problem]:
        item: Item = located.record
        limits = self.rules.limits
        if len(item.questions) < limits["questions"]:
            text = say("few_questions", count=len(item.questions), limit=limits["questions"])
            yield located.problem(text, "questions")
        bare = sum(1 for question in item.questions if strip_accents(question) == question)
        if bare < limits["bare_questions"]:
            yield located.problem(say("no_bare_question", limit=limits["bare_questions"]), "questions")
        seen = self._seen_questions
        for number, question in enumerate(item.questions):
            key = normalise(question).strip(" ?.!")
            if first := seen.get(key):
                yield located.problem(say("same_question", question=question, where=first), "questions", number)
            seen.setdefault(key, f"{item.id}")

    def _foreign(self) -> Iterator[Problem]:
        """Foreign questions by topic: enough of each to be told by, and none that an item answers."""
        source = self.loaded.mappings.get("foreign.yml")
        topics = source.value if source and isinstance(source.value, dict) else {}
        limit = self.rules.limits["foreign_questions"]
        for topic, texts in topics.items():
            assert source is not None
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                yield source.problem(say("not_questions"), topic)
                continue
            if len(texts) < limit:
                yield source.problem(say("few_questions", count=len(texts), limit=limit), topic)
            for number, text in enumerate(texts):
                if first := self._seen_questions.get(normalise(text).strip(" ?.!")):
                    yield source.problem(say("same_question", question=text, where=first), topic, number)

    @property
    def _seen_questions(self) -> dict[str, str]:
        if not hasattr(self, "_seen"):
            self._seen: dict[str, str] = {}
        return self._seen

    def _other_texts(self) -> Iterator[Problem]:
        """Sentences of ``phrases.yml``: the same rules for numbers and promises."""
        source = self.loaded.mappings.get("phrases.yml")
        if not source:
            return
        for route, text in _strings(source.value, ()):
            place = ".".join(str(part) for part in route)
            for number in self.rules.foreign_numbers(text):
                yield source.problem(say("phone", place=place, number=number), *route)
            if words := self.rules.secrecy(text):
                yield source.problem(say("secrecy", place=place, words=words), *route)


def _strings(value: object, route: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield route, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _strings(inner, (*route, str(key)))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _strings(inner, (*route, number))


def check(root: Path, on: date) -> tuple[Loaded, list[Problem]]:
    """Load a folder and find everything wrong with it as of a day."""
    loaded = load_sources(root.resolve())
    return loaded, Checker(loaded, on).problems()


if __name__ == "__main__":
    from bot.knowledge.commands import check_command

    sys.exit(check_command(prog_name="python -m bot.knowledge.check"))
