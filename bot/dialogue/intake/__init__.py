"""The intake conversation as pure logic: ``take`` says what one message does to the report form (``flow`` decides)."""

from .ages import age_alone, childs_age
from .asked_us import WHO_READS, asks_us
from .danger import is_now
from .fields import (
    AGE,
    CHOICE,
    CONFIRM,
    CONSENT,
    CONTACT,
    DANGER,
    DROP,
    FIXING,
    LATER,
    MISSES,
    NEAR,
    OUTCOME,
    PLACE,
    RELATION,
    SEX,
    SKIPPED,
    STORY,
    STUCK,
    SUBJECT,
    TIME,
    TOLD,
    WAVERS,
)
from .flow import take
from .found import OWN_ROLE, found_in, place_of
from .message import TELLING, Message, asks, is_plain_answer, is_small_talk
from .parts import is_a_place, only_looks_asked, without_questions
from .step import Step, questions, required
from .whom import names_nobody, subject_words

__all__ = [
    "age_alone",
    "AGE",
    "CHOICE",
    "CONFIRM",
    "CONSENT",
    "CONTACT",
    "DANGER",
    "DROP",
    "FIXING",
    "LATER",
    "MISSES",
    "Message",
    "NEAR",
    "OUTCOME",
    "OWN_ROLE",
    "PLACE",
    "RELATION",
    "SEX",
    "SKIPPED",
    "STORY",
    "STUCK",
    "SUBJECT",
    "Step",
    "TELLING",
    "TIME",
    "TOLD",
    "WAVERS",
    "WHO_READS",
    "asks",
    "childs_age",
    "only_looks_asked",
    "asks_us",
    "found_in",
    "is_a_place",
    "is_now",
    "is_plain_answer",
    "is_small_talk",
    "names_nobody",
    "place_of",
    "questions",
    "required",
    "subject_words",
    "take",
    "without_questions",
]
