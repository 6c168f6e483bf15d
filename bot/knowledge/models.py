"""The typed shape of everything under ``knowledge/``."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, Extra, Field, validator

Audience = Literal["child", "teen", "parent", "teacher"]
Kind = Literal["law", "skill", "online", "wellbeing", "procedure"]
Verification = Literal["full", "text_seen_amendment_unchecked", "partly_unverified"]
DocumentStatus = Literal[
    "in_force", "partly_replaced", "replaced", "expired", "not_yet_in_force", "unclear", "superseded"
]

AUDIENCES: tuple[Audience, ...] = ("child", "teen", "parent", "teacher")
KINDS: tuple[Kind, ...] = ("law", "skill", "online", "wellbeing", "procedure")
ASCII_ID = r"^[a-z0-9]+(-[a-z0-9]+)*$"


class Strict(BaseModel):
    """A frozen record that refuses unknown fields: a mistyped key must not be silently lost."""

    class Config:
        extra = Extra.forbid
        frozen = True
        anystr_strip_whitespace = True


class Succession(Strict):
    """Which document takes a document's place or changes it, and since when."""

    document: str | None = None
    label: str | None = None
    since: date | None = Field(None, alias="from")


class Document(Strict):
    """A legal document with its life: issued, in force, amended, replaced."""

    id: str = Field(..., regex=ASCII_ID)
    number: str | None = None
    cite: str
    """The name under which answers cite it: ``Nghị định 56/2017/NĐ-CP``."""
    title: str
    issuer: str
    issued: str
    effective: date | None = None
    expires: date | None = None
    status: DocumentStatus
    replaced_by: list[Succession] = []
    amended_by: list[Succession] = []
    note: str | None = None
    sources: list[str] = []

    @property
    def ends(self) -> date | None:
        """The first day on which the document as a whole no longer applies, if known."""
        if self.expires:
            return self.expires
        whole = [s.since for s in self.replaced_by if s.since]
        return min(whole) if whole and self.status != "partly_replaced" else None

    def in_force(self, on: date) -> bool:
        """Whether the document as a whole applies on a day."""
        if self.effective and on < self.effective:
            return False
        return self.ends is None or on < self.ends

    def certain(self) -> bool:
        """Whether it is established that the document is in force (not merely that no successor was found)."""
        return self.status not in ("unclear", "superseded")


class Citation(Strict):
    """A place in a document."""

    document: str
    locator: str = Field(..., min_length=1)


class Item(Strict):
    """One entry of the knowledge base, voiced for its audiences."""

    id: str = Field(..., regex=ASCII_ID)
    kind: Kind
    topic: str = Field(..., min_length=2, max_length=120)
    audiences: list[Audience] = Field(..., min_items=1)
    ages: tuple[int, int] | None = None
    """Of the child that it is about, in years (from, below), where another holds for other ages."""
    citations: list[Citation] = []
    valid_from: date | None = None
    valid_to: date | None = None
    verification: Verification
    variants: dict[Audience, str]
    details: str | None = None
    steps: list[str] = []
    questions: list[str]
    keywords: list[str] = []
    sources: list[str] = []
    related: list[str] = []
    reviewed_on: date | None = None
    reviewed_by: str | None = None
    review_due: date | None = None

    @validator("ages")
    def _some_age(cls, value: tuple[int, int] | None) -> tuple[int, int] | None:  # noqa: N805
        if value and not 0 <= value[0] < value[1]:
            raise ValueError("ages must be [from, below], the first one smaller")
        return value

    @validator("details")
    def _no_empty_details(cls, value: str | None) -> str | None:  # noqa: N805
        return value or None

    def in_force(self, on: date) -> bool:
        """Whether the item may be shown as valid on a day."""
        if self.valid_from and on < self.valid_from:
            return False
        return self.valid_to is None or on <= self.valid_to


class Hotline(Strict):
    """A number, address or site that may be published."""

    id: str = Field(..., regex=ASCII_ID)
    name: str
    kind: Literal["phone", "app", "web", "visit"]
    number: str | None = None
    address: str | None = None
    what_for: str
    hours: str | None = None
    cost: str | None = None
    scope: str
    needs_local_check: bool
    note: str | None = None
    sources: list[str] = []


class Agency(Strict):
    """A body named in the plan of 2020 and the one that has its duties today."""

    id: str = Field(..., regex=ASCII_ID)
    name_2020: str
    duty: str
    today: str
    verification: Literal["verified", "partial", "unverified"]
    note: str | None = None
    sources: list[str] = []


class FormerUnit(Strict):
    """A unit before July 2025 and the district it lay in."""

    name: str
    district: str


class Place(Strict):
    """A commune-level unit of today and the units that it took in."""

    name: str
    type: Literal["xã", "phường", "đặc khu"]
    code: str
    districts: list[str]
    formed_from: list[FormerUnit] = Field(..., min_items=1)
    seat: str | None = None

    @property
    def label(self) -> str:
        """The name with its type, as people and papers write it: ``Xã Tân Thạnh``."""
        return f"{self.type[0].upper()}{self.type[1:]} {self.name}"
