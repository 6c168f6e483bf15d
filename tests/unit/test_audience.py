"""Who is writing, from one message."""

from __future__ import annotations

import pytest

from bot.language.audience import GROWN, guess_audience, learn_audience, stated_audience


@pytest.mark.parametrize(
    ("text", "audience"),
    [
        ("thằng nhỏ 14 tuổi nhà tui bị bạn nó quay clip", "parent"),
        ("thang nho lop 8 nha tui bi ban chui", "parent"),
        ("cô ơi con bị bạn đánh", "child"),
        ("con 9t con bi danh", "child"),
        ("ba con hay nhậu", "child"),
        ("em bị bạn trong lớp tẩy chay", "teen"),
        ("mình 13 tuổi, mình buồn", "teen"),
        ("con gái tôi bị thằng kia nhắn tin bậy", "parent"),
        ("quán cà phê của tui muốn mướn em 14 tuổi phụ", "parent"),
        ("tui là chủ quán net", "parent"),
        ("toi muon hoi luat", "parent"),
        ("tui thấy thằng nhỏ kế bên bị đánh hoài", "parent"),
        ("tôi là giáo viên, học sinh của tôi có vết bầm", "teacher"),
        ("hoc sinh cua toi bi danh o nha", "teacher"),
        ("tôi tát con có một cái thì có bị phạt không", "parent"),
        ("tui lo danh con sung tay", "parent"),
        ("giao xe may cho con 15 tuoi bi phat bao nhieu", None),
        ("bà nuôi đứa cháu nội 4 tuổi, má nó bỏ nó", "parent"),
        ("con ở với bà ngoại, bà nuôi con", None),
        ("t bị nó dọa up ảnh nóng", None),
        ("tôi bị đánh hoài", None),
        ("Tôi là ba. Thằng con 14 tuổi bị bạn đánh", "parent"),
        ("toi la ba cua be", "parent"),
        ("minh la ma, con minh 5t", "parent"),
        ("bé nhà em 5 tuổi", "parent"),
        ("tôi là cô ruột của bé", "parent"),
        ("tôi là cô chủ nhiệm", "teacher"),
        ("em là bạn nó", "teen"),
        ("chồng cũ giữ con không cho tôi gặp, tôi phải làm sao", "parent"),
        ("tôi giao xe cho con thì có bị gì không", "parent"),
        ("em là công chức phụ trách trẻ em xã", "teacher"),
        ("tui trong lop chan duong danh e hoai", "teen"),
        ("tui muon hoi cach lam lanh voi ban than", "teen"),
        ("ba con nhau vo danh con", "child"),
        ("Tôi là mẹ đơn thân, con trai 14 tuổi trộm xe đạp", "parent"),
        ("ba la ba noi chu hong phai con nit", "parent"),
        ("con 2 tuoi thi sao", "parent"),
        ("con lớp 4, thầy hay sờ tụi con", "child"),
        ("bạn em lớp 5 bị đánh", "teen"),
        ("con được bắt tay chú bán kem hông", None),
        ("loa xa doc so gi ma toi nghe khong kip", None),
        ("điều 142", None),
        ("", None),
    ],
)
def test_guess(text: str, audience: str | None) -> None:
    assert guess_audience(text) == audience


@pytest.mark.parametrize(
    ("text", "audience"),
    [
        ("con 12 tuổi tự tạo tài khoản thì sao", None),
        ("con bị bạn đánh ở trường", None),
        ("làm sao để mình không đánh con nữa", None),
        ("cô ơi con sợ quá", "child"),
        ("ba con nhau vo danh con", "child"),
        ("tôi là giáo viên", "teacher"),
    ],
)
def test_a_grown_up_becomes_a_child_only_by_what_no_grown_up_writes(text: str, audience: str | None) -> None:
    for known in ("parent", "teacher"):
        assert guess_audience(text, known) == audience


@pytest.mark.parametrize(
    ("text", "audience"),
    [
        ("t 15t r", "teen"),
        ("dm t 15t r con cái gì", "teen"),
        ("t 13t", "teen"),
        ("tao 16 tuổi rồi", "teen"),
        ("tui 12t ne", "teen"),
        ("tôi 15 tuổi", "teen"),
        ("toi nam nay 14 tuoi", "teen"),
        ("t lop 8", "teen"),
        ("t học 9a1", "teen"),
        ("e hok lop 9", "teen"),
        ("em đang học lớp 9 ở Rạch Giá", "teen"),
        ("em la hoc sinh lop 10", "teen"),
        ("cháu học lớp bảy ạ", "teen"),
        ("mik 13 tuổi", "teen"),
        ("mình tên Lan, 13 tuổi", "teen"),
        ("em năm nay 13", "teen"),
        ("con nam nay 13 ne co", "teen"),
        ("em mới mười ba tuổi thôi", "teen"),
        ("chị ơi em 16t", "teen"),
        ("em là con gái 15 tuổi", "teen"),
        ("tụi em lớp 9", "teen"),
        ("năm nay 13", "teen"),
        ("15t r", "teen"),
        ("13 tuổi", "teen"),
        ("dạ, lớp 6 ạ", "teen"),
        ("con 7 tuoi", "child"),
        ("con 10 tủi", "child"),
        ("con 10 tui", "child"),
        ("em 8t, em bi danh", "child"),
        ("cháu tám tuổi", "child"),
        ("con học lớp ba", "child"),
        ("con hoc lop 5", "child"),
        ("tui học lớp năm", "child"),
        ("mình lớp 4", "child"),
        ("t lớp 5", "child"),
        ("e 9t", "child"),
        ("cô ơi con học lớp 2 ba con đánh con", "child"),
        ("con bị đánh con 7 tuổi", "child"),
        ("con tên Bi 7 tuổi", "child"),
        ("7t", "child"),
        ("lớp ba", "child"),
        ("học lớp 5 nè cô", "child"),
        ("10 tủi", "child"),
        ("tôi 40 tuổi", "parent"),
    ],
)
def test_an_own_age_or_class_tells(text: str, audience: str) -> None:
    assert stated_audience(text) == audience
    assert guess_audience(text) == audience
    assert learn_audience(text, None, stated=False) == (audience, audience != "parent")


@pytest.mark.parametrize(
    "text",
    [
        "bạn em 7 tuổi",
        "ban em hoc lop 3",
        "con tôi 8 tuổi",
        "con tui 8 tuoi",
        "con gái tôi lớp 9",
        "em trai con 5 tuổi",
        "em gái em 8t",
        "em con 7 tuổi",
        "anh hai em 15t",
        "anh 30t",
        "nó 15t",
        "người yêu em 17 tuổi",
        "ny t 17t",
        "crush t lop 11",
        "chị em 16 tuổi",
        "con của tôi 15 tuổi",
        "nhà con có em 6 tuổi",
        "nha con co em 6 tuoi",
        "hồi em 7 tuổi ổng rờ em",
        "luc con 8 tuoi",
        "lúc đó em mới lớp 3",
        "hồi đó em học lớp 4",
        "năm ngoái em lớp 5",
        "tới 16 tuổi mới được chạy xe",
        "cho con 15 tuổi chạy xe",
        "mướn em 14 tuổi phụ quán",
        "tôi tát con 7 tuổi một cái",
        "đi học lớp từ sáng",
        "em được 9 điểm",
        "thi toán em được 9",
        "em có 10 nghìn",
        "em học lớp năm nay mới mở",
        "13 tuổi thì chạy xe được không",
        "lớp 9 học mấy ca",
        "tôi là mẹ, con 12 tuổi bị bạn đánh",
        "em là giáo viên, em 14 tuổi trong lớp bị đánh",
        "bị 3 tui nó đánh",
        "tui mệt quá, con học lớp ba ở Rạch Giá",
        "giờ cháu sáu tuổi vô lớp 1, tôi là bà ngoại",
        "một em lớp 3 ngồi không được vì đau",
        "con chi 7 tuoi, cho be dung",
        "nhà đó ở to 6",
        "nong do con 0.3",
        "dem tu 1 toi 15",
        "bi danh tu lop 6 toi lop 8",
        "crush hơn em một tuổi",
        "con được bắt tay chú bán kem",
        "điều 142",
        "",
    ],
)
def test_another_s_age_or_one_of_another_time_tells_nothing_of_the_writer(text: str) -> None:
    assert stated_audience(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "ba t biết là ổng đập chết",
        "ba t biet la ong dap chet",
        "t chặn nó r",
        "t thấy nó bị đánh",
        "t biết r",
        "t nghe nó nói",
        "t mới đánh thằng kia",
        "t chửi con nhỏ đó",
        "con nhỏ đó chửi t bị quê",
        "tao biết r",
        "tui biết r m ơi",
        "má tui biết là chết",
        "ba toi biet thi chet",
        "dm t 15t r con cái gì",
    ],
)
def test_teencode_is_no_parent(text: str) -> None:
    assert guess_audience(text) not in GROWN


@pytest.mark.parametrize("known", ["child", "teen"])
@pytest.mark.parametrize(
    "text",
    [
        "con lam sao",
        "con làm sao giờ",
        "con bị đánh",
        "em con khoc hoai so duong nghe",
        "em bị bạn chửi",
        "bạn em 7 tuổi",
        "em trai con 5 tuổi",
        "nó 15t",
        "anh đó 30 tuổi",
        "ba t biết là ổng đập chết",
        "t chặn nó r",
        "tui thấy nó đánh",
        "tôi muốn hỏi",
        "ba con đánh con",
        "giáo viên chủ nhiệm em la em",
        "lop em chu nhiem la em",
        "họp phụ huynh ba không đi",
        "con gái mình hay bị vậy",
        "con trai t thích nó có ny rồi",
        "ba đánh con tui đau quá",
        "con toi nay bi danh",
        "bạn gái tôi là học sinh tôi quen",
        "con gái em họ",
        "12 tuổi",
        "hồi em 7 tuổi ổng rờ em",
        "",
    ],
)
def test_later_words_do_not_change_a_stated_voice(known: str, text: str) -> None:
    assert learn_audience(text, known, stated=True) == (known, True)


@pytest.mark.parametrize(
    ("text", "audience", "stated"),
    [
        ("t 15t r", "teen", True),
        ("con 9 tuổi", "child", True),
        ("nói lộn, em lớp 7", "teen", True),
        ("con gái tôi bị bạn đánh", "parent", False),
        ("con gai toi bi ban danh", "parent", False),
        ("con tui 8 tuổi", "parent", False),
        ("con tui 8t", "parent", False),
        ("thằng con trai tui 12 tuổi", "parent", False),
        ("tôi là mẹ của bé", "parent", False),
        ("tôi có hai con gái", "parent", False),
        ("tôi 40 tuổi", "parent", False),
        ("tôi là giáo viên", "teacher", False),
        ("lớp tôi chủ nhiệm có em bị đánh", "teacher", False),
        ("học sinh của tôi bị đánh ở nhà", "teacher", False),
    ],
)
def test_another_own_age_or_a_grown_up_s_clear_words_change_a_stated_voice(
    text: str, audience: str, stated: bool
) -> None:
    for known in ("child", "teen"):
        assert learn_audience(text, known, stated=True) == (audience, stated)


@pytest.mark.parametrize(
    ("text", "known", "audience"),
    [
        ("t 15t r", "parent", "teen"),
        ("dm t 15t r con cái gì", "parent", "teen"),
        ("tui học lớp 9", "parent", "teen"),
        ("em 15 tuổi rồi", "parent", "teen"),
        ("con 12 tuổi", "parent", "parent"),
        ("cháu lớp 3", "parent", "parent"),
        ("con tui 8 tuổi", "parent", "parent"),
        ("8 tuổi", "parent", "parent"),
        ("em 14 tuổi", "teacher", "teacher"),
        ("em học lớp 9 bị bạn đánh", "teacher", "teacher"),
    ],
)
def test_whoever_was_taken_for_a_grown_up_says_their_age(text: str, known: str, audience: str) -> None:
    assert learn_audience(text, known, stated=False)[0] == audience


def test_a_bare_number_is_an_age_where_it_may_be_one() -> None:
    assert learn_audience("9", None, stated=False, asked=True) == ("child", True)
    assert learn_audience("9", None, stated=False) == (None, False)
    assert learn_audience("9", "parent", stated=False, asked=True) == ("parent", False)
    assert learn_audience("9", "teen", stated=True, asked=True) == ("teen", True)


@pytest.mark.parametrize(
    ("text", "audience"),
    [
        ("chong cu em giu con… toa xu em dc nuoi", "parent"),
        ("tòa xử em được nuôi con", "parent"),
        ("em ly hôn rồi, chồng giữ con", "parent"),
        ("toi ly hon, con o voi me", "parent"),
        ("vợ cũ không cho thăm con", "parent"),
        ("con riêng của vợ tôi ít nói", "parent"),
        ("con em 6 tuổi, e nhớ con qua ăn ko vô", "parent"),
        ("con em 6 tuoi, e nhớ con qua ăn ko vô", "parent"),
        ("con em lop 2 tu di bo ve", "parent"),
        ("con chi 7 tuoi, cho be dung cach nao", "parent"),
        ("em là mẹ mà, em qua đón bé về luôn đc ko", "parent"),
        ("em là mẹ kế, con chồng 9 tuổi", "parent"),
        ("ngoai lay roi may quat cho may cái", "parent"),
        ("ngoại đánh nó lằn ngang lằn dọc", "parent"),
        ("ngoại nuôi nó từ nhỏ", "parent"),
        ("ông bà đánh cháu có bị phạt hông", "parent"),
        ("gái tui 12t", "parent"),
        ("con gái mất nết", "parent"),
        ("thằng con tui", "parent"),
        ("tui đập điện thoại rồi đánh cho nó một trận", "parent"),
        ("con be hang xom", "parent"),
        ("chị tôi bị chồng đánh", "parent"),
        ("minh nam 29t", "parent"),
        ("mình nam 29t", "parent"),
        ("minh nam 29t quen bạn gái 13 tuổi", "parent"),
        ("Tôi là công chức phụ trách trẻ em của UBND xã", "teacher"),
        ("Tôi là cán bộ xã, không phải giáo viên", "teacher"),
    ],
)
def test_grown_ups_are_heard_from_the_first_message(text: str, audience: str) -> None:
    assert guess_audience(text) == audience
    assert learn_audience(text, None, stated=False) == (audience, False)


@pytest.mark.parametrize(
    "text",
    [
        "chồng cũ của má",
        "chồng cũ của má đánh con",
        "chồng cũ của mẹ em giữ em",
        "vợ cũ của ba tới chửi con",
        "em hong chong cu duoc",
        "ba má con ly hôn",
        "ba má em ly hôn, em muốn ở với má",
        "ba ma ly hon, toa xu con o voi ba",
        "ngoại lấy roi quất con",
        "ngoai lay roi quat con",
        "ngoại đánh nó rồi đánh con luôn",
        "ngoại nuôi con",
        "noi danh con dau qua",
        "con em hàng xóm",
        "con em hang xom bi danh",
        "em con 6 tuổi",
        "em con 6 tuoi bi danh",
        "ny len dai hoc con em lop 12",
        "họp phụ huynh ba không đi",
        "bạn gái mình 16 tuổi",
        "mình nữ 15t",
        "tui nam 14t",
        "má em 40 tuổi",
        "sinh nhật má con 40 tuổi",
        "năm 12 tuổi, em bị ổng rờ",
        "tui là cán bộ lớp",
        "",
    ],
)
def test_a_child_who_speaks_of_grown_ups_is_none(text: str) -> None:
    assert guess_audience(text) not in GROWN


@pytest.mark.parametrize(
    ("text", "audience"),
    [
        ("me van doi tam cho con ma con lop 5 roi", "child"),
        ("ma con moi 11 tuoi", "teen"),
        ("Tui nam 14t, bị bà chị lớn ép", "teen"),
    ],
)
def test_an_own_age_after_a_word_that_looks_like_another_s(text: str, audience: str) -> None:
    assert stated_audience(text) == audience
