"""Direct references in a question: an article, a document by number or name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from bot.knowledge.models import Document, Item
from bot.knowledge.texts import load_data
from bot.language import bare_form, strip_accents

_ARTICLE = re.compile(r"\b(?:dieu|d\.)\s*(\d{1,3}[a-z]?)\b(?!\s*/)")
_NUMBER = re.compile(
    r"\b(nghi dinh|nd|thong tu|tt|nghi quyet|nq|quyet dinh|qd|luat|ke hoach|cong dien)\s*(?:so\s*)?"
    r"(\d{1,4})(?:\s*/\s*(\d{4}))?"
)
_RANGE = re.compile(r"Điều (\d+)(?:\s*(?:đến|-|–)\s*(?:Điều )?(\d+))?")
_OTHERS = re.compile(r"(?:,|và)\s*(\d{2,3})(?=\D|$)")
_NAMED_YEAR = re.compile(r"\s*(?:so \S+ )?(?:nam )?((?:19|20)\d\d)\b")
_SHORT = {"nd": "nghi dinh", "tt": "thong tu", "nq": "nghi quyet", "qd": "quyet dinh"}


@dataclass(frozen=True)
class Reference:
    """What a question names: articles, documents, and whether it names any document at all."""

    articles: frozenset[str]
    documents: frozenset[str]
    names_document: bool

    def __bool__(self) -> bool:
        return bool(self.articles or self.names_document)


class References:
    """Reads references against the documents of the knowledge base."""

    def __init__(self, documents: dict[str, Document]) -> None:
        self.documents = documents

    @cached_property
    def _names(self) -> list[tuple[re.Pattern[str], frozenset[str]]]:
        names: dict[str, set[str]] = {}
        for document in self.documents.values():
            title = bare_form(document.title)
            if title.startswith(("luat ", "bo luat ")) and "sua doi" not in title:
                names.setdefault(re.sub(r"\s*\(.*?\)|,", "", title).strip(), set()).add(document.id)
        for alias, ids in load_data("law_names.yml").items():
            names.setdefault(strip_accents(alias.lower()), set()).update(ids)
        ordered = sorted(names.items(), key=lambda pair: -len(pair[0]))
        return [(re.compile(rf"\b{re.escape(name)}\b"), frozenset(ids)) for name, ids in ordered]

    @cached_property
    def _numbers(self) -> dict[tuple[str, str], list[tuple[str | None, str]]]:
        table: dict[tuple[str, str], list[tuple[str | None, str]]] = {}
        for document in self.documents.values():
            if not document.number:
                continue
            head = document.number.split("/")
            form = strip_accents(document.cite.lower())
            kind = "luat" if form.startswith(("luat", "bo luat")) else " ".join(form.split()[:2])
            year = head[1] if len(head) > 1 and head[1].isdigit() else document.issued[:4]
            table.setdefault((kind, head[0].lstrip("0")), []).append((year, document.id))
        return table

    def find(self, text: str) -> Reference:
        """The articles and documents that a text names."""
        bare = bare_form(text).replace(",", " ").replace("  ", " ")
        articles = frozenset(m.group(1) for m in _ARTICLE.finditer(bare))
        documents: set[str] = set()
        named = False
        for match in _NUMBER.finditer(bare):
            kind = _SHORT.get(match.group(1), match.group(1))
            known = self._numbers.get((kind, match.group(2).lstrip("0")), [])
            hits = [i for year, i in known if match.group(3) in (None, year)]
            named = named or bool(hits or match.group(3))
            documents.update(hits)
        rest = bare
        for pattern, ids in self._names:
            if place := pattern.search(rest):
                named = True
                documents |= self._of_year(ids, rest[place.end() :])
                rest = pattern.sub(" ", rest)
        return Reference(articles, frozenset(documents), named)

    def _of_year(self, ids: frozenset[str], behind: str) -> frozenset[str]:
        """Of documents with one name, the one whose year follows it ("luật an ninh mạng 2018")."""
        year = _NAMED_YEAR.match(behind)
        dated = frozenset(i for i in ids if year and self.documents[i].issued.startswith(year.group(1)))
        return dated or ids

    def match(self, reference: Reference, item: Item) -> float:
        """How well an item fits a reference: 1 for the article of the document, less for one of the two."""
        best = 0.0
        for citation in item.citations:
            document = citation.document in reference.documents
            article = bool(reference.articles & articles_of(citation.locator))
            if reference.articles and reference.names_document:
                score = 1.0 if document and article else 0.2 if document else 0.0
            elif reference.articles:
                score = 0.7 if article else 0.0
            else:
                score = 0.6 if document else 0.0
            best = max(best, score)
        return best


@lru_cache(maxsize=4096)
def articles_of(locator: str) -> frozenset[str]:
    """The article numbers of a locator: ``Điều 12 đến Điều 14`` names three."""
    numbers: set[str] = set()
    for match in _RANGE.finditer(locator):
        first, last = int(match.group(1)), int(match.group(2) or match.group(1))
        if first <= last < first + 60:
            numbers.update(str(n) for n in range(first, last + 1))
    if numbers and "khoản" not in locator:
        numbers.update(m.group(1) for m in _OTHERS.finditer(locator))
    return frozenset(numbers)
