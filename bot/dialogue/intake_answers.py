"""Reading one message inside the report form: commands, corrections, answers, and what a story says by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.dialogue.intake_parts import agrees, clauses, place_said
from bot.dialogue.phrases import load_yaml
from bot.language import bare_form, normalise, strip_accents
from bot.language.whole import says
from bot.safety import introduces

CONSENT, DANGER, SUBJECT, STORY = "report_consent", "report_danger", "report_subject", "report_story"
AGE, SEX, PLACE, NEAR = "report_age", "report_sex", "report_place", "report_near"
CARER, CONTACT, MORE, CONFIRM = "report_carer", "report_contact", "report_more", "report_confirm"
RELATION, TIME, CHOICE = "report_relation", "report_time", "report_choice"
TOLD = "report_told"
"""What was told before the form and does not yet say what happened: kept, and the person is asked on."""
DROP, LATER = "drop", "later"
"""What a button that takes up a report may say instead: forget it, or keep it for another day."""
YES_NO = (CONSENT, DANGER, CONFIRM, MORE)
RISKY = ("medium", "high", "immediate")
OLDEST_CHILD = 18
MOST_RELATIONS = 4
SHORT = 6
"""Words up to which a clear answer is only that."""
FEW = 5
"""Words of a place that need no "xã" or "gần chợ" to be one."""
ADULTS = ("parent", "teacher")
OWN_ROLE = {"teacher": "giáo viên"}
"""The relation by which a reporter names themselves."""

# Intents with an interruption rule in nlu_data/rules/report.yml: answered, then the form goes on.
INTERRUPTIONS = frozenset(
    (
        "ask_law",
        "ask_skill",
        "ask_online_safety",
        "ask_procedure",
        "ask_wellbeing",
        "contact_hotlines",
        "check_report",
        "talk_to_human",
        "bot_challenge",
        "help",
        "show_item",
        "set_audience",
        "feel_safe",
        "delete_my_data",
        "confirm_delete",
        # behind the receipt, by buttons
        "add_information",
        "read_messages",
        "notify_me",
        "arrange_call",
        "withdraw_report",
        "confirm_withdraw",
        "delete_report",
        "confirm_delete_report",
        "close_receipt",
    )
)
TELLING = ("disclose_self", "disclose_other", "emergency", "self_harm", "nlu_fallback")
SURE = 0.8
"""Confidence from which a statement ("cho con gặp cán bộ") is a wish and no answer ("nên gặp bà trước")."""
SMALL_TALK = frozenset(("greet", "thank", "goodbye", "chitchat"))


@dataclass(frozen=True)
class Message:
    """One message inside the form, as Rasa understood it. ``pressed``: a button, so the intent is certain.

    ``entities``: the last of each name; ``found``: all, in order, as ``{"entity", "value", "text"}``.
    """

    text: str
    intent: str
    confidence: float = 1.0
    pressed: bool = False
    risk: str = "none"
    entities: Mapping[str, Any] = field(default_factory=dict)
    found: Sequence[Mapping[str, Any]] = ()


def command_of(message: Message) -> str | None:
    """``skip``, ``go_back``, ``stop``, ``pause``, ``finish`` or ``ask_again``. They work always when said plainly;
    inside a longer story they are only words."""
    names = {"pause_report": "pause", "start_report": "ask_again", "inform": "ask_again", "correct": "ask_again"}
    if message.pressed:
        if message.intent in ("skip", "go_back", "stop"):
            return message.intent
        if message.intent == "start_report" and message.entities.get("value") in (DROP, LATER):
            return "stop" if message.entities["value"] == DROP else "pause"  # a button of an offer long past
        return names.get(message.intent) if "value" not in message.entities else None
    for name, signs in load_yaml("intake.yml")["commands"].items():
        if says(message.text, signs):
            return str(name)
    if says(message.text, ("dung",)) and re.search(r"\b(?:dừng|đừng)\b", normalise(message.text)):
        return "stop"
    if message.intent in ("skip", "go_back", "stop") and message.confidence >= 0.6 and len(message.text.split()) <= 6:
        return message.intent
    return None


def is_bare_stop(message: Message) -> bool:
    """Whether a message is only "dung" without diacritics: "dừng", where "đúng" makes no sense."""
    return not message.pressed and says(message.text, ("dung",)) and message.text.isascii()


def says_enough(message: Message) -> bool:
    """Whether a message is only "thôi": of this question, or of the whole report."""
    return not message.pressed and says(message.text, ("thoi", "thoi khoi"))


def is_plain_answer(text: str) -> bool:
    """Whether a text is only yes, no or a command of the form: said in any talk, it tells nothing about danger."""
    words = load_yaml("intake.yml")
    commands = [sign for signs in words["commands"].values() for sign in signs]
    return says(text, [*commands, *words["affirm"], *words["deny"]])


def is_small_talk(message: Message) -> bool:
    """A greeting or thanks, which must not be taken for the name of a commune."""
    return not message.pressed and message.intent in SMALL_TALK and len(message.text.split()) <= 5


def is_off_topic(message: Message) -> bool:
    """Small talk, or something that is nobody's question here."""
    off = message.intent in SMALL_TALK or message.intent == "out_of_scope"
    return not message.pressed and off and message.confidence >= 0.5


def is_telling(message: Message) -> bool:
    """Whether the person tells of something at risk."""
    return not message.pressed and message.risk in RISKY and message.intent in TELLING and bool(message.text.strip())


def is_interruption(requested: str, message: Message) -> bool:
    """Whether the message is a question of its own, to be answered before the form goes on."""
    if message.intent not in INTERRUPTIONS:
        return False
    if message.pressed:
        return True
    if requested == STORY and (message.risk in RISKY or message.confidence < 0.7):
        return False
    if asks(message.text):
        return message.confidence >= 0.5 and len(message.text.split()) >= 3
    if message.intent.startswith("ask_") and requested != CONSENT:
        return False  # "đi làm xa", "ở nhà con hay bị la": an answer, whatever it could also be about
    return message.confidence >= SURE and len(message.text.split()) >= 3


def asks(text: str) -> bool:
    """Whether words read as a question."""
    bare = bare_form(text)
    return any(re.search(pattern, bare) for pattern in load_yaml("intake.yml")["asks"])


def parse(requested: str, message: Message) -> Any:
    """The value of an answer, or None when it is none."""
    if message.entities.get("field") == requested and "value" in message.entities:
        value = message.entities["value"]
        return {"yes": True, "no": False}.get(value, value)
    if requested in YES_NO:
        if requested == DANGER:
            return danger_said(message)
        if requested == CONSENT and not message.pressed:
            return consent_said(message)
        if requested == CONFIRM and not message.pressed and says(message.text, _commands("finish")[:1]):
            return True  # "thôi em gửi nha"
        answer = yes_or_no(message)
        return answer if requested != CONFIRM or not answer or message.pressed or _only_yes(message.text) else None
    if requested == NEAR:
        answer = _near_said(message)
        return answer if answer is not None else _free_text(requested, message)
    if requested == SUBJECT:
        return subject_of(message)
    if requested == SEX:
        return sex_of(message)
    if requested == AGE:
        return first_age(message) or _free_text(requested, message)
    if requested == PLACE:
        commune = message.entities.get("commune")
        words = _free_text(requested, message)
        named = commune or (words and (len(words.split()) <= FEW or names_place(words)))
        return {"commune": commune, "text": message.text.strip()} if named else None
    aged = requested == CONTACT and re.fullmatch(r"\D{0,8}\d{1,3}\D{0,8}", message.text.strip())
    if aged and not is_contact(message.text):
        return None  # somebody's age
    if requested == CONTACT and not message.pressed and re.search(r"\d{9,}", re.sub(r"[ .-]", "", message.text)):
        return message.text.strip()  # a number, whatever is said beside it
    return _free_text(requested, message)


def _commands(name: str) -> list[str]:
    signs: list[str] = load_yaml("intake.yml")["commands"][name]
    return signs


def consent_said(message: Message) -> bool | None:
    """Whether somebody agrees that their words are written down. Part of the message must say so by itself: what only
    begins like a yes ("rồi ổng đánh em nữa") or a no ("không ai tin em") is told."""
    if _agrees(message.text):
        return True
    short = len(message.text.split()) <= SHORT
    if re.search(load_yaml("intake.yml")["consent_no"], bare_form("".join(clauses(message.text)[:1])).strip(" .,!?~")):
        return False if yes_or_no(message) is False or short else None
    if agrees(message.text):
        return True
    if says(message.text, load_yaml("intake.yml")["deny"]):
        return False
    told = is_telling(message) or any(found["entity"] == "relation" for found in message.found)
    if not short or told or message.intent not in ("affirm", "deny") or message.confidence < 0.5:
        return None
    return yes_or_no(message)


def danger_said(message: Message) -> bool | None:
    """Whether there is danger now. What is safe only until the afternoon ("an toàn, nhưng chiều ba nó đón") is not."""
    if message.risk == "immediate" and not message.pressed:
        return True
    if message.pressed:
        return yes_or_no(message)
    words, bare = load_yaml("intake.yml"), bare_form(message.text)
    if is_plain_answer(message.text):
        return _danger_answer(message, bare)  # "không" is a no, whatever it was taken for
    if re.search(words["unsafe"], bare):
        return True  # "không an toàn" begins with a no
    calm = message.intent == "feel_safe" or re.search(words["calm"], bare) is not None
    if calm and asks(re.sub(words["calm"], "", bare)):
        return None  # "ở đây có an toàn không"
    if calm and is_soon(message.text):
        return True
    return False if calm else _danger_answer(message, bare)


def _danger_answer(message: Message, bare: str) -> bool | None:
    """A yes or no that answers just that. A sentence that only begins like one ("dạ con kể chuyện lâu rồi", "đang ngồi
    học", "không biết nữa") says nothing about now: it is asked once more rather than written down."""
    answer, words = yes_or_no(message), load_yaml("intake.yml")
    if answer is False:
        return None if re.match(words["unsure"], bare) else False
    return True if says(message.text, words["yes_danger"]) or re.match(words["yes_now"], bare) else None


def _near_said(message: Message) -> bool | None:
    """Whether that person is near, if it is a yes or no that says so: "đang đi biển" and "không biết nó ở đâu" are kept
    as words."""
    answer = yes_or_no(message)
    if message.pressed or answer is None or is_plain_answer(message.text):
        return answer
    words, bare = load_yaml("intake.yml"), bare_form(message.text)
    if not answer:
        return None if re.match(words["unsure"], bare) else False
    return True if re.match(words["yes_near"], bare) else None


def is_soon(text: str) -> bool:
    """Whether words put a time behind a "but": "an toàn, nhưng chiều ba nó đón"."""
    soon = load_yaml("intake.yml")["soon"]
    return re.search(rf"\b(?:{soon['but']})\b.*\b(?:{soon['when']})", bare_form(text)) is not None


def _agrees(text: str) -> bool:
    """Whether a sentence says "đồng ý" somewhere, and not that it does not."""
    bare = bare_form(text)
    return (
        re.search(r"(?<!khong )(?<!chua )(?<!hong )(?<!ko )\bdong y\b(?! (?:khong|hong|duoc khong))", bare) is not None
    )


def asks_who_knows(message: Message) -> bool:
    """Whether somebody asks who will learn of their report."""
    parts = [message.text, *clauses(message.text)]
    return not message.pressed and any(says(part, load_yaml("intake.yml")["who_knows"]) for part in parts)


def is_contact(text: str) -> bool:
    """Whether words name a way to be reached."""
    return re.search(load_yaml("intake.yml")["contact"], bare_form(text)) is not None


def is_sure_contact(text: str) -> bool:
    """Whether it is so however much is told with it: "ổng gọi con vô phòng" has a word of a contact too."""
    return re.search(load_yaml("intake.yml")["sure_contact"], bare_form(text)) is not None


def adds(text: str) -> bool:
    """Whether words are to be added to what was told ("thêm là …") and do not take its place."""
    return re.search(load_yaml("intake.yml")["adds"], bare_form(text)) is not None


def names_place(text: str) -> bool:
    """Whether a longer text speaks of a place ("ấp", "gần chợ"), and is not somebody's tale."""
    return re.search(load_yaml("intake.yml")["place"], bare_form(text)) is not None


def _free_text(requested: str, message: Message) -> str | None:
    if message.pressed or not message.text.strip() or is_interruption(requested, message):
        return None
    # Names, work and addresses read like small talk ("Nguyễn Thị Mai"): whoever fills these in answers them.
    details = (CONTACT, *load_yaml("intake.yml")["asked"]["more"])
    if is_small_talk(message) and message.confidence >= 0.6 and requested not in details:
        return None
    if is_plain_answer(message.text):
        return None  # "dạ" is no commune
    return message.text.strip()


def first_age(message: Message) -> int | None:
    """The first age of a child in the message, or a bare number."""
    said = [str(e["value"]) for e in message.found if e["entity"] == "age"] or [str(message.entities.get("age") or "")]
    for value in said:
        digits = re.search(r"\d{1,3}", value)
        if digits and int(digits.group()) <= OLDEST_CHILD:
            return int(digits.group())
    alone = re.fullmatch(r"\D{0,12}(\d{1,2})\D{0,12}", message.text.strip())
    if alone and int(alone.group(1)) <= OLDEST_CHILD and not any(said):
        return int(alone.group(1))
    return None


def yes_or_no(message: Message) -> bool | None:
    """True, False or None (neither), from the intent of a button or the words of a short answer."""
    if message.pressed:
        return {"affirm": True, "deny": False}.get(message.intent)
    normal = normalise(message.text).strip(" .!?")
    if re.match(r"(?:đừng|dừng)\b", normal):
        return None  # looks like "đúng" once the diacritics are gone
    text = strip_accents(normal)
    words = load_yaml("intake.yml")
    for answer, signs in ((False, words["deny"]), (True, words["affirm"])):
        if any(re.search(rf"^(?:{sign})(?:\b|$)", text) for sign in signs):
            return answer
    if message.intent in ("affirm", "deny") and message.confidence >= 0.5:
        return message.intent == "affirm"
    return None


def _only_yes(text: str) -> bool:
    """Whether a text is a yes and nothing else: a report is never sent by a word that could be the beginning of more
    ("dung goi cho ba con")."""
    words = load_yaml("intake.yml")
    unclear = says(text, ("dung",)) and not re.search(r"\b(?:đúng|roi|rồi)\b", normalise(text))
    return says(text, [*words["affirm"], words["commands"]["finish"][0]]) and not unclear


def subject_of(message: Message) -> str | None:
    """``self`` or ``other``: whom the report is about, from a free answer."""
    return subject_words(message.text) or {"disclose_self": "self", "disclose_other": "other"}.get(message.intent)


def subject_words(text: str) -> str | None:
    """The same by the words alone; what is named first counts ("bạn em bị …", "em bị bạn em …")."""
    bare = bare_form(text)
    found = []
    for subject, signs in load_yaml("intake.yml")["subject"].items():
        starts = [match.start() for sign in signs if (match := re.search(rf"\b(?:{sign})\b", bare))]
        if starts:
            found.append((min(starts), str(subject)))
    return min(found)[1] if found else None


def sex_of(message: Message) -> str | None:
    """``male`` or ``female``, from a free answer."""
    if message.entities.get("sex") in ("male", "female"):
        return str(message.entities["sex"])
    text = normalise(message.text)
    words = load_yaml("intake.yml")["sex"]
    return next((str(sex) for sex in ("female", "male") if any(word in text.split() for word in words[sex])), None)


def found_in(message: Message, audience: str) -> dict[str, Any]:
    """What a story says by itself: age, place, relation, time, whom it is about; the child's sex from adults only
    (in a child's words it is mostly somebody else's)."""
    found: dict[str, Any] = {}
    age = next((_small(e["value"]) for e in message.found if e["entity"] == "age" and _small(e["value"])), None)
    if age is None and introduces(message.text):
        age = first_age(message)  # "9", said alone
    if age is not None:
        found[AGE] = age
    commune = next((e["value"] for e in message.found if e["entity"] == "commune"), None)
    if commune:
        found[PLACE] = {"commune": commune, "text": ""}
    elif place := place_said(message.text):
        found[PLACE] = {"commune": None, "text": place}
    own = OWN_ROLE.get(audience)
    named = [str(e["value"]) for e in message.found if e["entity"] == "relation"]
    relations = list(dict.fromkeys(name for name in named if name != own))
    if relations:
        found[RELATION] = ", ".join(relations[:MOST_RELATIONS])
    times = list(dict.fromkeys(str(e.get("text") or e["value"]) for e in message.found if e["entity"] == "time"))
    if times:
        found[TIME] = ", ".join(times[:2])
    subject = subject_words(message.text)
    if subject is None and (audience in ADULTS or message.intent == "disclose_self"):
        # That a child tells of another one is taken from words only: their own tale often sounds like that.
        subject = {"disclose_self": "self", "disclose_other": "other"}.get(message.intent)
    if subject is not None:
        found[SUBJECT] = subject
    sex = next((e["value"] for e in message.found if e["entity"] == "sex"), None)
    if sex in ("male", "female") and audience in ADULTS:
        found[SEX] = sex
    return found


def _small(value: Any) -> int | None:
    digits = re.search(r"\d{1,3}", str(value))
    return int(digits.group()) if digits and int(digits.group()) <= OLDEST_CHILD else None
