"""The Vietnamese normal form."""

from __future__ import annotations

import time

import pytest

from bot.language import clean, fingerprint, normalise, strip_accents, syllables, words
from bot.language.syllable import is_bare_syllable, is_syllable, place_tone
from bot.language.telex import decode


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("hoà thuý khoẻ", "hòa thúy khỏe"),
        ("qúy gíup hòan cuả gìa", "quý giúp hoàn của già"),
        ("kooo biết nhaaa", "không biết nha"),
        ("thẳnggg chếttt lẹeee quááá", "thẳng chết lẹ quá"),
        ("xoong nồi google facebook free", "xoong nồi google facebook free"),
        ("ddanhs bij looix toois buoonf", "đánh bị lỗi tối buồn"),
        ("hông dzậy ổng mần", "không vậy ông ấy làm"),
        ("ba quýnh con, con hổng dám dìa", "ba đánh con, con không dám về"),
        ("dc ko z", "được không vậy"),
        ("vs ny cj", "với người yêu chị"),
        ("em 9t", "em 9 tuổi"),
        ("đi zô nhà fải jống đượk", "đi vô nhà phải giống được"),
        ("http://a.vn/khong", "http://a.vn/khong"),
        ("trời ơi!!!!!", "trời ơi!"),
    ],
)
def test_normal_form(typed: str, wanted: str) -> None:
    assert normalise(typed) == wanted


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("t nói m nghe", "tao nói mày nghe"),
        ("t k biết hỏi ai, chị ơi", "tôi không biết hỏi ai, chị ơi"),
        ("ai bt gì k", "ai biết gì không"),
        ("em thấy bt", "em thấy bình thường"),
        ("ck em hay đánh con", "chồng em hay đánh con"),
        ("nó bắt ck tiền", "nó bắt chuyển khoản tiền"),
        ("em bị đau hông", "em bị đau hông"),
        ("em bị dị ứng", "em bị dị ứng"),
        ("sao dị?", "sao vậy?"),
        ("con mới ngủ dậy", "con mới ngủ dậy"),
        ("sao kỳ dậy", "sao kỳ dậy"),
        ("bác ấy biểu em cởi", "bác ấy bảo em cởi"),
        ("biểu diễn văn nghệ", "biểu diễn văn nghệ"),
        ("thiệt hại bao nhiêu", "thiệt hại bao nhiêu"),
        ("5 k", "5 nghìn"),
    ],
)
def test_short_forms_by_their_neighbours(typed: str, wanted: str) -> None:
    assert normalise(typed) == wanted


@pytest.mark.parametrize("word", ["áy náy", "hẻm nhỏ", "tủi thân", "hăm dọa", "bẹn", "hỏng", "ươm", "xuyên", "khuya"])
def test_right_words_stay(word: str) -> None:
    assert normalise(word) == word


def test_emoji_mean_something_only_where_they_can() -> None:
    assert normalise("buồn quá 😭😭 :((") == "buồn quá"
    assert normalise("😭😭😭") == "buồn"
    assert normalise("🆘 em") == "cứu em"
    assert normalise("👍") == "có"
    assert clean("Chào 😊") == "Chào 😊"


def test_a_message_without_diacritics_stays_without() -> None:
    assert normalise("ba em hay danh em") == "ba em hay danh em"
    assert strip_accents("Đánh đập, khuỷu") == "Danh dap, khuyu"


def test_hidden_and_direction_characters_go() -> None:
    assert clean("a\u200bb\u202ec\x00\ufeff d\u0007\n e") == "abc d e"
    assert normalise("g\u0300i") == normalise("gì"[0] + "\u0300" + "i")
    assert clean("Z\u0351\u036ba\u0489lgo") == "Zalgo"


@pytest.mark.parametrize(
    "text", ["", "   ", "!!!", "\x00\x01", "👩‍👧", "' OR 1=1 --", "a" * 100_000, "ơi " * 30_000, "((((" * 999]
)
def test_odd_input_never_fails_and_is_stable(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert isinstance(words(text[:500]), list)


def test_spelling_rules() -> None:
    assert is_syllable("nghiêng")
    assert is_syllable("gì")
    assert is_syllable("quyết")
    assert not is_syllable("kô")
    assert not is_syllable("dzậy")
    assert not is_syllable("các".replace("á", "à"))
    assert is_bare_syllable("duoc")
    assert not is_bare_syllable("looix")
    assert place_tone("giềng") == "giềng"
    assert place_tone("toán") == place_tone("tóan") == "toán"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("dduwowcj", "được"),
        ("dduowcj", "được"),
        ("nguwowif", "người"),
        ("nguowif", "người"),
        ("nguoiwf", "người"),
        ("truowngf", "trường"),
        ("ruowuj", "rượu"),
        ("thuowr", "thuở"),
        ("quowr", "quở"),
    ],
)
def test_one_w_makes_both_horns(typed: str, meant: str) -> None:
    assert decode(typed) == meant


def test_telex_keys() -> None:
    assert decode("muoons") == "muốn"
    assert decode("hello") is None


def test_words_and_syllables() -> None:
    assert "học sinh" in words("học sinh lớp 3")
    assert syllables("Ko biết, hông!") == ["không", "biết", "không"]
    assert words("") == []


def test_fast_and_fingerprinted() -> None:
    messages = [f"tui hông bít làm s, ba đánh e {i} lần r á" for i in range(500)]
    began = time.perf_counter()
    for message in messages:
        normalise(message)
    assert (time.perf_counter() - began) / len(messages) < 0.005
    assert len(fingerprint()) == 16
