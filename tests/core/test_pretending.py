"""Names that pretend are found; names that do not, in whatever language, never are."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core import pretending
from maild.core.model import Address, Kind, Message
from maild.core.policy import Agent, OurAddress
from maild.letters.samples import _POLICY

POLICY = _POLICY.__class__(
    **{name: getattr(_POLICY, name) for name in _POLICY.__dataclass_fields__}
    | {
        "addresses": (OurAddress(email="support@bank.example", name="Example Bank Support"),),
        "agents": {"john": Agent(key="john", name="John Miller", email="john@bank.example"), "li": Agent(key="li", name="Li", email="li@bank.example")},
        "by_email": {"john@bank.example": "john", "john.miller@home.example": "john", "li@bank.example": "li"},
    }
)  # fmt: skip


def told(
    name: str, email: str = "karen@customer.example", reply_to: tuple[str, ...] = (), kind: Kind = Kind.HUMAN
) -> str:
    message = Message(sender=Address(email, name), reply_to=tuple(map(Address, reply_to)), kind=kind)
    return " ".join(pretending.warnings(message, POLICY))


@pytest.mark.parametrize(
    ("name", "email", "said"),
    [
        ("john@bank.example", "x@evil.net", "holds another address, john@bank.example. The letter is from x@evil.net"),
        ("John Miller <john@bank.example>", "x@evil.net", "another address"),
        ("john＠bank．example", "x@evil.net", "another address"),
        ("Karen (karen@customer.example)", "karen@customer.example.evil.net", "another address"),
        ("John Miller", "john.miller@evil.net", "the name of your colleague John Miller"),
        ("MILLER,  John", "x@evil.net", "the name of your colleague"),
        ("Jоhn Millеr", "x@evil.net", "the name of your colleague"),  # Cyrillic о and е
        ("John\u200b Miller", "x@evil.net", "the name of your colleague"),
        ("Jöhn Miller", "x@evil.net", "the name of your colleague"),
        ("Example Bank Support", "x@evil.net", "the name of this desk"),
        ("example-bank support", "x@evil.net", "the name of this desk"),
        ("Pаypal Service", "x@evil.net", "Latin and Cyrillic in “Pаypal”"),
        ("Αpple Support", "x@evil.net", "Greek and Latin"),
        ("Service", "x@pаypal.com", "x@pаypal.com mixes letters"),
        ("Service", "x@xn--pypal-4ve.com", "mixes letters"),
        ("Service", "аdmin@evil.net", "mixes letters"),
        ("Apple", "x@аррӏе.com", "Cyrillic letters that look like Latin"),
        ("Apple", "x@xn--80ak6aa92e.com", "Cyrillic letters that look like Latin"),
        ("Invoice \u202egnp.exe", "x@evil.net", "turn the order of reading"),
        ("Ka\u200bren", "x@evil.net", "cannot be seen"),
        ("Ka\u00adren", "x@evil.net", "cannot be seen"),
        ("\u2066Karen\u2069", "x@evil.net", "cannot be seen"),
        ("Karen", "ka\u200dren@evil.net", "cannot be seen"),
        ("Ka\U000e0061ren", "x@evil.net", "cannot be seen"),
    ],
)  # fmt: skip
def test_a_name_that_pretends(name: str, email: str, said: str) -> None:
    assert said in told(name, email)


HONEST = """Karen Black|Jürgen Groß|François Lefèvre|Łukasz Żółć|Nguyễn Văn Ánh|Þórður Ægisson|Şükrü Öztürk|Владимир Иванов
Олександр Ґалаґан|Ђорђе Чолић|Ωμέγα Παπαδόπουλος|Արամ Խաչատրյան|გიორგი მაისურაძე|שלמה כהן|محمد بن سلمان|علی‌رضا حسینی|אבי\u200f כהן
नरेंद्र मोदी|श्रीक्\u200dष|சுப்பிரமணியம்|ราชวงศ์ ไทย|山田 太郎|Tシャツ屋|ヤマダ㈱|王小明|김철수|李Li|Анна Smith|ООО Siemens|Иван (IBM)|ΑΒΓ Ltd
𝐀𝐧𝐧𝐚|Ⅳ. Abteilung|Ⓚaren|Ａｃｍｅ|µ-Controller|Ω-Meter|3M|R2-D2|O’Neill, John|"Karen"|👩‍💻 Anna|❤️ Ana|አበበ ቢቂላ|བོད་ཡིག|Ꭰ ᏣᎳᎩ|Li|John|Support|Miller
Bank Example|Karen Black via Support|α|Nikos Παπαδόπουλος|С. Петров|ʻOkina Kalā|Ñandú|İstanbul Ltd|straße|ﬁnance team""".replace(
    "\n", "|"
).split("|")


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_name_never_warns(name: str) -> None:
    assert told(name) == ""


@pytest.mark.parametrize("email", ["x@bücher.example", "x@пример.рф", "x@оса.рф", "x@例え.jp", "x@παράδειγμα.gr", "x@xn--e1afmkfd.xn--p1ai", "иван@пример.рф", "x@xn--.com", "x@xn--a-é.com", "", "x", "@"])  # fmt: skip
def test_an_honest_address_never_warns(email: str) -> None:
    assert told("Karen", email) == ""


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("John Miller", "john@bank.example"),
        ("John Miller", "John.Miller@home.example"),  # another address of his
        ("John Miller", "j.miller@bank.example"),  # whoever that is, the domain is the bank's
        ("Example Bank Support", "support@bank.example"),
        ("john@bank.example", "john@bank.example"),
        ("Karen@Customer.Example", "karen@customer.example"),
    ],
)
def test_who_bears_a_name_of_ours_rightly(name: str, email: str) -> None:
    assert told(name, email) == ""


@pytest.mark.parametrize(
    ("email", "reply_to", "kind", "warns"),
    [
        ("karen@customer.com", ("karen@evil.net",), Kind.HUMAN, True),
        ("karen@customer.com", ("karen@customer.com", "k@evil.net"), Kind.HUMAN, True),
        ("karen@customer.co.uk", ("karen@evil.co.uk",), Kind.HUMAN, True),
        ("karen@customer.com", ("help@mail.customer.com",), Kind.HUMAN, False),
        ("karen@eu.customer.co.uk", ("help@customer.co.uk",), Kind.HUMAN, False),
        ("karen@customer.com", (), Kind.HUMAN, False),
        ("news@customer.com", ("news@lists.net",), Kind.LIST, False),
        ("system@customer.com", ("x@other.net",), Kind.AUTOMATIC, False),
        ("noreply@form.example", ("karen@customer.com",), Kind.HUMAN, False),  # a form on a web page
    ],
)
def test_answers_asked_for_elsewhere(email: str, reply_to: tuple[str, ...], kind: Kind, warns: bool) -> None:
    assert ("another domain" in told("Karen", email, reply_to, kind)) == warns


def test_a_letter_without_one_author_has_no_name_to_doubt() -> None:
    assert pretending.warnings(Message(), POLICY) == ()


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_name_gives_printable_sentences_or_none(name: str, email: str) -> None:
    for sentence in pretending.warnings(Message(sender=Address(email, name)), POLICY):
        assert sentence.endswith((".", ")."))


@pytest.mark.parametrize("unit", ["a@", "@", "a.", "\u200b", "аa", "<", " ", "xn--"])
def test_time_is_bounded(unit: str) -> None:
    started = time.perf_counter()
    told(unit * 4_000, "a@" + unit * 4_000)
    assert time.perf_counter() - started < 0.5
