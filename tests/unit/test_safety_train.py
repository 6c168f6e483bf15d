"""Training on a small data set: grouped folds, thresholds, fingerprint, label checks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from bot.nlu.data import Example, load_examples
from bot.safety import RiskAssessor, RiskModelError
from bot.safety import train as training
from bot.safety.features import MAX_PIECE, MAX_PIECES, pieces
from bot.safety.lexicon import Lexicon
from bot.safety.model import RiskModel

WHO = ["ba", "má", "dượng", "cậu", "chú hàng xóm", "anh họ", "thầy", "ông nội"]
HURTS = [
    "đánh {} bằng roi",
    "tát {} chảy máu mũi",
    "nhốt {} ngoài sân",
    "sờ vào người {}",
    "bỏ đói {} cả ngày",
]
CALM = ["dạy {} làm bánh", "chở {} đi học", "mua cho {} cuốn vở", "kể chuyện cho {} nghe", "khen {} học giỏi"]
OTHERS = {
    "disclose_self": "con",
    "disclose_other": "bạn con",
    "emergency": "con ngay lúc này cứu",
    "self_harm": "con nên con muốn chết",
}


REQUESTS = [
    {"kind": kind, "situation": f"{kind}_{i}", "messages": [f"{who} {wish}" for who in WHO]}
    for kind, wishes in {
        "evade": ["bày cách qua mặt đoàn thanh tra", "chỉ cách giấu công an", "xúi nó khai lại là bịa"],
        "secrecy": ["phải thề không hé môi", "hứa giữ kín giùm đi", "đừng nói lại cho ai nghen"],
    }.items()
    for i, wish in enumerate(wishes)
]


def test_who_is_on_the_way_to_help_or_must_hide_is_no_alarm_and_other_grave_matters_teach_nothing() -> None:
    told = [("disclose_self", "high"), ("start_report", "medium"), ("quick_exit", "medium"), ("ask_law", "medium")]
    labels = training.Labels([Example("x", intent, intent, "child", risk) for intent, risk in told])
    assert labels.at_risk.tolist() == [True, False, False, False]
    assert labels.grey.tolist() == [False, False, False, True]


@pytest.fixture(scope="module")
def nlu(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "nlu"
    folder.mkdir()
    (folder.parent / "refused").mkdir()
    (folder.parent / "refused" / "all.yml").write_text(yaml.safe_dump(REQUESTS, allow_unicode=True))
    groups = []
    for intent, whom in OTHERS.items():
        for i, who in enumerate(WHO):
            risk = {"emergency": "immediate", "self_harm": "high"}.get(intent, ["medium", "high"][i % 2])
            lines = [f"- {who} {hurt.format(whom)}" for hurt in HURTS]
            groups.append(_group(intent, f"{intent}_{i}", risk, lines))
    for intent in ("chitchat", "ask_skill", "greet", "ask_law"):
        for i, who in enumerate(WHO):
            lines = [f"- {who} {calm.format(intent[:3])} vui ghê" for calm in CALM]
            groups.append(_group(intent, f"{intent}_{i}", "none", lines))
    (folder / "all.yml").write_text(yaml.safe_dump({"version": "3.1", "nlu": groups}, allow_unicode=True))
    return folder


def _group(intent: str, situation: str, risk: str, lines: list[str]) -> dict[str, object]:
    meta = {"situation": situation, "audience": "child", "risk": risk}
    return {"intent": intent, "metadata": meta, "examples": "\n".join(lines)}


@pytest.fixture(scope="module")
def trained(nlu: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    models = tmp_path_factory.mktemp("models")
    training.train(nlu, models)
    return models


def test_the_trained_system_tells_danger_from_calm(trained: Path) -> None:
    assessor = RiskAssessor.load(trained)
    for text in ("bác đánh con bằng roi", "bac danh con bang roi"):
        assert assessor.assess(text).at_risk
    assert not assessor.assess("bác mua cho ask cuốn vở vui ghê").at_risk


def test_unchanged_data_trains_nothing(nlu: Path, trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(training, "fit", fail)
    before = training.train(nlu, trained).stat().st_mtime_ns
    assert training.train(nlu, trained).stat().st_mtime_ns == before
    more = nlu.parent / "refused" / "more.yml"
    more.write_text(yaml.safe_dump(REQUESTS[:1]))
    with pytest.raises(AssertionError, match="again"):
        training.train(nlu, trained)
    more.unlink()


def test_folds_never_share_a_situation(nlu: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = load_examples(nlu)
    labels = training.Labels(examples)
    seen: list[set[str]] = []
    real = training.fit

    def spy(table: training.Table, own: training.Labels, only: np.ndarray | None = None) -> RiskModel:  # type: ignore[type-arg]
        assert only is not None
        seen.append(set(own.situations[only]))
        return real(table, own, only)

    monkeypatch.setattr(training, "fit", spy)
    rows = [(e.text, e.text) for e in examples]
    training.out_of_fold(rows, training.fold_models(rows, labels))
    everything = set(labels.situations)
    left_out = [everything - known for known in seen]
    assert len(seen) == training.FOLDS
    assert set().union(*left_out) == everything
    assert sum(len(part) for part in left_out) == len(everything), "a situation was left out twice or split"


def test_thresholds() -> None:
    values = np.arange(100, dtype=float)
    assert (values >= training.at_recall(values, 0.97)).mean() == pytest.approx(0.97, abs=0.011)
    assert training.at_precision(np.array([3.0, 2.0, 1.0]), np.array([1.5, 0.5]), 0.9) == 2.0


@pytest.mark.parametrize(("intent", "risk"), [("disclose_self", "none"), ("greet", "high"), ("emergency", "medium")])
def test_labels_that_contradict_are_refused_without_the_text(intent: str, risk: str) -> None:
    with pytest.raises(training.LabelError, match="place_7") as error:
        training.check_labels([Example("chuyện kín", intent, "place_7", "child", risk)])
    assert "kín" not in str(error.value)


def test_a_request_to_refuse_is_told_from_other_messages(trained: Path) -> None:
    model = RiskModel.load(trained)
    assert model.kinds == ["evade", "secrecy"]
    assessor = RiskAssessor(model, Lexicon.load())
    assert assessor.assess("ba bày cách qua mặt công an").request == "evade"
    assert assessor.assess("hứa không nói lại cho ai nghen").request == "secrecy"
    assert not assessor.assess("ba hái bông vui ghê").request
    assert model.thresholds.cleared <= 0 <= model.thresholds.refused


def test_a_model_of_another_version_is_refused(trained: Path, tmp_path: Path) -> None:
    model = RiskModel.load(trained)
    model.version = -1
    model.save(tmp_path)
    with pytest.raises(RiskModelError, match="make train"):
        RiskModel.load(tmp_path)


def test_long_texts_come_in_pieces_and_keep_their_end() -> None:
    text = "từ " * 50_000 + "cuối cùng"
    parts = pieces(text)
    assert len(parts) <= MAX_PIECES + 1
    assert all(len(part) <= MAX_PIECE for part in parts)
    assert parts[-1].endswith("cuối cùng")
    assert pieces("ngắn") == ["ngắn"]
    assert pieces("x" * 1500)[0] == "x" * MAX_PIECE
