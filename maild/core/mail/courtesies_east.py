"""How people say thank you, from Warsaw to Tokyo: the other half of the table in `courtesies`.

It refuses to know how it is used. Read by `courtesy`.
"""

from __future__ import annotations

from maild.core.mail.courtesies import Courtesies

BY_LANGUAGE = {
    "pl": Courtesies(
        r"(?:cześć|dzień dobry|witam|hej|dobry wieczór|drogi|droga|szanown[aiy])(?: (?:wszystkich|państwo|pani|panie|"
        r"panu))*",
        r"(?:(?:ok|super|świetnie|bardzo|serdecznie|pięknie|wielkie|ślicznie|jeszcze raz|dobrze|rewelacja) )*(?:dzięki|"
        r"dziękuję|dziekuje|dziękujemy|dziękuje|dzieki|dziękówka|dzięks|podziękowania)(?: (?:bardzo|serdecznie|"
        r"ślicznie|pięknie|wielkie|jeszcze raz|wszystkim|pani|panu|państwu|wam|ci))*",
        r"za (?:(?:całą|twoją|państwa|waszą|pana|pani|szybką|szybki|sprawną|miłą|błyskawiczną|pomocną|i|tak|bardzo|"
        r"ekspresową|okazaną) )*(?:pomoc|odpowiedź|odpowiedz|wsparcie|informację|informacje|info|obsługę|reakcję|"
        r"kontakt|załatwienie|rozwiązanie|cierpliwość|wyjaśnienie|zaangażowanie|wszystko|poświęcony czas)(?: i "
        r"(?:pomoc|cierpliwość|wsparcie|szybką reakcję))?",
        r"(?:już |teraz )?(?:to |wszystko )?(?:już |teraz )?(?:działa|zadziałało|jest (?:ok|dobrze|w porządku|jasne|"
        r"rozwiązane)|gra|śmiga|pomogło)(?: (?:już|teraz|wszystko|dobrze|świetnie|poprawnie|idealnie|ponownie))*|"
        r"(?:problem )?(?:rozwiązany|załatwione)|wszystko (?:ok|jasne|gra|w porządku|działa)|super|świetnie|"
        r"rewelacja|doskonale|idealnie|ekstra|ok|okej|dobrze|w porządku|rozumiem|przyjąłem|przyjęłam|wzajemnie|"
        r"nawzajem|bomba|dobra robota",
        r"(?:życzę )?(?:miłego|dobrego|udanego) (?:dnia|weekendu|wieczoru|popołudnia|tygodnia)|(?:serdecznie )?"
        r"pozdrawiam|pozdrowienia|z poważaniem|do widzenia|pa",
        "i|oraz",
    ),
    "cs": Courtesies(
        r"(?:ahoj|dobrý (?:den|večer)|dobré ráno|čau|zdravím|vážen[áýí]|mil[áýí])(?: (?:všem|všichni|pane|paní))*",
        r"(?:(?:ok|super|skvělé|mnohokrát|moc|velmi|hezky|velké|ještě jednou|výborně|paráda|srdečně) )*(?:děkuji|"
        r"děkuju|"
        r"dekuji|děkujeme|díky|diky|dík|děkuji vám|děkuji ti|dekuju)(?: (?:moc|mnohokrát|velmi|hezky|pěkně|vám|ti|všem|"
        r"ještě jednou|znovu|za vše))*",
        r"za (?:(?:vaši|tvou|vaše|rychlou|rychlé|skvělou|ochotnou|veškerou|vše|všechnu|a|promptní|super|bleskovou) )*"
        r"(?:pomoc|odpověď|odpoved|podporu|informaci|informace|info|reakci|vyřízení|vyřešení|ochotu|trpělivost|čas|"
        r"zprávu|vysvětlení|servis|práci|všechno|vše)(?: a (?:pomoc|ochotu|trpělivost|rychlou reakci))?",
        r"(?:už |teď |nyní )?(?:to |vše |všechno )?(?:už |teď |nyní )?(?:funguje|fungovalo|je (?:vyřešeno|v pořádku|ok|"
        r"jasné|opraveno)|jede|pomohlo|šlape)(?: (?:už|teď|nyní|to|vše|dobře|skvěle|perfektně|jak má|zase|opět))*|"
        r"(?:problém )?vyřešen[oa]?|vše (?:ok|v pořádku|funguje|jasné)|super|skvělé|skvěle|výborně|paráda|perfektní|"
        r"výborné|ok|dobře|rozumím|beru na vědomí|přijato|nápodobně|dobrá práce",
        r"(?:přeji )?(?:hezký|pěkný|krásný) (?:den|víkend|večer|zbytek dne)|(?:s )?(?:pozdravem|přátelským pozdravem)|"
        r"na shledanou|nashledanou|zdraví|s úctou",
        "a",
    ),
    "sk": Courtesies(
        r"(?:ahoj|dobrý (?:deň|večer)|dobré ráno|čau|zdravím|vážen[áýí]|mil[áýí])(?: (?:všetkým|všetci|pán|pani))*",
        r"(?:(?:ok|super|skvelé|veľmi|pekne|veľká|ešte raz|výborne|srdečne|veľké) )*(?:ďakujem|dakujem|ďakujeme|vďaka|"
        r"vdaka|dík|díky|ďakujem vám)(?: (?:veľmi|pekne|krásne|vám|ti|všetkým|ešte raz|znova|za všetko|moc))*",
        r"za (?:(?:vašu|tvoju|vaše|rýchlu|rýchle|skvelú|ochotnú|všetku|a|promptnú|super) )*(?:pomoc|odpoveď|podporu|"
        r"informáciu|informácie|info|reakciu|vybavenie|vyriešenie|ochotu|trpezlivosť|čas|správu|vysvetlenie|všetko|"
        r"servis)",
        r"(?:už |teraz )?(?:to |všetko )?(?:už |teraz )?(?:funguje|fungovalo|je (?:vyriešené|v poriadku|ok|jasné)|ide|"
        r"pomohlo)(?: (?:už|teraz|to|všetko|dobre|skvele|perfektne|zase|opäť))*|(?:problém )?vyriešen[ýé]|všetko (?:ok|"
        r"v poriadku|funguje|jasné)|super|skvelé|skvele|výborne|perfektné|ok|dobre|rozumiem|prijaté|podobne",
        r"(?:prajem )?(?:pekný|krásny) (?:deň|víkend|večer)|(?:s )?pozdravom|dovidenia|s úctou",
        "a",
    ),
    "hu": Courtesies(
        r"(?:szia|sziasztok|helló|jó (?:napot|reggelt|estét)|kedves|tisztelt|üdv)(?: (?:mindenki|mindenkinek|uram|"
        r"hölgyem|kívánok))*",
        r"(?:(?:ok|oké|szuper|nagyon|szépen|hálásan|ezer|rendben|remek|még egyszer|tökéletes) )*(?:köszönöm|koszonom|"
        r"köszönjük|köszi|kösz|koszi|köszönet|hálás köszönet|hála)(?: (?:szépen|szepen|nagyon|mindenkinek|még "
        r"egyszer|mindent))*",
        r"(?:(?:a|az|gyors|szíves|remek|segítő|kedves|és|azonnali|villámgyors) )*(?:segítséget|segítségét|segítséged|"
        r"választ|válaszát|válaszod|támogatást|tájékoztatást|információt|intézkedést|türelmét|munkát|megoldást|"
        r"visszajelzést|fáradozást|ügyintézést)",
        r"(?:most )?(?:már |minden )?(?:már )?(?:működik|megoldódott|megoldva|rendben van|jó|rendben|sikerült|megy)(?: "
        r"(?:már|most|minden|jól|tökéletesen|újra))*|(?:a probléma )?megoldódott|minden (?:rendben|ok|oké|jó)|szuper|"
        r"remek|tökéletes|kiváló|nagyszerű|ok|oké|rendben|értem|megkaptam|viszont|hasonlóképpen|király",
        r"(?:további )?(?:szép|kellemes|jó) (?:napot|hétvégét|estét|délutánt|hetet)(?: kívánok)?|üdvözlettel|"
        r"tisztelettel|üdv|viszlát|viszontlátásra",
        "és",
    ),
    "ro": Courtesies(
        r"(?:bună|salut|bună (?:ziua|dimineața|seara)|stimat[ăeă]|dragă|dragi)(?: (?:tuturor|domnule|doamnă|ziua))*",
        r"(?:(?:ok|super|perfect|vă|îți|iti|va|excelent|bine|încă o dată) )*(?:mulțumesc|mulțumim|multumesc|multumim|"
        r"mersi|mulțumiri|mii de mulțumiri)(?: (?:mult|frumos|foarte mult|din suflet|tuturor|încă o dată|din nou|"
        r"vouă|dumneavoastră|de tot))*",
        r"pentru (?:(?:tot|toate|tot|promptul|promptă|rapid|rapidul|un|o|și|acest) )*(?:ajutor|ajutorul|răspuns|"
        r"răspunsul|sprijin|sprijinul|suport|suportul|informație|informații|informațiile|promptitudine|rapiditate|"
        r"amabilitate|răbdare|rezolvare|clarificare|tot)(?: (?:rapid|prompt|acordat|dumneavoastră|dvs|și (?:ajutor|"
        r"răbdare)))*",
        r"(?:acum )?(?:totul |toate )?(?:acum )?(?:funcționează|merge|a funcționat|a mers|s a rezolvat|este (?:în "
        r"regulă|rezolvat|ok)|e (?:în regulă|rezolvat|ok|bine))(?: (?:acum|perfect|bine|totul|din nou))*|(?:problemă |"
        r"problema )?rezolvat[ăa]?|totul (?:e|este)? ?(?:ok|bine|în regulă)|perfect|super|excelent|grozav|minunat|ok|"
        r"bine|am înțeles|am primit|în regulă|la fel|asemenea|la fel și vouă",
        r"(?:să aveți |să ai )?(?:o |un )?(?:zi|seară|weekend|săptămână) (?:bună|frumoasă|frumos|plăcut|plăcută|bun)|o "
        r"zi (?:bună|frumoasă)|cu (?:stimă|respect|drag)|la revedere|toate cele bune|numai bine",
        "și",
    ),
    "ru": Courtesies(
        r"(?:здравствуйте|привет|добрый (?:день|вечер)|доброе утро|доброго дня|уважаем(?:ый|ая|ые)|дорог(?:ой|ая|ие)|"
        r"приветствую)(?: (?:коллеги|все|всем|господин|госпожа))*",
        r"(?:(?:ок|окей|супер|отлично|хорошо|большое|огромное|понял|поняла|ещё раз|еще раз|всем|премного|прекрасно|"
        r"очень|вам|тебе) )*(?:спасибо|спс|благодарю|благодарим|благодарен|благодарна|признателен|признательна|"
        r"спасибки|мерси)(?: (?:большое|огромное|вам|тебе|всем|ещё раз|еще раз|за всё|за все|большущее|вас|коллеги|и "
        r"вам|команде))*",
        r"за (?:(?:вашу|ваш|твою|твой|быстрый|быструю|быстрое|оперативный|оперативную|оперативное|помощь|такой|такую|"
        r"всю|отличную|отличный|и|подробный|качественную) )*(?:помощь|ответ|поддержку|информацию|инфу|реакцию|"
        r"оперативность|решение|работу|содействие|внимание|разъяснения|пояснение|терпение|сервис|всё|все|консультацию|"
        r"обратную связь)(?: и (?:помощь|терпение|оперативность|поддержку|быструю реакцию))?",
        r"(?:теперь |сейчас |уже )?(?:всё |все |оно )?(?:уже |теперь )?(?:работает|заработало|получилось|решено|"
        r"решилось|"
        r"помогло|в порядке|хорошо|отлично|ясно|понятно|ок)(?: (?:теперь|всё|все|отлично|хорошо|снова|как надо|"
        r"прекрасно|нормально|сейчас))*|(?:проблема |вопрос )(?:решена|решён|решен|решилась)|отлично|супер|прекрасно|"
        r"замечательно|великолепно|хорошо|ок|окей|понял|поняла|понятно|ясно|принято|получил|получила|взаимно|"
        r"и вам того же|класс|круто|идеально|здорово|договорились",
        r"(?:хорошего|доброго|отличного|приятного|удачного) (?:дня|вечера|выходного|уикенда|выходных)|хороших "
        r"выходных|(?:с )?уважением|всего (?:доброго|хорошего|наилучшего)|до свидания|с наилучшими пожеланиями|"
        r"удачи",
        "и",
    ),
    "uk": Courtesies(
        r"(?:вітаю|привіт|добрий (?:день|вечір|ранок)|доброго дня|доброго ранку|шановн(?:ий|а|і)|дорог(?:ий|а|і))(?: "
        r"(?:колеги|усім|всім|пане|пані))*",
        r"(?:(?:ок|супер|чудово|добре|велике|щиро|дуже|щире|ще раз|прекрасно|красно) )*(?:дякую|дякуємо|спасибі|"
        r"вдячний|"
        r"вдячна|вдячні|подяка)(?: (?:вам|тобі|дуже|красно|щиро|ще раз|усім|всім|велике|за все))*",
        r"за (?:(?:вашу|ваш|твою|твій|швидку|швидкий|оперативну|оперативний|всю|чудову|і|й|таку) )*(?:допомогу|"
        r"відповідь|підтримку|інформацію|реакцію|оперативність|рішення|вирішення|роботу|сприяння|увагу|роз яснення|"
        r"терпіння|сервіс|все|консультацію)",
        r"(?:тепер |зараз |вже )?(?:все |усе )?(?:вже |тепер )?(?:працює|запрацювало|вийшло|вирішено|допомогло|гаразд|"
        r"добре|зрозуміло|ок)(?: (?:тепер|все|добре|чудово|знову|як треба))*|(?:проблему |питання )вирішено|чудово|"
        r"супер|прекрасно|добре|гаразд|ок|зрозумів|зрозуміла|зрозуміло|прийнято|отримав|отримала|навзаєм|взаємно|"
        r"клас|круто|відмінно",
        r"(?:гарного|доброго|чудового|приємного|вдалого) (?:дня|вечора|вихідного)|гарних вихідних|(?:з )?повагою|"
        r"(?:на )?все добре|до побачення|з найкращими побажаннями",
        "і|й|та",
    ),
    "bg": Courtesies(
        r"(?:здравейте|здравей|добър (?:ден|вечер)|добро утро|уважаем[иа]|скъп[иа]|привет)(?: (?:колеги|всички))*",
        r"(?:(?:ок|супер|чудесно|добре|много|сърдечно|хиляди|отново|още веднъж|отлично|ви|ти) )*(?:благодаря|"
        r"благодарим|"
        r"мерси|благодарности|благодаря ви|благодаря ти)(?: (?:много|ви|ти|отново|още веднъж|на всички|за всичко))*",
        r"за (?:(?:бързия|бързата|бързо|вашата|вашия|твоята|цялата|отличната|добрата|и|оказаната) )*(?:помощ|помощта|"
        r"отговор|отговора|съдействие|съдействието|информация|информацията|реакция|реакцията|подкрепа|подкрепата|"
        r"решение|търпение|търпението|обслужване|всичко)",
        r"(?:сега |вече )?(?:всичко )?(?:сега |вече )?(?:работи|проработи|се оправи|е (?:наред|решено|ок|ясно)|стана|"
        r"помогна)(?: (?:сега|вече|добре|отлично|перфектно|отново))*|(?:проблемът е )?решен|супер|чудесно|отлично|"
        r"перфектно|страхотно|добре|ок|разбрах|ясно|прието|получих|подобно|също",
        r"(?:хубав|приятен|лек|успешен) (?:ден|уикенд)|хубава вечер|приятна вечер|(?:с )?уважение|поздрави|"
        r"довиждане|всичко (?:добро|най хубаво)",
        "и",
    ),
    "hr": Courtesies(
        r"(?:bok|pozdrav|zdravo|dobar dan|dobro jutro|dobra večer|dobro veče|poštovan[ia]|drag[ia])(?: (?:svima|svi|"
        r"kolege))*",
        r"(?:(?:ok|super|odlično|puno|mnogo|najljepša|veliko|velika|lijepo|još jednom|lepo|iskreno) )*(?:hvala|"
        r"zahvaljujem|zahvaljujemo|fala|zahvalan|zahvalna)(?: (?:lijepa|lepa|puno|mnogo|vam|ti|svima|još jednom|na "
        r"svemu|najljepša|lijepo))*",
        r"(?:na|za) (?:(?:brzom|brzoj|vašoj|vašem|tvojoj|pomoći|brz|brzu|svoj|svu|i|odličnoj|vašu|vaš) )*(?:pomoći|"
        r"pomoć|"
        r"odgovoru|odgovor|podršci|podršku|informaciji|informacijama|informacije|info|reakciji|reakciju|usluzi|"
        r"strpljenju|strpljenje|trudu|trud|rješenju|svemu|sve)",
        r"(?:sada |sad |već )?(?:sve |to )?(?:sada |sad )?(?:radi|proradilo je|proradilo|je (?:riješeno|rešeno|u "
        r"redu|ok|"
        r"jasno)|funkcionira|funkcioniše|pomoglo je)(?: (?:sada|sad|sve|dobro|odlično|savršeno|opet))*|(?:problem )"
        r"(?:riješen|rešen|je riješen|je rešen)|sve (?:ok|u redu|jasno|pet)|super|odlično|savršeno|izvrsno|dobro|ok|"
        r"razumijem|razumem|primljeno|u redu|također|takođe",
        r"(?:želim )?(?:ugodan|lijep|lep|prijatan) (?:dan|vikend)|(?:lijep |lep |srdačan )?pozdrav|(?:s |sa )?"
        r"(?:poštovanjem|štovanjem)|lp|doviđenja",
        "i",
    ),
    "tr": Courtesies(
        r"(?:merhaba|merhabalar|selam|selamlar|günaydın|iyi (?:günler|akşamlar)|sayın|sevgili)(?: (?:herkese|bey|hanım|"
        r"yetkili|ekip))*",
        r"(?:(?:tamam|ok|süper|harika|çok|mükemmel|tekrar|sonsuz|peki|anladım) )*(?:teşekkürler|teşekkür ederim|"
        r"teşekkür ederiz|teşekkürlerimi sunarım|tesekkurler|tesekkur ederim|tşk|tşkler|tsk|sağol|sağolun|sağ olun|sağ "
        r"ol|eyvallah|minnettarım)(?: (?:çok|tekrar|tekrardan|herkese|hepinize|size|sana|ederim|bey|hanım))*|"
        r"(?:(?:hızlı|yardımınız|ilginiz|desteğiniz|cevabınız|yanıtınız|geri dönüşünüz|yardımlarınız|her şey|bilgi|"
        r"emeğiniz|çözüm|destek|sabrınız|ve|her|şey) )+için (?:çok )?(?:teşekkürler|teşekkür ederim|teşekkür ederiz|"
        r"sağolun)",
        r"her şey için",
        r"(?:şimdi |artık )?(?:her şey |sorun |sorunum |problem )?(?:şimdi |artık )?(?:çalışıyor|çalıştı|düzeldi|"
        r"çözüldü|"
        r"halloldu|oldu|yolunda|tamam)(?: (?:şimdi|artık|gayet iyi|mükemmel))*|tamam|tamamdır|ok|süper|harika|mükemmel|"
        r"peki|anladım|anlaşıldı|size de|aldım|çok iyi|güzel|çok güzel",
        r"iyi (?:günler|çalışmalar|akşamlar|haftalar|hafta sonları|tatiller)(?: dilerim)?|kolay gelsin|saygılarımla|"
        r"sevgiler|selamlar|görüşmek üzere|hoşçakalın|ellerinize sağlık|elinize sağlık",
        "ve",
    ),
    "el": Courtesies(
        r"(?:γεια|γεια σας|γεια σου|καλημέρα|καλησπέρα|καλό βράδυ|χαίρετε|αγαπητ(?:έ|ή|οί)|κύριε|κυρία)(?: (?:σας|σου|"
        r"σε όλους|κύριε|κυρία|και πάλι))*",
        r"(?:(?:ok|οκ|οκέι|ωραία|τέλεια|σας|σε|τέλειο|χίλια|θερμά|πολύ ωραία|εντάξει|και πάλι) )*(?:ευχαριστώ|"
        r"ευχαριστούμε|"
        r"ευχαριστίες|ευχαριστω|μερσί|να είστε καλά|να είσαι καλά)(?: (?:πολύ|πάρα πολύ|θερμά|για όλα|και πάλι|όλους|"
        r"πολυ|ξανά))*",
        r"για (?:(?:την|τη|το|τις|όλη|όλα|άμεση|γρήγορη|άψογη|πολύτιμη|και|τον) )*(?:βοήθεια|βοήθειά|απάντηση|απάντησή|"
        r"εξυπηρέτηση|υποστήριξη|ενημέρωση|ανταπόκριση|ανταπόκρισή|πληροφορίες|χρόνο|υπομονή|λύση|όλα|κόπο)(?: (?:σας|"
        r"σου|και (?:την|τη) (?:υπομονή|βοήθεια|υποστήριξη)(?: σας| σου)?))*",
        r"(?:τώρα |πλέον )?(?:όλα |τώρα )?(?:λειτουργεί|λειτουργούν|δουλεύει|δουλεύουν|λύθηκε|είναι (?:εντάξει|οκ|μια "
        r"χαρά|τέλεια|καλά)|όλα καλά|έγινε)(?: (?:τώρα|πλέον|κανονικά|άψογα|τέλεια|μια χαρά|ξανά|όλα))*|(?:το "
        r"πρόβλημα )"
        r"λύθηκε|τέλεια|τέλειο|ωραία|πολύ ωραία|εντάξει|οκ|ok|υπέροχα|άψογα|μια χαρά|κατάλαβα|ελήφθη|επίσης|μπράβο|"
        r"σύμφωνοι",
        r"καλή (?:συνέχεια|σας μέρα|μέρα|εβδομάδα|σας ημέρα)|καλό (?:σας )?(?:απόγευμα|βράδυ|σαββατοκύριακο|μεσημέρι)|"
        r"(?:με )?(?:εκτίμηση|φιλικούς χαιρετισμούς)|χαιρετισμούς|αντίο|τα λέμε",
        "και",
    ),
    "he": Courtesies(
        r"(?:שלום|היי|הי|בוקר טוב|ערב טוב|צהריים טובים)(?: (?:לכולם|לך|רב|לכם))*",
        r"(?:(?:המון|אלף|ok|אוקיי|מעולה|סבבה|הרבה|שוב) )*(?:תודה|תודות|תודה רבה|אני מודה|מודה לך|מודה לכם)(?: (?:רבה|"
        r"לך|לכם|שוב|ענקית|לכולם|רבה רבה|על הכל|מקרב לב))*",
        r"על (?:(?:כל|המענה|התשובה|העזרה|התגובה) )*(?:העזרה|התשובה|המענה|התמיכה|השירות|המידע|הטיפול|הסבלנות|הזמן|"
        r"התגובה|הכל|ההסבר)(?: (?:המהירה|המהיר|והסבלנות|והעזרה|הטוב|המצוין))*",
        r"(?:עכשיו |כעת )?(?:זה |הכל |הכול )?(?:עובד|עבד|עובדת|בסדר|מסודר|נפתר|תקין|טוב|ברור)(?: (?:עכשיו|מצוין|מעולה|"
        r"שוב|כעת))*|הבעיה נפתרה|מעולה|מצוין|סבבה|אוקיי|אוקי|בסדר|הבנתי|קיבלתי|נהדר|אחלה|יופי|גם לך|גם לכם|מושלם|"
        r"כל הכבוד",
        r"(?:המשך )?(?:יום|ערב|שבוע|סוף שבוע) (?:טוב|נעים|מצוין|נפלא)|שבת שלום|(?:ב)?ברכה|להתראות|כל טוב",
        "ו|וגם",
    ),
    "ar": Courtesies(
        r"(?:مرحبا|مرحباً|أهلا|أهلاً|السلام عليكم|وعليكم السلام|صباح الخير|مساء الخير|عزيزي|عزيزتي|السيد|السيدة)(?: "
        r"(?:جميعا|ورحمة الله وبركاته|ورحمة الله|بكم|بك|وسهلا))*",
        r"(?:(?:حسنا|حسناً|تمام|ممتاز|ألف|جزيل|كل|رائع|خالص|مرة أخرى) )*(?:شكرا|شكراً|الشكر|أشكرك|أشكركم|نشكركم|"
        r"مشكور|مشكورين|مشكورة|متشكر|جزاك الله خيرا|جزاكم الله خيرا|تسلم|يعطيك العافية)(?: (?:جزيلا|جزيلاً|لك|لكم|"
        r"كثيرا|كثيراً|جدا|جداً|مرة أخرى|للجميع|على كل شيء))*",
        r"على (?:(?:سرعة|كل|هذه|هذا|حسن) )*(?:المساعدة|مساعدتك|مساعدتكم|الرد|ردك|ردكم|الاستجابة|استجابتكم|الدعم|دعمكم|"
        r"المعلومات|جهودكم|تعاونكم|تعاونك|وقتكم|وقتك|اهتمامكم|الخدمة|صبركم|التوضيح|كل شيء)(?: (?:السريع|السريعة|"
        r"الممتاز|الرائع|وصبركم))*",
        r"(?:الآن )?(?:كل شيء |المشكلة )?(?:يعمل|تعمل|تم الحل|حلت|محلولة|على ما يرام|تمام|جيد|بخير)(?: (?:الآن|بشكل "
        r"جيد|جيدا|جيداً|بشكل ممتاز))*|تم حل المشكلة|تم الحل|تمام|ممتاز|رائع|حسنا|حسناً|موافق|مفهوم|فهمت|وصل|جميل|"
        r"عظيم|ولكم أيضا|وأنت كذلك",
        r"(?:أتمنى لك(?:م)? )?(?:يوما سعيدا|يوم سعيد|يوما طيبا|نهارك سعيد)|(?:مع )?(?:تحياتي|خالص التحية|أطيب التحيات|"
        r"التحية)|مع السلامة|إلى اللقاء|وفقكم الله",
        "و",
    ),
    "id": Courtesies(
        r"(?:halo|hai|selamat (?:pagi|siang|sore|malam)|yth|dear)(?: (?:semua|tim|bapak|ibu|pak|bu|kak|mas|mbak))*",
        r"(?:(?:ok|oke|baik|siap|sip|banyak|mantap|sekali lagi) )*(?:terima kasih|terimakasih|makasih|trims|trimakasih|"
        r"tks|thanks|thank you)(?: (?:banyak|sekali|kembali|semua|ya|pak|bu|kak|mas|mbak|tim|sekali lagi))*",
        r"(?:atas|untuk|buat) (?:(?:semua|segala|cepat|dan) )*(?:bantuan|bantuannya|jawaban|jawabannya|respon|"
        r"responnya|"
        r"dukungan|informasi|informasinya|info|infonya|waktu|waktunya|kerjasamanya|penjelasannya|semuanya|perhatiannya|"
        r"kesabarannya)(?: (?:cepat|cepatnya|anda|dan (?:bantuannya|waktunya)))*",
        r"(?:sekarang )?(?:semua |semuanya )?(?:sudah )?(?:bisa|berfungsi|beres|berhasil|selesai|lancar|normal|oke)(?: "
        r"(?:sekarang|kembali|lagi|dengan baik))*|(?:masalah )?(?:sudah )?(?:teratasi|selesai|beres)|baik|oke|ok|siap|"
        r"sip|mantap|bagus|luar biasa|mengerti|noted|sama sama|dimengerti|hebat",
        r"(?:semoga )?(?:hari|akhir pekan)(?:mu|nya| anda)? (?:menyenangkan|yang menyenangkan)|salam|hormat saya|salam "
        r"hangat|sampai jumpa",
        "dan",
    ),
    "vi": Courtesies(
        r"(?:xin chào|chào|kính gửi|chào (?:bạn|anh|chị|em))(?: (?:bạn|anh|chị|em|mọi người|các bạn))*",
        r"(?:(?:ok|oke|vâng|dạ|tuyệt|rất|xin|chân thành|em|mình|tôi|tuyệt vời) )*(?:cảm ơn|cám ơn|cảm ơn|thanks|tks|"
        r"biết "
        r"ơn)(?: (?:bạn|anh|chị|em|các bạn|nhiều|rất nhiều|mọi người|quý công ty|lần nữa|nhé|ạ|một lần nữa))*",
        r"(?:vì|về|đã) (?:(?:đã|sự|phản hồi|hỗ trợ|giúp đỡ|trả lời|nhanh|và|mọi|tất cả|rất) )*(?:giúp đỡ|hỗ trợ|trả "
        r"lời|"
        r"phản hồi|thông tin|giúp|nhanh chóng|mọi thứ|kiên nhẫn|nhanh|ạ|nhé)",
        r"(?:bây giờ |giờ )?(?:mọi thứ |nó )?(?:đã )?(?:được rồi|hoạt động|ổn|hoạt động tốt|hoạt động rồi|xong|ổn "
        r"rồi|tốt)"
        r"(?: (?:rồi|ạ|nhé))*|ok|oke|tuyệt|tuyệt vời|tốt|tốt lắm|vâng|đã hiểu|hiểu rồi|đã nhận",
        r"(?:chúc )?(?:bạn |anh |chị |một )*(?:ngày|cuối tuần|buổi tối) (?:tốt lành|vui vẻ)|trân trọng|thân mến|"
        r"tạm biệt",
        "và",
    ),
}

# Languages written without blanks: the whole letter is a row of these, blanks and punctuation left out.
UNSPACED = {
    "ja": (
        r"(?:.{1,8}(?:様|さま|さん)|(?:お世話になっております|お世話になります|いつもお世話になっております|"
        r"お疲れ様です|お疲れさまです|こんにちは|おはようございます)(?:.{1,12}です)?)*",
        r"(?:(?:大変|本当に|どうも|誠に|早速の|迅速な|早々の|すばやい|素早い|ご丁寧な|丁寧な|ご)*(?:ご対応|対応|ご返信|"
        r"返信|ご回答|回答|ご連絡|連絡|ご支援|サポート|ご説明|説明|ご協力|お返事)?(?:いただき|頂き|くださり|下さり|を)?"
        r"(?:、)?(?:まして)?(?:大変|本当に|どうも|誠に)?(?:ありがとう|有難う|有り難う|ありがとー)(?:ございます|"
        r"ございました|御座います|御座いました)?|感謝(?:します|いたします|致します|しております|です)?|助かり(?:ました|"
        r"ます)|大変助かりました|どうも|サンキュー|了解(?:です|しました|いたしました)?|承知(?:しました|いたしました|"
        r"致しました)|かしこまりました|わかりました|分かりました|解決(?:しました|いたしました|できました)|無事に?"
        r"(?:解決|動作|使える(?:ように)?)(?:しました|なりました)|動(?:きました|くようになりました)|直りました|"
        r"問題(?:ありません|ないです)(?:でした)?|完璧です|素晴らしいです|よかったです|良かったです|"
        r"(?:今後とも|引き続き)?よろしくお願い(?:します|いたします|致します)|失礼(?:します|いたします|致します)|"
        r"OK(?:です)?)+",
    ),
    "zh": (
        r"(?:(?:您好|你好|大家好|早上好|下午好|晚上好|尊敬的.{1,8}|亲爱的.{1,8}))*",
        r"(?:(?:好的|嗯|哦|太好了|非常|十分|多|万分|真的|真是|很)*(?:谢谢|謝謝|感谢|感謝|多谢|多謝|谢了|谢啦|辛苦了|"
        r"辛苦你了|辛苦您了|麻烦你了|麻烦您了|感激不尽)(?:了|啦|您|你|你们|您们|您的|你的|大家|老师|各位|妳)*(?:的)?"
        r"(?:(?:及时|快速|迅速|耐心|热心|这么快|耐心的|快速的|及时的)*(?:帮助|幫助|回复|回覆|回复了|支持|协助|協助|"
        r"解答|处理|服务|配合|帮忙|反馈|指导|耐心)(?:和|与|及)?)*|"
        r"(?:现在|已经|已|問題|问题|都|一切)*(?:可以了|好了|解决了|解決了|正常了|已解决|能用了|没问题了|搞定了|搞定)|"
        r"好的|收到|收到了|明白|明白了|了解|知道了|没问题|太好了|很好|太棒了|完美|好|OK|ok|赞|棒|不客气|"
        r"祝(?:您|你)?(?:工作顺利|生活愉快|好|周末愉快|一切顺利)|此致|敬礼|再见)+",
    ),
    "ko": (
        r"(?:안녕하세요|안녕하십니까|수고하십니다|수고많으십니다|[가-힣]{1,8}님)*",
        r"(?:(?:네|예|넵|정말|너무|대단히|매우|진심으로|다시한번|빠른|신속한|친절한|항상)*(?:답변|회신|처리|도움|"
        r"도와주셔서|"
        r"답변해주셔서|처리해주셔서|알려주셔서|지원|안내|대응|도움주셔서|답변주셔서|해결해주셔서)?(?:에|을|를|주셔서)?"
        r"(?:정말|너무|대단히|매우|진심으로)?(?:감사합니다|감사드립니다|감사해요|고맙습니다|고마워요|고마워|감사|땡큐|"
        r"감사했습니다)|수고하셨습니다|수고하세요|수고많으셨습니다|(?:이제|지금|모두|다|잘)*(?:됩니다|돼요|되네요|"
        r"해결됐습니다|해결되었습니다|해결됐어요|작동합니다|해결)|알겠습니다|확인했습니다|네|넵|좋아요|좋습니다|"
        r"최고예요|"
        r"최고입니다|완벽합니다|즐거운하루되세요|좋은하루되세요|좋은하루보내세요|즐거운주말되세요|드림|OK|ok)+",
    ),
    "th": (
        r"(?:สวัสดี(?:ครับ|ค่ะ|คะ)?|เรียน.{1,12})*",
        r"(?:ขอบคุณ(?:มาก|มากๆ|มากครับ|มากค่ะ|จริงๆ)*(?:ครับ|ค่ะ|คะ|นะครับ|นะคะ)*(?:สำหรับ(?:ความช่วยเหลือ|คำตอบ|ข้อมูล))?|"
        r"ขอบใจ|รับทราบ|โอเค|ได้แล้ว|ใช้งานได้แล้ว|ใช้ได้แล้ว|เรียบร้อยแล้ว|เรียบร้อย|ดีมาก|เยี่ยม|เยี่ยมมาก|ครับ|ค่ะ|คะ|"
        r"ครับผม|นะครับ|นะคะ)+",
    ),
}
