"""The report as the conversation hands it over: what a person said, nothing derived."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field, validator

RISKS = ("none", "low", "medium", "high", "immediate")
Risk = Literal["none", "low", "medium", "high", "immediate"]
Audience = Literal["child", "teen", "parent", "teacher"]
MAX_STORY = 20_000
MAX_FIELD = 2_000


class ReportDraft(BaseModel):
    """Every field may be missing: a person may skip every question.

    ``relation`` is the relation the person spoke of; ``risk`` and ``reasons`` come from the safety assessment
    of the conversation; ``extra`` holds further fields of national form 01 by their key (``ho_ten_me`` …) and
    ``caregiver_involved`` ("true") when that was said. Too long texts are cut, never refused.
    """

    subject: Literal["self", "other"] | None = None
    danger_now: bool | None = None
    story: str = ""
    child_age: int | None = Field(None, ge=0, le=120)
    child_sex: Literal["male", "female"] | None = None
    relation: str | None = None
    commune: str | None = None
    place_text: str | None = None
    person_near: bool | None = None
    contact: str | None = None
    reporter_role: Audience | None = None
    risk: Risk = "none"
    reasons: list[str] = Field(default_factory=list)
    extra: dict[str, str] = Field(default_factory=dict)

    class Config:
        extra = "forbid"

    @validator("story", pre=True)
    def _story(cls, value: Any) -> Any:  # noqa: N805
        return value.strip()[:MAX_STORY] if isinstance(value, str) else "" if value is None else value

    @validator("relation", "commune", "place_text", "contact", pre=True)
    def _short(cls, value: Any) -> Any:  # noqa: N805
        return (value.strip()[:MAX_FIELD] or None) if isinstance(value, str) else value

    @validator("extra")
    def _extra(cls, value: dict[str, str]) -> dict[str, str]:  # noqa: N805
        return {key: text.strip()[:MAX_FIELD] for key, text in value.items() if text.strip()}

    def __repr__(self) -> str:
        """Nothing of what a person said: a draft may end up in a traceback."""
        return f"ReportDraft(risk={self.risk!r})"

    __str__ = __repr__
