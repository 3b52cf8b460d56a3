"""How people say thank you, by language: a table, no logic.

It refuses to know how it is used. Read by `courtesy`. Every entry is a piece of a regular
expression over lower-case words with single blanks between them; accents may be missing
in what people type. Words that ask, deny or limit ("please", "not", "still", "but", "in
advance") are in no entry, and that is what keeps a request from being taken for thanks.
"""

from __future__ import annotations

from typing import NamedTuple


class Courtesies(NamedTuple):
    """What may stand in a letter that only says thank you."""

    greeting: str  # a name may follow
    thanks: str  # a name may follow
    reason: str  # what one thanks for; follows thanks
    well: str  # all is well: may stand alone
    farewell: str
    joint: str  # and


BY_LANGUAGE = {
    "en": Courtesies(
        r"(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day))(?: (?:all|team|there|everyone|sir|madam|"
        r"mrs?|ms|dr|support))*",
        r"(?:(?:many|so many|big|huge|great|ok|okay|perfect|excellent|super|brilliant) )?(?:thanks|thank (?:you|u)|"
        r"thankyou|thx|thanx|tks|ty|tysm|cheers|(?:it is |it s )?(?:much|very much|greatly|really) appreciated|"
        r"appreciated|(?:i|we) (?:really |truly |greatly )?appreciate (?:it|that|this|(?:your|all the|the|all your) "
        r"(?:help|support|effort|work)))(?: (?:a lot|lots|so very much|so much|very much|a million|a bunch|a ton|tons|"
        r"again|once again|once more|everyone|all|guys|team|sir|madam|mate|both|mrs?|ms|dr))*",
        r"for (?:(?:all|the|your|this|that|so|such|a|very|really|always|quick|fast|prompt|swift|speedy|rapid|kind|"
        r"great|good|excellent|amazing|wonderful|friendly|immediate|super|of|and) )*(?:help|assistance|support|reply|"
        r"response|answer|update|efforts?|work|job|service|feedback|information|info|time|patience|explanation|"
        r"solution|fix|turnaround|clarification|everything|it|this|that|helping|fixing|sorting|solving|resolving|"
        r"answering|replying|letting (?:me|us) know|getting back to (?:me|us)|looking into)(?: (?:me|us|it|this|that|"
        r"out|so|quickly|fast|promptly|today|and (?:help|support|assistance|patience|time|quick (?:help|reply|"
        r"response))))*",
        r"(?:now )?(?:it|that|this|everything|all)(?: (?:is|s|seems|looks))?(?: (?:now|all))? (?:works|working|worked|"
        r"fine|good|perfect|great|solved|sorted|fixed|resolved|clear|set|ok|okay)(?: (?:now|again|perfectly|fine|great|"
        r"well|out|like a charm))*|(?:works|working)(?: (?:now|again|perfectly|fine|great|well|like a charm))*|"
        r"all (?:good|set|fine|sorted|clear|done|is well|well)(?: now)?|(?:that|this|it) (?:did (?:it|the trick)|"
        r"helped|"
        r"helps|solved it|fixed it|worked)(?: a lot)?|thumbs up|(?:that|this|it)(?: is| s| was)? (?:great|perfect|"
        r"very helpful|"
        r"helpful|very kind|exactly what i needed|what i needed)(?: news)?|(?:great|good|fantastic) (?:news|job|work|"
        r"to "
        r"know)|well done|problem solved|issue resolved|ok|okay|okey|great|perfect|excellent|awesome|brilliant|"
        r"wonderful|fantastic|super|lovely|amazing|cool|nice|noted|understood|got it|will do|sounds good|solved|sorted|"
        r"fixed|resolved|you too|no worries|you (?:guys )?(?:are|re) (?:the best|great|awesome|amazing|a star|a "
        r"legend)",
        r"have a (?:(?:very )?(?:nice|great|good|lovely|wonderful) )(?:day|weekend|evening|week|one|afternoon|night)"
        r"(?: too)?|(?:kind|best|warm|kindest) regards|regards|best wishes|best|all the best|take care|bye|"
        r"(?:yours )?sincerely",
        "and|so",
    ),
    "de": Courtesies(
        r"(?:hallo|hi|hey|liebe[rs]?|sehr geehrter?|guten (?:tag|morgen|abend)|moin|servus|grüezi|grüß gott)"
        r"(?: (?:zusammen|team|liebes|support|herr|frau|damen und herren|dr))*",
        r"(?:(?:super|ok|okay|alles klar|perfekt|prima|toll|wunderbar|besten|vielen|ganz|recht|tausend|lieben|"
        r"herzlichen|ganz herzlichen|1000) )*(?:danke|dank|dankeschön|dankeschoen|merci|thx|vergelts? gott|"
        r"(?:ich|wir) (?:danke|danken|bedanke mich|bedanken uns|bedanke mich herzlich)|bin dankbar)(?: (?:schön|"
        r"schoen|sehr|vielmals|herzlich|euch|ihnen|dir|allen|allerseits|nochmals?|noch mal|noch einmal|bestens|herr|"
        r"frau|dr|an alle|ans team|team))*",
        r"(?:für|fuer) (?:(?:die|das|den|ihre|eure|deine|ihren|euren|deinen|ihr|euer|dein|all|alles|so|sehr|schnelle|"
        r"rasche|prompte|schnellen|raschen|gute|tolle|nette|freundliche|super|kompetente|unkomplizierte|und) )*"
        r"(?:hilfe|unterstützung|unterstuetzung|antwort|rückmeldung|rueckmeldung|info|information|informationen|"
        r"service|support|bemühungen?|bemuehungen|mühe|muehe|einsatz|erledigung|bearbeitung|lösung|loesung|auskunft|"
        r"arbeit|reaktion|erklärung|alles|geduld)(?: (?:und|geleistet) (?:hilfe|unterstützung|geduld|mühe))?",
        r"(?:jetzt |nun )?(?:es|das|alles)? ?(?:funktioniert|geht|klappt|läuft|laeuft|passt|hat geklappt|hat "
        r"funktioniert|hat geholfen)(?: (?:jetzt|nun|wieder|alles|super|gut|perfekt|einwandfrei|bestens|prima))*|"
        r"(?:jetzt|nun) (?:geht|funktioniert|klappt|läuft|passt)(?: (?:es|alles|wieder|perfekt|super))*|"
        r"(?:es |das )?(?:ist )?(?:alles|jetzt alles|nun alles) (?:gut|klar|ok|okay|bestens|erledigt|gelöst|in "
        r"ordnung|super)|(?:problem|ist|hat sich) (?:gelöst|geloest|erledigt|behoben)|erledigt|gelöst|passt|perfekt|"
        r"super|prima|toll|wunderbar|klasse|spitze|ausgezeichnet|hervorragend|großartig|genial|top|ok|okay|in ordnung|"
        r"verstanden|gut|sehr gut|bestens|freut mich|gleichfalls|ebenso|ebenfalls|hat geklappt|das ging "
        r"schnell|mach ich|sie haben mir sehr geholfen|ihr seid (?:super|die besten|toll|spitze)",
        r"(?:(?:einen |ein )?(?:schönen|schoenen|schönes|schoenes|guten|angenehmen) (?:tag|abend|feierabend|nachmittag|"
        r"wochenende|restliche woche)(?: noch)?|(?:mit )?(?:freundlichen|besten|lieben|vielen|herzlichen|schönen) "
        r"(?:grüßen|grüssen|gruß)|(?:freundliche|beste|liebe|viele|herzliche|schöne) (?:grüße|grüsse)|gruß|grüße|lg|"
        r"vg|mfg|tschüss|ciao|bis bald)",
        "und",
    ),
    "fr": Courtesies(
        r"(?:bonjour|bonsoir|salut|cher|chère|re bonjour|hello|coucou)(?: (?:à tous|madame|monsieur|l équipe|toute "
        r"l équipe))*",
        r"(?:(?:super|ok|parfait|un grand|mille|grand|top|d accord|très bien|génial) )*(?:merci|mercii+|remerciements|"
        r"(?:je|nous) (?:vous|te) remercie(?:ns)?|mes remerciements)(?: (?:beaucoup|bien|infiniment|à vous|à toi|à "
        r"tous|"
        r"à toute l équipe|encore|encore une fois|à nouveau|mille fois|monsieur|madame|vraiment|d avoir répondu|tout "
        r"le monde))*",
        r"(?:pour|de|d) (?:(?:tout|toute|votre|ton|ta|vos|cette|ce|la|le|l|les|réponse|rapide|excellente?|aimable|"
        r"super|"
        r"et|si|très|grande|bonne|précieuse) )*(?:aide|réponse|réponses|réactivité|rapidité|support|intervention|"
        r"retour|"
        r"explications?|informations?|infos?|assistance|efficacité|disponibilité|service|travail|solution|patience|"
        r"tout|gentillesse|temps)(?: (?:rapide|si rapide|très rapide|précieuse|et (?:votre|ta) (?:aide|rapidité|"
        r"réactivité|patience|efficacité)))*",
        r"(?:maintenant |désormais )?(?:ça|cela|tout|c|tout est|c est|ca)(?: (?:est|a))? ?(?:marche|fonctionne|marché|"
        r"fonctionné|bon|réglé|résolu|parfait|super|ok|noté|rentré dans l ordre|très bien|nickel|impeccable)(?: "
        r"(?:maintenant|bien|très bien|parfaitement|à nouveau|de nouveau|désormais|pour moi))*|tout (?:va|est) (?:bien|"
        r"ok|bon)|problème (?:résolu|réglé)|(?:bien )?(?:reçu|noté|compris)|parfait|super|génial|excellent|top|nickel|"
        r"impeccable|ok|d accord|très bien|entendu|bravo|formidable|de même|vous aussi|à vous aussi|résolu|réglé",
        r"(?:(?:je vous souhaite )?(?:une |un )?(?:bonne|excellente|belle|bon) (?:journée|soirée|semaine|week end|"
        r"weekend|après midi|fin de (?:journée|semaine)))(?: à (?:vous|toi|tous))?|(?:bien )?cordialement|bien à vous|"
        r"salutations|à bientôt|au revoir|amicalement|sincèrement",
        "et",
    ),
    "es": Courtesies(
        r"(?:hola|buen(?:os|as) (?:días|tardes|noches)|buen día|buenas|estimad[oa]s?|querid[oa]s?)(?: (?:a todos|"
        r"equipo|señora?|sr|sra))*",
        r"(?:(?:muchas|muchísimas|mil|ok|perfecto|vale|genial|excelente|super|listo) )*(?:gracias|agradecid[oa]s?|muy "
        r"agradecid[oa]s?|(?:te|le|les|os|se lo|te lo) (?:agradezco|agradecemos)|muy amables?|mil gracias)(?: (?:a "
        r"(?:ti|usted|ustedes|todos|vosotros)|de nuevo|otra vez|nuevamente|una vez más|por todo|mucho|muchísimo|"
        r"equipo|señora?|sr|sra|de verdad))*",
        r"(?:por|de) (?:(?:todo|toda|tu|su|vuestra|vuestro|la|el|esta|este|rápida|pronta|excelente|gran|buena|tan|"
        r"amable|valiosa|y|inmediata) )*(?:ayuda|respuesta|apoyo|atención|soporte|servicio|información|info|gestión|"
        r"solución|rapidez|tiempo|colaboración|amabilidad|paciencia|aclaración|trabajo|todo|responder|contestar)(?: "
        r"(?:rápida|tan rápida|inmediata|prestada|y (?:ayuda|paciencia|atención|rapidez)))*",
        r"(?:ya |ahora )?(?:todo |eso |esto )?(?:ya |ahora |sí )?(?:funciona|funcionó|está (?:solucionado|resuelto|"
        r"bien|"
        r"arreglado|listo|todo bien|perfecto|claro)|quedó (?:solucionado|resuelto|perfecto|listo)|me ha servido|me "
        r"sirvió|me funcionó)(?: (?:ya|ahora|todo|perfecto|perfectamente|bien|muy bien|correctamente|de nuevo))*|"
        r"(?:todo )?(?:solucionado|resuelto|arreglado)|todo (?:bien|perfecto|ok|correcto|claro|en orden)|perfecto|"
        r"genial|excelente|estupendo|fantástico|ok|okay|vale|de acuerdo|entendido|recibido|listo|muy bien|buenísimo|"
        r"súper|igualmente|tomo nota|gran trabajo|buen trabajo",
        r"(?:que (?:tengas?|tengan|pases?|pasen) )?(?:un |una )?(?:buen|buena|feliz|lindo|excelente|bonito) (?:día|fin "
        r"de semana|tarde|noche|semana|finde)|(?:un )?(?:cordial )?saludos?(?: cordial(?:es)?)?|atentamente|un abrazo|"
        r"abrazos|hasta (?:luego|pronto)|adiós",
        "y",
    ),
    "it": Courtesies(
        r"(?:ciao|salve|buon ?(?:giorno|asera)|buona ?(?:sera|giornata)|gentile|gentili|car[oiae]|gentilissim[oaie])"
        r"(?: (?:a tutti|signora?|sig|sig ra|team|dott|tutti))*",
        r"(?:(?:ok|perfetto|molte|mille|tante|ottimo|benissimo|bene|va bene|fantastico|un grosso) )*(?:grazie|la "
        r"ringrazio|ti ringrazio|vi ringrazio|vi ringraziamo|la ringraziamo|ringrazio|grazie mille)(?: (?:mille|tante|"
        r"infinite|a (?:te|lei|voi|tutti)|di (?:tutto|cuore)|ancora|di nuovo|molto|davvero|signora?|infinitamente))*",
        r"(?:per|del|della|dell) (?:(?:tutto|la|il|l|le|vostra?|tua?|sua?|vostro|tuo|suo|rapida|veloce|pronta|preziosa|"
        r"gentile|cortese|ottimo|e|tempestiva|immediata) )*(?:aiuto|risposta|assistenza|supporto|disponibilità|"
        r"collaborazione|celerità|velocità|rapidità|informazioni?|info|cortesia|gentilezza|servizio|lavoro|soluzione|"
        r"tempestività|pazienza|riscontro|tutto|chiarimento|intervento|tempo)(?: (?:rapida|immediata|e (?:la|il|per "
        r"la) "
        r"(?:disponibilità|pazienza|rapidità|gentilezza)))*",
        r"(?:ora |adesso )?(?:tutto |ora )?(?:funziona|ha funzionato|è (?:tutto )?(?:risolto|a posto|ok|perfetto|"
        r"chiaro)|va bene|va tutto bene)(?: (?:ora|adesso|tutto|perfettamente|bene|benissimo|di nuovo|alla grande))*|"
        r"(?:tutto )?(?:risolto|a posto|ok|chiaro|perfetto|bene)|problema risolto|perfetto|ottimo|fantastico|benissimo|"
        r"eccellente|ok|okay|d accordo|ricevuto|capito|bene|super|grande|altrettanto|gentilissim[oi]|ottimo lavoro",
        r"(?:(?:le |vi |ti )?(?:auguro )?(?:una |un )?(?:buona|buon|bella) (?:giornata|serata|lavoro|weekend|fine "
        r"settimana|settimana)(?: a (?:tutti|lei|voi|te))?)|(?:cordiali|distinti|cari) saluti|saluti|un saluto|a "
        r"presto|"
        r"arrivederci|cordialmente",
        "e",
    ),
    "pt": Courtesies(
        r"(?:olá|oi|bom dia|boa (?:tarde|noite)|car[oa]s?|prezad[oa]s?)(?: (?:a todos|equipe|equipa|senhora?|sr|sra))*",
        r"(?:(?:muito|muitíssimo|ok|perfeito|certo|ótimo|excelente|beleza|mil|super) )*(?:obrigad(?:o|a|os|as|ão|inha)|"
        r"obg|grat[oa]|valeu|vlw|agradecid[oa]|agradeço|agradecemos|muito agradecid[oa]|bem haja)(?: (?:muito|mesmo|a "
        r"(?:todos|você|vocês|ti|si)|novamente|mais uma vez|de novo|de coração|equipe|equipa|senhora?))*",
        r"(?:pel[oa]s?|por|a|o) (?:(?:toda?|tudo|a|o|sua?|vossa?|tua?|seu|rápida?|pronta|excelente|ótim[oa]|grande|tão|"
        r"e|imediata) )*(?:ajuda|resposta|atenção|apoio|suporte|retorno|atendimento|informaç(?:ão|ões)|serviço|rapidez|"
        r"disponibilidade|esclarecimento|solução|agilidade|paciência|trabalho|tempo|tudo|responder)(?: (?:rápida|tão "
        r"rápida|imediata|e (?:ajuda|paciência|atenção|rapidez|agilidade)))*",
        r"(?:já |agora )?(?:tudo |isso )?(?:já |agora )?(?:funciona|funcionou|está (?:resolvido|funcionando|a "
        r"funcionar|"
        r"tudo certo|tudo bem|ok|ótimo|perfeito)|deu certo|foi resolvido)(?: (?:agora|já|tudo|perfeitamente|bem|muito "
        r"bem|novamente))*|(?:tudo |problema )?resolvido|tudo (?:certo|bem|ok|resolvido|em ordem)|perfeito|ótimo|"
        r"excelente|ok|okay|certo|entendido|recebido|combinado|maravilha|show|beleza|top|fantástico|igualmente|"
        r"bom trabalho",
        r"(?:tenha )?(?:um |uma )?(?:bom|boa|ótim[oa]|excelente) (?:dia|tarde|noite|semana|fim de semana|final de "
        r"semana)|(?:com os )?(?:melhores )?cumprimentos|atenciosamente|att|abraços?|um abraço|até (?:logo|breve)",
        "e",
    ),
    "nl": Courtesies(
        r"(?:hallo|hoi|hi|hey|beste|geachte|goede(?:morgen|middag|navond|ndag)|dag)(?: (?:allemaal|team|heer|mevrouw|"
        r"meneer|support))*",
        r"(?:(?:ok|oke|super|top|perfect|heel|hartelijk|vriendelijk|heel erg|ontzettend|nogmaals|prima|fijn|mooi|"
        r"duizendmaal) )*(?:dank|bedankt|dankjewel|dankuwel|dank je|dank u|dank jullie|bedankt hoor|thanks|"
        r"thx|merci)(?: (?:wel|zeer|je|u|jullie|allemaal|hartelijk|nogmaals|weer|team|meneer|mevrouw|hoor))*",
        r"voor (?:(?:de|het|uw|je|jullie|alle|al|snelle|goede|vlotte|prettige|fijne|en|prompte|geweldige) )*(?:hulp|"
        r"antwoord|reactie|ondersteuning|service|informatie|info|moeite|inzet|support|uitleg|oplossing|terugkoppeling|"
        r"bericht|afhandeling|geduld|tijd|alles)(?: en (?:hulp|moeite|geduld|service))?",
        r"(?:nu |inmiddels )?(?:het|alles|dit|dat)? ?(?:werkt|doet het|is (?:opgelost|gelukt|in orde|goed|ok|duidelijk|"
        r"geregeld|verholpen)|is het (?:opgelost|gelukt)|heeft gewerkt|lukt)(?: (?:nu|weer|allemaal|goed|prima|"
        r"perfect|inmiddels))*|(?:probleem )?opgelost|gelukt|alles (?:goed|in orde|ok|duidelijk)|top|super|perfect|"
        r"prima|geweldig|fijn|mooi|oke|ok|okay|uitstekend|akkoord|begrepen|duidelijk|ontvangen|insgelijks|komt goed|"
        r"goed gedaan|jullie zijn (?:top|geweldig|toppers)",
        r"(?:een )?(?:fijne|prettige|goede|mooie) (?:dag|avond|middag|weekend|werkdag)(?: nog| verder| gewenst)*|fijn "
        r"weekend|prettig weekend|(?:met )?(?:vriendelijke|hartelijke) groet(?:en)?|groet(?:en|jes)?|mvg|tot ziens",
        "en",
    ),
    "sv": Courtesies(
        r"(?:hej|hejsan|hallå|god (?:morgon|kväll|dag)|kära|bästa)(?: (?:alla|allihop|team|på er))*",
        r"(?:(?:ok|okej|super|toppen|perfekt|bra|stort|tusen|många|jätte|härligt|utmärkt|hjärtligt) )*(?:tack|tackar|"
        r"tackar tackar|tackom|jag tackar|vi tackar|stort tack|tusen tack|jättetack|thanks)(?: (?:så|jättemycket|"
        r"mycket|snälla|ska du ha|igen|än en gång|för allt|allihop|alla|ska ni ha|hemskt))*",
        r"för (?:(?:all|den|det|din|er|ert|ditt|snabba?|snabbt|snabb|fina?|utmärkt|bra|och|goda?|er|trevliga?) )*"
        r"(?:hjälp|hjälpen|svar|svaret|support|supporten|service|servicen|information|informationen|info|infon|"
        r"återkoppling|återkopplingen|bemötande|arbete|insats|tålamod|tålamodet|allt|responsen|hanteringen)",
        r"(?:nu )?(?:det|allt)? ?(?:fungerar|funkar|funkade|fungerade|är (?:löst|klart|bra|ok|fixat|åtgärdat)|löste "
        r"sig)"
        r"(?: (?:det|allt|nu|igen|bra|perfekt|utmärkt|som det ska))*|(?:problemet är )?(?:löst|fixat)|allt (?:bra|ok|"
        r"klart)|toppen|super|perfekt|utmärkt|bra|jättebra|kanon|härligt|strålande|ok|okej|uppfattat|noterat|"
        r"mottaget|detsamma|grymt|bra jobbat",
        r"(?:ha )?(?:en )?(?:fin|bra|trevlig|skön|god) (?:dag|helg|kväll|vecka)(?: också)?|(?:med )?(?:vänliga|vänlig|"
        r"bästa) (?:hälsningar|hälsning)|hälsningar|mvh|hej då|ha det (?:bra|gott)",
        "och",
    ),
    "da": Courtesies(
        r"(?:hej|hejsa|goddag|god(?:morgen|aften)|kære)(?: (?:alle|team|allesammen))*",
        r"(?:(?:ok|okay|super|perfekt|fint|mange|tusind|1000|fedt|godt|stor|hjertelig) )*(?:tak|takker|jeg takker|vi "
        r"takker|mange tak)(?: (?:skal du have|skal i have|for alt|igen|endnu en gang|alle|allesammen|mange gange))*",
        r"for (?:(?:al|den|det|din|jeres|dit|hurtige?|hurtigt|fine|gode|rigtig|store|og|super|venlige) )*(?:hjælp|"
        r"hjælpen|svar|svaret|support|supporten|service|servicen|information|informationen|info|tilbagemelding|"
        r"tilbagemeldingen|respons|indsats|indsatsen|arbejde|tålmodighed|alt|opfølgning)",
        r"(?:nu )?(?:det|alt)? ?(?:virker|fungerer|virkede|er (?:løst|ok|i orden|fikset|på plads|klaret)|kører)(?: "
        r"(?:det|alt|nu|igen|fint|perfekt|som det skal))*|(?:problemet er )?løst|alt (?:godt|ok|i orden)|super|perfekt|"
        r"fint|fedt|dejligt|fantastisk|skønt|ok|okay|modtaget|forstået|noteret|i lige måde|godt arbejde|"
        r"det lyder godt",
        r"(?:hav |ha )?(?:en )?(?:god|dejlig|rigtig god|fortsat god) (?:dag|weekend|aften|uge)|(?:med )?(?:venlig|"
        r"venlige|bedste|kærlig) (?:hilsen|hilsner)|hilsen|mvh|vh|farvel|vi ses",
        "og",
    ),
    "no": Courtesies(
        r"(?:hei|heisann|god (?:morgen|dag|kveld)|kjære)(?: (?:alle|team|alle sammen|dere))*",
        r"(?:(?:ok|okei|super|perfekt|fint|mange|tusen|flott|supert|hjertelig|stor) )*(?:takk skal (?:du|dere) ha|"
        r"takk|takker|jeg takker|vi "
        r"takker)(?: (?:igjen|så mye|for alt|alle|nok en gang|alle sammen))*",
        r"for (?:(?:all|den|det|din|deres|ditt|rask|raske|raskt|fin|god|gode|flott|og|super|hyggelig|veldig|kjapp|"
        r"kjapt) )*(?:hjelp|hjelpen|hjelpa|svar|svaret|support|supporten|service|servicen|informasjon|informasjonen|"
        r"info|tilbakemelding|tilbakemeldingen|respons|innsats|innsatsen|arbeid|jobb|tålmodighet|tålmodigheten|alt)",
        r"(?:nå )?(?:det|alt)? ?(?:virker|fungerer|fungerte|funker|er (?:løst|ok|i orden|fikset|på plass)|gikk bra)(?: "
        r"(?:det|alt|nå|igjen|fint|perfekt|bra|som det skal))*|(?:problemet er )?løst|alt (?:bra|ok|i orden)|super|"
        r"supert|perfekt|fint|flott|kjempebra|kjempefint|topp|bra|ok|okei|mottatt|forstått|notert|i like måte|"
        r"den er grei|bra jobba",
        r"(?:ha )?(?:en )?(?:god|fin|fortsatt fin|riktig god) (?:dag|helg|kveld|uke)(?: videre)?|(?:med )?(?:vennlig|"
        r"beste|hyggelig) hilsen|hilsen|mvh|ha det|vi ses",
        "og",
    ),
    "fi": Courtesies(
        r"(?:hei|moi|terve|moikka|hyvää (?:päivää|huomenta|iltaa))(?: (?:kaikki|kaikille))*",
        r"(?:(?:ok|okei|paljon|suuri|suuret|hienoa|mahtavaa|selvä|oikein|todella|lämmin|lämpimät|tuhannet) )*(?:kiitos|"
        r"kiitti|kiitokset|kiitoksia|kiitän|kiitämme|tack)(?: (?:paljon|kovasti|todella paljon|teille|sinulle|kaikille|"
        r"vielä kerran|taas|kaikesta|oikein paljon|vastauksesta|avusta))*",
        r"(?:(?:nopeasta|hyvästä|hienosta|pikaisesta|ystävällisestä|erinomaisesta|kaikesta|ja) )*(?:avusta|avustasi|"
        r"vastauksesta|palvelusta|tuesta|tiedosta|tiedoista|reagoinnista|vaivannäöstä|työstä|selvityksestä|"
        r"kärsivällisyydestä)",
        r"(?:nyt )?(?:se|kaikki)? ?(?:toimii|toimi|onnistui|on (?:kunnossa|ok|selvä|hyvin|hoidossa))(?: (?:nyt|taas|"
        r"hyvin|hienosti|täydellisesti|kaikki))*|kaikki (?:kunnossa|hyvin|ok)|(?:ongelma )?ratkesi|ratkaistu|hienoa|"
        r"mahtavaa|loistavaa|erinomaista|selvä|selvä homma|ok|okei|hyvä|hyvä juttu|täydellistä|super|upeaa|samoin|"
        r"kuitti|ymmärretty",
        r"(?:hyvää|mukavaa|kivaa) (?:päivänjatkoa|viikonloppua|päivää|iltaa|viikkoa)|(?:ystävällisin )?terveisin|"
        r"terveisin|terv|t|moikka|hei hei",
        "ja",
    ),
}

# Words that look like a name where they begin with a capital letter after "Thanks" and are none.
NO_NAMES = frozenset(
    "still not no never nothing but however except broken reopen open error errors problem problems issue issues "
    "urgent "
    "help please again wrong fail failed fails failing missing cancel stop refund unsubscribe unfortunately sadly "
    "question why when where what how who which can could would should call waiting asap immediately anyway need want "
    "doesn don isn didn won wasn can't cannot yes nope pls update status next new other another also "
    "nicht kein keine aber noch immer leider fehler problem kaputt dringend bitte hilfe frage trotzdem jedoch warum "
    "wann "
    "geht wieder weiterhin nein ja rückruf storno kündigung "
    "mais pas toujours encore erreur probleme urgent aide question pourquoi quand non oui malheureusement cependant "
    "pero no sigue todavia aun error problema urgente ayuda pregunta porque cuando si sino favor "
    "ma non ancora errore purtroppo aiuto domanda perche quando pero prego "
    "mas nao ainda erro infelizmente ajuda pergunta quando sim porem "
    "maar niet nog fout helaas hulp vraag waarom wanneer wel alsjeblieft alstublieft graag "
    "men inte ikke fortfarande stadig fortsatt fel fejl feil hjälp hjaelp hjelp tyvärr dessverre "
    "mutta ei edelleen virhe apua valitettavasti ale nie nadal wciąż błąd pomocy niestety "
    "však ne stále chyba bohužel prosím de nem még hiba sajnos dar nu încă eroare din păcate "
    "но не нет еще ошибка проблема срочно помогите пожалуйста але ні ще помилка досі "
    "ama fakat hala hata sorun acil yardım lütfen değil αλλά όμως δεν ακόμα λάθος παρακαλώ".split()
)

# What reads "Ann reacted to your message", ANN and the sign left out: Outlook and Gmail by language.
REACTED = (
    r"(?:reacted|has reacted) (?:to (?:your|a|this) (?:message|email|e mail)|via gmail)",
    r"(?:liked|loved) (?:your (?:message|email|e mail))",
    r"hat (?:auf (?:ihre|deine|eine|diese) (?:nachricht|e mail) reagiert|(?:über|via|mit|per) gmail reagiert)",
    r"a réagi (?:à (?:votre|ton|un|ce) (?:message|e mail|courriel)|(?:via|avec|depuis) gmail)",
    r"(?:ha reaccionado|reaccionó) (?:a (?:tu|su|un|este) (?:mensaje|correo)|(?:a través de|desde|con|mediante) gmail)",
    r"ha reagito (?:al (?:tuo|suo) messaggio|a un messaggio|(?:tramite|con|via|da) gmail)",
    r"reagiu (?:à (?:sua|tua) mensagem|ao seu (?:e mail|email)|(?:pelo|via|com o|através do) gmail)",
    r"heeft (?:gereageerd op (?:uw|je|jouw) (?:bericht|e mail)|op (?:uw|je|jouw) (?:bericht|e mail) gereageerd|via "
    r"gmail "
    r"gereageerd|gereageerd via gmail)",
    r"reagerade (?:på ditt (?:meddelande|mejl)|via gmail)|har reagerat (?:på ditt (?:meddelande|mejl)|via gmail)",
    r"(?:reagerede|har reageret) (?:på din (?:meddelelse|besked|mail)|via gmail)",
    r"(?:reagerte|har reagert) (?:på meldingen din|på e posten din|via gmail)",
    r"(?:reagoi|on reagoinut) (?:viestiisi|gmailin kautta|gmailissa)",
    r"(?:zareagował|zareagowała|zareagował a) (?:na (?:twoją|twój) (?:wiadomość|e mail)|(?:przez|w) gmaila?)",
    r"(?:reagoval|reagovala|reagoval a) (?:na (?:vaši|tvoji|vašu|tvoju) (?:zprávu|správu)|(?:přes|cez) gmail)",
    r"(?:отреагировал|отреагировала|отреагировал а) на (?:ваше|твоё|твое) (?:сообщение|письмо)|"
    r"отреагировал(?:а| а)? (?:через|в) gmail",
    r"(?:iletinize|mesajınıza) tepki verdi|gmail üzerinden tepki verdi",
)
# One of these is in every one of them: asked first, because that is cheap.
REACTED_STEMS = ("react", "reag", "réag", "reakc", "reacc", "tepki", "реаг", "liked", "loved")
NOBODY = frozenset(
    "nobody noone no one none nothing niemand keiner personne nadie nessuno ninguém ingen никто kukaan nikt".split()
)
