"""Words of out-of-office answers, by language: a table, no logic.

It refuses to know how they are used. Read by `absence`, which takes accents away from
them and from what people wrote. Months and weekdays: a number per part between "/", all
its forms in all languages (declined where a day or "until" stands before them). Croatian
months are left out: its listopad is October, that of Polish and Czech November.
"""

from __future__ import annotations

# An absence is spoken of at all.
AWAY = (
    r"out of (?:the )?office|out of town|\booo\b|vacation|holiday|\baway\b|\bleave\b|not (?:be )?(?:in the office|"
    r"available)|unavailable|absen|abwesen|nicht (?:im (?:büro|hause?)|da\b|erreichbar|verfügbar|anwesend)|urlaub|"
    r"außer haus|elternzeit|dienstreise|\bcongés?\b|vacances|\bindisponible|en déplacement|vacaciones|ausente|"
    r"fuera de (?:la )?oficina|ausencia|no estaré|\bferie\b|in ferie|assente|assenza|fuori (?:sede|ufficio)|férias|"
    r"fora do escritório|ausência|afwezig|vakantie|niet (?:aanwezig|op kantoor|bereikbaar)|buiten kantoor|semester|"
    r"frånvar|inte på (?:kontoret|plats)|ledig|fravær|ikke (?:på kontoret|til stede|tilstede)|\bferie|\bloma|poissa|"
    r"en ole|urlop|nieobecn|poza biurem|dovolen|nepřítomn|mimo kancelář|neprítomn|szabads|távol|házon kívül|irodán "
    r"kívül|concedi|plecat|nu (?:sunt|voi fi)|отпуск|отсутств|не в офисе|вне офиса|відпуст|відсутн|отпуск|"
    r"\bizin|ofis dışı|ofiste (?:değil|olmayac)|tatil|άδεια|εκτός γραφείου|απουσι|λείπω|不在|休暇|お休み|休業|休假|"
    r"外出|出差|放假|休[息假]|不在办公室|휴가|부재|출장|إجازة|خارج المكتب|בחופש|חופשה|לא במשרד|מחוץ למשרד|cuti|nghỉ "
    r"phép|"
    r"nghi phep|vắng mặt"
)

# Stands before the last day of an absence; `ARTICLES` may follow.
UNTIL = (
    r"until|till|untill|til|thru|through|up to|through to|bis|jusqu'?(?:au|a|en)|jusque|hasta|fino (?:al?|alle|a "
    r"tutto)|"
    r"sino al?|até|ate|tot(?: en met)?|t/m|till och med|t\.?o\.?m\.?|fram till|till|til og med|t\.?o\.?m\.?|frem til|"
    r"indtil|asti|do|aż do|až do|do dne|(?:până|pana) (?:la|pe|în)|до|по|μέχρι|έως|ως|عد|حتى|لغاية|עד|"
    r"sampai|hingga|đến|cho đến|đến hết|hết ngày"
)
# The same where words are not parted by blanks.
UNTIL_UNSPACED = r"至|到|直到|截至"
# Stands after it.
UNTIL_AFTER = r" ?'?-?(?:ig\b|(?:y?[ae] |tarihine )kadar\b|asti\b|saakka\b|まで|迄|까지|为止|止|為止)"

# Stands before the first day back.
BACK = (
    r"(?:back|return(?:ing)?|be back|return to work|available again|in(?: the office)? again|reachable again)(?: "
    r"(?:to|in|"
    r"at) (?:the |my )?(?:office|work|desk))?(?: (?:on|from|by|as of|starting))?|(?:not |n't )?(?:be )?(?:back|"
    r"return(?:"
    r"ing)?)[^.!?]{0,25} (?:until|before|till)|(?:wieder|zurück)(?: (?:im büro|im hause?|da|erreichbar|verfügbar|"
    r"anwesend|persönlich|für sie|für sie da|zurück))* (?:ab|am)|(?:de )?retour(?: (?:au bureau|parmi vous))?(?: "
    r"(?:le|prévu|à partir du|dès le|est prévu le|prévu le))?|je (?:serai de retour|reviens|reviendrai|rentre|"
    r"rentrerai)"
    r"(?: au bureau)?|(?:regreso|regresaré|vuelvo|volveré|reincorporo|reincorporaré|estaré de (?:vuelta|regreso))(?: a "
    r"la oficina)?|no (?:vuelvo|volveré|regreso|regresaré) hasta|(?:rientro|rientrerò|torno|tornerò|sarò di ritorno|"
    r"di ritorno|rientro previsto)(?: in (?:ufficio|sede))?|(?:regresso|regressarei|retorno|retornarei|volto|voltarei|"
    r"estarei de volta)(?: ao (?:escritório|trabalho))?|(?:terug|weer (?:aanwezig|bereikbaar|op kantoor))(?: op "
    r"kantoor)?(?: op| vanaf| per)?|(?:tillbaka|åter)(?: på (?:kontoret|plats|jobbet))?(?: igen)?|(?:tilbage|tilbake)"
    r"(?: på (?:kontoret|jobb|arbejde))?(?: igen)?|palaan(?: töihin| toimistolle| lomalta)?|takaisin(?: töissä| "
    r"toimistolla)?|(?:wracam|wrócę|powrót|będę z powrotem)(?: do (?:biura|pracy))?|(?:vrátím se|vracím se|(?:zpět|"
    r"späť) bud(?:u|em)|zpět|budu "
    r"zpět|vrátim sa|späť)(?: do (?:kanceláře|práce)| v (?:kanceláři|práci))?|(?:revin|mă întorc|mă voi întoarce|voi "
    r"reveni)(?: la (?:birou|serviciu))?(?: (?:pe|în|din))?|(?:вернусь|возвращаюсь|выйду|буду в офисе|выхожу)(?: "
    r"(?:на работу|в офис))?(?: с)?|(?:повернуся|повертаюся|буду в офісі)(?: (?:на роботу|в офіс))?(?: з)?|επιστρέφω|"
    r"θα επιστρέψω|θα είμαι πίσω|επιστροφή|(?:سأعود|العودة|أعود)(?: (?:في|يوم|إلى المكتب))*|(?:אחזור|חזרה|חוזר|חוזרת)"
    r"(?: למשרד)?|kembali(?: (?:ke kantor|bekerja|pada))*|(?:trở lại|quay lại)(?: (?:làm việc|văn phòng|vào))*"
)
# Stand before and after it: "Ab dem 11. Januar bin ich wieder da".
BACK_BEFORE_VERB = r"ab|am|seit|vanaf|op|från|fra|den|ab dem|à partir du|dès le|le|a partir del?|dal|od|с|з|από"
BACK_VERB = (
    r"[^.!?]{0,40}(?:\bwieder\b|\bzurück\b|\bweer\b|\bterug\b|\btillbaka\b|\bäter\b|\båter\b|\btilbage\b|\btilbake\b|"
    r"\bigen\b|de retour|de nouveau|à nouveau|de vuelta|nuevamente|di nuovo|di ritorno|z powrotem|ponownie|\bzpět\b|"
    r"\bopět\b|снова|опять|вернусь|знову|ξανά|και πάλι)"
)
# Stands after it.
BACK_AFTER = (
    r" ?(?:に|より|から)(?:出社|復帰|戻|通常|業務|再開|営業)| ?(?:回来|返回|回到|上班|恢复|返岗|回辦公室|回办公室)| "
    r"?(?:에|부터) "
    r"?(?:복귀|출근|돌아|정상)|'?-?[a-z]{0,4} (?:tarihinde |itibaren |itibariyle )?(?:döneceğim|dönüyorum|geri "
    r"döneceğim|ofiste olacağım)|-?(?:[aeéáj]{0,2}n|tól|től)[^.!?]{0,30}(?:vissza|újra|ismét|térek)"
)

# "from … to …": the second word counts only after the first.
FROM = r"from|between|vom|von|zwischen|du|entre le|entre|del?|desde(?: el)?|dal?|de|van|från|fra|od|z|с|від|з|από"
TO = r"to|and|-|au|et le|et|al?|y(?: el)?|e(?: il)?|a|ao|e|en|tot|till|til|und|до|по|i"

# May stand between those words and the day.
ARTICLES = (
    r"the|and including|including|inclusive|incl\.|einschl(?:\.|ießlich)|inkl\.|inklusive|zum|den|dem|einschließlich "
    r"dem|am|on|le|au|inclus|compris|el|día|dia|il|giorno|o|ao|no|na|em|and|including|de|het|met|en|met en met|och "
    r"med|og med|"
    r"dnia|dne|day|ngày|tanggal|evening of|end of|ende|το|την|τη|τις|στις|της|la|data de|aproximadamente|"
    r"voraussichtlich|"
    r"approximately|around|ca\.|circa|יום|ה|ל|يوم|date|tag|[a-zäöü]{2,3}\.,?|[a-z]{2,3},"
)

# What after a number makes it a time or an amount.
NO_DAY = (
    r"\.?\d|[:.]\d\d| ?(?:uhr\b|h\b|pm\b|am\b|p\.m|a\.m|o'clock|klo\b|%|€|euro?\b|hours?\b|hrs\b|usd\b|ore\b|ч\b|час)"
)
# "I can be reached until …" says the opposite.
REACHABLE = (
    r"(?<!not )(?<!n't )(?<!n't be )(?<!not be )\b(?:available|reachable|in the office|be reached|at work|working)"
    r"(?: \w+){0,2} (?:until|till|through|up to)(?: \w+){0,3}\Z|\b(?:erreichbar|verfügbar|anwesend) bis(?: \w+)?\Z|"
    r"\b(?:disponible|joignable) (?:jusqu'?au|hasta)(?: el)?\Z"
)
REACHABLE_AFTER = (
    r"(?:(?!nicht|kaum|nur|kein|eingeschrankt)[^.!?]){0,30}\b(?:erreichbar|verfügbar|für sie da|im büro)\b"
)

MONTHS = (
    "/january jan januar januari janvier enero gennaio gen janeiro januara ianuarie ian января январь янв січня січень "
    "ledna leden januára stycznia styczen januar ιανουαριου ιανουαριος ocak tammikuuta tammikuu januari يناير ינואר "
    "január "
    "януари januarja"
    "/february feb februar februari fevrier fevr fev febrero febbraio febb fevereiro februarie февраля февраль фев "
    "лютого "
    "лютий unora unor februara lutego luty φεβρουαριου φεβρουαριος subat helmikuuta helmikuu فبراير פברואר február "
    "февруари"
    "/march mar märz maerz mars maart marzo março martie марта март мар березня березень března březen marca marec "
    "marzec "
    "μαρτιου μαρτιος mart maaliskuuta maaliskuu marts maret مارس מרץ március márc"
    "/april apr avril avr abril aprile aprilie апреля апрель апр квітня квітень dubna duben apríla apríl kwietnia "
    "kwiecień "
    "απριλιου απριλιος nisan huhtikuuta huhtikuu أبريل אפריל április ápr април"
    "/may mai mei mayo maggio mag maio maj мая май травня травень května květen mája máj maja μαιου μαιος mayis "
    "toukokuuta "
    "toukokuu مايو מאי május maja май"
    "/june jun juni juin junio giugno giu junho iunie июня июнь червня червень června červen júna jún czerwca czerwiec "
    "ιουνιου ιουνιος haziran kesäkuuta kesäkuu يونيو יוני június юни"
    "/july jul juli juillet juil julio luglio lug julho iulie июля июль липня липень července červenec júla júl "
    "lipca lipiec "
    "ιουλιου ιουλιος temmuz heinäkuuta heinäkuu يوليو יולי július юли"
    "/august aug août aout agosto ago augustus augusti августа август авг серпня серпень srpna srpen augusta sierpnia "
    "sierpień αυγουστου αυγουστος ağustos elokuuta elokuu agustus أغسطس אוגוסט augusztus"
    "/september sep sept septembre septiembre setiembre settembre sett set setembro septembrie сентября сентябрь сен "
    "сент "
    "вересня вересень září septembra września wrzesień σεπτεμβριου σεπτεμβριος eylül syyskuuta syyskuu سبتمبر ספטמבר "
    "szeptember szept септември"
    "/october oct oktober okt octobre octubre ottobre ott outubro out octombrie октября октябрь окт жовтня жовтень "
    "října "
    "říjen októbra października październik οκτωβριου οκτωβριος ekim lokakuuta lokakuu أكتوبر אוקטובר október октомври"
    "/november nov novembre noviembre novembro noiembrie ноября ноябрь ноя листопада листопад listopadu listopad "
    "listopada novembra νοεμβριου νοεμβριος kasım marraskuuta marraskuu نوفمبر נובמבר ноември"
    "/december dec dezember dez décembre déc diciembre dic dicembre dezembro decembrie декабря декабрь дек грудня "
    "грудень "
    "prosince prosinec decembra grudnia grudzień δεκεμβριου δεκεμβριος aralık joulukuuta joulukuu desember des "
    "ديسمبر דצמבר "
    "декември"
)

WEEKDAYS = (
    "monday montag lundi lunes lunedi segunda-feira maandag måndag mandag maanantai maanantaihin poniedziałku "
    "poniedziałek "
    "pondělí pondělka pondelok pondelka hétfő hétfőig luni понедельника понедельник понеділка понеділок pazartesi "
    "δευτέρα "
    "月曜日 月曜 周一 星期一 월요일 الاثنين senin"
    "/tuesday dienstag mardi martes martedi terça-feira dinsdag tisdag tirsdag tiistai tiistaihin wtorku wtorek "
    "úterý úterka "
    "utorok utorka kedd keddig marți вторника вторник вівторка вівторок salı τρίτη 火曜日 火曜 周二 星期二 화요일 "
    "الثلاثاء selasa"
    "/wednesday mittwoch mercredi miércoles mercoledì quarta-feira woensdag onsdag keskiviikko keskiviikkoon środy "
    "środa "
    "środę středa středy středu streda stredy szerda szerdáig miercuri среды среда среду середи середа çarşamba "
    "τετάρτη "
    "水曜日 水曜 周三 星期三 수요일 الأربعاء rabu"
    "/thursday donnerstag jeudi jueves giovedì quinta-feira donderdag torsdag torstai torstaihin czwartku czwartek "
    "čtvrtek "
    "čtvrtka štvrtok štvrtka csütörtök csütörtökig joi четверга четверг четвер perşembe πέμπτη 木曜日 木曜 周四 "
    "星期四 목요일 "
    "الخميس kamis"
    "/friday freitag vendredi viernes venerdì sexta-feira vrijdag fredag perjantai perjantaihin piątku piątek pátek "
    "pátku "
    "piatok piatka péntek péntekig vineri пятницы пятница пятницу п'ятниці п'ятниця cuma παρασκευή 金曜日 金曜 周五 "
    "星期五 금요일 "
    "الجمعة jumat"
    "/saturday samstag sonnabend samedi sábado sabato zaterdag lördag lørdag lauantai lauantaihin soboty sobota sobotu "
    "szombat szombatig sâmbătă субботы суббота субботу суботи субота cumartesi σάββατο 土曜日 土曜 周六 星期六 "
    "토요일 السبت sabtu"
    "/sunday sonntag dimanche domingo domenica zondag söndag søndag sunnuntai sunnuntaihin niedzieli niedziela "
    "neděle neděli "
    "nedele nedeľa vasárnap vasárnapig duminică воскресенья воскресенье неділі неділя pazar κυριακή 日曜日 日曜 周日 "
    "星期日 일요일 "
    "الأحد minggu"
)
