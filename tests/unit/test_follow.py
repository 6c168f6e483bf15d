"""Wishes about a report that was sent, in plain words: what is one, what is not, and who seems to be forced."""

from __future__ import annotations

import pytest

from bot.dialogue import follow
from bot.dialogue.commands import Said
from bot.dialogue.memory import Memory
from bot.dialogue.wishes import rephrased


@pytest.mark.parametrize(
    "text",
    [
        "em muốn rút tin",
        "cho tôi hủy phiếu đã báo",
        "rut lai tin giup con",
        "hủy báo cáo",
        "e mun rut tin hqua e gui",
        "cho em thu hồi tin báo",
        "em k muốn báo nữa",
        "rút đơn giúp con",
        "tin hồi nãy bỏ đi cô",
        "coi như em chưa nói gì nha",
        "thôi e rút lại nha",
        "má nói chuyện xong rồi con rút tin",
    ],
)
def test_withdrawing(text: str) -> None:
    assert follow.wish(text) == "/withdraw_report"


@pytest.mark.parametrize(
    "text",
    [
        "mình muốn rút tin, ổng bắt con nhắn vậy",
        "con muốn hủy phiếu, ba ép con",
        "rút tin đi, không thì ổng đánh con",
        "họ hứa cho em tiền để em rút tin",
        "má biểu con rút tin",
        "rut tin di ko la no danh e",
        "ba k cho con bao, huy giup con",
        "ổng biết con báo rồi, hủy giùm con",
        "rút tin, ổng đứng kế bên",
        "tui sợ quá nên rút tin",
        "chu noi con nhan la con noi xao, huy di",
        "chú biểu con rút",
        "chồng nó qua dọa tôi bắt rút, tôi sợ quá",
    ],
)
def test_forced(text: str) -> None:
    assert follow.wish(text) == '/withdraw_report{"forced": "yes"}'


@pytest.mark.parametrize(
    "text",
    [
        "rút đơn tố cáo có bị phạt không",
        "con muốn xóa tin nhắn trong máy",
        "bạn em hủy kết bạn với em",
        "em muốn báo tin",
        "ba bắt con học hoài",
        "rút tiền ở đâu",
        "nó bắt em rút tiền",
        "ba biểu con xóa zalo",
        "mẹ bắt con xóa tiktok",
        "ba bắt con hủy kết bạn",
        "tin nhắn bị thu hồi có coi lại được không",
        "bạn em rút lại lời hứa",
        "coi như không có gì khó",
        "em không muốn báo công an",
        "ba không muốn con báo",
    ],
)
def test_other_talk_is_no_wish(text: str) -> None:
    assert follow.wish(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "tôi muốn nhắn thêm vào tin",
        "nhan them vao tin bao",
        "con nói thêm vô tin hôm qua được hông",
        "bổ sung thông tin cho tin báo hôm trước",
        "bo sung vao phieu em da gui",
        "gửi thêm hình vào báo cáo",
        "kể thêm về vụ con đã báo",
        "em nhắn thêm chi tiết cho tin đã gửi",
        "tôi bổ sung thêm về vụ tôi báo bữa trước",
    ],
)
def test_adding_to_what_was_sent(text: str) -> None:
    assert follow.wish(text) == "/add_information"


@pytest.mark.parametrize(
    "text",
    [
        "nó nhắn thêm mấy tin nhắn dọa con",
        "xem thêm",
        "kể thêm đi bạn",
        "bạn em kể thêm cho tin tức nghe",
        "con muốn nói thêm là ba đánh con",
        "nói thêm cho dễ hiểu",
        "báo thêm một vụ nữa",
        "con kể thêm vụ hôm qua ba đánh",
    ],
)
def test_telling_more_is_not_adding(text: str) -> None:
    assert follow.wish(text) is None


@pytest.mark.parametrize(
    "text", ["xóa tin đã gửi giúp em", "xoa tin em da gui", "xóa giùm con cái tin đã báo", "xoá báo cáo của tôi"]
)
def test_deleting_what_was_sent(text: str) -> None:
    assert follow.wish(text) == "/delete_report"


def test_who_is_told_to_delete_is_under_pressure() -> None:
    assert follow.wish("tui muon xoa tin do, dượng no biet ruoi, hăm e") == '/delete_report{"forced": "yes"}'


@pytest.mark.parametrize(
    "text",
    ["thôi khỏi", "ko cho nua", "con không chờ nữa đâu", "thui e k mun gap ng that nua", "hỏi máy tiếp", "đổi ý rồi"],
)
def test_waiting_no_longer(text: str) -> None:
    assert follow.leaves(text, in_form=True)


@pytest.mark.parametrize(
    "text", ["không chờ được, ổng đánh con", "sao lâu quá", "dạ", "không", "con không muốn sống nữa"]
)
def test_still_waiting(text: str) -> None:
    assert not follow.leaves(text, in_form=False)


def test_thoi_alone_may_mean_the_report() -> None:
    assert follow.leaves("thôi", in_form=False)
    assert not follow.leaves("thôi", in_form=True)


@pytest.mark.parametrize(
    "text",
    ["kể tiếp", "ke tip di co", "con quay lại kể tiếp nè", "e ke tip dc k", "làm tiếp tin báo", "hôm bữa con kể dở"],
)
def test_taking_up_again(text: str) -> None:
    assert follow.resumes(text)


@pytest.mark.parametrize("text", ["mai con kể tiếp", "không kể tiếp nữa", "kể tiếp có sao không", "lát kể tiếp"])
def test_not_taking_up_again(text: str) -> None:
    assert not follow.resumes(text)


def said(text: str) -> Said:
    return Said(text, text)


def test_the_next_words_go_to_the_step_that_waits() -> None:
    memory = Memory(awaits="add_information")
    assert rephrased(said('nó nói "im đi"\nrồi bỏ đi'), memory).to_rasa.startswith("/add_information{")
    assert memory.awaits == "", "only the next ones"
    assert rephrased(said("tin khác"), memory).to_rasa == "tin khác"


def test_a_button_ends_the_waiting() -> None:
    memory = Memory(awaits="arrange_call")
    pressed = Said("", "/contact_hotlines")
    assert rephrased(pressed, memory) == pressed
    assert memory.awaits == ""


def test_taking_up_a_draft_only_when_there_is_one() -> None:
    assert rephrased(said("kể tiếp"), Memory(draft=True)).to_rasa == "/start_report"
    assert rephrased(said("kể tiếp"), Memory()).to_rasa == "kể tiếp"
    assert rephrased(said("rút tin"), Memory(in_form=True)).to_rasa == "rút tin", "the form takes it"


@pytest.mark.parametrize("text", ["thôi", "Thôi.", "khong goi", "bỏ qua", "thui khoi", "đừng gọi em", "không nhắn nữa"])
def test_ending(text: str) -> None:
    assert follow.ends(text)
    assert not follow.ends(text + " ổng đánh con")


@pytest.mark.parametrize(
    "text", ["đừng gọi, nhắn zalo thôi, sau 7h", "không gọi nữa", "khoi goi dien nha", "thôi đừng gọi về nhà"]
)
def test_not_to_be_called_after_all(text: str) -> None:
    assert follow.wants_no_call(text)


def test_a_number_or_an_hour_is_no_refusal_of_the_call() -> None:
    assert not follow.wants_no_call("gọi số 0909 111 222")
    assert not follow.wants_no_call("sau 7 giờ tối, đừng sớm hơn")


@pytest.mark.parametrize(
    "text",
    [
        "gui roi ai goi e",
        "bao gio co nguoi toi",
        "khi nao co chu toi",
        "có ai trả lời e k",
        "bao lâu mới có người liên lạc lại tôi vậy",
        "gửi rồi sao nữa",
        "gửi xong rồi cô chú có gọi con không",
    ],
)
def test_asking_what_comes_of_a_report(text: str) -> None:
    assert follow.asks_what_next(text)
    assert rephrased(said(text), Memory()).to_rasa.startswith("/check_report{")
    assert rephrased(said(text), Memory(in_form=True)).to_rasa == text, "the form takes it"


@pytest.mark.parametrize(
    "text",
    [
        "có người gọi em hoài",
        "khi nào ba tôi về",
        "ai gọi em vậy",
        "gửi rồi nó đòi thêm",
        "gửi hình rồi nó gọi em hoài",
        "bao giờ có lịch tiêm",
        "có ai giúp bạn em không",
        "có ai ở nhà không",
    ],
)
def test_not_asking_what_comes_of_a_report(text: str) -> None:
    assert not follow.asks_what_next(text)


@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        ("tui muon bao tin, con be hang xom 8 tuoi bi cha duong danh hoai", True),
        ("Cho tôi báo một việc: có đứa nhỏ bị nhốt", True),
        ("em muốn tố cáo thầy em", True),
        ("bé bị dượng đánh bầm lưng, tôi muốn báo để có người giúp cháu", True),
        ("tôi xin trình báo trường hợp cháu H bị đánh", True),
        ("con muốn tố cáo mà sợ bị trả thù", False),
        ("tôi muốn báo tin thì báo ở đâu", False),
        ("bao tin roi ma khong ai goi", False),
        ("chị tố cáo bà ấy rồi", False),
        ("con muốn bảo vệ em con, ba đánh nó", False),
        ("ba đánh con hoài", False),
    ],
)
def test_who_begins_with_the_wish_to_report_wants_to_report(text: str, wishes: bool) -> None:
    assert follow.asks_to_report(text) is wishes


@pytest.mark.parametrize(
    ("text", "next_asked"),
    [
        ("rồi sao nữa, ai tới nhà bé, mấy ngày có tin", True),
        ("ai xuong nha be vay", True),
        ("bao nhiêu ngày thì có kết quả", True),
        ("ai tới nhà con cũng bị ba chửi", False),
        ("hôm qua công an tới nhà", False),
    ],
)
def test_what_comes_of_a_report_is_asked_in_many_ways(text: str, next_asked: bool) -> None:
    assert follow.asks_what_next(text) is next_asked
