"""The evaluation: its fixed set and its arithmetic."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
import yaml

from bot.evaluation import (
    curve,
    entities,
    fixed,
    folds,
    intents,
    linear,
    risk,
)
from bot.evaluation.entities import EntitySet, Expected, Labelled
from bot.evaluation.fixed import FixedSetError, Label, Message
from bot.evaluation.registers import REGISTERS, retyped
from bot.evaluation.system import Answer
from bot.knowledge.places import Places
from bot.language import normalise
from bot.nlu.data import Example, load_examples
from bot.nlu.entities import Entity, EntityFinder
from bot.nlu.noise import noisy, teencode, telex_slips, typos
from bot.safety.train import check_labels
from bot.settings import ROOT

NLU = ROOT / "nlu_data" / "nlu"


def message(first: str, second: str | None = None, risk: str = "high", text: str = "ba con danh con") -> Message:
    return Message(text, "s", "child", Label(first, risk), Label(second or first, risk))


SELF, ASK, BOTH = message("disclose_self"), message("ask_law", risk="none"), message("disclose_self", "ask_wellbeing")
NOW = message("emergency", risk="immediate")


# --- the fixed set ------------------------------------------------------------------------------------------------
def test_the_fixed_set_is_large_labelled_twice_and_unknown_to_training() -> None:
    messages, examples = fixed.load_messages(), load_examples(NLU)
    assert len(messages) >= 1500
    assert len({fixed.sameness(m.text) for m in messages}) == len(messages)
    known = {e.intent for e in examples}
    assert {label.intent for m in messages for label in (m.first, m.second)} <= known
    assert {m.first.intent for m in messages} == known
    assert {m.audience for m in messages} <= {e.audience for e in examples}
    assert [m.situation for m in fixed.shared(messages, examples)] == []
    check_labels([Example(m.text, m.first.intent, m.situation, m.audience, m.first.risk) for m in messages])


def test_the_second_labels_are_another_persons() -> None:
    agreed = fixed.agreement(fixed.load_messages())
    assert 0.7 < agreed["intent"] < 0.99
    assert 0.9 < agreed["at_risk"] < 1.0


def test_a_text_or_situation_of_the_training_data_is_found_however_it_is_typed() -> None:
    example = Example("Ba em đánh em", "disclose_self", "belt", "teen", "high")
    other = Message("chào cô", "belt", "teen", Label("greet", "none"), Label("greet", "none"))
    assert fixed.shared([message("disclose_self", text="ba em danh em"), other], [example]) != []
    assert fixed.shared([message("disclose_self", text="ba em la em")], [example]) == []


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"text": "a", "situation": "s", "audience": "teen", "intent": "greet", "risk": "none"}, "second"),
        ({"text": "secret"}, "intent"),
        (
            {"text": "secret", "situation": "s", "audience": "teen", "intent": "greet", "risk": "grave"}
            | {"second": {"intent": "greet", "risk": "none"}},
            "grave",
        ),
    ],
)
def test_a_faulty_entry_is_named_and_not_quoted(tmp_path: Path, row: dict[str, str], problem: str) -> None:
    path = tmp_path / "messages.yml"
    path.write_text(yaml.safe_dump([row]), encoding="utf-8")
    with pytest.raises(FixedSetError, match="message 1") as caught:
        fixed.load_messages(path)
    assert problem in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_guess_is_right_by_either_label_and_danger_needs_both() -> None:
    assert BOTH.truth("ask_wellbeing") == "ask_wellbeing"
    assert BOTH.truth("greet") == "disclose_self"
    assert (SELF.at_risk, SELF.safe) == (True, False)
    assert (BOTH.at_risk, BOTH.safe) == (False, False)
    assert (ASK.at_risk, ASK.safe) == (False, True)
    assert NOW.immediate
    assert not Message("a", "s", "teen", Label("emergency", "immediate"), Label("emergency", "high")).immediate


# --- registers ----------------------------------------------------------------------------------------------------
def test_each_register_changes_messages_in_its_own_way_and_always_the_same() -> None:
    text = "con không biết phải làm sao, ba con đánh con hoài cô ơi"
    for register in REGISTERS:
        assert retyped([text], register) == retyped([text], register)
    assert retyped([text], "typed") == [text]
    assert retyped([text], "bare") == ["con khong biet phai lam sao, ba con danh con hoai co oi"]
    slipped = telex_slips(text, 1).split()
    slips = [new for new, old in zip(slipped, text.split(), strict=True) if new != old]
    assert slips
    assert all(re.fullmatch(r"[a-z,]+", word) for word in slips)
    short = {teencode(text, seed) for seed in range(9)}
    assert len(short) > 6
    assert all(len(copy.split()) == len(text.split()) for copy in short)
    assert {normalise(copy).split()[1] for copy in short} == {"không"}
    assert any(re.search(r"\b(fải|pải|zậy|kùg|cùg)", teencode("phải vậy cùng", seed)) for seed in range(5))
    lost = [typos(text, seed) for seed in range(9)]
    assert all(len(copy) <= len(text) for copy in lost)
    assert len(set(lost)) > 6
    assert telex_slips("khong co dau", 1) == "khong co dau"


def test_trainings_own_noise_is_what_it_was() -> None:
    """Other noise would train other models: whoever changes this retrains and measures again."""
    text = "con không biết phải làm sao, ba con đánh con hoài cô ơi"
    assert noisy(text, 1) == "con không biết phảii lm sao, ba con đán con hoài cô ơi"
    assert noisy(text, 99) == "con khong biet phai lam sao, b con danh con hoai co oi"


# --- intents and risk ---------------------------------------------------------------------------------------------
def answer(intent: str, confidence: float = 0.9, level: int = 0, score: float = 0.1) -> Answer:
    return Answer(intent, confidence, level, score)


def test_intent_scores_by_hand() -> None:
    messages = [SELF, SELF, ASK, BOTH]
    found = intents.scores(messages, ["disclose_self", "ask_law", "ask_law", "ask_wellbeing"])
    assert found["accuracy"] == 0.75
    assert found["accuracy_first_label"] == 0.5
    assert found["macro_f1"] == pytest.approx(2 / 3)  # of both: precision 1 and recall 1/2, or the other way round
    rows = intents.by_intent(messages, ["disclose_self", "ask_law", "ask_law", "ask_wellbeing"])
    assert rows["ask_law"] == {"precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "n": 1}
    assert rows["disclose_self"]["n"] == 3
    confused = intents.confusion(messages, ["disclose_self", "ask_law", "ask_law", "ask_wellbeing"])
    assert confused["most"] == [{"is": "disclose_self", "taken_as": "ask_law", "n": 1, "share": 0.5}]


def test_reliability_and_calibration_error_by_hand() -> None:
    answers = [answer("disclose_self", 0.95), answer("greet", 0.95), answer("disclose_self", 0.5), answer("greet", 1.0)]
    found = intents.reliability([SELF] * 4, answers)
    assert [(step["n"], step["right"]) for step in found["steps"]] == [(1, 1.0), (3, pytest.approx(1 / 3))]
    assert found["calibration_error"] == pytest.approx(0.25 * 0.5 + 0.75 * (2.9 / 3 - 1 / 3))


def test_risk_figures_leave_out_what_the_annotators_differ_on() -> None:
    messages = [SELF, SELF, NOW, ASK, ASK, BOTH]
    answers = [answer("", level=v) for v in (2, 0, 3, 0, 2, 4)]
    found = risk.figures(messages, answers)
    assert found["n"] == {"at_risk": 3, "safe": 2, "immediate": 1, "annotators_differ": 1}
    assert found["recall"] == pytest.approx(2 / 3)
    assert found["false_alarms"] == 0.5
    assert (found["immediate_as_high"], found["immediate_as_immediate"]) == (1.0, 0.0)
    assert risk.figures([ASK], [answer("")])["recall"] is None


def test_recall_at_a_rate_alarms_on_no_more_safe_messages_than_that() -> None:
    safe = [i / 100 for i in range(100)]
    messages = [SELF] * 3 + [ASK] * 100
    answers = [answer("", score=s) for s in (0.991, 0.955, 0.2, *safe)]
    found = risk.figures(messages, answers)["recall_at"]
    assert found == {
        "0.02": pytest.approx(1 / 3),
        "0.05": pytest.approx(2 / 3),
        "0.10": pytest.approx(2 / 3),
        "0.20": pytest.approx(2 / 3),
    }
    ties = [answer("", score=s) for s in (0.5, 0.5, 0.5)]
    assert risk.figures([SELF, ASK, ASK], ties)["recall_at"]["0.20"] == 0.0


# --- entities -----------------------------------------------------------------------------------------------------
def test_entity_matching_judges_value_place_and_the_whole_name() -> None:
    text = "em ten Ngoc Han 9t"
    name, age = Expected("name", 7, 15), Expected("age", 16, 18, "9")
    labelled = Labelled(text, "bare", [name, age], [(0, 2)])
    half, whole = Entity("name", "Ngoc", 7, 11), Entity("name", "Ngoc Han", 7, 15)
    assert not entities.fits(name, half)
    assert entities.fits(name, whole)
    assert not entities.fits(age, Entity("age", "10", 16, 18))
    assert entities.match(labelled, [whole, Entity("relation", "anh", 0, 2)]) == [("name", "right"), ("age", "missed")]
    assert Counter(entities.match(labelled, [half])) == {
        ("name", "wrong"): 1,
        ("name", "missed"): 1,
        ("age", "missed"): 1,
    }


def test_the_labelled_entities_are_many_and_varied() -> None:
    found = entities.load_entities()
    assert len(found.messages) >= 150
    kinds = Counter(e.kind for m in found.messages for e in m.expected)
    assert set(kinds) == set(entities.KINDS)
    assert min(kinds.values()) >= 8
    assert {m.register for m in found.messages} == {"typed", "bare", "teencode", "telex", "typos", "formal"}
    assert sum(not m.expected for m in found.messages) >= 10
    trained = {fixed.sameness(e.text) for e in load_examples(NLU)}
    assert [i for i, m in enumerate(found.messages) if fixed.sameness(m.text) in trained] == []


def test_entity_figures_meet_the_real_finder() -> None:
    finder = EntityFinder(Places.load(ROOT / "knowledge"))
    good = Labelled("be 9t o Rach Gia", "bare", [Expected("age", 3, 5, "9"), Expected("commune", 8, 16)], [])
    bad = Labelled("be 9t", "typed", [Expected("age", 3, 5, "8")], [])
    found = entities.figures(EntitySet(date(2026, 7, 1), [good, bad]), finder)
    assert found["by_kind"]["age"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "n": 2}
    assert found["by_kind"]["all"]["n"] == 3
    assert found["by_register"]["bare"]["f1"] == 1.0
    assert found["faults"] == [{"text": "be 9t", "faults": ["age wrong", "age missed"]}]


def test_an_entity_label_that_is_not_in_its_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "entities.yml"
    path.write_text("today: 2026-07-01\nmessages:\n- {text: abc, register: typed, has: [[age, 9t, '9']]}\n")
    with pytest.raises(FixedSetError, match="message 1"):
        entities.load_entities(path)


# --- learning curve and folds -------------------------------------------------------------------------------------
def test_the_learning_curve_takes_whole_situations_as_config_yml_trains() -> None:
    every = load_examples(NLU)
    examples = [e for name in ("thank", "disclose_self") for e in [e for e in every if e.intent == name][:300]]
    part = linear.part_of(examples, 0.25, seed=3)
    chosen = {e.situation for e in part}
    assert part == [e for e in examples if e.situation in chosen]
    assert len(chosen) == round(0.25 * len({e.situation for e in examples}))
    assert linear.recipe().views["words"] > 0
    guess = linear.fit(examples)
    assert guess(["cam on nhieu", "ba em đánh em chảy máu"]) == ["thank", "disclose_self"]


def test_the_learning_curve_rises_with_the_situations(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(curve, "_judge", lambda _, part: seen.append(len(part)) or {"typed": len(part), "bare": 0.0})
    examples = [Example("a", "greet", f"s{i}", "teen", "none") for i in range(40)]
    rows = curve.learning_curve([], examples)
    assert [row["situations"] for row in rows] == [10, 20, 40]
    assert [row["typed"] for row in rows] == [10, 20, 40]
    assert seen == [10, 10, 20, 20, 40]


def test_folds_judge_every_message_by_a_model_without_its_situation(monkeypatch: pytest.MonkeyPatch) -> None:
    examples = [Example(f"câu {i}", "greet" if i % 2 else "thank", f"s{i // 4}", "teen", "none") for i in range(80)]
    trained: list[set[str]] = []

    def fit(part: list[Example]) -> linear.Guesser:
        known = {e.text for e in part}
        trained.append({e.situation for e in part})
        return lambda texts: ["seen" if text in known else "thank" for text in texts]

    monkeypatch.setattr(linear, "fit", fit)
    found = folds.intent_figures(examples, 4)
    assert found["typed"]["accuracy"] == 0.5
    assert len(trained) == 4
    assert all(0 < len(situations) < 20 for situations in trained)
