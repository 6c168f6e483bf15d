"""Rasa components and the model behind them, on small data."""

from __future__ import annotations

import io
import json
from copy import deepcopy
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.exceptions import YamlException
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.training_data.loading import load_data
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix

from bot.encoder import is_calibration
from bot.evaluation.fixed import sameness
from bot.nlu import commands, doers, linear, names, phrases
from bot.nlu import importer as nlu_importer
from bot.nlu.classifier import EnsembleIntentClassifier
from bot.nlu.compact import Compact
from bot.nlu.data import DataError, load_examples, load_requests
from bot.nlu.extractor import VietnameseEntityExtractor
from bot.nlu.features import VIEWS, pair_features, tag_features, tags
from bot.nlu.featurizers import Row, VietnameseFeaturizer
from bot.nlu.hashing import hashed_tfidf
from bot.nlu.importer import ViewsImporter, Written
from bot.nlu.linear import calibrate, fit_views, pool, read_intents, sharpen, transform
from bot.nlu.noise import noisy, telex, views_of
from bot.nlu.parser import ModelError, Parser
from bot.nlu.tokenizer import UnderthseaTokenizer, locate
from bot.settings import ROOT, get_settings

GREETINGS = ["chào bạn", "xin chào", "hello ad", "chào cô", "alo có ai không", "chào buổi sáng"]
THANKS = ["cảm ơn nhiều", "cám ơn cô", "em cảm ơn ạ", "thank you", "tks ad", "biết ơn bạn lắm"]


def _messages() -> list[Message]:
    return [
        Message(data={"text": text, "intent": intent})
        for intent, texts in (("greet", GREETINGS), ("thank", THANKS))
        for text in texts
    ]


def _context(node: str) -> ExecutionContext:
    return ExecutionContext(GraphSchema({}), node_name=node)


def test_tokens_stand_where_they_are_in_the_text() -> None:
    tokenizer = UnderthseaTokenizer({**UnderthseaTokenizer.get_default_config()})
    text = "  Học sinh lớp 3   bị đánh!  "
    tokens = tokenizer.tokenize(Message(data={"text": text}), "text")
    assert [text[t.start : t.end] for t in tokens] == [t.text for t in tokens]
    assert "Học sinh" in [t.text for t in tokens]
    assert locate(["a b", "zz", "c"], "a  b c") == [("a  b", 0, 4), ("c", 5, 6)]


def test_featurizer_and_classifier_learn_persist_and_load(tmp_path: Path) -> None:
    storage = LocalModelStorage.create(tmp_path)
    data = TrainingData(training_examples=_messages())
    config = VietnameseFeaturizer.get_default_config()
    featurizer = VietnameseFeaturizer.create(config, storage, Resource("f"), _context("f"))
    featurizer.train(data)
    featurizer.process_training_data(data)
    classifier = EnsembleIntentClassifier.create({}, storage, Resource("c"), _context("c"))
    classifier.train(data)

    featurizer = VietnameseFeaturizer.load(config, storage, Resource("f"), _context("f"))
    classifier = EnsembleIntentClassifier.load({}, storage, Resource("c"), _context("c"))
    messages = [Message(data={"text": t}) for t in ("cam on ban", "chào ad nha")]
    classifier.process(featurizer.process(messages))
    assert [m.get("intent")["name"] for m in messages] == ["thank", "greet"]
    ranking = messages[0].get("intent_ranking")
    assert [r["confidence"] for r in ranking] == sorted((r["confidence"] for r in ranking), reverse=True)
    assert sum(r["confidence"] for r in ranking) == pytest.approx(1.0)


def test_a_view_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no view"):
        VietnameseFeaturizer.validate_config({"views": {"colours": 1.0}})


def test_classifier_refuses_one_intent(tmp_path: Path) -> None:
    storage = LocalModelStorage.create(tmp_path)
    classifier = EnsembleIntentClassifier.create({}, storage, Resource("c"), _context("c"))
    with pytest.raises(ValueError, match="two intents"):
        classifier.train(TrainingData(training_examples=_messages()[:3]))


def test_fingerprints_cover_tables_and_code() -> None:
    for component in (VietnameseFeaturizer, EnsembleIntentClassifier, VietnameseEntityExtractor):
        assert len(component.fingerprint_addon({}) or "") >= 16


@pytest.mark.parametrize(("module", "table"), [(names, "NAMES"), (phrases, "TABLE"), (doers, "DOERS")])
def test_a_changed_table_of_the_entity_finder_changes_its_fingerprint(
    module: ModuleType, table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = VietnameseEntityExtractor.fingerprint_addon({})
    changed = tmp_path / "changed.yml"
    changed.write_text(getattr(module, table).read_text(encoding="utf-8") + "\n# one more word\n", encoding="utf-8")
    monkeypatch.setattr(module, table, changed)
    assert VietnameseEntityExtractor.fingerprint_addon({}) != before


def test_extractor_adds_entities_but_not_to_buttons() -> None:
    typed, pressed = Message(data={"text": "bé 9t ở Rạch Giá"}), Message(data={"text": "/affirm"})
    VietnameseEntityExtractor().process([typed, pressed])
    assert [(e["entity"], e["value"]) for e in typed.get("entities")] == [("age", "9"), ("commune", "Phường Rạch Giá")]
    assert pressed.get("entities") is None


def test_importer_adds_views_only_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "nlu.yml"
    path.write_text(
        'version: "3.1"\nnlu:\n- intent: greet\n'
        "  metadata: {situation: g1, audience: teen, risk: none}\n  examples: |\n    - chào bạn\n    - xin chào cô\n"
        "- intent: thank\n  examples: |\n    - cảm ơn\n    - tks\n",
        encoding="utf-8",
    )
    before = path.read_text(encoding="utf-8")
    texts = [
        [m.get("text") for m in ViewsImporter(None, None, str(path), noise=1.0, seed=5).get_nlu_data().intent_examples]
        for _ in range(2)
    ]
    assert texts[0] == texts[1]
    assert {"chào bạn", "chao ban", "cam on"} <= set(texts[0])
    assert path.read_text(encoding="utf-8") == before
    copies = ViewsImporter(None, None, str(path), noise=0).get_nlu_data().intent_examples
    bare = next(m for m in copies if m.get("text") == "chao ban")
    assert bare.get("metadata")["intent"]["situation"] == "g1"


def test_a_training_message_is_known_by_what_it_says() -> None:
    message = Written({"text": "chào", "intent": "greet", "metadata": {"intent": {"risk": "none"}}})
    twin = deepcopy(message)
    assert twin == message
    assert hash(twin) == hash(message)
    twin.set("intent", "greet")
    assert twin == message
    twin.set("intent", "thank")
    assert twin != message
    assert message.get("intent") == "greet"
    same = deepcopy(message)
    same.add_features(Row(csr_matrix([[1.0, 0.0]]), "sentence", "text", "somewhere"))
    assert same != message
    assert not message.features
    assert TrainingData([message, deepcopy(message), twin]).training_examples == [message, twin]


def test_rasa_reads_the_files_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "nlu.yml"
    path.write_text('version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    - chào bạn\n', encoding="utf-8")
    asked_for: list[str] = []
    whole = nlu_importer.read
    monkeypatch.setattr(nlu_importer, "read", lambda file: asked_for.append(file) or whole(file))
    importer = TrainingDataImporter.load_from_config(str(ROOT / "config.yml"), None, [str(path)])
    asked = [importer.get_nlu_data(), importer.get_nlu_data("vi"), importer.get_nlu_data(language="en")]
    assert asked_for == [str(path)]
    assert len({data.fingerprint() for data in asked}) == 1


MEANT = "- intent: meet\n  examples: |\n    - gặp ở [Rạch Giá](commune) nha\n    - gặp bạn\n"


@pytest.mark.parametrize(
    "groups",
    [
        "- intent: greet\n  metadata: {situation: g1}\n  examples: |\n    - chào: bạn  \n    -   alo [nè]\n",
        MEANT,
        "- intent: faq/law\n  examples: |\n    - luật gì\n",
        "- intent: greet\n  examples:\n  - text: |\n      chào\n    metadata: {situation: g1}\n",
        "- intent: greet\n  examples: |\n    - chào\n- synonym: Rạch Giá\n  examples: |\n    - rg\n",
        "- regex: phone\n  examples: |\n    - \\d{10}\n- lookup: place\n  examples: |\n    - Rạch Giá\n",
    ],
)
def test_a_file_is_read_as_rasa_reads_it(groups: str, tmp_path: Path) -> None:
    path = tmp_path / "nlu.yml"
    path.write_text(f'version: "3.1"\nnlu:\n{groups}', encoding="utf-8")
    ours, theirs = nlu_importer.read(str(path)), load_data(str(path), "vi")
    assert theirs.training_examples or theirs.regex_features
    assert [m.data for m in ours.training_examples] == [m.data for m in theirs.training_examples]
    for part in ("entity_synonyms", "regex_features", "lookup_tables", "responses"):
        assert getattr(ours, part) == getattr(theirs, part)


def test_a_wrong_file_is_still_refused_by_rasa(tmp_path: Path) -> None:
    path = tmp_path / "nlu.yml"
    path.write_text('version: "3.1"\nnlu:\n- intent: greet\n  exampels: |\n    - chào\n', encoding="utf-8")
    with pytest.raises(YamlException, match=r"nlu\.yml"):
        nlu_importer.read(str(path))


def test_noise_is_reproducible_and_telex_is_right() -> None:
    text = "con không biết phải làm sao, con sợ lắm cô ơi"
    assert noisy(text, 1) == noisy(text, 1)
    assert len({noisy(text, seed) for seed in range(8)}) > 4
    assert telex("đánh") == "ddanhs"
    assert telex("được") == "dduwowcj"
    assert views_of("tks", bare=True, noise=0.0, seed=1) == []


def test_word_classes_work_with_and_without_diacritics() -> None:
    assert "STEP" in tags("cha dượng em")
    assert tags("cha duong em") == tags("cha dượng em")
    assert "HIT>INJURY" in tag_features("bị đánh chảy máu")


def test_pairs_tell_who_from_what_however_many_words_lie_between() -> None:
    near, far = pair_features("con bị ba đánh"), pair_features("con bị ông ba dượng say rượu đánh")
    assert "con … danh" in near
    assert "bi … danh" in far
    assert "con … danh" not in far, "too far apart"
    assert pair_features("con bi ba danh") == near


def test_what_was_fitted_is_featurized_as_any_other_text_in_its_normal_form() -> None:
    texts = ["ba k cho con đi học", "ba hong cho con di hoc", "mật khẩu facebook của em"] * 4
    views, matrix = fit_views(texts, VIEWS)
    assert (matrix != transform(views, texts)).nnz == 0
    assert matrix[0].nnz == transform(views, ["ba không cho con đi học"]).nnz, (
        "short forms are read before they are counted"
    )


def test_calibration_mends_overconfidence() -> None:
    sure = np.array([[0.99, 0.01]] * 100)
    weight, power = calibrate(sure, None, [0] * 70 + [1] * 30)
    assert (weight, power < 1.0) == (0.0, True)
    assert sharpen(sure, 1.0) == pytest.approx(sure)


def test_the_encoder_weighs_as_much_as_it_helps() -> None:
    truth = [i % 2 for i in range(200)]
    right = np.array([[0.9, 0.1] if t == 0 else [0.1, 0.9] for t in truth])
    guessing = np.full((200, 2), 0.5)
    assert calibrate(guessing, np.log(right), truth)[0] > 0.5
    assert calibrate(right, np.log(right[::-1]), truth)[0] < 0.1
    assert pool(right, None, 0.5) is right
    assert pool(right, np.log(right), 0.5) == pytest.approx(right)


def test_the_encoder_has_no_say_about_intents_it_does_not_know() -> None:
    class Reader:
        intents = ("greet", "thank")

        def read(self, normals: list[str]) -> object:
            raise AssertionError("read")

    assert read_intents(Reader(), ["chào"], ["greet", "weather"]) is None  # type: ignore[arg-type]
    assert read_intents(None, ["chào"], ["greet"]) is None


def test_the_calibration_share_is_whole_situations_and_steady() -> None:
    mask = [is_calibration(f"s{i}") for i in range(3000)]
    assert 0.08 < np.mean(mask) < 0.12
    assert mask == [is_calibration(f"s{i}") for i in range(3000)]


def test_training_data_of_the_project_is_labelled() -> None:
    examples = load_examples(ROOT / "nlu_data" / "nlu")
    assert len(examples) > 6000
    counts = {intent: sum(e.intent == intent for e in examples) for intent in {e.intent for e in examples}}
    assert min(counts.values()) >= 40
    assert not [e.situation for e in examples if not e.text or e.text.startswith("/")]


def test_requests_to_refuse_have_words_of_refusal_and_are_no_other_message() -> None:
    requests = load_requests(ROOT / "nlu_data" / "refused")
    kinds = {entry["id"] for entry in yaml.safe_load((ROOT / "knowledge/phrases.yml").read_text())["refusals"]}
    assert {r.kind for r in requests} == kinds
    assert len({r.situation for r in requests}) >= 70
    told = {sameness(e.text) for e in load_examples(ROOT / "nlu_data" / "nlu")}
    asked = [sameness(r.text) for r in requests]
    assert [text for text in asked if text in told or asked.count(text) > 1] == []


def test_a_request_file_that_is_not_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No requests"):
        load_requests(tmp_path)
    (tmp_path / "a.yml").write_text("- {kind: evade, messages: [x]}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.yml"):
        load_requests(tmp_path)


def test_data_errors_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No training data"):
        load_examples(tmp_path)
    (tmp_path / "a.yml").write_text("nlu:\n- intent: greet\n  examples: |\n    - chào\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.yml"):
        load_examples(tmp_path)


def test_parser_without_a_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="make train"):
        Parser.load(tmp_path)
    (tmp_path / "x.tar.gz").write_bytes(b"no archive")
    with pytest.raises(ModelError, match="make train"):
        Parser.load(tmp_path)


@pytest.mark.parametrize(
    ("line", "problem"),
    [(b"{", "JSON"), (b"\xff\xfe", "JSON"), (b"[1]", "text"), (b'{"text": 3}', "text"), (b"[" * 100_000, "JSON")],
)
def test_bad_lines_are_named_without_being_quoted(line: bytes, problem: str) -> None:
    text, said = commands._text(line)
    assert text == ""
    assert problem in said


def test_lines_arrive_whole_and_long_ones_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "MAX_LINE", 100_000)
    long = b'{"text": "' + b"a" * 300_000 + b'"}'
    lines = [line for batch in commands.batches(io.BytesIO(b"one\n" + long + b"\ntwo\nthree")) for line in batch]
    assert [lines[0], *lines[2:]] == [b"one", b"two", b"three"]
    assert commands._text(lines[1])[1] == "line too long"


@pytest.mark.model
def test_classify_and_both_ways_of_running_the_model() -> None:
    models = get_settings().models_dir
    lines = '{"text": "ba em đánh em hoài"}\nnonsense\n{"text": "bé 9t ở Rạch Giá"}\n{"text": ""}\n'
    result = CliRunner().invoke(commands.classify, input=lines)
    rows = [json.loads(row) for row in result.stdout.splitlines()]
    assert result.exit_code == 2
    assert rows[0]["intent"] == "disclose_self"
    assert rows[0]["risk"] in ("medium", "high", "immediate")
    assert list(rows[1]) == ["error"]
    assert [e["entity"] for e in rows[2]["entities"]] == ["age", "commune"]
    own, rasa = Parser.load(models), Parser.load(models, through_rasa=True)
    for text in ("ba em đánh em hoài", "điều 142 nói gì", "chao ban", "asdf"):
        left, right = own.parse_now(text), rasa.parse_now(text)
        assert (left.intent, left.entities, left.unsure) == (right.intent, right.entities, right.unsure)
        assert left.confidence == pytest.approx(right.confidence, abs=1e-6)


def test_intents_fitted_on_several_cores_are_those_of_one_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(5)
    centres = rng.normal(size=(4, 12))
    labels = [("greet", "thank", "deny", "affirm")[i] for i in rng.choice(4, 300, p=[0.6, 0.2, 0.1, 0.1])]
    order = sorted(set(labels))
    rows = csr_matrix(np.array([centres[order.index(label)] + rng.normal(size=12) for label in labels]))
    alone = LogisticRegression(C=3.0, solver="liblinear", dual=True, class_weight="balanced", tol=0.1, random_state=1)
    alone.fit(rows, labels)
    monkeypatch.setattr(linear, "MANY", 0)
    model = linear.fit_model(rows, labels, C=3.0, seed=1)
    assert list(model.classes_) == list(alone.classes_)
    assert model.coef_.flags.f_contiguous, "else every prediction copies all weights"
    assert (model.predict(rows) == alone.predict(rows)).mean() > 0.98
    assert np.abs(model.predict_proba(rows) - alone.predict_proba(rows)).max() < 0.08


@pytest.mark.parametrize("count", [2, 4])
def test_weights_in_16_bits_answer_alike(count: int) -> None:
    rng = np.random.default_rng(7)
    labels = rng.choice(["affirm", "deny", "greet", "thank"][:count], 400)
    rows = csr_matrix(rng.normal(size=(400, 90)) * (rng.random((400, 90)) < 0.1) + (labels == "deny")[:, None] * 0.2)
    whole = linear.fit_model(rows, list(labels), C=3.0, seed=1)
    half = Compact.of(whole)
    assert half.weights.nbytes * 2 == whole.coef_.nbytes
    assert list(half.classes_) == list(whole.classes_)
    assert np.abs(half.predict_proba(rows) - whole.predict_proba(rows)).max() < 0.002
    assert half.predict_proba(csr_matrix((1, 90))).sum() == pytest.approx(1.0)


def test_hashed_ngrams_are_those_of_a_vocabulary() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = ["con bị bạn đánh", "bạn con bị đánh hoài", "chào cô", "chào cô con là an", "an đi học về"]
    how = {"analyzer": "char_wb", "ngram_range": (1, 4)}
    words = TfidfVectorizer(min_df=2, sublinear_tf=True, lowercase=False, dtype=np.float32, **how).fit(texts)
    hashed = hashed_tfidf(2, **how).fit(texts)
    unseen = ["bạn bị đánh", "xyz qqq", ""]
    for some in (texts, unseen):
        one, other = words.transform(some), hashed.transform(some)
        assert one.shape == other.shape
        assert np.allclose((one @ one.T).toarray(), (other @ other.T).toarray(), atol=1e-6)
    assert hashed.transform(["xyz qqq"]).nnz == words.transform(["xyz qqq"]).nnz
