"""Who is writing, from one message."""

from __future__ import annotations

import pytest

from bot.language.audience import guess_audience


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
