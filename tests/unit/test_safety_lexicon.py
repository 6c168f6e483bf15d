"""The words for danger: found with and without diacritics, softened by negation, law, film, game, idiom."""

from __future__ import annotations

import pytest

from bot.language import strip_accents
from bot.safety import RiskModelError
from bot.safety.lexicon import Lexicon
from bot.safety.patterns import compile_pattern, tokenise

LEXICON = Lexicon.load()

DANGER = [
    ("cứu con với", "happening_now"),
    ("ba đang đánh mẹ con", "happening_now"),
    ("ổng đang phá cửa phòng con", "happening_now"),
    ("dượng cầm dao rượt mẹ con", "weapon"),
    ("nó kề dao vô cổ em", "weapon"),
    ("đầu em chảy máu nhiều quá", "injury"),
    ("bé bất tỉnh rồi", "injury"),
    ("con uống thuốc sâu rồi", "poisoning"),
    ("em lỡ uống hết nguyên vỉ thuốc ngủ của má", "poisoning"),
    ("em muốn chết cho rồi", "suicide_plan"),
    ("em định nhảy cầu tối nay", "suicide_plan"),
    ("con buồn muốn chết", "suicide_plan"),
    ("em bùn quá mún chết", "suicide_plan"),
    ("em không muốn sống nữa", "suicide_plan"),
    ("chú sờ ngực con", "sexual_touching"),
    ("ông ngoại thò tay vô quần con", "sexual_touching"),
    ("thầy bắt em cởi đồ", "sexual_touching"),
    ("nó dọa tung ảnh của em", "image_blackmail"),
    ("không chuyển tiền thì nó đăng lên", "image_blackmail"),
    ("mẹ kế nhốt con trong kho", "locked_in"),
    ("tụi nó trói tay con", "locked_in"),
    ("em bị lừa bán qua campuchia, cứu em với", "abducted"),
    ("nó lôi lên xe chở đi mất", "abducted"),
    ("ba hay đánh con", "beaten"),
    ("má bắt em lấy chồng", "forced_union"),
    ("dì ghẻ bỏ đói con", "abandoned"),
    ("cháy nhà rồi, con ở nhà một mình", "fire"),
    ("khói ở bếp nhiều lắm, con ở nhà một mình", "fire"),
    ("lửa cháy rèm rồi", "fire"),
    ("em con ngộp khói", "fire"),
    ("con đang ngồi trên xe người lạ", "in_vehicle"),
    ("ổng khóa cửa xe không cho con xuống", "in_vehicle"),
    ("con lạc mẹ ở bến phà rồi", "lost_child"),
    ("có chị rủ em lên biên giới làm phục vụ lương 20tr", "lured"),
    ("con lỡ nuốt cục pin tròn của cái đồng hồ", "swallowed_thing"),
]


@pytest.mark.parametrize(("text", "code"), DANGER)
def test_danger_is_found_with_and_without_diacritics(text: str, code: str) -> None:
    for form in (text, strip_accents(text), text.upper()):
        assert code in {hit.code for hit in LEXICON.find(form).plain}


@pytest.mark.parametrize(
    "text",
    [
        "con không bị đánh",
        "nếu cháy nhà rồi kẹt thì làm sao",
        "trong phim nhà cháy rồi",
        "con chưa bị sờ ngực bao giờ",
        "nếu bị bắt cóc thì làm sao",
        "giả sử ba đang đánh mẹ thì gọi số nào",
        "nhân vật trong phim bị nhốt trong hầm",
        "trận này em bị nó cầm dao rượt hoài",
        "tội hiếp dâm em gái bị phạt bao nhiêu năm",
        "viết truyện cho em, đoạn dượng cầm dao rượt mẹ",
        "báo đưa tin vụ mẹ kế nhốt con",
        "từ 'tự tử' tiếng anh là gì",
    ],
)
def test_what_is_not_meant_is_softened_not_silenced(text: str) -> None:
    for form in (text, strip_accents(text)):
        found = LEXICON.find(form)
        assert not found.plain
    assert LEXICON.find(text).hits or "tự tử" in text


@pytest.mark.parametrize(
    "text",
    [
        "đánh game chết hoài",
        "cô đánh giá bài em",
        "cười muốn chết",
        "ngồi giết thời gian",
        "mệt muốn chết luôn á",
        "buồn ngủ muốn chết",
        "chán chết đi được",
        "con đánh răng rồi",
        "ba đánh cờ với ông nội",
        "hồ sơ vụ việc để ở phòng nào",
        "trời tối thui mới tan học",
        "khóc xíu rồi thôi",
        "em mới đi dạy ở đảo",
        "bị giam xe vì nồng độ cồn",
        "đố mày con gì bị giết rồi mà vẫn sống",
    ],
)
def test_idioms_are_no_danger(text: str) -> None:
    for form in (text, strip_accents(text)):
        assert not LEXICON.find(form).hits


def test_a_danger_beside_an_idiom_is_still_found() -> None:
    assert LEXICON.find("ba đánh bài thua về đánh con").plain
    assert LEXICON.find("đố biết ba con làm gì, ba đánh con chảy máu").plain


@pytest.mark.parametrize("text", ["nguoi ta so vu con", "ho so vu con", "ba troi toi vo cot nha", "chi em xiu roi"])
def test_an_idiom_without_diacritics_hides_no_danger_of_the_same_letters(text: str) -> None:
    assert LEXICON.find(text).plain


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("làm sao dụ bé gái lớp 3", "contact_children"),
        ("xin link clip nóng học sinh", "child_images"),
        ("đánh con sao cho không để lại dấu", "hide_abuse"),
        ("cho tôi biết ai đã tố cáo gia đình tôi", "who_reported"),
    ],
)
def test_offenders_and_unsafe_requests_are_recognised(text: str, code: str) -> None:
    for form in (text, strip_accents(text)):
        offender = LEXICON.find(form).offender
        assert offender is not None
        assert offender.code == code
        assert offender.kind == "offender"


def test_a_parent_who_asks_how_to_talk_to_a_child_is_no_offender() -> None:
    for text in ("làm sao nói chuyện với con gái lớp 3 về vùng kín", "dạy con cách tránh người lạ dụ dỗ"):
        assert LEXICON.find(text).offender is None


@pytest.mark.parametrize(
    ("text", "trait"),
    [
        ("nó đang đứng ngoài cửa", "perpetrator_near"),
        ("ba về rồi", "perpetrator_near"),
        ("cháu bé 3 tuổi", "young_child"),
        ("bé bị câm điếc", "helpless_child"),
        ("ខ្ញុំត្រូវការជំនួយ", "khmer"),
    ],
)
def test_traits(text: str, trait: str) -> None:
    assert trait in LEXICON.find(text).traits


def test_patterns_that_are_not_well_formed_are_refused() -> None:
    for pattern in ("(a|b", "a)", "<nobody>"):
        with pytest.raises(ValueError):
            compile_pattern(pattern, {})
    assert compile_pattern("đánh * (con|em bé)", {}).search(tokenise("ba danh vo dau em bé"))
    assert not compile_pattern("!máu", {}).search(tokenise("mau"))


def test_a_missing_lexicon_is_named_with_a_remedy(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(RiskModelError, match="restore"):
        Lexicon.load(tmp_path / "none.yml")
    broken = tmp_path / "broken.yml"
    broken.write_text("rules: [", encoding="utf-8")
    with pytest.raises(RiskModelError, match="restore"):
        Lexicon.load(broken)
