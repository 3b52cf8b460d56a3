"""Unlabelled and mislabelled bytes: the language's own letters tell the charset."""

import time

import pytest

from maild.core.mail.charsets import decode
from maild.core.mail.guessing import latin, mended, script

CHINESE = "您好，我们在使用贵公司的产品时遇到了一个问题，请尽快回复。谢谢！"
TAIWAN = "您好，我們在使用貴公司的產品時遇到了一個問題，請盡快回覆。謝謝！"
JAPANESE = "お世話になっております。製品の使用中に問題が発生しました。"
KOREAN = "안녕하세요. 제품을 사용하는 중에 문제가 발생했습니다. 감사합니다."
RUSSIAN = "Здравствуйте, у нас не работает принтер. Помогите, пожалуйста."
UKRAINIAN = "Добрий день, у нас не працює принтер. Допоможіть, будь ласка, її ще немає."
GREEK = "Καλημέρα, ο εκτυπωτής μας δεν λειτουργεί. Ευχαριστώ."
HEBREW = "שלום, המדפסת שלנו לא עובדת. תודה רבה"
ARABIC = "مرحبا، الطابعة لا تعمل في المكتب. شكرا لكم"
THAI = "สวัสดีครับ เครื่องพิมพ์ของเราไม่ทำงาน ขอบคุณครับ"

SCRIPTS = [
    ("gb18030", CHINESE), ("big5hkscs", TAIWAN), ("cp932", JAPANESE), ("euc_jp", JAPANESE), ("cp949", KOREAN),
    ("koi8-r", RUSSIAN), ("cp1251", RUSSIAN), ("cp866", RUSSIAN), ("iso8859_5", RUSSIAN), ("cp1251", UKRAINIAN),
    ("cp1253", GREEK), ("cp1255", HEBREW), ("cp1256", ARABIC), ("cp874", THAI),
]  # fmt: skip

LATIN = [
    ("cp1252", "Grüße aus Köln, die Änderung hätte früher kommen müssen – größer"),
    ("cp1252", "Où est le problème? Ça ne marche pas très bien à côté, dès l’été"),
    ("cp1252", "Perché non funziona più? È già così da lunedì, però"),
    ("cp1252", "Não funciona a impressão, já tentei várias opções. Obrigação é útil"),
    ("cp1252", "Skrivaren på våning tre är trasig, går det att få hjälp? Færdig, øl"),
    ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy, děkuji za pomoc"),
    ("cp1250", "Dzień dobry, nie działa drukarka, proszę o pomoc, dziękuję"),
    ("cp1254", "Merhaba, yazıcı çalışmıyor, yardımcı olur musunuz? Teşekkürler, iyi günler"),
]


@pytest.mark.parametrize(("codec", "text"), SCRIPTS + LATIN)
@pytest.mark.parametrize("label", ["", "us-ascii", "utf-8", "x-unknown"])
def test_without_a_true_label(codec: str, text: str, label: str) -> None:
    assert decode(text.encode(codec), label) == text


@pytest.mark.parametrize(("codec", "text"), SCRIPTS)
def test_labelled_western(codec: str, text: str) -> None:
    assert decode(text.encode(codec), "iso-8859-1") == text


@pytest.mark.parametrize(("codec", "text"), SCRIPTS + LATIN)
def test_a_true_label_is_believed(codec: str, text: str) -> None:
    assert decode(text.encode(codec), codec) == text


@pytest.mark.parametrize(
    "text",
    [
        "ÄäÖöÜü" * 11 + ".txt",  # all Western letters, though in no word
        "Menü " + "·" * 40,
        "–––––––––– Ende ––––––––––",
        "«««»»» \u201e\u201c",
        "",
        "\u20ac 5,\u2013",
    ],
)
def test_a_western_label_is_believed_where_it_can_be_true(text: str) -> None:
    assert decode(text.encode("cp1252"), "iso-8859-1") == text


@pytest.mark.parametrize("text", ["Müller", "ÜÄÖß", "Prix: 5 €éèà", "naïve café", "ÅÄÖ"])
def test_a_few_western_letters_are_no_foreign_script(text: str) -> None:
    assert decode(text.encode("cp1252")) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Größe ".encode() + b"gro\xdf!", "Größe groß!"),
        ("información ".encode() + "informaci\xf3n".encode("latin-1"), "información información"),
        ("Здравствуйте".encode() + b"\xaa", "Здравствуйте\ufffd"),
        ("größer ".encode() * 3 + "grö".encode()[:-1], "größer größer größer gr\ufffd"),
    ],
)
def test_mostly_utf_8(data: bytes, text: str) -> None:
    assert decode(data) == text
    assert mended(data) == text


@pytest.mark.parametrize("piece", [b"\xff", b"\xc4\xe4", b"\xe0 ", b"\x80\xffa", b"\xa4\xa2\xa4"])
def test_linear(piece: bytes) -> None:
    data = piece * (1_000_000 // len(piece))
    begun = time.process_time()
    decode(data)
    decode(data, "iso-8859-1")
    script(data)
    latin(data)
    assert time.process_time() - begun < 1.5
