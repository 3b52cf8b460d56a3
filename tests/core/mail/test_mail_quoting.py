"""The visible reply: attributions, header blocks, separators and signatures of many languages and programs."""

import pytest

from maild.core.mail import languages
from maild.core.mail.quoting import QUOTE_BEGIN, QUOTE_END, REPLY_MARKER, new_text, own, unmarked

OWN = "It works now, thank you.\n\nOn the other hand: the lamp is still red."

ATTRIBUTIONS = {
    "english, gmail": "On Mon, Sep 2, 2024 at 10:00 AM Help Desk <support@desk.example> wrote:",
    "english, apple": "On 2 Sep 2024, at 10:00, Help Desk <support@desk.example> wrote:",
    "english, wrapped": "On Mon, Sep 2, 2024 at 10:00 AM Help Desk of the Bank\n<support@desk.example> wrote:",
    "english, wrapped in the address": "On Mon, 2 Sep 2024 at 10:00, Help Desk <\nsupport@desk.example> wrote:",
    "english, wrapped before the verb": "On Mon, 2 Sep 2024 at 10:00, Help Desk <support@desk.example\n> wrote:",
    "german, thunderbird": "Am 02.09.2024 um 10:00 schrieb Help Desk:",
    "german, gmail": "Am Mo., 2. Sept. 2024 um 10:00 Uhr schrieb Help Desk <support@desk.example>:",
    "french": "Le lun. 2 sept. 2024 à 10:00, Help Desk <support@desk.example> a écrit :",
    "spanish": "El lun, 2 sept 2024 a las 10:00, Help Desk (<support@desk.example>) escribió:",
    "italian": "Il giorno lun 2 set 2024 alle ore 10:00 Help Desk <support@desk.example> ha scritto:",
    "portuguese": "Em seg., 2 de set. de 2024 às 10:00, Help Desk <support@desk.example> escreveu:",
    "dutch": "Op ma 2 sep 2024 om 10:00 schreef Help Desk <support@desk.example>:",
    "danish": "Den man. 2. sep. 2024 kl. 10.00 skrev Help Desk <support@desk.example>:",
    "norwegian": "man. 2. sep. 2024 kl. 10:00 skrev Help Desk <support@desk.example>:",
    "swedish": "Den mån 2 sep. 2024 kl 10:00 skrev Help Desk <support@desk.example>:",
    "finnish": "ma 2. syysk. 2024 klo 10.00 Help Desk (support@desk.example) kirjoitti:",
    "polish": "W dniu 2.09.2024 o 10:00, Help Desk pisze:",
    "polish, gmail": "pon., 2 wrz 2024 o 10:00 Help Desk <support@desk.example> napisał(a):",
    "czech": "po 2. 9. 2024 v 10:00 odesílatel Help Desk <support@desk.example> napsal:",
    "slovak": "Dňa po 2. 9. 2024 o 10:00 Help Desk <support@desk.example> napísal(a):",
    "hungarian": "Help Desk <support@desk.example> ezt írta (időpont: 2024. szept. 2., H, 10:00):",
    "romanian": "În lun., 2 sept. 2024 la 10:00, Help Desk <support@desk.example> a scris:",
    "turkish": "Help Desk <support@desk.example>, 2 Eyl 2024 Pzt, 10:00 tarihinde şunu yazdı:",
    "greek": "Στις Δευ 2 Σεπ 2024 στις 10:00 π.μ., ο χρήστης Help Desk <support@desk.example> έγραψε:",
    "russian": "пн, 2 сент. 2024 г. в 10:00, Help Desk <support@desk.example>:",
    "russian, thunderbird": "02.09.2024 10:00, Help Desk пишет:",
    "ukrainian": "пн, 2 вер. 2024 р. о 10:00 Help Desk <support@desk.example> пише:",
    "bulgarian": "На пн, 2.09.2024 г. в 10:00 Help Desk <support@desk.example> написа:",
    "chinese": "Help Desk <support@desk.example> 于2024年9月2日周一 10:00写道：",
    "japanese": "2024年9月2日(月) 10:00 Help Desk <support@desk.example>:",
    "korean": "2024년 9월 2일 (월) 오전 10:00, Help Desk <support@desk.example>님이 작성:",
    "vietnamese": "Vào Th 2, 2 thg 9, 2024 lúc 10:00 Help Desk <support@desk.example> đã viết:",
    "indonesian": "Pada tanggal Sen, 2 Sep 2024 pukul 10.00 Help Desk <support@desk.example> menulis:",
    "hebrew": "\u202bבתאריך יום ב׳, 2 בספט׳ 2024 ב-10:00 מאת \u202aHelp Desk\u202c\u200f <\u202asupport@desk.example\u202c\u200f>:\u202c",
    "arabic": "في الاثنين، 2 سبتمبر 2024 في 10:00 ص تمت كتابة ما يلي بواسطة Help Desk <support@desk.example>:",
    "estonian": "Help Desk <support@desk.example> kirjutas kuupäeval E, 2. september 2024 kell 10:00:",
    "catalan": "El dl., 2 de set. 2024 a les 10:00, Help Desk <support@desk.example> va escriure:",
    "iso date": "2024-09-02 10:00 GMT+02:00 Help Desk <support@desk.example>:",
}


@pytest.mark.parametrize("attribution", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS.keys())
@pytest.mark.parametrize(
    "quote", ["> Is the lamp red?\n> Please look.", "Is the lamp red?\nPlease look."], ids=["marked", "bare"]
)
def test_attributions(attribution: str, quote: str) -> None:
    assert new_text(f"{OWN}\n\n{attribution}\n\n{quote}\n") == OWN


BLOCKS = {
    "english": "From: Help Desk <support@desk.example>\nSent: Monday, September 2, 2024 10:00 AM\nTo: Ann\nSubject: RE: Lamp",
    "english, bold": "*From:* Help Desk <support@desk.example>\n*Sent:* Monday\n*To:* Ann\n*Subject:* RE: Lamp",
    "german": "Von: Help Desk <support@desk.example>\nGesendet: Montag, 2. September 2024 10:00\nAn: Ann\nBetreff: AW: Lampe",
    "french": "De : Help Desk <support@desk.example>\nEnvoyé : lundi 2 septembre 2024 10:00\nÀ : Ann\nObjet : RE: Lampe",
    "spanish": "De: Help Desk\nEnviado el: lunes, 2 de septiembre de 2024 10:00\nPara: Ann\nAsunto: RE: Lámpara",
    "italian": "Da: Help Desk\nInviato: lunedì 2 settembre 2024 10:00\nA: Ann\nOggetto: R: Lampada",
    "portuguese": "De: Help Desk\nEnviada em: segunda-feira, 2 de setembro de 2024\nPara: Ann\nAssunto: RES: Lâmpada",
    "dutch": "Van: Help Desk\nVerzonden: maandag 2 september 2024 10:00\nAan: Ann\nOnderwerp: RE: Lamp",
    "danish": "Fra: Help Desk\nSendt: 2. september 2024 10:00\nTil: Ann\nEmne: SV: Lampe",
    "swedish": "Från: Help Desk\nSkickat: den 2 september 2024 10:00\nTill: Ann\nÄmne: SV: Lampa",
    "finnish": "Lähettäjä: Help Desk\nLähetetty: maanantai 2. syyskuuta 2024\nVastaanottaja: Ann\nAihe: VS: Lamppu",
    "polish": "Od: Help Desk\nWysłano: poniedziałek, 2 września 2024\nDo: Ann\nTemat: Odp: Lampa",
    "czech": "Od: Help Desk\nOdesláno: pondělí 2. září 2024\nKomu: Ann\nPředmět: RE: Lampa",
    "hungarian": "Feladó: Help Desk\nElküldve: 2024. szeptember 2.\nCímzett: Ann\nTárgy: RE: Lámpa",
    "russian": "От: Help Desk\nОтправлено: 2 сентября 2024 г. 10:00\nКому: Ann\nТема: RE: Лампа",
    "ukrainian": "Від: Help Desk\nНадіслано: 2 вересня 2024\nКому: Ann\nТема: RE: Лампа",
    "turkish": "Kimden: Help Desk\nGönderildi: 2 Eylül 2024\nKime: Ann\nKonu: YNT: Lamba",
    "greek": "Από: Help Desk\nΣτάλθηκε: Δευτέρα\nΠρος: Ann\nΘέμα: ΑΠ: Λάμπα",
    "chinese": "发件人: Help Desk\n发送时间: 2024年9月2日 10:00\n收件人: Ann\n主题: 回复: 灯",
    "chinese, wide colon": "寄件者：Help Desk\n日期：2024年9月2日\n收件者：Ann\n主旨：RE: 燈",
    "japanese": "差出人: Help Desk\n送信日時: 2024年9月2日 10:00\n宛先: Ann\n件名: RE: ランプ",
    "korean": "보낸 사람: Help Desk\n보낸 날짜: 2024년 9월 2일\n받는 사람: Ann\n제목: RE: 램프",
    "under a rule": "________________________________\nFrom: Help Desk <support@desk.example>\nSent: Monday\nTo: Ann\nSubject: RE",
    "a comma list that wraps": "From: Help Desk\nTo: Ann <ann@x.example>,\n Bob <bob@x.example>\nSubject: Lamp\nDate: Mon, 2 Sep",
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS.keys())
def test_header_blocks(block: str) -> None:
    assert new_text(f"{OWN}\n\n{block}\n\nIs the lamp red?\n") == OWN


@pytest.mark.parametrize("words", languages.ORIGINAL.split("|"))
def test_original_message_between_dashes(words: str) -> None:
    assert new_text(f"{OWN}\n\n-----{words.title()}-----\nIs the lamp red?") == OWN


@pytest.mark.parametrize("words", languages.FORWARDED.split("|"))
def test_a_forwarded_letter_is_what_its_sender_wants_to_show(words: str) -> None:
    text = f"FYI\n\n---------- {words} ---------\nFrom: Bob <bob@x.example>\nSubject: Lamp\n\nIt is red."
    assert new_text(text) == text


def test_a_forwarded_letter_is_told_by_its_subject_too() -> None:
    text = "FYI\n\nFrom: Bob <bob@x.example>\nSent: Monday\nTo: Ann\nSubject: Lamp\n\nIt is red."
    assert new_text(text, "FW: Lamp") == text
    assert new_text(text, "RE: FW: Lamp") == "FYI"


@pytest.mark.parametrize("prefix", ["", "> ", "| "])
def test_our_marker_comes_first(prefix: str) -> None:
    assert new_text(f"{OWN}\n\n{prefix}{REPLY_MARKER}\n\nDear Ann,\n…") == OWN


@pytest.mark.parametrize(
    "line",
    [
        "##- Bitte antworten Sie oberhalb dieser Zeile -##",
        "--- Please reply above this line ---",
        "Répondre au-dessus de cette ligne",
    ],
)
def test_markers_of_other_desks(line: str) -> None:
    assert new_text(f"{OWN}\n\n{line}\n\nold") == OWN


def test_answers_between_and_below_quotes_are_kept() -> None:
    text = "On 2 Sep 2024 Bob <b@x.example> wrote:\n> First?\n\nYes.\n\n> Second?\n> Really?\n\nNo."
    assert new_text(text) == "Yes.\n\nNo."


def test_a_wrapped_tail_of_a_quoted_line_belongs_to_the_quote() -> None:
    text = "Fine.\n\n> a long line that a program\nwrapped\n> and the next one"
    assert new_text(text) == "Fine."


@pytest.mark.parametrize(
    "text",
    [
        "On the other hand, I wrote to you on Monday.",
        "Here is what he wrote: nothing.",
        "Dear all,\n\nOn Monday we meet at 10:00.\nBring cake.",
        "Steps:\n-- open the lid\n-- press the knob\n-- close it",
        "See https://x.example/how-he-wrote: it is long.",
        "From: Berlin to Paris takes 8 hours",
        "To: nobody in particular\nlet it be known",
        ">>> press here <<<\nand there",
        "Name: Ann\nDate: tomorrow",
        "The lamp - it is red - and I wrote",
        "",
    ],
)
def test_what_only_looks_like_a_quote_is_kept(text: str) -> None:
    assert new_text(text) == text


SIGNATURES = {
    "rfc 3676": "-- \nAnn Lee\nBank of Examples",
    "without the blank": "--\nAnn Lee",
    "iphone": "Sent from my iPhone",
    "iphone, german": "Von meinem iPhone gesendet",
    "iphone, french": "Envoyé de mon iPhone",
    "iphone, spanish": "Enviado desde mi iPhone",
    "iphone, portuguese": "Enviado do meu iPhone",
    "iphone, italian": "Inviato da iPhone",
    "iphone, dutch": "Verstuurd vanaf mijn iPhone",
    "iphone, swedish": "Skickat från min iPhone",
    "iphone, polish": "Wysłane z iPhone'a",
    "iphone, russian": "Отправлено с iPhone",
    "iphone, chinese": "发自我的iPhone",
    "outlook": "Get Outlook for iOS",
    "outlook, german": "Outlook für Android herunterladen",
    "regards": "Best regards,\nAnn Lee",
    "grüße": "Mit freundlichen Grüßen\nAnn Lee\nBank of Examples",
    "cordialement": "Cordialement,\nAnn",
    "saludos": "Un saludo,\nAnn",
    "legal": "This e-mail and any attachments are confidential and intended solely for the addressee.",
}


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES.keys())
@pytest.mark.parametrize(
    "tail", ["", "\n\nOn 2 Sep 2024 Bob <b@x.example> wrote:\n> old"], ids=["end", "above a quote"]
)
def test_signatures(signature: str, tail: str) -> None:
    found = own(f"{OWN}\n\n{signature}{tail}")
    assert found.text == OWN
    assert found.signature.strip()


def test_a_letter_of_nothing_but_a_signature_is_kept() -> None:
    assert new_text("--\nAnn") == "--\nAnn"


def test_a_sentence_about_phones_is_no_signature() -> None:
    text = "Look:\n\nSent from my desk, is much easier than from my mobile phone."
    assert new_text(text) == text


def test_containers_marked_by_html_are_quotes() -> None:
    text = f"Fine.\n{QUOTE_BEGIN}\nOld words:\n{QUOTE_BEGIN}\nolder\n{QUOTE_END}\n{QUOTE_END}\nMore."
    assert new_text(text) == "Fine.\nMore."
    assert unmarked(text) == "Fine.\nOld words:\nolder\nMore."


@pytest.mark.parametrize("mark", ["\u202e", "\u2067 ", "\u3000", "\u00a0", "\u2028"])
def test_marks_of_direction_before_a_quote_sign(mark: str) -> None:
    assert new_text(f"{OWN}\n\n{mark}> Is it?\n{mark}> Look.") == OWN
