"""Who a report is for, and who is on duty."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bot.db.engine import Store
from bot.forwarding.roster import Roster, RosterError, RosterFile, load_roster
from bot.forwarding.routing import Router, explain, rules
from bot.reports.commands import report
from bot.reports.draft import RISKS
from bot.reports.form01 import VIETNAM
from bot.settings import ROOT
from tests.conftest import make_settings
from tests.unit.test_desk import Officer, add, file, quick_passwords  # noqa: F401 - a fixture

ROUTER = Router.load(ROOT / "knowledge")
KINDS = ("none", "disclosure", "emergency", "self_harm", "offender", "worry")
ROSTER = Roster.parse_obj(
    {
        "people": {
            "lan": {"telegram": 11},
            "minh": {"email": "minh@example.vn"},
            "hoa": {"telegram": "-100"},
            "sep": {"email": "sep@example.vn"},
            "may": {"email": "may@example.vn"},
        },
        "communes": {"Xã Tân Thạnh": ["lan"]},
        "duty": [
            {"people": ["minh"], "days": ["mon", "tue", "wed", "thu", "fri"], "start": "07:00", "end": "19:00"},
            {"people": ["hoa"], "start": "19:00", "end": "07:00"},
        ],
        "leads": ["sep"],
        "operators": ["may"],
    }
)
MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=VIETNAM).timestamp()
NIGHT = datetime(2026, 11, 23, 2, tzinfo=VIETNAM).timestamp()
SATURDAY_NOON = datetime(2026, 11, 28, 12, tzinfo=VIETNAM).timestamp()


def bodies(commune: str | None, risk: str, kind: str = "none", roster: Roster = ROSTER) -> dict[str, Any]:
    return {step.body: step for step in ROUTER.route(commune, risk, kind, roster, MONDAY_NOON).steps}


def test_the_commune_is_told_its_own_reports() -> None:
    found = bodies("Xã Tân Thạnh", "low")
    assert list(found) == ["xa"]
    assert found["xa"].name.endswith("Phòng Văn hóa - Xã hội xã Tân Thạnh")
    assert found["xa"].people == ("lan",)


def test_immediate_danger_goes_to_everybody_who_can_come() -> None:
    found = bodies("Xã Tân Thạnh", "immediate", "emergency")
    assert set(found) == {"xa", "113", "cong-an-xa", "115", "111", "tinh"}
    assert (found["113"].phone, found["111"].phone, found["115"].phone) == ("113", "111", "115")
    assert found["tinh"].people == ("minh",)


@pytest.mark.parametrize(
    ("risk", "kind", "police"),
    [
        ("high", "disclosure", True),
        ("high", "offender", True),
        ("high", "worry", False),
        ("medium", "disclosure", False),
        ("immediate", "none", True),
    ],
)
def test_police_for_crimes_and_immediate_danger(risk: str, kind: str, police: bool) -> None:
    assert ("cong-an-xa" in bodies("Xã Tân Thạnh", risk, kind)) is police


@pytest.mark.parametrize("commune", [None, "", "ở đâu đó", "Hà Nội", "Mỹ"])
def test_an_unknown_place_goes_to_the_provincial_duty_desk(commune: str | None) -> None:
    found = bodies(commune, "low")
    assert list(found) == ["tinh"]
    assert found["tinh"].people == ("minh",)


def test_old_names_lead_to_todays_commune() -> None:
    decision = ROUTER.route("phường Vĩnh Thanh Vân, thành phố Rạch Giá", "low", "none", ROSTER, MONDAY_NOON)
    assert decision.commune == "Phường Rạch Giá"


def test_a_commune_without_people_falls_to_the_province() -> None:
    found = bodies("Phường Rạch Giá", "low")
    assert found["tinh"].people == ("minh",)
    assert rules()["no_roster"] in found["tinh"].why


@given(
    commune=st.sampled_from([None, "Xã Tân Thạnh", "Phường Rạch Giá", "không rõ"]) | st.text(max_size=20),
    risk=st.sampled_from(RISKS),
    kind=st.sampled_from(KINDS),
    at=st.floats(1.7e9, 1.9e9),
)
def test_never_nowhere(commune: str | None, risk: str, kind: str, at: float) -> None:
    decision = ROUTER.route(commune, risk, kind, ROSTER, at)
    assert decision.people
    assert {"xa", "tinh"} & {step.body for step in decision.steps}
    assert all(step.why for step in decision.steps)
    if risk == "immediate":
        assert {"113", "111"} <= {step.body for step in decision.steps}
    empty = ROUTER.route(commune, risk, kind, Roster(), at)
    assert empty.steps
    assert explain(empty)[-1] == rules()["nobody"]


# --- shifts ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("at", "people"), [(MONDAY_NOON, ["minh"]), (NIGHT, ["hoa"]), (SATURDAY_NOON, ["minh", "hoa"])]
)
def test_shifts(at: float, people: list[str]) -> None:
    """On Saturday at noon nobody has a shift: then everybody who ever has one."""
    assert ROSTER.on_duty(at) == people


def test_a_night_shift_belongs_to_the_day_it_begins() -> None:
    night = {"people": ["a"], "days": ["sun"], "start": "19:00", "end": "07:00"}
    roster = Roster.parse_obj({"people": {"a": {}, "b": {}}, "duty": [night, {"people": ["b"], "days": ["tue"]}]})
    assert roster.on_duty(NIGHT) == ["a"]  # Monday at two in the morning
    assert roster.duty[0].covers(datetime(2026, 11, 24, 2, tzinfo=VIETNAM)) is False


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("people: [", "line"),
        ("people: {lan: {phone: 1}}", "phone"),
        ("people: {lan: {email: kein}}", "e-mail"),
        ("people: {lan: {telegram: '@lan'}}", "chat id"),
        ("people: {Lan Ha: {}}", "people"),
        ("leads: [ai]", "'ai' is not under people"),
        ("people: {a: {}}\nduty: [{people: [a], start: 7}]", "start"),
        ("people: {a: {}}\nduty: [{people: [a], days: [monday]}]", "days"),
        ("- 1", "file"),
    ],
)
def test_a_broken_roster_is_one_line(tmp_path: Path, text: str, where: str) -> None:
    path = tmp_path / "roster.yml"
    path.write_text(text)
    with pytest.raises(RosterError) as refused:
        load_roster(path)
    assert where in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_changed_roster_is_read_again_and_a_broken_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "roster.yml"
    file = RosterFile(path)
    assert file.current() == Roster()
    path.write_text("people: {a: {}}\nleads: [a]")
    assert file.current().leads == ["a"]
    path.with_suffix(".new").write_text("leads: [b]")
    path.with_suffix(".new").replace(path)
    assert file.current().leads == ["a"]
    assert "not under people" in file.error
    path.unlink()
    assert file.current() == Roster()
    assert file.error == ""


def test_addresses_are_not_in_a_repr() -> None:
    assert "example.vn" not in repr(ROSTER)


# --- the command ----------------------------------------------------------------------------------
def test_route_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    roster = tmp_path / "roster.yml"
    monkeypatch.setattr("bot.reports.commands.get_settings", lambda: make_settings(tmp_path, roster=roster))

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(report, ["route", *arguments])
        return result.exit_code, result.output

    roster.write_text("people: {lan: {}}\ncommunes: {xã Tân Thạnh: [lan]}")
    code, text = run("--commune", "Tân Thạnh, An Minh", "--risk", "immediate", "--at", "2026-11-23T12:00:00")
    assert code == 0
    assert "người được báo: lan" in text
    assert "113" in text
    assert run("--risk", "huge")[0] == 2
    roster.write_text("people: {lan: {}}\ncommunes: {Hà Nội: [lan]}")
    code, text = run("--commune", "x")
    assert (code, text.count("\n")) == (1, 1)
    assert "Hà Nội" in text


def test_the_desk_says_whom_a_report_is_passed_to(sqlite_store: Store, tmp_path: Path) -> None:
    add(sqlite_store)
    roster = tmp_path / "roster.yml"
    roster.write_text("people: {lan: {}}\ncommunes: {Xã Tân Thạnh: [lan]}")
    _, taken = file(sqlite_store, danger_now=True, commune="Xã Tân Thạnh")
    officer = Officer(sqlite_store, roster=roster)
    officer.login()
    page = officer.get(f"/desk/cases/{taken.report_id}").text
    assert "Công an xã Tân Thạnh" in page
    assert "máy báo: lan" in page
    assert "Tổng đài quốc gia bảo vệ trẻ em 111" in page
