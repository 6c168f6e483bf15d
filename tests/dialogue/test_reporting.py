"""Reports as people make them, with the real program and the trained model.

Each reply of every conversation is also held against what must never be said (``tests.dialogue.talking.NEVER``).
"""

from __future__ import annotations

import pytest

from tests.dialogue.talking import Line, Person, asked

pytestmark = pytest.mark.model
DAY = 86400.0


def start(person: Person, words: str = "con muốn kể chuyện này cho cô nghe") -> None:
    """Begin a report and agree."""
    asked(person.say(words), "đồng ý")
    person.press("Đồng ý")


def test_nine_year_old_with_one_word_answers(line: Line) -> None:
    child = Person(line, "web")
    child.say("cô ơi con 9 tuổi, con muốn méc")
    if "đồng ý" not in child.heard.text.lower():
        child.press("Báo một việc")
    asked(child.heard, "cán bộ bảo vệ trẻ em sẽ đọc", "không giấu giùm", "nút Thoát")
    child.press("Đồng ý")
    asked(child.heard, "nguy hiểm không")
    asked(child.say("ko"), "kể một chút")
    asked(child.say("buồn"), "tuổi|xã")
    asked_for = {"nguy hiểm", "kể"}
    while "Đúng chưa" not in child.heard.text:
        asked_for.add(child.heard.replies[-1].text)
        child.say("9" if "mấy tuổi" in child.heard.text else "dạ")
        assert len(asked_for) <= 5, "\n".join(child.transcript)
    child.press("Gửi đi")
    assert child.receipt
    draft = child.report()
    assert draft["reporter_role"] == "child"
    assert (draft["place_text"], draft["contact"]) == (None, None), "'dạ' is no commune and no number"
    assert draft["assent_voice"] == "child"
    assert draft["assent_at"] is not None


def test_mother_with_everything_in_the_first_message(line: Line) -> None:
    mother = Person(line, "telegram")
    mother.say(
        "Con gái tôi 7 tuổi ở xã Tân Thạnh, tối qua bị cha dượng đánh bầm cả lưng, tôi muốn báo để có người giúp cháu"
    )
    asked(mother.heard, "113", "111")
    if "đồng ý" not in mother.heard.text.lower():
        mother.press("Kể để được giúp")
    asked(mother.heard, "đồng ý", "Telegram")
    mother.press("Đồng ý")
    asked(mother.heard, "7", "Tân Thạnh", "dượng", "tối qua")
    said = [mother.heard.text]
    while "Đúng chưa" not in mother.heard.text:
        mother.press("Bỏ qua")
        said.append(mother.heard.text)
        assert len(said) <= 9, "\n".join(mother.transcript)
    whole = "\n".join(said[:-1])
    for again in ("khoảng mấy tuổi", "xã, phường hay đặc khu nào", "kể ngắn"):
        assert again not in whole, f"{again}: told already\n" + "\n".join(mother.transcript)
    mother.press("Gửi đi")
    draft = mother.report()
    assert (draft["child_age"], draft["commune"]) == (7, "Xã Tân Thạnh")
    assert "dượng" in draft["relation"]
    assert draft["time_text"] == "tối qua"
    assert "bầm cả lưng" in draft["story"]
    assert draft["risk"] in ("high", "immediate")


def test_who_tells_and_wishes_to_report_in_one_message_is_asked_for_consent_at_once(line: Line) -> None:
    neighbour = Person(line, "telegram")
    neighbour.say("tui muon bao tin, con be hang xom 8 tuoi bi cha duong danh hoai, xa Vinh Hoa Hung")
    asked(neighbour.heard, "113", "đồng ý")
    neighbour.press("Đồng ý")
    said = [neighbour.heard.text]
    while "Đúng chưa" not in neighbour.heard.text:
        neighbour.press("Bỏ qua" if "nguy hiểm" not in neighbour.heard.replies[-1].text else "Không")
        said.append(neighbour.heard.text)
        assert len(said) <= 9, "\n".join(neighbour.transcript)
    assert "khoảng mấy tuổi" not in "\n".join(said[:-1]), "told already"
    neighbour.press("Gửi đi")
    draft = neighbour.report()
    assert (draft["child_age"], draft["commune"]) == (8, "Xã Vĩnh Hòa Hưng")
    assert "dượng" in draft["relation"]


def test_teacher_corrects_the_age_at_the_summary(line: Line) -> None:
    teacher = Person(line, "web")
    start(teacher, "tôi là giáo viên chủ nhiệm, tôi muốn báo một việc về học sinh lớp tôi")
    asked(teacher.heard, "nguy hiểm không")
    asked(teacher.press("Không"), "kể ngắn")
    teacher.say("em ấy đến lớp có nhiều vết bầm trên tay, em nói bị đánh ở nhà")
    while "Đúng chưa" not in teacher.heard.text:
        if "mấy tuổi" in teacher.heard.text:
            teacher.say("10")
        elif "Mẫu số 01" in teacher.heard.text:
            teacher.press("Vậy là đủ")
        else:
            teacher.press("Bỏ qua")
        assert len(teacher.transcript) < 60
    asked(teacher.heard, "Tuổi của trẻ: 10")
    asked(teacher.say("em ấy 12 tuổi mới đúng"), "Đã sửa", "Tuổi của trẻ: 12")
    teacher.press("Gửi đi")
    assert teacher.report()["child_age"] == 12


def test_teacher_fills_the_whole_form(line: Line) -> None:
    teacher = Person(line, "web")
    start(teacher, "tôi là cô giáo chủ nhiệm, tôi muốn báo về học sinh của tôi")
    teacher.press("Không")
    teacher.say("em học sinh hay nghỉ học, quần áo không ai giặt, em nói ở nhà một mình")
    answers = {
        "mấy tuổi": "11",
        "bé trai hay bé gái": "bé gái",
        "xã, phường": "xã Tân Thạnh",
        "ở gần trẻ": "không rõ",
        "ai đang chăm sóc": "bà nội",
        "liên lạc": "số 0912345678 sau 5 giờ chiều",
        "Họ và tên của trẻ": "Nguyễn Thị Mai",
        "Cha của trẻ": "đi làm xa",
        "Mẹ của trẻ": "mất rồi",
        "Hoàn cảnh": "nhà nghèo, ở với bà",
        "làm gì để giúp": "lớp góp tiền mua tập",
        "ghi tên mình": "Lê Thị Hoa",
        "điện thoại của thầy cô": "0912345678",
        "Nơi làm việc": "trường tiểu học",
        "dặn cán bộ": "nên gặp bà trước",
    }
    for _ in range(30):
        if "Đúng chưa" in teacher.heard.text:
            break
        if "đủ Mẫu số 01" in teacher.heard.text:
            teacher.press("Điền thêm")
            continue
        found = next((words for sign, words in answers.items() if sign in teacher.heard.replies[-1].text), None)
        teacher.say(found or "bỏ qua")
    assert "Đúng chưa" in teacher.heard.text, "\n".join(teacher.transcript)
    teacher.press("Gửi đi")
    draft = teacher.report()
    assert draft["extra"]["ho_ten_tre"] == "Nguyễn Thị Mai"
    assert draft["extra"]["hanh_dong_da_thuc_hien"] == "lớp góp tiền mua tập"
    assert draft["extra"]["nguoi_bao_ho_ten"] == "Lê Thị Hoa"
    assert draft["child_sex"] == "female"
    assert draft["extra"]["nguoi_cham_soc_hien_tai"] == "bà nội"


def test_child_stops_at_the_third_question_and_comes_back_the_next_day(line: Line) -> None:
    child = Person(line, "telegram")
    child.say("cô ơi con 9 tuổi")
    start(child)
    child.press("Không")
    child.say("ở nhà con hay bị la, con buồn lắm")
    third = child.heard.replies[-1].text
    child.rest(DAY)
    back = child.say("chào cô")
    asked(back, "Bữa trước mình đang nói dở")
    assert back.replies[-1].text == third, (
        "the same question again, nothing is lost and nothing was taken for an answer"
    )
    while "Đúng chưa" not in child.heard.text:
        child.press("Bỏ qua")
    child.press("Gửi đi")
    assert "hay bị la" in child.report()["story"]


def test_a_draft_is_forgotten_after_seven_days(line: Line) -> None:
    child = Person(line)
    start(child)
    child.press("Không")
    child.say("con bị bạn giật tiền ăn sáng hoài")
    child.rest(6.5 * DAY)
    assert child.remembered()
    child.rest(1 * DAY)
    assert not child.remembered()


def test_put_off_and_taken_up_again(line: Line) -> None:
    child = Person(line, "zalo")
    start(child)
    child.press("Không")
    child.say("có anh lớp lớn chặn đường con lấy tiền")
    asked(child.say("mai con kể tiếp"), "bảy ngày", "chưa gửi cho ai", "111")
    child.rest(2 * DAY)
    asked(child.say("kể tiếp"), "còn giữ|vẫn còn")
    while "Đúng chưa" not in child.heard.text:
        child.press("Bỏ qua")
    asked(child.heard, "chặn đường")
    child.press("Gửi đi")
    assert "chặn đường" in child.report()["story"]


def test_a_disclosure_inside_a_law_question(line: Line) -> None:
    child = Person(line, "telegram")
    heard = child.say("cô ơi luật phạt sao khi dượng con cứ rờ người con mỗi tối, con 10 tuổi", law=True)
    assert heard.replies[0].kind == "safety"
    asked(heard, "111", "113", "115", "không phải lỗi")
    child.press("Kể để được giúp")
    child.press("Đồng ý")
    while "Đúng chưa" not in child.heard.text:
        assert "kể một chút" not in child.heard.text, "it was told"
        child.press("Bỏ qua")
    child.press("Gửi đi")
    assert child.report()["risk"] in ("high", "immediate")


def test_immediate_danger_asks_three_things(line: Line) -> None:
    child = Person(line, "telegram")
    heard = child.say("cứu con với, ổng đang cầm dao đập cửa phòng con")
    assert heard.replies[0].text.startswith(("113", "115"))
    assert not any("?" in reply.text for reply in heard.replies[:1])
    if "Kể để được giúp" in child.heard.titles:
        child.press("Kể để được giúp")
    else:
        child.say("con muốn kể")
    child.press("Đồng ý")
    questions = 0
    while "Đúng chưa" not in child.heard.text:
        questions += 1
        assert questions <= 3, "\n".join(child.transcript)
        child.say("xã Tân Thạnh" if "xã" in child.heard.replies[-1].text else "bỏ qua")
    child.press("Gửi đi")
    asked(child.heard, "113")
    draft = child.report()
    assert draft["danger_now"] is True
    assert draft["risk"] == "immediate"


def test_yes_there_is_danger_shortens_the_form(person: Person) -> None:
    start(person)
    person.press("Có")
    asked(person.heard, "xã")
    person.say("phường Rạch Giá")
    asked(person.heard, "[Kk]ể")
    person.say("ba con đang đập đồ")
    asked(person.heard, "liên lạc")
    person.press("Bỏ qua")
    asked(person.heard, "Đúng chưa")
    asked(person.press("Gửi đi"), "113")
