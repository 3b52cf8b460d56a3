"""Letters that only say thank you, and those that nearly do."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.core.mail import courtesies, courtesies_east
from maild.core.mail.courtesy import Courtesy, courtesy

THANKS = {
    "en": """Thanks!|Thank you so much for your quick help|Works now, thanks a lot.|thx|ok|Got it, thanks
Hi Ann,//thank you, it works again. Have a nice weekend|Perfect 👍|Thanks//Karen|Great, thank you all|Cheers mate
Much appreciated|Thanks John!|It's working perfectly now. Thanks again for all your help, Bob!|All good now|Problem solved
That did the trick, many thanks :-)|Thank you Mr Smith. Have a great day!|You too!|I really appreciate your help""",
    "de": """Vielen Dank!|Danke, funktioniert jetzt wieder.|Super, vielen Dank für die schnelle Hilfe!|Danke Peter
Hallo Frau Müller,//herzlichen Dank.|Alles klar, danke|passt, danke|Danke schön und schönen Feierabend
Perfekt, hat geklappt|Besten Dank für Ihre Unterstützung|Erledigt, danke!|Danke, es geht wieder :)|Danke//Karen
Lieben Dank und ein schönes Wochenende//LG Karen|Wir danken Ihnen herzlich""",
    "fr": """Merci beaucoup !|Bonjour,//merci pour votre réponse rapide|Parfait, ça marche, merci|Merci bien, bonne journée
C'est bon, merci|Je vous remercie pour votre aide|Super merci|Bien reçu, merci|Merci à vous|Merci encore pour tout
Tout fonctionne, merci beaucoup|Merci Madame, bonne fin de journée|D'accord, merci""",
    "es": """Muchas gracias|Gracias por la rápida respuesta|Perfecto, ya funciona. Gracias|Mil gracias por todo|ok gracias
Muchas gracias por su ayuda, saludos|Excelente, muchas gracias|Hola Ana,//gracias.|Todo solucionado, gracias
Recibido, gracias|Genial, muchas gracias. Que tengas un buen día""",
    "it": """Grazie mille|Perfetto, grazie!|Tutto risolto, grazie per la disponibilità|Buongiorno, la ringrazio|Ok grazie
Ora funziona, grazie|Grazie ancora per l'aiuto|Ricevuto, grazie|Ottimo, grazie mille e buona giornata|Grazie Marco
Problema risolto. Cordiali saluti""",
    "pt": """Muito obrigado|Obrigada pela ajuda!|Deu certo, obrigado|Perfeito, muito obrigada pela atenção|valeu
Bom dia,//obrigado|Tudo certo, obrigada|Já funciona, obrigado|Obrigado pelo retorno|Ok, obrigado. Bom fim de semana
Recebido, obrigado""",
    "nl": """Hartelijk dank voor de snelle reactie|Het werkt weer, bedankt!|Bedankt|Top, dank je wel|super bedankt
Beste Jan,//dank u wel|Opgelost, bedankt|Dank voor de hulp en een fijne dag|Heel erg bedankt|Prima, dank u|Gelukt!""",
    "pl": """Dziękuję bardzo za szybką pomoc|Dzięki!|Już działa, dziękuję|Super, dzięki|Dziękuję i pozdrawiam
Wszystko działa. Dziękuję|Serdecznie dziękuję|Rozumiem, dziękuję|Dziękuję za odpowiedź|Miłego dnia, dziękuję
Dziekuje""",
    "ru": """Спасибо большое!|Всё работает, спасибо за помощь|Добрый день, благодарю за ответ|ок, спс|Понял, спасибо
Спасибо за оперативность|Отлично, спасибо!|Получилось, спасибо|Большое спасибо, хорошего дня|Благодарю
Вопрос решён, спасибо""",
    "sv": "Tack så mycket för hjälpen|Tack!|Nu fungerar det, tack|Toppen, tack|Tack snälla",
    "da": "Mange tak for hjælpen|Tak|Det virker nu, tak|Tusind tak!|Perfekt, tak for hurtigt svar",
    "no": "Takk for hjelpen|Tusen takk!|Nå fungerer det, takk|Supert, takk|Takk skal du ha",
    "fi": "Kiitos avusta|Kiitos paljon!|Nyt toimii, kiitos|Kiitos nopeasta vastauksesta|Selvä, kiitos",
    "cs": "Děkuji za rychlou pomoc|Díky moc|Už to funguje, děkuji|Dobrý den, děkuji|Super, díky",
    "sk": "Ďakujem veľmi pekne|Vďaka, už to funguje|Ďakujem za pomoc",
    "hu": "Köszönöm szépen|Nagyon köszönöm a gyors segítséget|Működik, köszi|Rendben, köszönöm",
    "ro": "Mulțumesc frumos|Multumesc pentru ajutor|Merge acum, mersi",
    "uk": "Дякую!|Все працює, дуже дякую за допомогу|Зрозуміло, дякую",
    "bg": "Благодаря много|Благодаря за бързия отговор",
    "hr": "Hvala lijepa|Hvala na pomoći, sve radi",
    "tr": """Teşekkürler|Hızlı yardımınız için çok teşekkür ederim|Tamam, teşekkür ederim|Sorun çözüldü, teşekkürler
TEŞEKKÜRLER""",
    "el": "Ευχαριστώ πολύ|Όλα καλά, ευχαριστώ για τη βοήθεια|Ευχαριστώ για την άμεση ανταπόκριση",
    "he": "תודה רבה|תודה על העזרה|עובד עכשיו, תודה",
    "ar": "شكرا جزيلا|شكراً على المساعدة|تمام، شكرا لكم",
    "id": "Terima kasih banyak|Sudah bisa, terima kasih|Terima kasih atas bantuannya",
    "vi": "Cảm ơn bạn nhiều|Được rồi, cảm ơn bạn",
    "ja": """ありがとうございました。|山田様//お世話になっております。//迅速なご対応ありがとうございます。
了解しました。ありがとうございます！|解決しました。ありがとうございました|助かりました|承知いたしました。""",
    "zh": "谢谢！|好的，谢谢|非常感谢您的帮助|问题已经解决了，谢谢|收到，感謝",
    "ko": "감사합니다|네, 감사합니다.|빠른 답변 감사합니다|해결됐습니다. 감사합니다!",
    "th": "ขอบคุณมากครับ|ขอบคุณค่ะ",
}

NEARLY = {
    "en": """Thanks, but it still does not work.|Thanks! One more question|Thank you in advance|Thanks, can you call me?
No thanks|Thanks for nothing|Thanks. Reopen this|It works. Sometimes.|ok so when|Thanks, it is broken again|Not ok
Thanks, please close it|Thanks!//The second printer has it now|Thanks for looking into it, any news|Works on 3 of 5
Thank you. However the invoice is wrong|ok thanks, I need help with mail|Thanks Still Broken|Thanks. Error|Yes|No
Thanks, see http://x.example|Thanks, I have the problem again|Thanks if that works|It did work|Thanks a lot :-(|Done""",
    "de": """Danke, aber es geht noch immer nicht.|Danke! Eine Frage noch|Danke im Voraus|Danke, können Sie anrufen?
Nein danke|Danke für nichts|Danke. Geht nicht|Danke. Bitte wieder öffnen|Danke, funktioniert leider nicht|Nicht gut
Vielen Dank vorab|Danke, jetzt ist der Drucker weg|Es geht, nur langsam|Danke Bitte Öffnen|Danke, bitte um Rückruf
Es funktioniert nur teilweise|Vielen Dank, trotzdem kommt der Fehler|Ja|Danke. Problem""",
    "fr": """Merci, mais ça ne marche pas|Merci d'avance|Merci de me rappeler|Merci ! Encore une question|Non merci
Merci, pouvez-vous m'appeler ?|Merci de fermer le ticket|Ça ne marche toujours pas, merci|Merci par avance
Merci pour rien|Ça marche presque|Merci. Toujours en panne|Merci, cependant il manque un fichier""",
    "es": """Gracias, pero no funciona|Gracias de antemano|Gracias, ¿me pueden llamar?|No, gracias|Gracias por adelantado
Gracias. Sigue igual|Gracias, falta un archivo|Todavía no funciona, gracias|Gracias por nada|Casi funciona
Gracias, aún tengo el error""",
    "it": """Grazie, ma non funziona|Grazie in anticipo|Grazie, mi può chiamare?|No grazie|Grazie. Ancora niente
Grazie, però manca un file|Non è risolto, grazie|Grazie di richiamarmi|Grazie per niente|Quasi risolto
Ringrazio anticipatamente""",
    "pt": """Obrigado, mas não funciona|Desde já obrigado|Obrigado, pode me ligar?|Não, obrigado|Obrigado. Ainda com erro
Obrigada, falta um ficheiro|Não deu certo, obrigado|Antecipadamente grato|Obrigado por nada|Quase resolvido
Obrigado, só que a impressora parou""",
    "nl": """Bedankt, maar het werkt niet|Alvast bedankt|Bedankt, kunt u mij bellen?|Nee bedankt|Bedankt. Nog een vraag
Dank, het probleem is er weer|Helaas niet opgelost, bedankt|Bij voorbaat dank|Bedankt voor niets|Werkt bijna
Graag bellen, dank""",
    "pl": """Dziękuję, ale nie działa|Z góry dziękuję|Dziękuję, proszę o telefon|Nie, dziękuję|Dzięki. Jeszcze pytanie
Niestety nie działa, dziękuję|Dziękuję, brakuje pliku|Działa tylko czasami|Dziękuję za nic|Prawie działa
Dziękuję, kiedy będzie""",
    "ru": """Спасибо, но не работает|Заранее спасибо|Спасибо, позвоните мне|Нет, спасибо|Спасибо. Ещё вопрос
К сожалению не работает, спасибо|Спасибо, не хватает файла|Работает через раз|Спасибо за ничего|Почти работает
Спасибо, когда будет готово""",
    "sv": "Tack på förhand|Tack, men det fungerar inte|Nej tack|Tack, kan ni ringa?|Tack. Felet är kvar",
    "da": "På forhånd tak|Tak, men det virker ikke|Nej tak|Tak, kan I ringe?|Tak. Fejlen er der stadig",
    "no": "På forhånd takk|Takk, men det virker ikke|Nei takk|Takk, kan dere ringe?|Takk. Feilen er der fortsatt",
    "fi": "Kiitos etukäteen|Kiitos, mutta ei toimi|Ei kiitos|Kiitos, voitteko soittaa?|Kiitos. Vika jatkuu",
    "cs": "Předem děkuji|Děkuji, ale nefunguje to|Ne, děkuji|Děkuji, prosím zavolejte",
    "hu": "Előre is köszönöm|Köszönöm, de nem működik|Nem, köszönöm",
    "tr": "Şimdiden teşekkürler|Teşekkürler ama çalışmıyor|Hayır, teşekkürler",
    "el": "Ευχαριστώ εκ των προτέρων|Ευχαριστώ, αλλά δεν λειτουργεί|Όχι, ευχαριστώ",
    "ja": "ありがとうございます。ただ、まだ動きません。|ありがとうございます。もう一点質問があります。|解決しません",
    "zh": "谢谢，但是还是不行|谢谢，请再看一下|不好|没有解决，谢谢|谢谢，什么时候",
    "ko": "감사합니다만 아직 안 됩니다|감사합니다. 질문이 하나 더 있습니다",
    "ar": "شكرا لكن لا يعمل|لا شكرا",
    "he": "תודה מראש|תודה אבל זה לא עובד|לא תודה",
}


def rows(table: dict[str, str]) -> list[str]:
    return [row.replace("//", "\n") for text in table.values() for row in re.split(r"[|\n]", text)]


@pytest.mark.parametrize("text", rows(THANKS))
def test_only_thanks(text: str) -> None:
    assert courtesy(text, subject="Re: Printer", names=("Karen Miller",)) is Courtesy.THANKS


@pytest.mark.parametrize("text", rows(NEARLY))
def test_a_letter_to_be_read(text: str) -> None:
    assert courtesy(text, subject="Re: Printer", names=("Karen Miller",)) is None


def test_the_tables_cover_many_languages() -> None:
    assert THANKS.keys() == {*courtesies.BY_LANGUAGE, *courtesies_east.BY_LANGUAGE, *courtesies_east.UNSPACED}
    for language in ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru"):
        assert len(rows({language: THANKS[language]})) >= 10
        assert len(rows({language: NEARLY[language]})) >= 10


@pytest.mark.parametrize("text", ["👍", "🙏🙏", ":-)", "👍🏽 👏", "<3", "+1", "❤️", "👍!", "(y)", "🎉\n\n😀"])
def test_signs_that_only_please(text: str) -> None:
    assert courtesy(text) is Courtesy.EMOJI


@pytest.mark.parametrize("text", ["👎", "😡", ":-(", "❓", "🤔", "😢 👍", "1", "-1", "...", "!", "👍?", "🖨", "5"])
def test_signs_that_do_not(text: str) -> None:
    assert courtesy(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "👍 Ann Smith reacted to your message:",
        "Bob reacted via Gmail",
        "❤️ Eva Müller hat auf Ihre Nachricht reagiert",
        "Jean a réagi à votre message",
        "Ana ha reaccionado a tu mensaje:",
        "Jan Kowalski zareagował na Twoją wiadomość",
    ],
)
def test_reactions(text: str) -> None:
    assert courtesy(text, subject="Printer") is Courtesy.REACTION


@pytest.mark.parametrize(
    "text",
    [
        "Nobody reacted to your message",
        "😡 Ann Smith reacted to your message:",
        "Bob reacted to your message and now the printer is gone",
        "Bob reacted to your message:\nwhat does that mean",
        "reacted to your message",
        "Niemand hat auf Ihre Nachricht reagiert",
    ],
)
def test_no_reactions(text: str) -> None:
    assert courtesy(text) is None


def test_an_answer_without_a_word() -> None:
    assert courtesy("", subject="Re: [BANK-1042-K7QD] Printer") is Courtesy.EMPTY
    assert courtesy(" \n\u200b\n", subject="AW: Drucker") is Courtesy.EMPTY
    assert courtesy("", subject="") is Courtesy.EMPTY


@pytest.mark.parametrize(
    ("subject", "text"),
    [("The printer is on fire", ""), ("The printer is on fire", "Thanks"), ("New mouse", "👍"), ("Invoice 12", "ok")],
)
def test_a_subject_of_its_own_is_said(subject: str, text: str) -> None:
    assert courtesy(text, subject=subject) is None


def test_a_subject_may_say_thanks() -> None:
    assert courtesy("", subject="Thank you!") is Courtesy.THANKS
    assert courtesy("Thanks a lot", subject="Thank you!") is Courtesy.THANKS


def test_a_file_is_something_new() -> None:
    assert courtesy("Thanks!", files=True) is None
    assert courtesy("", files=True) is None


def test_long_letters_are_read() -> None:
    assert courtesy("Thanks! " * 29) is Courtesy.THANKS
    assert courtesy("Thanks! " * 41) is None
    assert courtesy("👍" * 241) is None


def test_only_known_names_sign_in_any_spelling() -> None:
    assert courtesy("thanks\nkáren miller", names=("Karen Miller",)) is Courtesy.THANKS
    assert courtesy("thanks\nSabotage") is None
    assert courtesy("THANKS BUT NO") is None


WORDS = sorted(set(re.findall(r"\w+|[^\w\s]", " ".join([*THANKS.values(), *NEARLY.values()]))))


@given(st.lists(st.sampled_from([*WORDS, "\n", "?", "👍", "👎"])).map(" ".join), st.text(max_size=20), st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_words_get_an_answer(text: str, subject: str, files: bool) -> None:
    found = courtesy(text, subject=subject, files=files, names=(subject,))
    assert found is None or not files
    assert found is None or "?" not in text


@given(st.text())
@settings(max_examples=150, deadline=None)
def test_any_text_gets_an_answer(text: str) -> None:
    assert courtesy(text) in (None, *Courtesy)


@given(st.sampled_from(rows(THANKS)), st.sampled_from(["but", "aber", "mais", "?", "123", "не", "未", "attached"]))
@settings(max_examples=150, deadline=None)
def test_one_word_more_is_a_letter(text: str, more: str) -> None:
    assert courtesy(f"{text} {more}", subject="Re: x", names=("Karen",)) is None
