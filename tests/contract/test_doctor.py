"""``python -m bot doctor``: its line about Zalo, against the double."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot import doctor
from bot.bridges.zalo_client import Pair
from bot.bridges.zalo_tokens import ZaloTokens
from bot.db.engine import open_store
from bot.settings import Settings
from tests.conftest import make_settings
from tests.contract.zalo_double import ZaloDouble


@pytest.fixture
def zalo() -> Iterator[ZaloDouble]:
    with ZaloDouble() as double:
        yield double


def settings_for(folder: Path, zalo: ZaloDouble, **more: object) -> Settings:
    values = {
        "zalo_app_id": zalo.app_id,
        "zalo_app_secret": zalo.app_secret,
        "zalo_oa_secret": zalo.oa_secret,
        "zalo_oa_id": zalo.oa_id,
        "zalo_api_base": zalo.base_url,
        "zalo_oauth_base": zalo.base_url,
        "public_url": "https://an-tam.example",
    }
    return make_settings(folder / "var", **{**values, **more})


def with_token(settings: Settings, zalo: ZaloDouble) -> None:
    store = open_store(settings)
    ZaloTokens(store, settings).save(Pair(zalo.access, zalo.refresh, 90000.0))
    store.engine.dispose()


def test_zalo_is_off_when_nothing_of_it_is_set(tmp_path):
    assert doctor.check_zalo(make_settings(tmp_path / "var")).state == "off"


def test_a_zalo_account_that_works_is_ok(tmp_path, zalo):
    settings = settings_for(tmp_path, zalo)
    with_token(settings, zalo)
    finding = doctor.check_zalo(settings)
    assert finding.state == "ok"
    assert zalo.oa_id in finding.text
    assert zalo.access not in finding.text


def test_what_zalo_lacks_is_one_line_with_the_remedy(tmp_path, zalo):
    settings = settings_for(tmp_path, zalo, zalo_oa_secret="")
    with_token(settings, zalo)
    assert doctor.check_zalo(settings).text.startswith("HOTLINE_ZALO_OA_SECRET not set")
    finding = doctor.check_zalo(settings_for(tmp_path, zalo, zalo_oa_id="1"))
    assert (finding.state, finding.text.split(":")[0]) == ("missing", "account")
    zalo.expire_access()
    assert "refuses the access token" in doctor.check_zalo(settings_for(tmp_path, zalo)).text


def test_before_the_first_start_nothing_is_created(tmp_path, zalo):
    settings = settings_for(tmp_path, zalo)
    assert doctor.check_zalo(settings).state == "missing"
    assert not settings.keys.exists()
    assert not (settings.data_dir / "an_tam.db").exists()


def test_the_doctor_has_a_line_about_zalo(tmp_path, zalo, monkeypatch):
    monkeypatch.setattr(doctor, "get_settings", lambda: settings_for(tmp_path, zalo))
    monkeypatch.setattr(doctor, "CHECKS", tuple(c for c in doctor.CHECKS if c.__name__ in ("check_disk", "check_zalo")))
    result = CliRunner().invoke(doctor.doctor)
    assert result.exit_code == 1
    assert [line.split()[:2] for line in result.output.splitlines()] == [["ok", "disk"], ["missing", "zalo"]]
