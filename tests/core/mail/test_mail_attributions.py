"""The lines programs put above the letter they answer, in their users' languages."""

import pytest

from maild.core.mail.quoting import new_text

OWN = "My own answer."

# What Gmail, Apple Mail, Thunderbird, Outlook, Yahoo, GroupWise, Horde, Zoho and others write.
ATTRIBUTIONS = """
Am Mo., 4. Nov. 2024 um 09:00 Uhr schrieb Bob <bob@x.example>:
Le lun. 4 nov. 2024 à 09:00, Bob <bob@x.example> a écrit :
El lun, 4 nov 2024 a las 9:00, Bob (<bob@x.example>) escribió:
Em seg., 4 de nov. de 2024 às 09:00, Bob <bob@x.example> escreveu:
Il giorno lun 4 nov 2024 alle ore 09:00 Bob <bob@x.example> ha scritto:
Op ma 4 nov 2024 om 09:00 schreef Bob <bob@x.example>:
Den mån 4 nov. 2024 kl 09:00 skrev Bob <bob@x.example>:
man. 4. nov. 2024 kl. 09:00 skrev Bob <bob@x.example>:
ma 4. marrask. 2024 klo 9.00 Bob (bob@x.example) kirjoitti:
pon., 4 lis 2024 o 09:00 Bob <bob@x.example> napisał(a):
po 4. 11. 2024 v 9:00 odesílatel Bob <bob@x.example> napsal:
po 4. 11. 2024 o 9:00 Bob <bob@x.example> napísal(a):
пн, 4 нояб. 2024 г. в 09:00, Bob <bob@x.example>:
пн, 4 лист. 2024 р. о 09:00 Bob <bob@x.example> пише:
Bob <bob@x.example> ezt írta (időpont: 2024. nov. 4., H, 9:00):
În lun., 4 nov. 2024 la 09:00, Bob <bob@x.example> a scris:
Στις Δευ 4 Νοε 2024 στις 9:00 π.μ., ο χρήστης Bob <bob@x.example> έγραψε:
Bob <bob@x.example>, 4 Kas 2024 Pzt, 09:00 tarihinde şunu yazdı:
Vào Th 2, 4 thg 11, 2024 vào lúc 09:00 Bob <bob@x.example> đã viết:
Pada tanggal Sen, 4 Nov 2024 pukul 09.00 Bob <bob@x.example> menulis:
2024年11月4日(月) 9:00 Bob <bob@x.example>:
Bob <bob@x.example> 于2024年11月4日周一 09:00写道：
Bob <bob@x.example> 於 2024年11月4日 週一 上午9:00寫道：
2024년 11월 4일 (월) 오전 9:00, Bob <bob@x.example>님이 작성:
\u202bבתאריך יום ב׳, 4 בנוב׳ 2024 ב-9:00 מאת \u202aBob\u202c\u200f <\u202abob@x.example\u202c\u200f>:\u202c
في الاثنين، 4 نوفمبر 2024 في 9:00 ص تمت كتابة ما يلي بواسطة Bob <bob@x.example>:
เมื่อ จ. 4 พ.ย. 2024 เวลา 09:00 Bob <bob@x.example> เขียนว่า:
pon, 4. stu 2024. u 09:00 Bob <bob@x.example> napisao je:
V V pon., 4. nov. 2024 ob 09:00 je oseba Bob <bob@x.example> napisala:
На пн, 4.11.2024 г. в 9:00 Bob <bob@x.example> написа:
El dl., 4 de nov. 2024, 9:00, Bob <bob@x.example> va escriure:
2024-11-04, pr, 09:00 Bob <bob@x.example> rašė:
pirmd., 2024. g. 4. nov., plkst. 09:00 — lietotājs Bob (<bob@x.example>) rakstīja:
Kuupäev E, 4. november 2024 kell 09:00 kirjutas Bob <bob@x.example>:
Am 04.11.2024 um 09:00 schrieb Bob <bob@x.example>:
No dia 4 de nov. de 2024, à(s) 09:00, Bob <bob@x.example> escreveu:
Op 4 nov. 2024 om 09:00 heeft Bob <bob@x.example> het volgende geschreven:
4 nov. 2024 kl. 09:00 skrev Bob <bob@x.example>:
Den 4. nov. 2024 kl. 09.00 skrev Bob <bob@x.example>:
Bob <bob@x.example> kirjoitti 4.11.2024 kello 9.00:
4. 11. 2024 v 9:00, Bob <bob@x.example>:
4 нояб. 2024 г., в 09:00, Bob <bob@x.example> написал(а):
2024/11/04 9:00、Bob <bob@x.example>のメール:
在 2024年11月4日，09:00，Bob <bob@x.example> 写道：
2024. 11. 4. 오전 9:00, Bob <bob@x.example> 작성:
Bob <bob@x.example> şunları yazdı (4 Kas 2024 09:00):
On Mon, Nov 4, 2024 at 9:00 AM Bob <bob@x.example> wrote:
On 4 Nov 2024, at 09:00, Bob <bob@x.example> wrote:
On 11/4/24 9:00 AM, Bob wrote:
Bob <bob@x.example> wrote:
>>> Bob <bob@x.example> 11/4/2024 9:00 AM >>>
--- On Mon, 4/11/24, Bob <bob@x.example> wrote:
-------- Original message --------
-----Original Message-----
-------- Ursprüngliche Nachricht --------
---- On Mon, 04 Nov 2024 09:00:00 +0100 Bob <bob@x.example> wrote ----
------- Original Message -------
-- Bob <bob@x.example> wrote:
04.11.2024, 09:00, "Bob" <bob@x.example>:
Понедельник, 4 ноября 2024, 9:00 +03:00 от Bob <bob@x.example>:
On 2024-11-04 09:00, Bob wrote:
Dňa 4. 11. 2024 o 9:00 Bob napísal(a):
Dne 4.11.2024 v 9:00 Bob napsal(a):
W dniu 04.11.2024 o 09:00, Bob pisze:
Le 04/11/2024 à 09:00, Bob a écrit :
El 4/11/24 a las 9:00, Bob escribió:
Em 04/11/2024 09:00, Bob escreveu:
Il 04/11/2024 09:00, Bob ha scritto:
Op 04-11-2024 om 09:00 schreef Bob:
Den 2024-11-04 kl. 09:00, skrev Bob:
Den 04.11.2024 09:00, skrev Bob:
04.11.2024 09:00, Bob пишет:
2024. 11. 04. 9:00 keltezéssel, Bob írta:
Pe 04.11.2024 09:00, Bob a scris:
4.11.2024 9.00, Bob kirjoitti:
(2024/11/04 9:00), Bob wrote:
""".strip().split("\n")

# These are believed only above quote signs: without them they might be words of a person.
ABOVE_QUOTES = """
Wiadomość napisana przez Bob <bob@x.example> w dniu 4 lis 2024, o godz. 09:00:
Quoting Bob <bob@x.example>:
Citando Bob <bob@x.example>:
Zitat von Bob <bob@x.example>:
Bob, 4.11.2024 09:00:
""".strip().split("\n")

# The labels of Outlook's header block: author, date, recipient, subject.
BLOCKS = """
From/Sent/To/Subject
Von/Gesendet/An/Betreff
De/Envoyé/À/Objet
De/Enviado/Para/Asunto
De/Enviada em/Para/Assunto
Da/Inviato/A/Oggetto
Van/Verzonden/Aan/Onderwerp
Från/Skickat/Till/Ämne
Fra/Sendt/Til/Emne
Lähettäjä/Lähetetty/Vastaanottaja/Aihe
Od/Wysłano/Do/Temat
Od/Odesláno/Komu/Předmět
Od/Odoslané/Komu/Predmet
От/Отправлено/Кому/Тема
Від/Надіслано/Кому/Тема
Feladó/Elküldve/Címzett/Tárgy
De la/Trimis/Către/Subiect
Από/Στάλθηκε/Προς/Θέμα
Kimden/Gönderildi/Kime/Konu
Od/Poslano/Za/Predmet
Nuo/Išsiųsta/Kam/Tema
发件人/发送时间/收件人/主题
寄件者/寄件日期/收件者/主旨
差出人/送信日時/宛先/件名
보낸 사람/보낸 날짜/받는 사람/제목
מאת/נשלח/אל/נושא
من/تم الإرسال/إلى/الموضوع
จาก/ส่ง/ถึง/เรื่อง
Dari/Dikirim/Kepada/Subjek
Từ/Đã gửi/Đến/Chủ đề
От/Изпратено/До/Относно
Saatja/Saadetud/Adressaat/Teema
No/Nosūtīts/Kam/Temats
De/Enviat/Per a/Assumpte
""".strip().split("\n")


@pytest.mark.parametrize("line", ATTRIBUTIONS + ABOVE_QUOTES)
def test_above_quote_signs(line: str) -> None:
    assert new_text(f"{OWN}\n\n{line}\n\n> quoted one\n> quoted two\n") == OWN


@pytest.mark.parametrize("line", ATTRIBUTIONS)
def test_above_the_bare_letter(line: str) -> None:
    assert new_text(f"{OWN}\n\n{line}\n\nquoted one\nquoted two\n") == OWN


@pytest.mark.parametrize("style", ["{}: ", "*{}:* ", "{}:\t"])
@pytest.mark.parametrize("labels", BLOCKS)
def test_header_block(labels: str, style: str) -> None:
    values = ("Bob <bob@x.example>", "Monday 4 Nov 2024 09:00", "k@x.example", "Printer")
    lines = [style.format(label) + value for label, value in zip(labels.split("/"), values, strict=True)]
    assert new_text("\n".join([OWN, "", *lines, "", "quoted"])) == OWN


@pytest.mark.parametrize(
    "words",
    [
        "On Monday I wrote a letter, see below:\n- toner\n- paper",
        "From: the station take the second road.",
        "He said:\nnothing works.",
        "The log of 2024-11-04 09:00:\nerror 7",
        ">>> print(1)\nis what I typed",
        "Date: next Monday\nPlace: floor 3",
    ],
)
def test_words_of_a_person(words: str) -> None:
    assert new_text(words) == words
