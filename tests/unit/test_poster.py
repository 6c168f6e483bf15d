"""Posters: the right address, a code that is drawn as computed, and words that give nothing away."""

from __future__ import annotations

import numpy as np
import pytest
import segno
from click.testing import CliRunner
from matplotlib.backends.backend_agg import FigureCanvasAgg

from bot.dialogue.commands import interpret
from bot.dialogue.messages import IncomingMessage
from bot.dialogue.phrases import load_yaml
from bot.outreach import commands
from bot.outreach.poster import CODE_MM, QUIET, PosterError, compose, draw, link, modules, words
from tests.conftest import make_settings

SITE = "https://an-tam.example.gov.vn"
TOPICS = list(load_yaml("commands.yml")["topics"])


def test_every_topic_of_the_chat_has_a_poster_and_a_title_and_the_other_way_round():
    from bot.bridges.base import load_texts

    assert set(words()["topics"]) == set(TOPICS) == set(load_texts("webchat")["topics"])


@pytest.mark.parametrize("topic", TOPICS)
def test_a_deep_link_opens_its_topic(topic):
    said = interpret(IncomingMessage("web", "c", "u", text="x", kind="button", payload=f"/start {topic}"))
    assert said.to_rasa
    assert said.to_rasa != "/greet"


def test_the_addresses():
    assert link("web", "luat", site=SITE) == f"{SITE}/?chu_de=luat"
    assert link("telegram", "luat", bot="an_tam_bot") == "https://t.me/an_tam_bot?start=luat"
    assert link("zalo", "luat", account="38861") == "https://zalo.me/38861"
    for channel in ("web", "telegram", "zalo"):
        with pytest.raises(PosterError):
            link(channel, "luat", site="http://an-tam.example")


def test_the_code_on_paper_is_the_computed_one():
    """The poster is rendered and every module looked at, the quiet zone too."""
    address = link("web", "an_toan_mang", site=SITE)
    figure = compose(words(), "an_toan_mang", "web", address)
    figure.set_dpi(200)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[:, :, :3].mean(axis=2)
    rows = modules(address)
    size = CODE_MM / (len(rows) + 2 * QUIET)
    height = pixels.shape[0] / 210
    for down in range(-QUIET, len(rows) + QUIET):
        for across in range(-QUIET, len(rows) + QUIET):
            x = (74 - CODE_MM / 2 + (across + QUIET + 0.5) * size) * height
            y = (210 - (82 + CODE_MM) + (down + QUIET + 0.5) * size) * height
            inside = 0 <= down < len(rows) and 0 <= across < len(rows)
            dark = inside and rows[down][across]
            assert (pixels[int(y), int(x)] < 128) == dark, (down, across)
    assert segno.make(address, error="q", boost_error=False, micro=False).error == "Q"


@pytest.mark.parametrize("ending", ["svg", "pdf"])
def test_a_poster_is_one_a5_page_with_everything_in_it(tmp_path, ending):
    path = tmp_path / f"p.{ending}"
    draw("bat_nat", "web", f"{SITE}/?chu_de=bat_nat", path)
    content = path.read_bytes()
    if ending == "pdf":
        assert content.startswith(b"%PDF-")
        assert content.count(b"/Type /Page ") == 1
        box = content.split(b"/MediaBox [")[1].split(b"]")[0].split()
        assert [round(float(n)) for n in box[2:]] == [420, 595]
    else:
        assert b"<svg" in content
        assert b"http://" not in content.split(b"<metadata>")[0].split(b"<svg")[1].replace(b"http://www.w3.org/", b"")
        assert b"<image" not in content  # sharp at every size
    draw("bat_nat", "web", f"{SITE}/?chu_de=bat_nat", tmp_path / f"q.{ending}")


def test_no_words_run_off_the_paper():
    for topic in TOPICS:
        for channel in ("web", "telegram", "zalo"):
            figure = compose(words(), topic, channel, f"{SITE}/?chu_de={topic}")
            canvas = FigureCanvasAgg(figure)
            canvas.draw()
            width, height = canvas.get_width_height()
            for text in figure.axes[0].texts:
                box = text.get_window_extent(canvas.get_renderer())
                assert box.x0 >= 0.02 * width, text.get_text()
                assert box.x1 <= 0.98 * width, text.get_text()
                assert 0 <= box.y0 < box.y1 <= height


def test_the_numbers_and_that_it_is_a_machine_are_on_every_poster():
    assert [n["number"] for n in words()["numbers"]] == ["111", "113", "115"]
    assert all(len(entry["label"].split()) > 4 for entry in words()["numbers"])
    assert "tự động" in words()["note"]
    everything = str(words()).lower()
    for word in ("xâm hại", "bí mật", "tại sao", "hiếp"):
        assert word not in everything


def test_the_command(tmp_path, monkeypatch):
    settings = make_settings(tmp_path / "var", public_url=SITE)
    monkeypatch.setattr(commands, "get_settings", lambda: settings)
    path = tmp_path / "p.svg"
    result = CliRunner().invoke(commands.outreach, ["poster", "--topic", "luat", "--output", str(path)])
    assert result.exit_code == 0, result.output
    assert f"{SITE}/?chu_de=luat" in result.output
    assert path.exists()
    for arguments in (
        ["--topic", "khác"],
        ["--topic", "luat", "--output", "p.doc"],
        ["--topic", "luat", "--channel", "zalo"],
        ["--topic", "luat", "--output", "/nowhere/p.pdf"],
    ):
        result = CliRunner().invoke(commands.outreach, ["poster", *arguments])
        assert result.exit_code == 1
        assert result.output.startswith("an-tam: ")
        assert len(result.output.strip().splitlines()) == 1
