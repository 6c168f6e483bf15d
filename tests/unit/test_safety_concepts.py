"""Concepts: words of one meaning become one feature."""

from __future__ import annotations

import pytest
import yaml

from bot.language import normalise, strip_accents
from bot.safety import RiskModelError
from bot.safety import concepts as room
from bot.safety.concepts import concept_grams, concepts


def test_other_words_of_the_same_meaning_give_the_same_concepts() -> None:
    assert concepts("dượng nện cháu") == ["step", "hit", "me"]
    assert concepts("cha dượng bóp cổ em") == concepts("dượng nện cháu")
    assert concepts(strip_accents("dượng nện cháu")) == ["step", "hit", "me"]
    assert concepts(normalise("ổng đập tui hoài")) == ["he", "hit", "me", "again"]


def test_the_longest_phrase_wins() -> None:
    assert concepts("không muốn sống") == ["live"]
    assert concepts("bà ngoại") == ["relative"]


def test_grams_hold_order_company_and_length() -> None:
    grams = concept_grams("dượng nện cháu")
    assert {"step", "step>hit", "step>hit>me", "hit>me", "hit&me", "me&step"} <= set(grams)
    assert "hit>step" not in grams
    assert sum(g.startswith("length") for g in grams) == 1
    assert concept_grams("") == ["length 0"]


def test_no_phrase_belongs_to_two_concepts() -> None:
    raw = yaml.safe_load(room.DATA.read_text(encoding="utf-8"))
    seen: dict[str, str] = {}
    for concept, phrases in raw.items():
        for phrase in map(str, phrases):
            assert seen.setdefault(phrase, concept) == concept, phrase


def test_missing_concepts_are_named_with_a_remedy(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    room._table.cache_clear()
    monkeypatch.setattr(room, "DATA", tmp_path / "none.yml")
    with pytest.raises(RiskModelError, match="restore"):
        concepts("ba")
    room._table.cache_clear()
