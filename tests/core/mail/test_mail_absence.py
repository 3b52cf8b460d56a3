"""Until when somebody is away, in the words of their out-of-office answers.

Every letter is sent on Friday, 18 December 2026. F: away until that day; T: back on it.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.core.mail.absence import Until, until

SENT = date(2026, 12, 18)

TOLD = [
    "2026-12-24 F|I am out of the office until December 24th.",
    "2026-12-24 F|I'm on vacation until 24 December 2026 with no access to mail.",
    "2026-12-24 F|I am away until Thursday, December 24, 2026",
    "2026-12-24 F|Out of office through 2026-12-24",
    "2026-12-21 F|I am out of the office until Monday.",
    "2026-12-21 T|I will be back on Monday",
    "2027-01-04 T|I will be back in the office on 4 January.",
    "2027-01-04 T|I am away and will return on Monday, 4th of January 2027.",
    "2027-01-04 T|I will not be back until January 4",
    "2026-12-24 F|I am on leave from 20 December to 24 December",
    "2026-12-24 F|Ich bin bis 24.12.2026 nicht im Büro.",
    "2026-12-24 F|Ich bin bis zum 24. Dezember abwesend.",
    "2027-01-08 F|Ich bin bis einschließlich Freitag, 8. Januar im Urlaub.",
    "2027-01-11 T|Ich bin bis 8. Januar im Urlaub. Ab dem 11. Januar bin ich wieder erreichbar.",
    "2027-01-11 T|Am 11.01.2027 bin ich wieder im Büro",
    "2027-01-04 F|Ich bin vom 20.12. bis 04.01. im Urlaub",
    "2026-12-24 F|Urlaub: 20.12.2026 - 24.12.2026",
    "2026-12-21 F|Ich bin bis Montag nicht im Büro",
    "2026-12-24 F|Je suis absent jusqu'au 24 décembre.",
    "2027-01-04 T|Absent du bureau, je serai de retour le lundi 4 janvier 2027.",
    "2027-01-04 F|Je suis en congés du 20 décembre au 4 janvier inclus.",
    "2026-12-24 F|Je suis en congés jusqu'au 24/12",
    "2026-12-24 F|Estoy fuera de la oficina hasta el 24 de diciembre de 2026.",
    "2027-01-05 F|Estaré de vacaciones hasta el 05/01/2027",
    "2027-01-04 F|Estoy de vacaciones del 20 de diciembre al 4 de enero",
    "2027-01-04 T|Estoy ausente. Regreso el 4 de enero.",
    "2026-12-24 F|Sono in ferie fino al 24 dicembre",
    "2027-01-07 T|Sono assente, rientro il 7 gennaio 2027",
    "2026-12-24 F|Estou de férias até 24 de dezembro",
    "2027-01-04 T|Estou ausente e regresso no dia 4 de janeiro",
    "2026-12-24 F|Ik ben afwezig tot en met 24 december.",
    "2027-01-04 T|Ik ben met vakantie en op 4 januari weer aanwezig",
    "2027-01-04 T|Ik ben afwezig. Ik ben terug op maandag 4 januari",
    "2026-12-24 F|Ik ben afwezig t/m 24-12-2026",
    "2027-01-04 T|Jag är på semester och är tillbaka den 4 januari",
    "2026-12-24 F|Jag har semester till och med 24 december",
    "2026-12-24 F|Jeg er på ferie til og med 24. desember",
    "2027-01-04 T|Jeg er på ferie og er tilbage den 4. januar",
    "2026-12-24 F|Olen lomalla 24.12. asti",
    "2026-12-24 F|Olen lomalla 24. joulukuuta saakka",
    "2027-01-04 T|Olen lomalla. Palaan töihin 4.1.2027",
    "2026-12-24 F|Jestem na urlopie do 24 grudnia",
    "2027-01-04 T|Jestem nieobecny. Wracam 4 stycznia 2027 r.",
    "2026-12-24 F|Jsem na dovolené do 24. prosince",
    "2027-01-04 T|Jsem mimo kancelář, zpět budu 4. ledna",
    "2026-12-24 F|Szabadságon vagyok december 24-ig.",
    "2026-12-24 F|Szabadságon vagyok 2026. december 24-ig.",
    "2026-12-24 F|Sunt în concediu până la 24 decembrie",
    "2026-12-24 F|Я в отпуске до 24 декабря",
    "2026-12-24 F|Нахожусь в отпуске по 24.12.2026 включительно",
    "2027-01-11 T|Я в отпуске. Вернусь 11 января",
    "2026-12-24 F|Я у відпустці до 24 грудня",
    "2026-12-24 F|24 Aralık'a kadar izindeyim",
    "2026-12-24 F|24 Aralık tarihine kadar ofis dışındayım",
    "2026-12-24 F|Βρίσκομαι σε άδεια μέχρι τις 24 Δεκεμβρίου",
    "2026-12-24 F|12月24日まで休暇をいただいております。",
    "2026-12-24 F|2026年12月24日まで不在です",
    "2026-12-24 F|我正在休假，至12月24日",
    "2026-12-24 F|12월 24일까지 휴가입니다",
    "2026-12-24 F|אני בחופשה עד 24.12.2026",
    "2026-12-24 F|أنا في إجازة حتى 24/12/2026",
    "2026-12-24 F|Saya cuti sampai 24 Desember",
    "2027-01-04 F|Thank you for your email. I am out of the office until Monday, January 4, with limited "
    "access to mail. For urgent matters call Ann on +49 30 123456.",
    "2026-12-28 T|I'm on annual leave. Returning on 28th December.",
    "2026-12-21 T|I am currently out of office and back in the office on Monday. Please contact desk@x.example.",
    "2026-12-24 F|I will be away from Monday, December 21 through Thursday, December 24.",
    "2027-01-11 T|Vielen Dank für Ihre Nachricht. Ich bin bis einschließlich 08.01.2027 im Urlaub und ab "
    "Montag, 11.01.2027 wieder für Sie da.",
    "2027-01-04 T|Ich bin nicht im Büro. Wieder erreichbar ab 4. Januar.",
    "2026-12-24 F|Abwesend bis 24.12. / Out of office until 24 December",
    "2027-02-26 F|Ik ben met zwangerschapsverlof en afwezig tot 26-02-2027",
]

UNSURE = [
    "I am out of the office until 05/01/2027",
    "I am out of the office until further notice",
    "I am out of the office until 17:00",
    "I am available until December 24",
    "Ich bin noch bis 24.12. erreichbar, danach im Urlaub",
    "Ich bin bis 17.30 Uhr nicht im Büro",
    "I am away until next Monday",
    "Your ticket will be processed until 24.12.2026",
    "I am out of office until December 24. My colleague is away until December 28.",
    "I was out of office until 24.12.2025",
    "I am on leave until Monday, 24 December",
    "I am out until Friday of that week, on vacation",
    "Ich bin im Urlaub. Meine Vertretung ist Hans.",
    "Am 24.12. ist das Büro geschlossen.",
    "I am on vacation. Call +49 30 24.12.2026",
    "I am on vacation until 4 December",
    "I am out of the office until February 30",
    "Ich bin bis 31.11. im Urlaub",
    "We are away. The offer is valid from today.",
    "I will be out of office for 3 days",
    "My number until 24.12.2026 is 030 123",
    "I am away until 6/7.",
    "I am on leave until July 2029",
    "Ich bin bis 24.12. im Urlaub. Ab dem 8. März bin ich wieder da.",
    "Out of office on Monday",
]


@pytest.mark.parametrize("row", TOLD)
def test_the_day_that_is_told(row: str) -> None:
    told, text = row.split("|")
    day, back = told.split()
    assert until(text, SENT) == Until(date.fromisoformat(day), back == "T")


@pytest.mark.parametrize("text", UNSURE)
def test_nothing_when_unsure(text: str) -> None:
    assert until(text, SENT) is None


def test_when_they_are_surely_there() -> None:
    assert Until(date(2026, 12, 24), back=False).returns == date(2026, 12, 25)
    assert Until(date(2027, 1, 4), back=True).returns == date(2027, 1, 4)


def test_the_year_is_the_next_one_around_new_year() -> None:
    assert until("Out of office until 3 January", date(2026, 12, 30)) == Until(date(2027, 1, 3), back=False)
    assert until("Out of office until 3 January", date(2027, 1, 1)) == Until(date(2027, 1, 3), back=False)
    assert until("Out of office until 3 January", date(2027, 1, 4)) is None


def test_an_instant_will_do() -> None:
    sent = datetime(2026, 12, 18, 23, 59, tzinfo=UTC)
    assert until("Out of office until 2026-12-24", sent) == Until(date(2026, 12, 24), back=False)


def test_a_letter_from_the_end_of_time() -> None:
    assert until("I am away until Monday", date(9999, 12, 31)) is None
    assert until("I am away until Monday", date(1, 1, 1)) is None


def test_the_subject_may_tell() -> None:
    assert until("", SENT, "Out of office until 24 December") == Until(date(2026, 12, 24), back=False)
    assert until("Bis 24.12.2026", SENT, "Abwesenheitsnotiz") == Until(date(2026, 12, 24), back=False)


def test_slashes_by_language() -> None:
    assert until("I am on vacation until 05/01/2027", SENT) is None
    assert until("I am on vacation until 12/24/2026", SENT) == Until(date(2026, 12, 24), back=False)
    assert until("Je suis absent jusqu'au 05/01/2027", SENT) == Until(date(2027, 1, 5), back=False)
    assert until("Je suis absent jusqu'au 05/01", SENT) == Until(date(2027, 1, 5), back=False)


def test_a_weekday_must_be_right() -> None:
    assert until("I am away until Thursday, 24 December", SENT) is not None
    assert until("I am away until Wednesday, 24 December", SENT) is None
    assert until("I am away until Friday", SENT) is None  # today, or a week from now?


def test_what_follows_far_below_is_not_looked_at() -> None:
    assert until("I am away. " + "word " * 1000 + "until 24 December", SENT) is None


PIECES = "until bis jusqu'au hasta 24 12 24.12. 24/12 2026 - from to du au 31 February monday montag back on wieder ab . , away"


@given(st.lists(st.sampled_from(PIECES.split())).map(" ".join), st.dates(date(1, 1, 1), date(9998, 1, 1)))
@settings(max_examples=300, deadline=None)
def test_any_words_get_an_answer_ahead(text: str, sent: date) -> None:
    found = until(text, sent)
    assert found is None or timedelta(0) <= found.day - sent <= timedelta(days=550)


@given(st.text(), st.dates())
@settings(max_examples=200, deadline=None)
def test_any_text_gets_an_answer(text: str, sent: date) -> None:
    found = until(text, sent)
    assert found is None or isinstance(found, Until)
