"""The evaluation: its floor, its page and its command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import sync_playwright

from bot.evaluation import (
    commands,
    entities,
    fixed,
    floor,
    page,
    report,
    table,
    timing,
)
from bot.evaluation.registers import REGISTERS
from bot.knowledge.places import Places
from bot.nlu.entities import EntityFinder
from bot.settings import ROOT, get_settings
from tests.unit.test_evaluation import answer, message

CHROMIUM = Path("/usr/bin/chromium")


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
