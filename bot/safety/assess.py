"""From scores, words and the conversation to one assessment."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bot.language import judged_form, strip_accents

from .answers import ACCIDENTS, POISON
from .deeds import of_carer, of_offender
from .features import pieces
from .introductions import introduces, only_afraid, says_who
from .lexicon import Findings, Lexicon
from .model import DANGER, RiskModel, Scores
from .reasons import reasons
from .told import comforts, treated
from .types import ASKS_TO_DIE, HIDERS_WISH, OFFENDERS_WISH, Assessment, Context, Kind, Risk, higher, level

MAX_CHARS = 20_000
"""Longer texts are judged by their first and last part; an inbox cuts at 4,000 anyway."""
SHORT = 6
"""Words; a message this short is also read together with the one before it."""
FORM_ANSWER = 3
WISHES = 4.0
"""Log-odds by which a message is rather a request to refuse than a tale of danger; those of victims lie far below 0."""
BRIEF = 8
"""Words of an answer in a form; a tale, whose risk is the report's, is longer."""
MEANT: dict[str, Risk] = {
    "at_door": "high", "own_hand": "medium", "swallowed": "high", "young_child": "high", "helpless_child": "high",
}  # fmt: skip
"""Traits that say more of a message at risk, and how grave it is at least with them."""
BODILY = frozenset({*ACCIDENTS, *POISON, "injury"})
"""What a doctor mends; that somebody did it remains."""
UNMEANT = frozenset({*ACCIDENTS, "mistaken"})
"""What happens to somebody: the style of the message alone does not make it a wish to die."""
UNBELIEVED = 0.1
"""The model's share below which words alone are doubtful, unless they tell of danger now or of dying (of 115 messages
at risk of the fixed set that words find none had less, of 33 calm ones 14)."""
NOW_SURE, FORM_SURE, DYING_SURE = 0.7, 0.9, 0.5
"""Shares of danger from which the model's "now" counts, a statement inside a form is news of danger, and somebody is
asked whether they think of dying."""
CLEARLY = 2.0
"""Log-odds above the alarm at which the model is clear."""
LONGEST_REQUEST = 220
"""Characters; longer than the longest that training knows."""
FAR_MORE = 3.5
"""Log-odds that a fragment must add to the one before it; "dạ" after "con sợ" adds two or three."""
UNWARNED = 1.0
"""Log-odds above the alarm that two messages need together when the first gave no cause to worry."""
CLOSE = 1.0
"""How far the kind of who asks for a way to die may lie behind the likeliest."""
NEAR_LIMIT = 14
"""Words; "he is at the door" is short, a long story that mentions a door is not about now."""


_OWN = re.compile(
    r"(?:^|[,.!?;] ?|\boi |\bda |\bthi |\bma |\bnay )(?:con|em|chau|minh|toi|tui|tao) "
    r"(?:hay |cu |da |moi |vua |dang |cung )*bi\b"
)
_GROWN = re.compile(
    r"(?:\b(?:toi|tui|tao) |^(?:anh|a|minh|em|chu) )(?:nam nay |da |nay |gan |hon )?"
    r"(?:1[89]|[2-7]\d)(?: ?(?:t|tuoi)\b| ?(?:[,.!?;]|$))"
)
"""Somebody who gives a grown-up's age as their own."""


LEFT_OVER = 1
"""Words that are left of a message without its idioms and say who, at most."""


@dataclass(frozen=True)
class Seen:
    """The model's view of one message."""

    risk: float = -9.0
    alarm: float = 0.0
    """Where the alarm begins for a message typed like this one."""
    high: float = -9.0
    immediate: float = -9.0
    danger: str = DANGER[0]
    request: str | None = ""
    """The kind of request to refuse that it is; None when the model is of the mind that it is none."""
    asks_to_die: bool = False
    wishes: float = -9.0
    """By how much it is rather a request to refuse than a tale of danger, in log-odds."""


@dataclass
class Verdict:
    """An assessment under construction."""

    risk: Risk
    codes: list[str]

    def raise_to(self, risk: Risk, code: str | None = None) -> None:
        """Make the risk at least this grave and say why."""
        self.risk = higher(self.risk, risk)
        if code and code not in self.codes:
            self.codes.append(code)


class RiskAssessor:
    """Assesses every message; holds no state of a conversation."""

    def __init__(self, model: RiskModel, lexicon: Lexicon) -> None:
        self._model = model
        self._lexicon = lexicon

    @classmethod
    def load(cls, models_dir: Path) -> RiskAssessor:
        """Load model and lexicon. Raises ``RiskModelError`` with a one-line remedy."""
        reasons()
        return cls(RiskModel.load(Path(models_dir)), Lexicon.load())

    def assess(self, text: str, context: Context | None = None) -> Assessment:
        """The risk of a message. Never raises for what a person wrote: what cannot be judged is doubtful."""
        try:
            return self._assess(text, context or Context())
        except Exception:  # whatever happens, a person must get an answer, and no text may travel in an error
            return self._finish(Verdict("medium", ["unreadable"]), "disclosure", 0.5)

    def _assess(self, text: str, context: Context) -> Assessment:
        shortened = text if len(text) <= MAX_CHARS else text[: MAX_CHARS - 1000] + " " + text[-1000:]
        normal = judged_form(shortened)
        if not any(char.isalnum() for char in normal) or introduces(normal):
            return Assessment()
        seen = self._look(pieces(normal))
        if seen.request in OFFENDERS_WISH and comforts(normal):
            seen = replace(seen, request=None)
        found = self._lexicon.find_normal(normal)
        if done := of_offender(normal):
            return self._finish(Verdict("high", list(done)), "offender", _share(seen.risk))
        if carer := of_carer(normal):
            return carer
        if treated(normal):
            seen, found = replace(seen, immediate=min(seen.immediate, -9.0)), _healed(found)
        if found.offender and not self._is_victim(seen, found):
            verdict = Verdict(found.offender.risk, [found.offender.code])
            return self._finish(verdict, "offender", _share(seen.risk))
        verdict = self._alone(seen, found)
        if seen.request in OFFENDERS_WISH and not found.plain and _GROWN.search(strip_accents(normal)):
            return self._finish(Verdict("high", ["contact_children"]), "offender", _share(seen.risk))
        if seen.request and seen.wishes >= WISHES and not found.plain and not context.in_form:
            alarmed = level(verdict.risk) >= level("medium")
            if alarmed and seen.request in OFFENDERS_WISH:
                return self._finish(Verdict("high", ["contact_children"]), "offender", _share(seen.risk))
            if alarmed and seen.request in HIDERS_WISH:
                verdict = Verdict("low", ["doubtful"])  # the refusal answers it: nobody is praised for such a wish
        if only_afraid(normal):
            verdict.raise_to("low", "afraid")  # of what, nobody knows yet: the gentle form asks
        answer = context.in_form and self._is_form_answer(normal, seen, found)
        if answer and verdict.risk != "none":
            verdict = Verdict("low", ["doubtful"])
        self._in_context(verdict, normal, found, seen, context, answer)
        if seen.asks_to_die and not answer:
            verdict.raise_to("high", "model_self_harm")
            seen = replace(seen, danger="self_harm")
        request = "" if context.in_form and seen.request else seen.request
        return self._finish(verdict, self._kind(verdict, seen, found), _share(seen.risk), _own(normal), request)

    def _look(self, parts: list[str]) -> Seen:
        scores = self._model.scores(parts)
        worst = int(np.argmax(scores.risk))
        return Seen(
            risk=float(scores.risk[worst]),
            alarm=self._model.thresholds.alarm_for(parts),
            high=float(scores.high.max()),
            immediate=float(scores.immediate.max()),
            danger=DANGER[int(np.argmax(scores.parts[worst]))],
            request=self._request(parts, scores),
            asks_to_die=self._asks_to_die(scores),
            wishes=float(scores.refused[worst] - scores.risk[worst]),
        )

    def _request(self, parts: list[str], scores: Scores) -> str | None:
        """The kind of request to refuse that a message is; a long one tells a story. None when it is
        rather none, so that words which look like one do not count."""
        if scores.refused.max() < self._model.thresholds.cleared:
            return None
        short = len(parts) == 1 and len(parts[0]) <= LONGEST_REQUEST
        if not short or scores.refused[0] < self._model.thresholds.refused:
            return ""
        return self._model.kinds[int(np.argmax(scores.kinds[0]))]

    def _asks_to_die(self, scores: Scores) -> bool:
        """Whether some part of a message asks for a way to die; a close second kind is enough ("how many pills")."""
        asked = scores.kinds[scores.refused >= self._model.thresholds.dying]
        which = [number for number, kind in enumerate(self._model.kinds) if kind in ASKS_TO_DIE]
        return bool(len(asked) and which and (asked[:, which].max(axis=1) >= asked.max(axis=1) - CLOSE).any())

    def _is_victim(self, seen: Seen, found: Findings) -> bool:
        """Words of an offender inside what reads clearly as a victim's or witness's message."""
        return seen.risk >= seen.alarm + CLEARLY and bool(found.plain)

    def _is_form_answer(self, normal: str, seen: Seen, found: Findings) -> bool:
        """A word or two that answer a form's question ("ba", "lớp 3", "bé gái") and say nothing new by themselves; some
        more that are about danger ("sống chung nhà luôn") and surely no news of it."""
        size = len(normal.split())
        if size <= BRIEF and not found.hits and not seen.asks_to_die and _share(seen.risk) < FORM_SURE:
            return True
        if size > FORM_ANSWER or found.plain:
            return False
        return seen.risk < seen.alarm + CLEARLY or says_who(normal)

    def _only_idiom(self, found: Findings) -> bool:
        """Nothing is left of the danger once "đánh giá", "chết cười" and their like are taken out."""
        if found.without_idioms is None or found.plain:
            return False
        if len(found.without_idioms.split()) <= LEFT_OVER:
            return True  # "em" is left of "em rạch giấy", and tells nothing
        rest = self._look([found.without_idioms])
        return rest.risk < rest.alarm

    def _alone(self, seen: Seen, found: Findings) -> Verdict:
        """The message by itself."""
        limits = self._model.thresholds
        verdict = Verdict("none", [])
        if seen.risk >= seen.alarm and not self._only_idiom(found):
            verdict.raise_to(self._grade(seen, bool(found.plain)), f"model_{seen.danger}")
        doubtful = seen.risk >= limits.worry
        if doubtful:
            verdict.raise_to("low")
        for hit in found.hits:
            if hit.softened and level(verdict.risk) >= level("medium"):
                verdict.raise_to(hit.risk, hit.code)  # model and words agree: a law question may tell of the asker
            elif hit.softened:
                verdict.raise_to("low" if hit.sure or doubtful else "none", "softened")
            elif hit.risk != "immediate" and hit.kind != "self_harm" and _share(seen.risk) < UNBELIEVED:
                verdict.raise_to("low", hit.code)  # words and model disagree: that is a doubt, and asks gently
            elif hit.sure or doubtful:
                verdict.raise_to(hit.risk, hit.code)
            else:
                verdict.raise_to("low", hit.code)
        if "khmer" in found.traits:
            verdict.raise_to("low", "khmer")
        if level(verdict.risk) >= level("medium"):
            for code, risk in MEANT.items():
                if code in found.traits:
                    verdict.raise_to(risk, code)
        return verdict

    def _grade(self, seen: Seen, named: bool) -> Risk:
        """How grave what the model sees is. That it happens now was learned of danger alone: where there may be none
        ("ba đi nhậu rồi"), it counts only when there surely is, or words name it."""
        now = seen.immediate >= self._model.thresholds.immediate
        if now and (named or _share(seen.risk) >= NOW_SURE):
            return "immediate"
        return "high" if now or seen.high >= self._model.thresholds.high else "medium"

    def _in_context(
        self, verdict: Verdict, normal: str, found: Findings, seen: Seen, context: Context, answer: bool
    ) -> None:
        """What was said before makes a message graver, never lighter."""
        size = len(normal.split())
        alarmed = level(context.earlier) >= level("medium")
        if alarmed and "perpetrator_near" in found.traits and size <= NEAR_LIMIT:
            verdict.raise_to("immediate", "perpetrator_near")
        if answer or level(verdict.risk) >= level("medium"):
            return
        if alarmed and verdict.risk == "low" and seen.risk >= self._model.thresholds.worry:
            verdict.raise_to("medium", "earlier")
            return
        worried = level(context.earlier) >= level("low")  # then one word may say the rest ("con so", "ba", "danh")
        readable = not context.in_form and context.recent and (size <= SHORT if worried else 1 < size <= SHORT)
        if readable and self._says_more(judged_form(context.recent[-1])[-300:], normal, alarmed, worried):
            verdict.raise_to("medium", "together")

    def _says_more(self, before: str, normal: str, alarmed: bool, worried: bool) -> bool:
        """Whether two messages together tell of danger that the first did not, or far more of it ("ba", "danh")."""
        limit = 0.0 if worried else UNWARNED
        together, alone = self._look([f"{before} . {normal}"]), self._look([before])
        more = alone.risk < alone.alarm or (alarmed and together.risk - alone.risk >= FAR_MORE)
        return together.risk >= together.alarm + limit and more

    @staticmethod
    def _kind(verdict: Verdict, seen: Seen, found: Findings) -> Kind:
        if verdict.risk == "none":
            return "none"
        if level(verdict.risk) < level("medium"):
            return "worry"
        by_words = any(hit.kind == "self_harm" for hit in found.plain)
        by_model = seen.danger == "self_harm" and "model_self_harm" in verdict.codes and _share(seen.risk) >= DYING_SURE
        unmeant = any(hit.code in UNMEANT for hit in found.plain) and not by_words
        if (by_words or by_model or seen.asks_to_die) and not unmeant:
            return "self_harm"
        return "emergency" if verdict.risk == "immediate" else "disclosure"

    def _finish(
        self, verdict: Verdict, kind: Kind, score: float, own: bool = False, request: str | None = ""
    ) -> Assessment:
        codes = list(verdict.codes)
        if kind == "worry" and not codes:
            codes.append("doubtful")
        if kind == "none":
            codes = []
        phrases = [reasons()[code] for code in codes]
        if "model_disclose_other" in codes:
            codes += ["about_other", "own_words"] if own else ["about_other"]
        return Assessment(verdict.risk, kind, score, phrases, tuple(codes), request)


def _healed(found: Findings) -> Findings:
    """What was found without wounds, accidents and poison that a doctor sees already, or saw long ago."""
    hits = tuple(hit for hit in found.hits if hit.code not in BODILY)
    return replace(found, hits=hits, traits=found.traits - BODILY)


def _own(normal: str) -> bool:
    """Whether a clause begins like one's own tale: "con bị bạn đánh", but not "bạn con bị đánh"."""
    return _OWN.search(strip_accents(normal)) is not None


def _share(log_odds: float) -> float:
    return round(float(1 / (1 + np.exp(-np.clip(log_odds, -30, 30)))), 4)
