"""Accidents get first aid of their own kind, never words about somebody who attacks; what a doctor treats gets none."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from actions.safety import ActionSmallTalk
from bot.dialogue.safe_forms import FIRST_AID
from bot.language import strip_accents
from bot.safety import Assessment, SafetyAnswers
from bot.safety.answers import ACCIDENTS, AUDIENCES, choose_form
from bot.safety.lexicon import Lexicon
from bot.safety.told import treated

from .test_safe_turns import said, talk, told

WORDS = Lexicon.load()
ANSWERS = SafetyAnswers.load()
STRAY = re.compile("hung hăng|chỗ đông người|người gây hại|vỏ thuốc|lỗi")

HAPPENED = [
    ("bé hóc dị vật mặt tím", "choking"),
    ("cháu bị sặc cháo", "choking"),
    ("be nha toi mac nghen hot mit tim mat roi", "choking"),
    ("con tôi bị hóc hạt nhãn mặt tím ngắt giờ làm sao", "choking"),
    ("em bé 8 tháng sặc sữa tím tái", "choking"),
    ("cháu ngoại tui 2 tuổi nuốt hột nhãn rồi nó không thở", "choking"),
    ("con bé bị mắc hột chôm chôm ngang họng", "choking"),
    ("bé mắc nghẹn rau câu thở không được", "choking"),
    ("con ăn kẹo bị nghẹn, cứu con", "choking"),
    ("con tôi té hồ bơi vớt lên không thở", "drowning"),
    ("con tôi ngã giếng", "drowning"),
    ("thằng nhỏ té xuống kinh vớt lên nằm im", "drowning"),
    ("bé rớt ao kéo lên rồi mà mềm nhũn", "drowning"),
    ("con tôi bị điện giật nằm bất động", "electrocuted"),
    ("bé thọc ổ điện bị giật té xuống", "electrocuted"),
    ("dây điện giật em con rồi", "electrocuted"),
    ("con tôi co giật sốt 40 độ", "seizure"),
    ("con lên cơn động kinh nãy giờ chưa hết", "seizure"),
    ("bé làm kinh nãy giờ", "seizure"),
    ("bé bị rắn cắn sưng chân", "bitten"),
    ("rắn lục cắn tay con rồi cô ơi", "bitten"),
    ("ong vò vẽ đốt con trai tui mấy chục mũi", "bitten"),
    ("con tôi bị phỏng nước sôi lột da", "burnt"),
    ("bé bị nồi cháo nóng đổ lên người", "burnt"),
    ("em bị phỏng nặng", "burnt"),
    ("em gái em té cây gãy tay", "fallen"),
    ("cháu té lầu bất tỉnh", "fallen"),
    ("xe tải đụng bạn em nằm im", "fallen"),
    ("con em mới nuốt viên bi làm sao giờ", "swallowed_thing"),
    ("bé nuốt nam châm", "swallowed_thing"),
    ("con lỡ nuốt cục pin tròn của cái đồng hồ", "swallowed_thing"),
    ("bé nuốt nhầm thuốc huyết áp của bà ngoại, giờ ngủ li bì", "mistaken"),
    ("em uống lộn nước lau nhà rồi", "mistaken"),
    ("cháu em ăn thạch, mắc nghẹn tím ngắt", "choking"),
    ("con trai tui té xuống lu nước vừa vớt lên", "drowning"),
    ("ba con sửa điện bị giật nằm luôn", "electrocuted"),
    ("cháu nội bị sốt lên kinh trợn mắt", "seizure"),
    ("bò cạp chích bé khóc thét nổi mề đay", "bitten"),
    ("bé chụp trúng nồi nước sôi", "burnt"),
    ("bé rớt võng đập đầu ói hoài", "fallen"),
    ("bé bỏ hột nở vô lỗ mũi", "swallowed_thing"),
]
CALM = [
    "cách sơ cứu khi trẻ bị hóc", "sợ bé té sông nên rào lại", "làm sao phòng đuối nước cho con", "bé học hát",
    "trường dạy sơ cứu khi bị rắn cắn", "điện giật chết hai con heo", "bài toán hóc búa quá", "em nghẹn ngào muốn khóc",
    "mẹ nghen con", "con sạc pin điện thoại", "em bị học lại lớp 5", "bóng rớt xuống ao", "mèo nhà tui ăn nhằm bả",
    "iphone 11 rớt xuống mương, vớt lên còn rung", "bị giật điện thoại ngoài đường", "nằm mộng thấy rắn cắn",
    "học bổng đầu vào trường", "con nuôi rắn cảnh", "năm ngoái con tôi bị hóc xương",
    "trẻ bị nghẹn thì sơ cứu sao, hỏi để phòng",
    "con bị xe tông gãy chân, đòi bồi thường bao nhiêu", "gửi phiếu rồi bao lâu có người gọi", "hoc vien phai viet bai",
]  # fmt: skip


@pytest.mark.parametrize(("text", "code"), HAPPENED)
def test_an_accident_is_known_by_its_kind_with_and_without_diacritics(text: str, code: str) -> None:
    for form in (text, strip_accents(text)):
        assert code in {hit.code for hit in WORDS.find(form).plain}, form


@pytest.mark.parametrize("text", CALM)
def test_fear_lessons_animals_and_things_long_past_are_no_accident(text: str) -> None:
    kinds = {*ACCIDENTS, "mistaken"}
    for form in (text, strip_accents(text)):
        assert not kinds & {hit.code for hit in WORDS.find(form).plain}, form


@pytest.mark.parametrize("voice", AUDIENCES)
@pytest.mark.parametrize("code", ACCIDENTS)
async def test_an_accident_gets_its_own_first_aid_and_the_same_in_other_words(voice: str, code: str) -> None:
    memory, form = talk(voice), ACCIDENTS[code]
    found = Assessment("immediate", "emergency", 0.99, codes=("model_emergency", code, "injury"))
    assert await said(memory, "bé bị vậy rồi", found) == form
    worse = Assessment("immediate", "emergency", 0.99, codes=("model_emergency", "injury"))
    assert await said(memory, "nó nằm im rồi", worse) == f"{form}_again", "no words for wounds in between"
    assert await said(memory, "làm sao bây giờ", Assessment()) == form
    assert await said(memory, "nó khóc quá trời", Assessment()) == f"{form}_again"
    assert await said(memory, "không gọi được", Assessment()) == form
    helped = await said(memory, "xe cấp cứu tới đưa đi bệnh viện rồi", Assessment())
    assert helped not in (*FIRST_AID, ""), "help has come: no first aid again"


@pytest.mark.parametrize("form", FIRST_AID)
def test_first_aid_names_no_attacker_and_no_other_accident_s_steps(form: str) -> None:
    for voice in AUDIENCES:
        text = ANSWERS.forms[form][voice]
        assert not STRAY.search(text)
        if voice == "child":
            assert "người lớn" in text.split("\n")[0], "a grown-up comes first"
    assert not re.search("{steps}", "".join(ANSWERS.forms[form].values()))


def test_the_steps_are_those_that_are_safe() -> None:
    def teen(form: str) -> str:
        return ANSWERS.forms[form]["teen"]

    assert re.search(r"dưới 1 tuổi.*vỗ lưng 5 cái.*ấn ngực 5 cái", teen("choking"))
    assert re.search(r"[Từừ] 1 tuổi.*vỗ lưng 5 cái.*bụng", teen("choking"))
    assert all(step in teen("drowning") for step in ("114", "ép giữa ngực", "đừng dốc ngược"))
    assert re.search("Cúp cầu dao trước.*đừng đụng", teen("electric"))
    assert re.search(r"15–20 phút(?s:.)*Đừng bôi", teen("burn"))
    assert re.search("Đừng rạch, đừng hút, đừng cột chặt", teen("bite"))
    assert re.search("nằm nghiêng.*Đừng nhét gì vô miệng", teen("seizure"))
    assert "đừng cho ăn uống" in teen("swallowed_thing")


@pytest.mark.parametrize(
    ("codes", "form"),
    [
        (("choking", "beaten"), "emergency"),
        (("drowning", "choked"), "emergency"),
        (("burnt", "beaten"), "burn"),
        (("seizure", "poisoning"), "emergency_medical"),
        (("mistaken",), "emergency_medical"),
        (("swallowed_thing", "choking"), "choking"),
        (("fire", "burnt"), "fire"),
    ],
)
def test_blows_poison_and_fire_keep_their_words(codes: tuple[str, ...], form: str) -> None:
    assert choose_form(Assessment("immediate", "emergency", 0.9, codes=codes), False, False, "parent") == form


def test_in_a_form_first_aid_is_said_too() -> None:
    found = Assessment("immediate", "emergency", 0.9, codes=("choking",))
    assert choose_form(found, True, True, "parent") == "choking"


TREATED = [
    "đang nằm viện rồi", "bác sĩ khâu rồi, giờ khỏe. ai chịu tiền thuốc?", "tuần trước bó bột xong", "xuất viện rồi",
    "tới bv rồi bs nói phải mổ. cám ơn", "nó đang nằm viện rồi, bác sĩ lo rồi", "gãy tay tuần trước, đã bó bột xong",
    "đưa đi BV tỉnh bó bột rồi", "khau 5 mui roi", "bs cho ve roi", "bác sĩ kêu phải mổ gấp", "nó đang trong phòng mổ",
    "bé bị đánh chảy máu đầu, bác sĩ khâu 5 mũi rồi", "da chup phim roi, bi nut xuong",
]  # fmt: skip
UNTREATED = [
    "chưa đi bệnh viện", "bé té gãy tay giờ sưng to", "có cần đi khám không", "có phải khâu không", "bé nuốt pin rồi",
    "tuần trước té đập đầu, hôm nay ói", "đang chở đi bệnh viện", "không có tiền nhập viện",
    "ba không cho đi bệnh viện",
    "gọi bác sĩ không ai bắt máy", "co nen dua di benh vien khong", "bệnh viện nào gần", "hôm qua té xe gãy tay",
]  # fmt: skip


@pytest.mark.parametrize("text", TREATED)
async def test_what_a_doctor_treats_gets_care_and_no_first_aid(text: str) -> None:
    assert treated(text)
    for before in ("still_injured", "choking", "swallowed_thing", "still_poisoned"):
        memory = told(before, "parent", risk="immediate", swallowed_at=time.time() if "poison" in before else 0.0)
        assert await said(memory, text, Assessment()) == "in_hospital"
        assert memory.swallowed_at == 0.0, "the watch over the poison ends"
        assert await said(memory, text, Assessment()) == "in_hospital_again"
    for form in ("in_hospital", "in_hospital_again"):
        assert not re.search("ép chặt|đừng chờ|cho ói|gọi ngay", "".join(ANSWERS.forms[form].values()))


@pytest.mark.parametrize("text", UNTREATED)
def test_what_is_bad_again_or_not_seen_by_a_doctor_is_not_over(text: str) -> None:
    assert not treated(text)


async def test_the_account_of_a_treated_wound_in_a_form_brings_no_first_aid() -> None:
    memory = told("still_injured", "parent", in_form=True)
    assert await said(memory, "rồi tui đưa đi bv tỉnh, bác sĩ bó bột rồi", Assessment()) == ""


class Heard:
    """What a small-talk action is given."""

    def __init__(self, text: str) -> None:
        self.latest_message = {"text": text, "intent": {"name": "thanks"}, "metadata": {"audience": "parent"}}
        self.events: list[dict[str, Any]] = []
        self.slots: dict[str, Any] = {}
        self.active_loop: dict[str, Any] = {}

    def get_slot(self, name: str) -> Any:
        return self.slots.get(name)


class Spoken:
    """What was said."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def utter_message(self, **message: Any) -> None:
        self.messages.append(message)


@pytest.mark.parametrize(("text", "cared"), [("bs nói phải mổ. cám ơn", True), ("cám ơn", False)])
async def test_thanks_beside_an_operation_are_not_brushed_off(text: str, cared: bool) -> None:
    spoken = Spoken()
    await ActionSmallTalk().act(spoken, Heard(text))
    assert ("utter_thanks" not in str(spoken.messages)) is cared
    assert ("bác sĩ" in str(spoken.messages)) is cared


@pytest.mark.parametrize("text", ["bé mắc nghẹn hột mít tím mặt rồi", "be nha toi mac nghen hot mit tim mat roi"])
def test_a_face_that_turns_blue_is_no_blow(text: str) -> None:
    codes = {hit.code for hit in WORDS.find(text).hits}
    assert "choking" in codes
    assert "beaten" not in codes
    assert "beaten" in {hit.code for hit in WORDS.find("con tôi bị bầm mặt, sưng mắt").hits}
