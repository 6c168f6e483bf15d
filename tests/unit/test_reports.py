"""Taking a report: one transaction, once, sealed; triage; form 01; the reporter's words."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.db import tables
from bot.db.engine import Store
from bot.reports import ReportDraft, ReportService, form01, status_words, triage
from bot.reports.content import Shredded, open_report, payload
from bot.reports.draft import RISKS
from bot.reports.service import advance, mark_seen
from bot.reports.words import load

SENDER = "ab" * 16
DRAFT = ReportDraft(
    subject="self",
    danger_now=False,
    story="CANARY-STORY dượng hay la mắng",
    child_age=9,
    child_sex="female",
    relation="dượng",
    commune="Xã Tân Thạnh",
    place_text="CANARY-PLACE gần chợ",
    person_near=False,
    contact="CANARY-CONTACT 0912 345 678",
    reporter_role="child",
    risk="high",
    reasons=["Có lời kể về việc bị làm hại"],
    extra={"ho_ten_me": "CANARY-MOTHER"},
)


def rows(store: Store, table: sa.Table) -> list[Any]:
    with store.reader.connect() as connection:
        return list(connection.execute(sa.select(table)).mappings())


def test_report_deliveries_and_audit_are_one(store: Store) -> None:
    taken = ReportService(store, ["desk", "webhook"]).take(DRAFT, "telegram", SENDER, "draft-1")
    assert taken.created
    assert re.fullmatch(r"\d{4}( \d{4}){3}", taken.receipt)
    (report,) = rows(store, tables.reports)
    assert (report["id"], report["status"], report["sender"]) == (taken.report_id, "received", SENDER)
    assert [(d["target"], d["state"]) for d in rows(store, tables.deliveries)] == [
        ("desk", "pending"),
        ("webhook", "pending"),
    ]
    (entry,) = rows(store, tables.audit)
    assert (entry["action"], entry["subject"]) == ("report_taken", taken.report_id)
    assert open_report(store, report)["draft"]["story"] == DRAFT.story


def test_a_failure_in_the_middle_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise RuntimeError("no audit")

    monkeypatch.setattr("bot.reports.service.audit.record", fail)
    with pytest.raises(RuntimeError):
        ReportService(store, ["desk"]).take(DRAFT, "web", SENDER, "draft-1")
    assert rows(store, tables.reports) == []
    assert rows(store, tables.deliveries) == []


def test_confirming_again_gives_the_same_receipt(store: Store) -> None:
    service = ReportService(store, ["desk"])
    first = service.take(DRAFT, "web", SENDER, "draft-1")
    again = service.take(DRAFT.copy(update={"story": "khác"}), "web", SENDER, "draft-1")
    assert (again.report_id, again.receipt, again.created) == (first.report_id, first.receipt, False)
    assert service.take(DRAFT, "web", SENDER, "draft-2").receipt != first.receipt
    assert len(rows(store, tables.reports)) == 2


def test_racing_confirmations_make_one_report(store: Store) -> None:
    barrier = threading.Barrier(5)

    def confirm(_: int) -> Any:
        barrier.wait()
        return ReportService(store, ["desk"]).take(DRAFT, "web", SENDER, "draft-1")

    with ThreadPoolExecutor(5) as pool:
        results = list(pool.map(confirm, range(5)))
    assert len({(r.report_id, r.receipt) for r in results}) == 1
    assert sum(r.created for r in results) == 1
    assert len(rows(store, tables.deliveries)) == 1


def test_an_address_given_as_sender_is_made_a_pseudonym(sqlite_store: Store) -> None:
    ReportService(sqlite_store, ["desk"]).take(DRAFT, "telegram", "123456789", "telegram:123456789:1")
    (report,) = rows(sqlite_store, tables.reports)
    assert report["sender"] == sqlite_store.keys.pseudonymise("telegram", "123456789")
    assert "123456789" not in report["idempotency_key"]


def test_no_word_of_a_report_is_in_the_files(sqlite_store: Store, tmp_path: Path) -> None:
    taken = ReportService(sqlite_store, ["desk"]).take(DRAFT, "web", SENDER, "draft-1")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name.endswith("-wal") for path in files)
    for path in files:
        raw = path.read_bytes()
        assert b"CANARY" not in raw, path.name
        assert "dượng".encode() not in raw, path.name
        for receipt in (taken.receipt, taken.receipt.replace(" ", "")):
            assert receipt.encode() not in raw, path.name


def test_no_word_of_a_report_is_in_an_error_or_a_repr(sqlite_store: Store) -> None:
    taken = ReportService(sqlite_store, ["desk"]).take(DRAFT, "web", SENDER, "draft-1")
    assert "CANARY" not in f"{DRAFT!r} {DRAFT}"
    assert taken.receipt not in repr(taken)
    values = {"id": "CANARY", "idempotency_key": None}
    with pytest.raises(sa.exc.SQLAlchemyError) as caught, sqlite_store.engine.begin() as connection:
        connection.execute(tables.reports.insert().values(**values))
    assert "CANARY" not in str(caught.value)
    with pytest.raises(ValueError) as refused:
        ReportDraft(danger_now="CANARY", person_near="CANARY", extra="CANARY", reasons="CANARY")
    assert "CANARY" not in f"{refused.value} {refused.value!r}"


def test_senseless_values_do_not_stop_a_report() -> None:
    draft = ReportDraft(subject="ai đó", child_sex="?", reporter_role="x", child_age=999, story=None)
    assert (draft.subject, draft.child_sex, draft.reporter_role, draft.child_age, draft.story) == (
        None,
        None,
        None,
        None,
        "",
    )
    assert len(ReportDraft(story="a" * 100_000).story) == 20_000


def test_deleting_the_data_key_shreds_the_report(store: Store) -> None:
    ReportService(store, ["desk"]).take(DRAFT, "web", SENDER, "draft-1")
    with store.engine.begin() as connection:
        connection.execute(tables.reports.update().values(data_key=None))
    (report,) = rows(store, tables.reports)
    with pytest.raises(Shredded):
        open_report(store, report)


def test_status_moves_forward_only(store: Store) -> None:
    service = ReportService(store, ["desk"])
    taken = service.take(DRAFT, "web", SENDER, "draft-1")
    seen = []
    for step in ("acknowledged", "forwarded", "in_progress", "closed", "acknowledged"):
        with store.engine.begin() as connection:
            advance(connection, taken.report_id, step, "an", 5.0)
            mark_seen(connection, taken.report_id, 4.0)
        status = service.status(taken.receipt, SENDER)
        assert status is not None
        assert status.seen
        seen.append(status.status)
    assert seen == ["acknowledged", "acknowledged", "in_progress", "closed", "closed"]
    assert [a["detail"] for a in rows(store, tables.audit)][1:] == ["acknowledged", "in_progress", "closed"]


def test_seen_is_said_only_when_somebody_saw_it(store: Store) -> None:
    service = ReportService(store, ["desk"])
    taken = service.take(DRAFT, "web", SENDER, "draft-1")
    with store.engine.begin() as connection:
        advance(connection, taken.report_id, "forwarded", "system", 5.0)
    before = service.status(taken.receipt, SENDER)
    with store.engine.begin() as connection:
        mark_seen(connection, taken.report_id, 6.0)
    after = service.status(taken.receipt, SENDER)
    assert before is not None
    assert after is not None
    assert "Chưa có ai mở xem" in before.words("child")
    assert "Đã có một cán bộ mở xem" in after.words("child")


AUDIENCES = ("child", "teen", "parent", "teacher")


@pytest.mark.parametrize("audience", AUDIENCES)
def test_words_for_the_reporter_are_safe(audience: str) -> None:
    voice = load("status")["audiences"][audience]
    assert set(voice) == set(load("status")["audiences"]["child"])
    for key in voice:
        words = status_words(key, audience)
        assert all(number in words for number in ("111", "113", "115"))
        assert "máy trả lời" in words
        assert not re.search(r"bí mật|tại sao|xâm hại|bạo lực|tố cáo|chắc chắn|yên tâm", words, re.IGNORECASE)


def test_children_get_short_sentences() -> None:
    for key in load("status")["audiences"]["child"]:
        sentences = [s for s in re.split(r"[.!?\n]+", status_words(key, "child")) if s.strip()]
        assert sum(len(s.split()) for s in sentences) / len(sentences) <= 12


def test_unknown_audience_gets_the_teen_voice() -> None:
    assert status_words("received", None) == status_words("received", "teen") == status_words("received", "x")


# --- triage ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        ({}, "low"),
        ({"risk": "medium"}, "medium"),
        ({"danger_now": True}, "immediate"),
        ({"danger_now": False, "risk": "high"}, "high"),
        ({"person_near": True, "risk": "low"}, "immediate"),
        ({"child_age": 5}, "high"),
        ({"child_age": 5, "risk": "high"}, "immediate"),
        ({"child_age": 6, "risk": "medium"}, "medium"),
        ({"relation": "dượng", "risk": "medium", "reporter_role": "child"}, "high"),
        ({"relation": "Dượng", "risk": "high", "reporter_role": "teacher"}, "immediate"),
        ({"relation": "mẹ", "risk": "medium", "reporter_role": "parent"}, "medium"),
        ({"relation": "ba", "risk": "low", "reporter_role": "child"}, "low"),
        ({"risk": "medium", "extra": {"caregiver_involved": "true"}}, "high"),
        ({"relation": "bạn cùng lớp", "risk": "medium", "reporter_role": "teen"}, "medium"),
    ],
)
def test_triage(draft: dict[str, Any], expected: str) -> None:
    assert triage(ReportDraft(**draft)).risk == expected


drafts = st.builds(
    ReportDraft,
    subject=st.sampled_from(["self", "other", None]),
    danger_now=st.sampled_from([True, False, None]),
    person_near=st.sampled_from([True, False, None]),
    near_text=st.none() | st.text(max_size=20),
    story=st.text(max_size=200),
    child_age=st.none() | st.integers(-5, 300),
    age_text=st.none() | st.text(max_size=20),
    child_sex=st.sampled_from(["male", "female", None]),
    relation=st.none() | st.sampled_from(["ba", "dượng", "bạn", "thầy"]),
    commune=st.none() | st.text(max_size=20),
    place_text=st.none() | st.text(max_size=20),
    contact=st.none() | st.text(max_size=40),
    reporter_role=st.sampled_from([*AUDIENCES, None]),
    risk=st.sampled_from(RISKS),
    reasons=st.lists(st.sampled_from(["Lý do một", "Lý do hai"]), max_size=3),
    extra=st.dictionaries(st.sampled_from([*form01.keys(), "khac"]), st.text(max_size=20), max_size=4),
)


@given(drafts)
def test_triage_never_lowers_and_always_says_why(draft: ReportDraft) -> None:
    result = triage(draft)
    assert RISKS.index(result.risk) >= RISKS.index(draft.risk)
    assert result.reasons
    if draft.story.strip():
        assert all(draft.story != reason for reason in result.reasons)


# --- form 01 -----------------------------------------------------------------------------------------------
def content_of(draft: ReportDraft) -> dict[str, Any]:
    return {
        "report_id": "3f2a1b4c-0000-4000-8000-000000000000",
        "channel": "telegram",
        "taken_at": 1_795_500_000.0,
        "risk": "high",
        "reasons": ["Lý do"],
        "draft": draft.dict(),
    }


def test_form_has_every_official_field() -> None:
    """The decree's form has 23 fields; a few of its labels word for word."""
    labels = [field.label for section in form01.sections(content_of(ReportDraft())) for field in section.fields]
    assert len(labels) == 23
    assert "Tình trạng hiện tại của trẻ em (6)" in labels
    assert labels[0] == "Tên cơ quan tiếp nhận thông tin (1)"
    assert labels[-1] == "Cán bộ tiếp nhận thông tin (ký, ghi rõ họ tên)"


def test_form_is_filled_from_a_draft() -> None:
    values = form01.values(content_of(DRAFT))
    assert values["gio"] == "13 giờ 00"
    assert values["dia_danh_ngay"] == "An Giang, ngày 24 tháng 11 năm 2026"
    assert values["nguon_thong_qua"] == "Tin nhắn Telegram (trẻ tự báo)"
    assert values["ngay_sinh"] == "Khoảng 9 tuổi (ước lượng)"
    assert values["gioi_tinh"] == "Nữ"
    assert values["dia_diem_vu_viec"] == "CANARY-PLACE gần chợ, Xã Tân Thạnh"
    assert "CANARY-STORY" in values["tinh_trang_hien_tai"]
    assert values["nguoi_bao_sdt"] == "0912 345 678"
    assert values["ho_ten_me"] == "CANARY-MOTHER"
    assert "3F2A1B4C" in values["so_bao_cao"]


def test_without_a_contact_the_officer_is_warned() -> None:
    assert "không gọi số nhà" in form01.values(content_of(ReportDraft()))["ghi_chu"]


@given(drafts)
def test_any_draft_fills_the_form(draft: ReportDraft) -> None:
    values = form01.values(content_of(draft))
    assert set(values) <= set(form01.keys())
    assert payload(content_of(draft))["data"]["form01"] == values


def test_no_field_of_the_form_is_listed_twice() -> None:
    path = Path("bot/reports/data/form01.yml")
    parts = yaml.safe_load(path.read_text(encoding="utf-8"))["sections"]
    keys = [field["key"] for part in parts for field in part["fields"]]
    assert len(keys) == len(set(keys))
