"""What a message tells that decides between safe words: each sign, and what sounds like it and is none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.safety import told

Sign = Callable[[str], bool]


def cases(*groups: tuple[Sign, bool, list[str]]) -> list[tuple[Sign, bool, str]]:
    return [(sign, there, text) for sign, there, texts in groups for text in texts]


@pytest.mark.parametrize(
    ("sign", "there", "text"),
    cases(
        (
            told.denies_dying, True,
            ["ko phải muốn chết đâu, chỉ cho đỡ thôi", "minh k muon chet", "em không có ý định tự tử đâu",
             "con đâu có muốn chết", "chưa bao giờ nghĩ tới chuyện chết"],
        ),
        (
            told.denies_dying, False,
            ["không nghĩ gì khác ngoài chết", "em không muốn sống", "không muốn chết nhưng cũng không muốn sống nữa",
             "không sợ chết", "không phải không muốn chết", "không biết có muốn chết không", "em muốn chết"],
        ),
        (
            told.another_dying, True,
            ["nó nói lấy đt là nó chết", "bạn em nói muốn chết", "con tui đòi tự tử", "em gái con rạch tay",
             "bạn thân em nhắn là không muốn sống nữa", "1 bạn lớp em muốn chết", "mẹ con đòi tự tử",
             "học sinh của tôi viết là muốn tự tử", "bạn em đang đứng trên lan can"],
        ),
        (
            told.another_dying, False,
            ["nó nói em chết đi", "nó làm em muốn chết", "ba đánh con muốn chết", "em muốn chết", "con muốn chết",
             "bạn em muốn chết, em cũng muốn chết", "nó chia tay em, em muốn chết", "mẹ nói con chết đi",
             "nó dọa giết em", "mẹ muốn con chết", "nó dọa tung hình, em muốn chết"],
        ),
        (told.asks_another_way, True, ["có cách nào khác ngoài rạch tay", "làm sao để em ngừng rạch tay"]),
        (told.asks_another_way, False, ["có cách nào khác không", "em rạch tay"]),
        (told.cuts, False, ["con cắt giấy", "ba cắt tiền ăn", "mẹ cắt tóc cho con"]),
        (told.bleeds, True, ["vết cắt còn rỉ máu", "máu vẫn ra", "nó bể đầu rồi"]),
        (told.bleeds, False, ["con bị đau bụng", "máy con hư"]),
        (told.belittles, True, ["chac no hu doa thoi, ma tui so", "nó dọa vậy thôi", "nó nói chơi"]),
        (told.belittles, False, ["nó dọa giết em thiệt"]),
        (told.blackmails, True, ["nó dọa tung ảnh nóng của em", "nó nói 8h tối nay đăng hình"]),
        (told.blackmails, True, ["nó có hình nude của e, nó đòi 2tr"]),
        (told.blackmails, False, ["ba đánh con", "mẹ gửi hình cho ngoại", "em đăng hình đi chơi"]),
        (told.blackmails, False, ["chụp hình lớp xong, tụi nó đòi đi ăn"]),
        (
            told.comes_back, True,
            ["mai cậu về", "ba sắp về rồi", "tối nay con sợ ngủ trong phòng đó", "lát nữa ổng về",
             "cuối tuần dượng qua nhà", "con không dám ngủ trong phòng"],
        ),
        (
            told.comes_back, False,
            ["ba đang đứng ngoài cửa", "ba về tới cửa rồi", "ba về rồi kìa", "hôm qua ba đánh con", "con đi ngủ đây"],
        ),
        (
            told.hides, True,
            ["con trốn dưới gầm giường", "ba dang dap cua phong", "em khóa trái cửa wc rồi", "con đang núp",
             "má con tui trốn ngoài ruộng mía", "con chui vô tủ quần áo nè"],
        ),
        (
            told.hides, False,
            ["em trốn học", "nó trốn nhà đi bụi", "con chạy qua nhà ngoại rồi", "trốn ra được rồi", "ba về tới cửa rồi",
             "con mở cửa cho mẹ"],
        ),
        (
            told.got_away, True,
            ["chú công an tới rồi, em con đang ăn bim bim", "chu hang xom pha cua bong con ra roi, het chay roi",
             "t nhảy xuống lúc đèn đỏ r, đang ở cây xăng", "con gap me roi nha, me om con", "e ve nha noi roi",
             "con ra ngoai roi", "thôi hết rồi, ông về quê rồi"],
        ),
        (
            told.got_away, False,
            ["con chạy ra mà ổng rượt theo", "công an chưa tới", "ba về nhà rồi", "hết tiền rồi", "con xong bài rồi",
             "ổng đang tới", "con ra ngoài rồi giờ làm sao"],
        ),
        (told.reads_now, True, ["ba dang doc", "mẹ đang coi máy con", "ổng lấy đt của t rồi", "ba coi máy con kìa"]),
        (
            told.reads_now, False,
            ["ba đọc báo", "mẹ lấy con", "ông nội đang coi tivi", "ba lấy dao rồi", "ba hay coi máy con mỗi tối"],
        ),
        (told.wants_phone, True, ["ổng đòi coi điện thoại con đang nhắn gì", "ba giựt máy con"]),
        (told.wants_phone, False, ["con đang xem máy tính", "ba đòi tiền"]),
        (told.unreachable, True, ["t gọi nó ko bắt máy", "tối nay nó khóa cửa phòng, kêu không trả lời"]),
        (told.unreachable, False, ["nó trả lời rồi", "ba má nó đi làm"]),
        (
            told.comforts, True,
            ["con bé khóc hoài trong phòng, giờ tui nói gì với nó", "be nha toi khoc hoai gio noi gi voi no",
             "thằng nhỏ sợ quá im ru, tôi phải nói sao với cháu đây", "con khóc hoài, anh phải nói gì với con đây"],
        ),
        (
            told.comforts, False,
            ["con bé buồn, tui nói gì với nó để nó chịu đi riêng với tui", "nói gì với bé gái 12 tuổi để làm quen",
             "bé gái lớp 6 hay khóc, nhắn gì cho bé để bé gửi hình"],
        ),
        (told.denies_dying, True, ["hok e hok co y muon chet", "e có tự tử gì đâu"]),
        (told.pleads, True, ["roi sao nua", "rồi sao", "con lam sao", "vậy sao nữa cô"]),
        (told.pleads, False, ["con làm sao mà biết được ổng ở đâu", "ba làm gì con cũng sợ"]),
    ),
)  # fmt: skip
def test_a_sign_is_there_and_on_its_opposite_it_is_not(sign: Sign, there: bool, text: str) -> None:
    assert sign(text) is there
