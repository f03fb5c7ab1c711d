"""German forms and their agreement, as in a grammar book: tables against which the tests check the generated corpus.

The tables were written by hand; nothing here is imported from the generator.
"""


def _words(table: str) -> list[str]:
    """Return the words of a table."""
    return table.split()


# nouns by gender: singular and, where the corpus has it, plural
MASCULINE = _words("""
    Apfel/Äpfel Kuchen/Kuchen Käse Fisch Reis Kaffee Tee Wein Roman/Romane Brief/Briefe Mantel/Mäntel Hut/Hüte
    Lastwagen/Lastwagen Zug/Züge Bus/Busse Regenschirm/Regenschirme Schlüssel/Schlüssel Tisch/Tische Stuhl/Stühle
    Hund/Hunde Vogel/Vögel Film/Filme Mann/Männer Arzt/Ärzte Bruder/Brüder Onkel/Onkel Freund/Freunde Vater
    Großvater Garten Park Strand Wald See Markt Supermarkt Bahnhof Tag Morgen Abend Monat Montag Dienstag Mittwoch
    Donnerstag Freitag Samstag Hunger Durst Junge/Jungen Nachbar/Nachbarn
""")
FEMININE = _words("""
    Banane/Bananen Orange/Orangen Tomate/Tomaten Kartoffel/Kartoffeln Suppe Milch Zeitung/Zeitungen
    Geschichte/Geschichten Jacke/Jacken Tasche/Taschen Uhr/Uhren Tür/Türen Lampe/Lampen Blume/Blumen Katze/Katzen
    Musik Frage/Fragen Übung/Übungen Antwort/Antworten Küche/Küchen Wohnung/Wohnungen Frau/Frauen
    Lehrerin/Lehrerinnen Schwester/Schwestern Tante/Tanten Freundin/Freundinnen Nachbarin/Nachbarinnen Mutter
    Großmutter Straße Schule Bibliothek Woche Angst
""")
NEUTER = _words("""
    Ei/Eier Brot Fleisch Wasser Buch/Bücher Gedicht/Gedichte Hemd/Hemden Kleid/Kleider Auto/Autos Fahrrad/Fahrräder
    Telefon/Telefone Fenster/Fenster Bett/Betten Geschenk/Geschenke Pferd/Pferde Bild/Bilder Lied/Lieder Zimmer/Zimmer
    Haus/Häuser Mädchen/Mädchen Kind/Kinder Wohnzimmer Schwimmbad Restaurant Museum Büro Krankenhaus Land Jahr
    Deutsch Französisch Englisch Spanisch
""")
CASES = ("nominative", "accusative", "dative")
# (gender or "p" for the plural, case) of every form of a noun
NOUN_FORMS: dict[str, set[tuple[str, str]]] = {}
for _gender, _table in (("m", MASCULINE), ("f", FEMININE), ("n", NEUTER)):
    for _entry in _table:
        _singular, _, _plural = _entry.partition("/")
        for _case in CASES:
            _weak = _singular in ("Junge", "Nachbar") and _case != "nominative"
            NOUN_FORMS.setdefault(_singular + ("n" if _weak else ""), set()).add((_gender, _case))
            if _plural:
                _n = "n" if _case == "dative" and _plural[-1] not in "ns" else ""
                NOUN_FORMS.setdefault(_plural + _n, set()).add(("p", _case))
# plurals that only phrases of time have
for _form in ("Tagen", "Wochen", "Monaten", "Jahren"):
    NOUN_FORMS[_form] = {("p", "dative")}
NOUN_FORMS["Jahre"] = {("p", "accusative")}

# (determiner, gender or plural, case) → ending of an adjective after it; one paradigm after another
PARADIGMS = """
der  m nominative e | den  m accusative en | dem  m dative en
die  f nominative e | die  f accusative e  | der  f dative en
das  n nominative e | das  n accusative e  | dem  n dative en
die  p nominative en | die p accusative en | den p dative en
dieser m nominative e | diesen m accusative en | diesem m dative en
diese f nominative e | diese f accusative e | dieser f dative en
dieses n nominative e | dieses n accusative e | diesem n dative en
diese p nominative en | diese p accusative en | diesen p dative en
welchen m accusative en | welche f accusative e | welches n accusative e | welche p accusative en
ein m nominative er | einen m accusative en | einem m dative en
eine f nominative e | eine f accusative e | einer f dative en
ein n nominative es | ein n accusative es | einem n dative en
alle p nominative en | alle p accusative en | allen p dative en
viele p nominative e | viele p accusative e | einige p nominative e | einige p accusative e
jeden m accusative en | letzten m accusative en | nächsten m accusative en
letzte f accusative e | nächste f accusative e | letztes n accusative es | nächstes n accusative es
im m dative en | im n dative en | am m dative en | am n dative en | zum m dative en
ins n accusative e | aufs n accusative e
"""
DETERMINERS: dict[str, dict[tuple[str, str], str]] = {}
for _cell in PARADIGMS.replace("\n", "|").split("|"):
    if _cell.strip():
        _determiner, _agreement, _case, _ending = _cell.split()
        DETERMINERS.setdefault(_determiner, {})[_agreement, _case] = _ending
for _stem in ("kein", "mein", "dein", "sein", "ihr", "unser", "euer"):
    for _form in ("ein", "eine", "einen", "einem", "einer"):
        _end = _form.removeprefix("ein")
        _own = ("eur" if _stem == "euer" and _end else _stem) + _end
        DETERMINERS.setdefault(_own, {}).update(DETERMINERS[_form])
    _short = "eur" if _stem == "euer" else _stem
    for _case, _end in zip(CASES, ("e", "e", "en"), strict=True):
        DETERMINERS.setdefault(_short + _end, {})["p", _case] = "en"
for _number in _words("zwei drei vier fünf sechs sieben acht neun"):
    DETERMINERS[_number] = {("p", "nominative"): "e", ("p", "accusative"): "e", ("p", "dative"): "en"}

ADJECTIVE_STEMS = _words("""
    klein groß schön gut neu alt jung lang rot blau grün schwarz weiß teur interessant lustig schwierig einfach traurig
    lecker heiß kalt warm klug schmutzig hübsch
""")
STATES = _words(
    "müde krank glücklich traurig reich jung groß klein nett klug allein beschäftigt bereit berühmt kalt warm heiß alt"
)

# every verb: present with ich, du, er, wir, ihr, sie | participle | separable prefix; s: with "sein"
CONJUGATIONS = """
esse isst isst essen esst essen | gegessen
trinke trinkst trinkt trinken trinkt trinken | getrunken
kaufe kaufst kauft kaufen kauft kaufen | gekauft
kaufe kaufst kauft kaufen kauft kaufen | eingekauft | ein
verkaufe verkaufst verkauft verkaufen verkauft verkaufen | verkauft
lese liest liest lesen lest lesen | gelesen
schreibe schreibst schreibt schreiben schreibt schreiben | geschrieben
sehe siehst sieht sehen seht sehen | gesehen
sehe siehst sieht sehen seht sehen | ferngesehen | fern
suche suchst sucht suchen sucht suchen | gesucht
finde findest findet finden findet finden | gefunden
verliere verlierst verliert verlieren verliert verlieren | verloren
vergesse vergisst vergisst vergessen vergesst vergessen | vergessen
trage trägst trägt tragen tragt tragen | getragen
öffne öffnest öffnet öffnen öffnet öffnen | geöffnet
mache machst macht machen macht machen | zugemacht | zu
wasche wäschst wäscht waschen wascht waschen | gewaschen
koche kochst kocht kochen kocht kochen | gekocht
repariere reparierst repariert reparieren repariert reparieren | repariert
räume räumst räumt räumen räumt räumen | aufgeräumt | auf
nehme nimmst nimmt nehmen nehmt nehmen | genommen
gebe gibst gibt geben gebt geben | gegeben
schicke schickst schickt schicken schickt schicken | geschickt
zeige zeigst zeigt zeigen zeigt zeigen | gezeigt
bringe bringst bringt bringen bringt bringen | mitgebracht | mit
kenne kennst kennt kennen kennt kennen | gekannt
verstehe verstehst versteht verstehen versteht verstehen | verstanden
lerne lernst lernt lernen lernt lernen | gelernt
spreche sprichst spricht sprechen sprecht sprechen | gesprochen
mag magst mag mögen mögt mögen | gemocht
hasse hasst hasst hassen hasst hassen | gehasst
höre hörst hört hören hört hören | gehört
brauche brauchst braucht brauchen braucht brauchen | gebraucht
habe hast hat haben habt haben | gehabt
treffe triffst trifft treffen trefft treffen | getroffen
besuche besuchst besucht besuchen besucht besuchen | besucht
lade lädst lädt laden ladet laden | eingeladen | ein
rufe rufst ruft rufen ruft rufen | angerufen | an
hole holst holt holen holt holen | abgeholt | ab
helfe hilfst hilft helfen helft helfen | geholfen
danke dankst dankt danken dankt danken | gedankt
warte wartest wartet warten wartet warten | gewartet
schlafe schläfst schläft schlafen schlaft schlafen | geschlafen
schlafe schläfst schläft schlafen schlaft schlafen | eingeschlafen | ein s
arbeite arbeitest arbeitet arbeiten arbeitet arbeiten | gearbeitet
laufe läufst läuft laufen lauft laufen | gelaufen | s
schwimme schwimmst schwimmt schwimmen schwimmt schwimmen | geschwommen | s
tanze tanzt tanzt tanzen tanzt tanzen | getanzt
singe singst singt singen singt singen | gesungen
weine weinst weint weinen weint weinen | geweint
lache lachst lacht lachen lacht lachen | gelacht
spiele spielst spielt spielen spielt spielen | gespielt
gehe gehst geht gehen geht gehen | gegangen | s
gehe gehst geht gehen geht gehen | ausgegangen | aus s
fahre fährst fährt fahren fahrt fahren | gefahren | s
fahre fährst fährt fahren fahrt fahren | abgefahren | ab s
bleibe bleibst bleibt bleiben bleibt bleiben | geblieben | s
wohne wohnst wohnt wohnen wohnt wohnen | gewohnt
komme kommst kommt kommen kommt kommen | angekommen | an s
komme kommst kommt kommen kommt kommen | zurückgekommen | zurück s
stehe stehst steht stehen steht stehen | aufgestanden | auf s
wache wachst wacht wachen wacht wachen | aufgewacht | auf s
beeile beeilst beeilt beeilen beeilt beeilen | beeilt
ruhe ruhst ruht ruhen ruht ruhen | ausgeruht | aus
ziehe ziehst zieht ziehen zieht ziehen | umgezogen | um s
glaube glaubst glaubt glauben glaubt glauben | geglaubt
sage sagst sagt sagen sagt sagen | gesagt
hoffe hoffst hofft hoffen hofft hoffen | gehofft
weiß weißt weiß wissen wisst wissen | gewusst
- - regnet - - - | geregnet
- - schneit - - - | geschneit
"""
AUXILIARIES = """
bin bist ist sind seid sind
war warst war waren wart waren
habe hast hat haben habt haben
werde wirst wird werden werdet werden
kann kannst kann können könnt können
muss musst muss müssen müsst müssen
will willst will wollen wollt wollen
soll sollst soll sollen sollt sollen
möchte möchtest möchte möchten möchtet möchten
konnte konntest konnte konnten konntet konnten
musste musstest musste mussten musstet mussten
wollte wolltest wollte wollten wolltet wollten
"""
FINITE: list[set[str]] = [set() for _ in range(6)]  # by person
JOINED: list[set[str]] = [set() for _ in range(6)]  # with the separable prefix, as at the end of a clause
PARTICIPLES: dict[str, bool] = {}  # whether the auxiliary is "sein"
INFINITIVES: set[str] = {"sein", "haben"}
PREFIXES: dict[str, set[str]] = {}  # finite forms that take each separable prefix
for _line in CONJUGATIONS.strip().splitlines():
    _forms, _participle, *_rest = (cell.strip() for cell in _line.split("|"))
    _flags = _words(_rest[0]) if _rest else []
    _prefix = next((flag for flag in _flags if flag != "s"), "")
    PARTICIPLES[_participle] = "s" in _flags
    INFINITIVES.add(
        _prefix + _words(_forms)[3] if "-" not in _forms else {"regnet": "regnen"}.get(_words(_forms)[2], "schneien")
    )
    for _person, _form in enumerate(_words(_forms)):
        FINITE[_person].add(_form)
        JOINED[_person].add(_prefix + _form)
        PREFIXES.setdefault(_prefix, set()).add(_form)
for _line in AUXILIARIES.strip().splitlines():
    for _person, _form in enumerate(_words(_line)):
        FINITE[_person].add(_form)
        JOINED[_person].add(_form)
SEIN, HABEN = ({*_words(AUXILIARIES.strip().splitlines()[row])} for row in (0, 2))
MODALS = {form for line in AUXILIARIES.strip().splitlines()[3:] for form in _words(line)}

PERSON_OF = {"ich": (0,), "du": (1,), "er": (2,), "es": (2,), "wir": (3,), "sie": (2, 5), "ihr": (4,)}
NAMES = set(_words("Paul Anna Peter Julia Tim Laura Jan Maria"))
FUNCTION_WORDS = set(
    _words("""
    ich du er sie es wir ihr mich dich sich uns euch mir dir ihm ihn ihnen das der die den
    nicht nie mehr und aber weil wenn dass wo warum wann was wer in im am an auf unter vor nach zu zum ins aufs um
    Hause gestern morgen heute Abend Morgen früh bald jetzt gerade oft immer manchmal jeden Tag Woche Wochenende letzte
    letzten letztes nächste nächsten nächstes Uhr Jahre Jahr alt montags dienstags mittwochs donnerstags freitags samstags
    zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn Berlin London Italien Frankreich Land fern
    """)
)

# German noun → English noun, both singular, for the alignment
DICTIONARY = dict(
    entry.split("-")
    for entry in _words("""
    Apfel-apple Banane-banana Tomate-tomato Kuchen-cake Brot-bread Fleisch-meat Suppe-soup Wasser-water Milch-milk
    Buch-book Roman-novel Zeitung-newspaper Brief-letter Geschichte-story Gedicht-poem Hemd-shirt Mantel-coat Hut-hat
    Jacke-jacket Kleid-dress Auto-car Fahrrad-bike Lastwagen-truck Zug-train Tasche-bag Regenschirm-umbrella
    Schlüssel-key Tisch-table Stuhl-chair Bett-bed Lampe-lamp Blume-flower Geschenk-gift Katze-cat Hund-dog Vogel-bird
    Pferd-horse Film-movie Bild-picture Lied-song Frage-question Antwort-answer Wohnung-apartment Mann-man Frau-woman
    Arzt-doctor Lehrerin-teacher Junge-boy Mädchen-girl Kind-child Bruder-brother Schwester-sister Onkel-uncle
    Tante-aunt Vater-father Mutter-mother Großvater-grandfather Küche-kitchen Garten-garden Park-park Strand-beach
    Bahnhof-station Museum-museum Krankenhaus-hospital
    """)
)
