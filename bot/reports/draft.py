"""The report as the conversation hands it over: what a person said, nothing derived."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import BaseModel, Field, validator
from pydantic.fields import ModelField

from bot.reports.safe_call import SafeCall

RISKS = ("none", "low", "medium", "high", "immediate")
Risk = Literal["none", "low", "medium", "high", "immediate"]
Kind = Literal["none", "disclosure", "emergency", "self_harm", "offender", "worry"]
Audience = Literal["child", "teen", "parent", "teacher"]
MAX_STORY = 20_000
MAX_FIELD = 2_000
OLDEST = 120


class ReportDraft(BaseModel):
    """Every field may be missing: a person may skip every question.

    ``relation`` is the relation the person spoke of; ``risk`` and ``reasons`` come from the safety assessment
    of the conversation; ``extra`` holds further fields of national form 01 by their key (``ho_ten_me`` …) and
    ``caregiver_involved`` ("true") when that was said. Too long texts are cut, a senseless age is left
    out: no report is refused for such a thing.
    """

    subject: Literal["self", "other"] | None = None
    danger_now: bool | None = None
    story: str = ""
    child_age: int | None = None
    age_text: str | None = None
    """What was answered when it is no number ("lớp 3")."""
    child_sex: Literal["male", "female"] | None = None
    relation: str | None = None
    time_text: str | None = None
    """When it happened, in the person's words."""
    commune: str | None = None
    place_text: str | None = None
    person_near: bool | None = None
    near_text: str | None = None
    """What was answered when it is neither yes nor no."""
    contact: str | None = None
    safe_call: SafeCall | None = None
    """What was agreed about calling back."""
    reporter_role: Audience | None = None
    assent_at: float | None = None
    """When the person agreed that this is written down and passed on (seconds since 1970); their words about it are
    not kept."""
    assent_voice: Audience | None = None
    """In whose words the choice was explained."""
    risk: Risk = "none"
    reasons: list[str] = Field(default_factory=list)
    kind: Kind = "none"
    """What the safety assessment took the talk for; decides with the risk who is told (``bot.forwarding.routing``)."""
    extra: dict[str, str] = Field(default_factory=dict)

    class Config:
        extra = "forbid"

    @validator("story", pre=True)
    def _story(cls, value: Any) -> Any:  # noqa: N805
        return value.strip()[:MAX_STORY] if isinstance(value, str) else "" if value is None else value

    @validator("subject", "child_sex", "reporter_role", "assent_voice", pre=True)
    def _choice(cls, value: Any, field: ModelField) -> Any:  # noqa: N805
        # Not pydantic's own check: its error would repeat the value, which a person may have typed.
        return value if value in get_args(field.type_) else None

    @validator("kind", pre=True)
    def _known_kind(cls, value: Any) -> Any:  # noqa: N805
        return value if value in get_args(Kind) else "none"

    @validator("child_age", pre=True)
    def _age(cls, value: Any) -> Any:  # noqa: N805
        known = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= OLDEST
        return value if known else None

    @validator("relation", "commune", "place_text", "contact", "age_text", "near_text", "time_text", pre=True)
    def _short(cls, value: Any) -> Any:  # noqa: N805
        return (value.strip()[:MAX_FIELD] or None) if isinstance(value, str) else value

    @validator("assent_at", pre=True)
    def _moment(cls, value: Any) -> Any:  # noqa: N805
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    @validator("extra")
    def _extra(cls, value: dict[str, str]) -> dict[str, str]:  # noqa: N805
        return {key: text.strip()[:MAX_FIELD] for key, text in value.items() if text.strip()}

    def __repr__(self) -> str:
        """Nothing of what a person said: a draft may end up in a traceback."""
        return f"ReportDraft(risk={self.risk!r})"

    __str__ = __repr__
