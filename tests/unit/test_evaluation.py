"""The evaluation: its fixed set, its arithmetic, its floor and its page."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from playwright.sync_api import sync_playwright

from bot.evaluation import (
    commands,
    curve,
    entities,
    fixed,
    floor,
    folds,
    intents,
    linear,
    page,
    report,
    risk,
    table,
    timing,
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
from bot.settings import ROOT, get_settings

CHROMIUM = Path("/usr/bin/chromium")
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


# --- the floor ----------------------------------------------------------------------------------------------------
def write_floor(path: Path, rows: object) -> Path:
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def test_the_floor_names_each_figure_that_fell(tmp_path: Path) -> None:
    rows = {"risk_recall_typed": 0.9, "false_alarms_typed": {"max": 0.1}, "risk_recall_bare": {"min": 0.5}}
    bounds = floor.load_floor(write_floor(tmp_path / "floor.json", rows), report.names())
    assert floor.fallen(bounds, {"risk_recall_typed": 0.9, "false_alarms_typed": 0.1}) == []
    assert floor.fallen(
        bounds, {"risk_recall_typed": 0.8999, "false_alarms_typed": 0.11, "risk_recall_bare": None}
    ) == [
        "risk_recall_typed is 0.8999, below its floor 0.9000",
        "false_alarms_typed is 0.1100, above its ceiling 0.1000",
        "risk_recall_bare has nothing to be measured on",
    ]


@pytest.mark.parametrize(
    "rows", [{"risk_recal_typed": 0.9}, {"risk_recall_typed": "0.9"}, [1], {"rss_mb": {"most": 1}}]
)
def test_a_floor_that_would_never_hold_is_refused(tmp_path: Path, rows: object) -> None:
    with pytest.raises(floor.FloorError, match=r"floor\.json"):
        floor.load_floor(write_floor(tmp_path / "floor.json", rows), report.names())


def test_the_committed_floor_covers_every_bar_in_both_registers() -> None:
    bounds = floor.load_floor(ROOT / "docs" / "evaluation-floor.json", report.names())
    for register in ("typed", "bare"):
        for figure in ("intent_macro_f1", "risk_recall", "immediate_as_high"):
            least, _ = bounds[f"{figure}_{register}"]
            assert least is not None
            assert least > 0.5
        _, most = bounds[f"false_alarms_{register}"]
        assert most is not None
        assert most < 0.5


# --- the page and the command -------------------------------------------------------------------------------------
def small_report() -> report.Report:
    texts = ["ba con đánh con", "<script>alert(1)</script>", "luật nào phạt", "chào cô"]
    labels = ["disclose_self", "disclose_self", "ask_law", "greet"]
    messages = [
        message(label, text=text, risk="high" if i < 2 else "none")
        for i, (label, text) in enumerate(zip(labels, texts, strict=True))
    ]
    answers = [answer("disclose_self", 0.9, 3, 0.9), answer("ask_law", 0.8), answer("ask_law", 0.7, 2, 0.6)]
    every = {name: [*answers, answer("greet", 0.6)] for name in REGISTERS}
    finder = EntityFinder(Places.load(ROOT / "knowledge"))
    cost = {"messages": 4, "rss_mb": 400.0} | {f"{w}_{p}_ms": 9.0 for w in ("wall", "cpu") for p in ("p50", "p95")}
    found: report.Report = {
        "messages": 4,
        "situations": 1,
        "quick": False,
        "day": "2026-07-01",
        "training_data": "abc",
        "model": "an-tam.tar.gz",
        "agreement": fixed.agreement(messages),
        **report.judge(messages, every),
        "entities": entities.figures(entities.load_entities(), finder),
        "timing": cost,
        "sizes_mb": {"risk.joblib": 12.0},
        "learning_curve": [{"share": 0.5, "situations": 7.0, "messages": 70.0, "typed": 0.5, "bare": 0.4}],
        "seconds": 1.0,
    }
    one = {"accuracy": 0.5, "macro_f1": 0.5}
    found["cross_validation"] = {
        "folds": 4,
        "messages": 9,
        "situations": 3,
        "intents": {"typed": one, "bare": one},
        "risk": {"typed": {"recall": 0.9, "false_alarms": 0.1}, "bare": {"recall": 0.9, "false_alarms": 0.1}},
    }
    found["figures"] = report.flat(found)
    return found


def test_every_figure_that_a_floor_may_name_is_measured() -> None:
    found = small_report()
    assert set(found["figures"]) == report.names()
    assert found["figures"]["risk_recall_typed"] == 0.5
    assert found["figures"]["false_alarms_typed"] == 0.5
    assert [row["text"] for row in found["mistakes"]["missed"]] == ["<script>alert(1)</script>"]
    assert "macro-F1" in table.summary(found)


@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs /usr/bin/chromium")
def test_the_page_stands_alone_fits_a_phone_and_escapes_messages(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.html"
    path.write_text(page.render(small_report()), encoding="utf-8")
    asked: list[str] = []
    troubles: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        for width in (1200, 380):
            shown = browser.new_page(viewport={"width": width, "height": 800})
            shown.on("request", lambda request: asked.append(request.url))
            shown.on("pageerror", lambda error: troubles.append(str(error)))
            shown.on("dialog", lambda dialog: troubles.append(dialog.message))
            shown.goto(path.as_uri())
            assert shown.evaluate("document.documentElement.scrollWidth") <= width
            assert shown.locator("svg.plot").count() == 3
            assert "<script>alert(1)</script>" in shown.locator("body").inner_text()
        browser.close()
    assert set(asked) == {path.as_uri()}
    assert troubles == []


@pytest.mark.model
def test_the_command_measures_writes_and_fails_below_the_floor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some = fixed.load_messages()[::40]
    monkeypatch.setattr(fixed, "load_messages", lambda: some)
    monkeypatch.setattr(commands, "RESULTS", tmp_path)
    good = write_floor(tmp_path / "good.json", {"risk_recall_typed": 0.1, "rss_mb": {"max": 1}})
    bad = write_floor(tmp_path / "bad.json", {"intent_macro_f1_bare": 0.9999, "false_alarms_typed": {"max": 0.5}})
    passed = CliRunner().invoke(commands.evaluate, ["--quick", "--floor", str(good)])
    assert passed.exit_code == 0, passed.output
    failed = CliRunner().invoke(commands.evaluate, ["--quick", "--floor", str(bad)])
    assert failed.exit_code == 1
    assert "intent_macro_f1_bare is 0." in failed.output
    written = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))
    assert written["messages"] == len(some)
    assert set(written["registers"]) == {"typed", "bare"}
    assert "Quick run" in (tmp_path / "evaluation.html").read_text(encoding="utf-8")


@pytest.mark.model
def test_times_are_taken_in_a_process_of_its_own() -> None:
    found = timing.measure(["ba em đánh em", "chào cô"] * 3)
    assert 0 < found["cpu_p50_ms"] <= found["cpu_p95_ms"]
    assert found["messages"] == 6
    assert 50 < found["rss_mb"] < 3000
    assert timing.sizes(get_settings().models_dir)["risk.joblib"] > 0.1
