"""Words mail programs put around letters, by language: a table, no logic.

It refuses to know how they are used. Read by `quoting`. All entries are lower case and
come from what the programs (Outlook, Thunderbird, Apple Mail, Gmail, Lotus Notes, Yahoo,
mobile clients) write in that language. One language per line where a line allows it.
"""

from __future__ import annotations

# "Bob wrote:" – the verb of an attribution line, wherever it stands in it.
WROTE = (
    "wrote",
    "writes",
    "sent",
    "said",
    "schrieb",
    "schrieben",
    "geschrieben",
    "a écrit",
    "a ecrit",
    "a envoyé",
    "ha scritto",
    "scrive",
    "escribió",
    "escribio",
    "escreveu",
    "escribiu",
    "va escriure",
    "ha escrit",
    "schreef",
    "het volgende geschreven",
    "heeft geschreven",
    "skrev",
    "skrev følgende",
    "skrifaði",
    "kirjoitti",
    "kirjutas",
    "napsal",
    "napsal(a)",
    "napsala",
    "napísal",
    "napísal(a)",
    "napísala",
    "napisał",
    "napisała",
    "napisał(a)",
    "pisze",
    "napisao je",
    "je napisao",
    "je napisala",
    "je napisao/la",
    "napisao/la",
    "je pisal",
    "je pisal/a",
    "je napisal/a",
    "пишет",
    "писал",
    "писал(а)",
    "написал",
    "написала",
    "написал(а)",
    "пише",
    "написав",
    "написав(ла)",
    "написа",
    "írta",
    "ezt írta",
    "a scris",
    "a scris următoarele",
    "έγραψε",
    "yazdı",
    "şunu yazdı",
    "rašė",
    "rakstīja",
    "đã viết",
    "viết",
    "menulis",
    "tulis",
    "написао је",
    "shkroi",
    "idatzi du",
    "כתב",
    "כתבה",
    "כתב/ה",
    "كتب",
    "كتبت",
    "نوشت",
    "เขียน",
    "เขียนว่า",
    "写道",
    "寫道",
    "撰寫",
    "さんは書きました",
    "のメール",
    "のメッセージ",
    "書きました",
    "작성",
    "님이 작성",
    "dijo",
    "disse",
    "hat geschrieben",
)

# How an attribution begins: "On Monday …"; digits and weekdays are looked for as well.
ON = (
    "on",
    "at",
    "am",
    "le",
    "el",
    "em",
    "op",
    "il",
    "il giorno",
    "den",
    "på",
    "dne",
    "dňa",
    "dnia",
    "w dniu",
    "a(z)",
    "la",
    "pe",
    "în data de",
    "στις",
    "vào",
    "pada",
    "v",
    "dana",
    "kl",
    "ti",
    "ma",
    "ke",
    "to",
    "pe",
    "em",
    "o dia",
    "no dia",
    "na",
    "von",
    "da",
    "de",
    "el dia",
    "tarih",
    "vid",
    "datum",
    "в",
    "від",
    "on date",
    "ב",
    "בתאריך",
    "في",
    "เมื่อ",
    "kuupäeval",
)

# Labels of the header block Outlook and others put before the letter they answer.
LABELS = {
    "from": (
        "from|von|de|da|van|från|fra|frá|lähettäjä|saatja|od|от|від|feladó|de la|από|kimden|gönderen|from|nuo|"
        "no|từ|dari|daripada|nga|"
        "מאת|من|از|จาก|发件人|寄件者|寄件人|差出人|送信者|보낸 사람|보낸사람|expéditeur|mittente|remitente|"
        "remetente|avsender|afsender|odosielateľ|"
        "odesílatel|пошиљалац|отправитель|absender|afzender|oorspronkelijke afzender|šalje|nadawca"
    ),
    "date": (
        "date|sent|datum|gesendet|gesendet am|am|envoyé|envoyé le|envoyée|fecha|enviado|enviado el|enviada|"
        "enviada em|enviado em|data|inviato|"
        "inviato il|verzonden|verstuurd|verzonden op|skickat|skickad|sendt|sent|dato|lähetetty|päivämäärä|"
        "saadetud|kuupäev|odesláno|odoslané|"
        "wysłano|wysłane|data wysłania|poslano|poslané|отправлено|дата|надіслано|изпратено|elküldve|küldve|"
        "dátum|trimis|στάλθηκε|ημερομηνία|"
        "gönderildi|tarih|gönderme|gönderilme|išsiųsta|nosūtīts|đã gửi|gửi|ngày|dikirim|tanggal|dihantar|נשלח|"
        "תאריך|تاريخ الإرسال|التاريخ|"
        "تم الإرسال|ارسال|วันที่|ส่ง|发送时间|发送日期|日期|时间|寄件日期|傳送時間|日付|送信日時|送信日|보낸 날짜|"
        "날짜|enviat|zeit"
    ),
    "to": (
        "to|an|à|a|pour|para|al|aan|naar|till|til|vastaanottaja|saaja|kellele|komu|pro|do|кому|до|címzett|"
        "către|προς|kime|alıcı|kam|kam|đến|tới|"
        "kepada|untuk|אל|إلى|به|ถึง|收件人|收件者|宛先|받는 사람|받는사람|destinataire|destinatario|empfänger|"
        "za|prima|mottagare|modtager|mottaker|adresat"
    ),
    "cc": "cc|kopie|kopia|kopi|copie à|copia|c\\.c\\.|dw|копия|копія|másolat|bilgi|κοιν\\.|抄送|副本|참조|עותק|"
    "نسخة|สำเนา|kópia|cópia",
    "subject": (
        "subject|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|efni|aihe|teema|předmět|predmet|"
        "temat|тема|относно|tárgy|subiect|"
        "θέμα|konu|tema|temats|chủ đề|subjek|perihal|hal|נושא|الموضوع|موضوع|เรื่อง|主题|主旨|件名|제목|assumpte|"
        "sujet|betrifft|subiectul|перадмет"
    ),
    "reply": "reply-to|antwort an|répondre à|responder a|rispondi a|organization|organisation|importance|"
    "wichtigkeit|priorität|attachments|anlagen",
}

# What stands between dashes above the answered letter: Original Message.
ORIGINAL = (
    "original message|original mail|originalnachricht|ursprüngliche nachricht|original-nachricht|"
    "originalmeldung|urspr. nachricht|"
    "message d'origine|message d’origine|message original|message initial|messaggio originale|mensaje original|"
    "mensagem original|"
    "missatge original|oorspronkelijk bericht|origineel bericht|originele bericht|ursprungligt meddelande|"
    "originalmeddelande|"
    "oprindelig meddelelse|oprindelig besked|original besked|original meddelelse|opprinnelig melding|"
    "original melding|alkuperäinen viesti|originaalkiri|původní zpráva|"
    "pôvodná správa|oryginalna wiadomość|wiadomość oryginalna|wiadomosc oryginalna|originalna poruka|"
    "izvorna poruka|izvirno sporočilo|"
    "исходное сообщение|оригинальное сообщение|вихідне повідомлення|"
    "оригинално съобщение|eredeti üzenet|"
    "mesaj original|mesajul original|αρχικό μήνυμα|orijinal ileti|özgün ileti|orijinal mesaj|pradinis laiškas|"
    "oriģinālā ziņa|"
    "tin nhắn gốc|thư gốc|pesan asli|mesej asal|ההודעה המקורית|הודעה מקורית|الرسالة الأصلية|پیام اصلی|ข้อความต้นฉบับ|"
    "原始邮件|原始郵件|邮件原件|原郵件|元のメッセージ|オリジナルメッセージ|original|원본 메일|원본 메시지|"
    "원본메시지|reply message|reply|previous message"
)

# What stands above a forwarded letter, between dashes or before a colon.
FORWARDED = (
    "forwarded message|forwarded by|forwarded email|begin forwarded message|start of forwarded message|"
    "weitergeleitete nachricht|"
    "anfang der weitergeleiteten|weitergeleitet von|message transféré|message transmis|début du message|"
    "message réexpédié|messaggio inoltrato|"
    "inizio messaggio inoltrato|mensaje reenviado|inicio del mensaje reenviado|mensagem encaminhada|"
    "mensagem reencaminhada|"
    "missatge reenviat|doorgestuurd bericht|begin doorgestuurd bericht|vidarebefordrat meddelande|"
    "vidarebefordrat brev|"
    "videresendt meddelelse|videresendt besked|videresendt melding|välitetty viesti|edelleenlähetetty viesti|"
    "přeposlaná zpráva|"
    "přeposílaná zpráva|preposlaná správa|przekazana wiadomość|wiadomość przekazana|proslijeđena poruka|"
    "posredovano sporočilo|"
    "пересланное сообщение|пересылаемое сообщение|переслане повідомлення|препратено съобщение|"
    "továbbított üzenet|mesaj redirecționat|"
    "mesaj redirecţionat|προωθημένο μήνυμα|iletilen mesaj|iletilen ileti|persiųstas laiškas|thư đã chuyển tiếp|"
    "pesan terusan|"
    "הודעה שהועברה|رسالة معاد توجيهها|ข้อความที่ส่งต่อ|转发邮件|转发的邮件|轉寄郵件|轉寄的郵件|転送メッセージ|"
    "転送されたメッセージ|전달된 메일|전달된 메시지"
)

# Subjects of forwarded letters.
FORWARD_PREFIX = "fwd?|wg|tr|rv|enc|i|vs|vl|pd|doorst|továbbítás|přeposláno|iletilen|перес|转发|轉寄|転送|전달|הועבר"

# "Sent from my iPhone" and its kin, at the beginning of a line of their own.
SENT_FROM = (
    r"sent wirelessly|envoyé sans fil|sent (?:from|via|with|by) (?:my |the |an? |yahoo|outlook|mail for|"
    r"mailbird|samsung|iphone|ipad|android|gmail|proton|airmail|"
    r"sparrow|mailbox|spark|blackberry|windows|superhuman|canary|zoho|hey|nine|bluemail|k-9|fairemail|aqua|"
    r"typeapp|mobile|aol|front|mutt|unibox|postbox)"
    r"|(?:von|vom) (?:meinem|unterwegs|mobil|iphone|ipad|handy|samsung)|gesendet (?:von|mit|via)|"
    r"diese nachricht wurde von mein"
    r"|envoyé (?:de|depuis|à partir|via|avec)|provenance :? ?courrier|télécharge[rz] outlook"
    r"|enviado (?:desde|do|de|a partir|com|con|via|pelo|por)|enviada? (?:do|de) meu|obtener? outlook|obter o outlook"
    r"|inviato (?:da|dal|con|tramite)|ottieni outlook|verzonden (?:vanaf|via|met|van)|verstuurd (?:vanaf|via|"
    r"met|van)|download outlook"
    r"|skickat från|skickades från|sendt fra|hent outlook|hämta outlook|skaff deg outlook|få outlook|lähetetty|"
    r"hanki outlook"
    r"|odesláno z|odoslané z|odoslan[oé] z môjho|wysłan[eoy] z|wysłane z|poslano (?:z|s|sa)|отправлено (?:с|"
    r"из)|надіслано (?:з|із)"
    r"|изпратено от|küldve|az iphone-?omról|iphone-?omról|trimis de pe|στάλθηκε από|εστάλη από|iphone'?umdan|"
    r"telefonumdan|samsung.{0,30}gönderildi"
    r"|được gửi từ|dikirim dari|dihantar dari|נשלח מ|أرسلت? من|تم الإرسال من|ارسال شده از|ส่งจาก"
    r"|发自我的|从我的.{0,20}发送|從我的.{0,20}傳送|傳送自|寄自我的|iphone ?から送信|ipadから送信|"
    r"私の.{0,20}から送信|나의 .{0,20}에서 보냄|내 .{0,20}에서 보냄"
    r"|get outlook for|outlook für (?:ios|android)|holen sie sich outlook|beziehen sie outlook"
)

# "Please type your reply above this line", as other desks put it.
REPLY_ABOVE = (
    "reply above this line|reply above the line|type your reply above|write your reply above|"
    "please reply above|enter your reply above|"
    "antworten sie oberhalb|bitte antworten sie (?:über|oberhalb)|antwort (?:bitte )?(?:über|oberhalb) dieser|"
    "répondre au-dessus|répondez au-dessus|"
    "responda por encima|escriba su respuesta (?:por )?encima|responda acima|rispondi sopra|rispondere sopra|"
    "antwoord boven deze|reageer boven deze|"
    "svar ovenfor|svara ovanför|svar over denne|odpowiedz powyżej|odpovězte nad|ответьте выше|пишите ответ выше"
)

# "Best regards": what stands above a name at the end, alone on its line.
VALEDICTION = (
    "(?:(?:kind|best|warm|kindest|warmest|with (?:kind|best|warm)) )?regards|(?:yours )?(?:sincerely|"
    "faithfully|truly)(?: yours)?|best wishes|cheers|"
    "(?:mit )?(?:freundliche[nmr]?|besten?|liebe|viele|herzliche|schöne|freundl\\.) (?:grüße?n?|grüsse?n?|gruß|"
    "gruss)|mfg|vg|lg|hochachtungsvoll|"
    "(?:bien )?cordialement|(?:meilleures |sincères )?salutations(?: distinguées)?|bien à vous|sincèrement|"
    "(?:un )?(?:cordial )?saludos?(?: cordiales)?|atentamente|atenciosamente|"
    "(?:com os )?(?:melhores )?cumprimentos|abraços|att\\.?|"
    "(?:cordiali|distinti) saluti|saluti|cordialmente|(?:met )?(?:vriendelijke|hartelijke) groet(?:en)?|"
    "groet(?:en|jes)?|mvg|"
    "(?:med )?(?:vänliga|vänlig|venlig|vennlig|bästa|bedste|beste|hjärtliga) (?:hälsningar|hälsning|hilsen|"
    "hilsner)|hilsen|hälsningar|mvh|"
    "(?:ystävällisin )?terveisin|(?:z )?(?:poważaniem|powazaniem|wyrazami szacunku)|"
    "(?:serdecznie )?pozdrawiam(?:y)?|pozdrowienia|"
    "s pozdravem|s pozdravom|(?:s )?poštovanjem|lep pozdrav|lijep pozdrav|с уважением|з повагою|с поздрави|"
    "поздрави|üdvözlettel|tisztelettel|"
    "cu (?:stimă|respect)|με εκτίμηση|saygılarımla|iyi çalışmalar|pagarbiai|ar cieņu|lugupidamisega|trân trọng|"
    "hormat saya|salam|"
    "בברכה|بهتحية|مع تحياتي|با احترام|ด้วยความเคารพ|此致|敬礼|よろしくお願いします|敬具|감사합니다"
)

# Legal footers.
DISCLAIMER = (
    r"(?:this|the information (?:contained )?in this|the contents? of this) (?:e-?mail|message|communication|"
    r"electronic)[^.]{0,80}"
    r"(?:confidential|intended|privileged|attachments?)|confidentiality (?:notice|note)|disclaimer\b|"
    r"legal (?:notice|disclaimer)|"
    r"diese (?:e-?mail|nachricht) (?:\(.{0,60}\) )?(?:enthält|ist|und|kann)|der inhalt dieser e-?mail|"
    r"ce (?:message|courriel|mail)[^.]{0,60}(?:confidentiel|destin)|"
    r"este (?:mensaje|correo|e-?mail)[^.]{0,60}confidencia|esta mensagem[^.]{0,60}confidencia|"
    r"(?:questo messaggio|questa e-?mail|le informazioni contenute)[^.]{0,60}(?:riservat|confidenzial)|"
    r"dit (?:bericht|e-?mailbericht)[^.]{0,60}vertrouwelijk|"
    r"please consider the environment|bitte (?:denken|prüfen) sie.{0,30}(?:umwelt|drucken|ausdruck)|virus-free\. www|"
    r"you received this (?:message|e-?mail) because|to unsubscribe from this|this (?:e-?mail|"
    r"message) (?:has been|was) scanned"
)

# One of these is in every text a pattern above can match: asked first, because a search for a word is cheap.
# Short common words would make every letter a suspect.
REPLY_ABOVE_WORDS = (
    *("reply above", "oberhalb", "antworten sie über", "antwort über", "antwort bitte über", "au-dessus", "encima"),
    *("responda acima", "rispondi sopra", "rispondere sopra", "boven deze", "ovenfor", "ovanför", "over denne"),
    *("powyżej", "odpovězte nad", "выше"),
)
DISCLAIMER_WORDS = tuple(
    "confiden disclaimer legal intended privileged attachment nachricht e-mail email destin riservat vertrouwelijk "
    "environment umwelt virus-free unsubscribe received scanned".split()
)
