"""Dangers that go on over many messages: each step has its answer, a good end is glad news, and whoever is feared and
comes hides the chat."""

from __future__ import annotations

import time

import pytest

from actions.leaving import is_leaving, silences
from actions.safety import ActionQuickExit
from bot.dialogue.conversation import Conversation
from bot.dialogue.messages import IncomingMessage
from bot.dialogue.safe_threads import feared_arrives, heard, thread_form, thread_of
from bot.safety import Assessment, SafetyAnswers
from bot.safety.threads import thread_texts, threads
from bot.safety.told import another_dying, says_dying

from .test_answer_actions import run, tracker
from .test_answer_actions import told as events_of
from .test_safe_turns import DYING, NOW, TOLD, said, talk, told
from .test_safety_asked import Fixed, Rasa

CALM = Assessment()


@pytest.mark.parametrize(
    "text",
    ["co oi ba noi con khoa cua hong cho con vo nha", "con bi khoa o ngoai", "ba ngoai nhot con ngoai duong toi nay",
     "tối nay e ngủ đâu h", "tối nay em không có chỗ ngủ", "ba đuổi em ra khỏi nhà rồi", "me khoa cong k cho em vao",
     "dượng tống cổ em ra khỏi nhà giữa đêm", "ba hong mo cua cho con", "k có chỗ nào để đi", "em hết chỗ ngủ rồi",
     "tía con khóa cửa rồi hổng cho con vô ngủ", "con o ngoai san ba ngoai khoa cua"],
)  # fmt: skip
async def test_a_child_outside_is_sent_to_light_and_people_and_never_asked_about_dying(text: str) -> None:
    for found in (NOW, DYING, TOLD):
        assert await said(talk("child"), text, found) == "outside"
    for form in ("outside", "outside_again"):
        for words in SafetyAnswers.load().forms[form].values():
            assert "khóa cửa lại" not in words
            assert "trốn" not in words


@pytest.mark.parametrize(
    "text",
    ["con khóa cửa phòng không cho ba vô", "con trốn trong phòng, con khóa cửa rồi", "ba nhốt con trong phòng",
     "thằng đó đuổi theo em", "ba dọa đuổi con ra khỏi nhà", "em không ngủ được", "mẹ không cho con về nhà ngoại",
     "cô giáo đuổi em ra khỏi lớp", "ba khóa cửa ngoài, con ở trong nhà một mình", "bạn em bị đuổi khỏi nhà",
     "hôm qua ba đuổi con ra khỏi nhà", "tối nay em ngủ đâu được"],
)  # fmt: skip
def test_who_is_inside_or_tells_of_another_day_is_not_outside(text: str) -> None:
    assert not threads()["outside"].opens(text)


async def test_outside_each_need_is_answered_until_the_door_opens() -> None:
    memory = told("outside", "child", risk="immediate")
    steps = [
        ("hang xom ngu het roi", CALM, "outside_asleep"),
        ("goi 113 co bi ba chui hong", TOLD, "outside_scolded"),
        ("con lanh", CALM, "outside_cold"),
        ("con doi bung", TOLD, "outside_hungry"),
        ("ngủ đâu giờ", DYING, "outside_where"),
        ("co ong nao di theo con", NOW, "outside_stranger"),
        ("ba thuong con ma chi khi gian moi vay", CALM, "outside_loved"),
        ("có nhà tạm lánh nào ở rạch giá k", CALM, "outside_where"),
        ("con khong biet nua", DYING, "outside_again"),
    ]
    for text, found, form in steps:
        assert await said(memory, text, found) == form, text
    assert await said(memory, "ba mo cua roi con vo ngu day", TOLD) == "let_in"
    assert await said(told("outside", "teen"), "em muốn chết", DYING) == "self_harm"
    assert await said(told("outside", "teen"), "ba mở cửa rồi đánh em", NOW) != "let_in"


@pytest.mark.parametrize(
    "text",
    ["con bi lac o cho", "bị lạc ở chợ Rạch Sỏi", "con dang cam dien thoai me con bi lac o cho dem", "con lac mat me",
     "con đi lạc rồi", "con không thấy mẹ đâu hết", "kiếm mẹ hoài không thấy", "e lạc đoàn rồi", "mẹ đâu mất rồi",
     "con lạc ngoại ở bến xe", "con hong biet duong ve nha"],
)  # fmt: skip
async def test_however_it_is_said_who_is_lost_stays_where_people_are(text: str) -> None:
    assert await said(talk("child"), text, NOW) == "lost"
    assert await said(talk("child"), text, CALM) == "lost"


@pytest.mark.parametrize(
    "text", ["bị lạc thì phải làm sao", "bài văn lạc đề", "em lạc quan lắm", "mất liên lạc với bạn", "game bị lạc map",
             "so bi lac khi di choi", "em trai em bị lạc ở chợ", "em bé bị lắc mạnh", "hôm qua con bị lạc"],
)  # fmt: skip
def test_other_words_of_that_sound_are_not_lost(text: str) -> None:
    assert not threads()["lost"].opens(text)


async def test_a_lost_child_gets_an_answer_to_each_step_and_no_stranger_leads_them_away() -> None:
    memory = told("lost", "child", risk="immediate")
    steps = [
        ("dien thoai me khoa khong goi dc", CALM, "lost_phone"),
        ("con nho so ba 0912", TOLD, "lost_number"),
        ("co chu keu con di theo chu dan ve", TOLD, "lost_stranger"),
        ("co ba ban ca cho con ngoi ke ben", CALM, "lost_helper"),
        ("con hong nho so me", CALM, "lost_no_number"),
        ("con o cho Rach Soi", CALM, "lost_place"),
        ("con so qua", CALM, "lost_afraid"),
    ]
    for text, found, form in steps:
        assert await said(memory, text, found) == form, text
    assert "Khẩn cấp" in thread_texts()["lost_phone"]["child"]
    assert "đừng đi theo" in thread_texts()["lost_stranger"]["child"]


@pytest.mark.parametrize(
    ("before", "text", "form"),
    [
        ("lost", "me con toi roi", "found"),
        ("lost", "cô giáo tới rồi", "found"),
        ("lost_again", "het lac roi", "found"),
        ("outside", "ba mở cửa rồi", "let_in"),
        ("emergency_medical", "115 toi roi cam on nha", "help_poison"),
        ("still_poisoned", "mẹ em tới rồi", "help_poison"),
        ("fall", "ba con tới rồi", "help_wound"),
        ("emergency_injury", "xe cấp cứu tới rồi", "help_wound"),
    ],
)
async def test_when_help_comes_it_is_glad_news_in_the_voice_that_was_used(before: str, text: str, form: str) -> None:
    memory = told(before, "child", risk="immediate", swallowed_at=time.time() if "pois" in form else 0.0)
    assert await said(memory, text, NOW) == form
    assert memory.audience == "child"
    assert heard(text, memory), "the dialogue neither leaves nor alarms beside it"


async def test_help_that_is_not_there_yet_or_does_not_help_ends_nothing() -> None:
    assert await said(told("lost", "child"), "mẹ con chưa tới", TOLD) != "found"
    assert await said(told("still_poisoned", "teen"), "mẹ tới rồi mà nó vẫn ói", NOW) != "help_poison"
    beaten = told("emergency_injury", "teen", risk="immediate", recent=["ba đánh em chảy máu"])
    assert thread_form("ba em tới rồi", beaten, NOW) == ""
    assert feared_arrives("ba em tới rồi", beaten)


@pytest.mark.parametrize(
    ("told_of", "text", "hides"),
    [
        ("bồ em bóp cổ em", "giờ nó về tới rồi", True),
        ("bồ em bóp cổ em", "bo e toi roi kia", True),
        ("bạn trai em ép em", "ảnh vô phòng r", True),
        ("dượng sờ con", "dượng về tới rồi", True),
        ("mẹ đánh con hoài", "mẹ về tới rồi", True),
        ("dượng sờ con", "mẹ con tới rồi", False),
        ("bồ em bóp cổ em", "nó chưa tới", False),
        ("bồ em bóp cổ em", "nó tới chưa", False),
        ("bồ em bóp cổ em", "nó sắp về rồi", False),
        ("bồ em bóp cổ em", "nó mới đi ra rồi", False),
        ("bồ em bóp cổ em", "nó tới nhà em hồi tối", False),
        ("ba đánh con", "ba về tới nhà là đánh con", False),
        ("nó dọa tung ảnh nóng của em", "nó tới nhà em rồi", False),
    ],
)
def test_the_chat_hides_when_the_one_who_is_feared_comes(told_of: str, text: str, hides: bool) -> None:
    memory = told("disclosure", "teen", recent=[told_of])
    assert feared_arrives(text, memory) is hides
    assert not feared_arrives(text, talk("teen")), "nothing was told"
    assert not feared_arrives("nó tới rồi", told("lost", "child", recent=["con bi lac"]))


async def test_in_a_report_too_the_chat_hides_and_nothing_of_it_is_shown() -> None:
    for text in ("nó về tới", "ảnh vô phòng rồi", "me con moi vo phong"):
        memory = told("disclosure", "teen", in_form=True, recent=["bạn trai em đánh em"])
        conversation = Conversation(Fixed(), SafetyAnswers.load(), Rasa())
        turn = await conversation.respond(IncomingMessage("zalo", "1", "x", text=text), "s", memory, "x")
        assert turn.memory is None
        assert [reply.kind for reply in turn.replies] == ["hide"]


async def test_when_he_has_gone_out_it_is_the_time_to_get_help() -> None:
    assert await said(told("disclosure", "child", recent=["dượng sờ con"]), "nó mới đi ra rồi", NOW) == "went_out"
    assert await said(told("lost", "child"), "nó đi rồi", CALM) != "went_out"


@pytest.mark.parametrize(
    ("text", "found", "form"),
    [
        ("còn có nửa tiếng hà", CALM, "pictures_deadline"),
        ("may gio roi ta", CALM, "pictures_deadline"),
        ("lam on chi e cach", CALM, "pictures_first"),
        ("e gui no 2tr dc k, e con 2tr", NOW, "pictures_pay"),
        ("gửi tiền được không", CALM, "pictures_pay"),
        ("chặn nó được k", CALM, "pictures_block"),
        ("em chan roi do", DYING, "pictures_blocked"),
        ("nó tao nick khác nhắn nữa", TOLD, "pictures_block"),
        ("em lỡ gửi thêm rồi", TOLD, "pictures_sent_more"),
        ("nó đăng rồi", NOW, "pictures_posted"),
        ("lên face rồi", NOW, "pictures_posted"),
        ("làm sao gỡ", CALM, "pictures_remove"),
        ("gỡ k kịp thì sao", CALM, "pictures_remove"),
        ("nó đòi gặp em ở nhà nghỉ", NOW, "pictures_meeting"),
        ("no keu em mo cam coi mat", TOLD, "pictures_camera"),
        ("em hong gui", CALM, "pictures_refused"),
        ("em xoa het tin nhan roi co sao hong", CALM, "pictures_deleted"),
    ],
)
async def test_while_pictures_are_held_over_somebody_each_step_is_answered(
    text: str, found: Assessment, form: str
) -> None:
    assert await said(told("blackmail", "teen"), text, found) == form
    words = thread_texts()[form]["teen"]
    assert "chỗ đông người" not in words
    assert words.startswith("113") is (form == "pictures_meeting"), "the police first only when somebody comes"


async def test_pictures_with_an_hour_or_posted_already_get_their_words_at_once() -> None:
    assert await said(talk("teen"), "nó nói 9h tối nay tung clip của e", NOW) == "blackmail"
    assert await said(talk("teen"), "nó đăng hình nhạy cảm của em lên face rồi", TOLD) == "pictures_posted"
    assert await said(told("disclosure", recent=["nó dọa tung ảnh nóng của em"]), "còn 30p nữa", CALM) == "blackmail"
    assert await said(told("disclosure", recent=["ba đánh con"]), "còn 30p nữa", CALM) == ""
    assert "Take It Down" in thread_texts()["pictures_posted"]["teen"]


@pytest.mark.parametrize(
    "text",
    ["ban em moi noi no dung tren cau", "ban than em nhan tin: … vinh biet", "ban em noi song chi nua",
     "em gai con noi muon bien mat", 'nó nhắn "tao muốn biến mất luôn"', "bạn e up story vĩnh biệt mọi người",
     "thằng bạn em nói nó sống không nổi nữa", "em trai em nói không muốn sống nữa", "bạn em viết thư tuyệt mệnh",
     "nhỏ bạn e cho hết đồ rồi nói vĩnh biệt"],
)  # fmt: skip
async def test_whose_friend_wants_to_die_is_never_asked_about_themselves(text: str) -> None:
    assert another_dying(text)
    assert await said(talk("teen"), text, DYING) in ("other_dying", "other_dying_now")


@pytest.mark.parametrize(
    "text",
    ["em muốn biến mất", "sống chi nữa", "vĩnh biệt mọi người", "em nói với bạn là em muốn chết",
     "tụi nó nói em sống làm gì", "bạn em mới nghỉ học, em sống chi nữa"],
)  # fmt: skip
def test_who_speaks_of_themselves_is_not_taken_for_a_friend(text: str) -> None:
    assert not another_dying(text)


async def test_who_worries_about_a_friend_gets_each_question_answered() -> None:
    memory = told("other_dying", "teen")
    steps = [
        ("nha no xa lam gio phai lam gi", CALM, "friend_unknown"),
        ("con nho me con goi me no dc hong", CALM, "friend_ask_adult"),
        ("em khong biet so nha no", TOLD, "friend_unknown"),
        ("noi gi voi no bay gio", CALM, "friend_say"),
        ("no moi gui hinh tay co vet cat", DYING, "friend_cuts"),
        ("hay la no gion", CALM, "friend_joke"),
        ("no lam that thi con co loi hong", CALM, "friend_fault"),
        ("no dan dung noi ai", TOLD, "friend_promised"),
        ("nó cho em hết đồ rồi", TOLD, "other_dying_now"),
        ("em có muốn chết đâu, là bạn em", DYING, "other_dying_still"),
    ]
    for text, found, form in steps:
        assert await said(memory, text, found) == form, text
    assert not says_dying("em có muốn chết đâu, là bạn em")
    assert await said(memory, "em cũng muốn chết", DYING) == "self_harm"


@pytest.mark.parametrize(
    "text",
    ["hôm qua em lỡ tát con bồ em mấy cái, vậy em có sai k", "em tat ban gai em vi no coi dt em",
     "con lỡ xô bạn té, con có lỗi không", "em đấm thằng bạn cùng lớp giờ em hối hận", "t quánh nó rồi giờ t ân hận",
     "em 17 tuoi lo danh nguoi ta sung mat co bi bat ko", "nãy nóng quá em bạt tai em gái em"],
)  # fmt: skip
async def test_who_has_hit_hears_that_it_is_wrong_and_what_to_do(text: str) -> None:
    assert await said(talk("teen"), text, TOLD) == "hit_someone"
    for form in ("hit_someone", "hit_again"):
        words = thread_texts()[form]["teen"]
        assert "là sai" in words
        assert "không có lỗi" not in words
        assert "can đảm" not in words
    assert await said(told("hit_someone", "teen"), "em xin lỗi nó dc k", DYING) == "hit_sorry"
    assert await said(told("hit_someone", "teen"), "là em đánh nó chứ k ai đánh em", TOLD) == "hit_again"


@pytest.mark.parametrize(
    "text",
    ["bạn em đánh em", "em bị bạn đánh, em có lỗi không", "nó đánh em trước nên em đánh lại nó", "ba em đánh mẹ em",
     "em không đánh nó", "con đánh răng chưa sạch có sao không", "em muốn đánh nó"],
)  # fmt: skip
def test_who_was_hit_or_has_not_hit_is_not_told_so(text: str) -> None:
    assert not threads()["hit"].opens(text)


@pytest.mark.parametrize(
    "text",
    ["o ấp cua con ai cung cuoi som het, con tinh tron di", "trốn nhà đi làm trên sài gòn á, chứ hông phải chết",
     "em muốn bỏ nhà đi", "e tính bỏ nhà đi đêm nay", "con muốn trốn đi chứ không muốn chết", "em sẽ trốn khỏi nhà"],
)  # fmt: skip
async def test_to_run_away_is_no_wish_to_die(text: str) -> None:
    assert await said(talk("teen"), text, DYING) == "runs_away"
    assert "chết" not in thread_texts()["runs_away"]["teen"]


async def test_who_wants_to_run_away_and_to_die_is_asked_about_dying() -> None:
    assert await said(talk("teen"), "em muốn trốn đi, em không muốn sống nữa", DYING) == "self_harm"
    for text in ("em gái em bỏ nhà đi", "con đang trốn trong tủ", "em trốn học", "mẹ bỏ nhà đi rồi"):
        assert not threads()["away"].opens(text), text


@pytest.mark.parametrize("text", ["m im di", "mày im đi", "câm mồm", "im mồm lại", "bot im đi", "dm im đi"])
def test_to_tell_the_machine_to_be_silent_is_no_exit(text: str) -> None:
    assert silences(text)
    assert not is_leaving(text)
    assert not is_leaving(text, told=False)


@pytest.mark.parametrize("text", ["im", "im im", "suỵt", "im nó tới", "im đi ba tới", "im lặng"])
def test_who_must_be_quiet_is_let_go(text: str) -> None:
    assert is_leaving(text)
    assert is_leaving(text, told=False)


def test_im_di_alone_hides_only_when_harm_was_told_before() -> None:
    assert is_leaving("im đi", told=True)
    assert not is_leaving("im đi", told=False)


async def test_who_has_told_of_pain_and_says_be_silent_is_heard_and_not_sent_away() -> None:
    before = [events_of("em rạch tay", kind="self_harm")]
    for text in ("m im di", "im đi"):
        where = tracker(text, "quick_exit", events=before, metadata={"audience": "teen"})
        words, events = await run(ActionQuickExit(), where)
        assert events == []
        assert words[0]["text"].startswith("Ừ, mình nghe thôi")
    harmed = tracker("im đi", "quick_exit", events=[events_of("ba đánh em")], metadata={"audience": "teen"})
    _, events = await run(ActionQuickExit(), harmed)
    assert events, "who hides is let go"


def test_every_thread_knows_the_words_that_are_said_in_it() -> None:
    forms = SafetyAnswers.load().forms
    for thread in threads().values():
        assert all(form in forms for form in thread.forms), thread.name
        assert not thread.over or thread.over in forms
        for form in thread.forms:
            assert thread_of(form) is thread
