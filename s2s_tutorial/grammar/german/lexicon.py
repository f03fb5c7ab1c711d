"""The words of the German corpus: their forms in both languages and the words that they combine with.

Each noun belongs to a kind ("food", "text", "person" ...). A verb lists the kinds of noun that it takes as objects, and
an adjective the kinds that it describes, so that people eat apples, read letters and wear red coats. The tables are
text, most with one entry per line; the functions at the end read them.
"""

from __future__ import annotations

from dataclasses import dataclass

from s2s_tutorial.grammar.english import english_ing, english_past, english_plural, english_third
from s2s_tutorial.grammar.german.morphology import ACCUSATIVE, DATIVE, dative_plural, participle, present


@dataclass(frozen=True, eq=False, slots=True)
class Noun:
    """A noun in both languages.

    Attributes:
        german: Singular and plural: ("Apfel", "Äpfel").
        english: Singular and plural: ("apple", "apples").
        gender: "m", "f" or "n".
        kind: Key of `NOUNS`, such as "animal".
        mass: Whether it is a mass noun, which has no plural.
        weak: Whether all its singular forms but the nominative have the ending -n: "der Junge", "den Jungen".
    """

    german: tuple[str, str]
    english: tuple[str, str]
    gender: str
    kind: str
    mass: bool
    weak: bool

    def form(self, case: str, plural: bool) -> str:
        """Return the German form for a case and a number."""
        if plural:
            return dative_plural(self.german[1]) if case == DATIVE else self.german[1]
        if self.weak and case in (ACCUSATIVE, DATIVE):
            return self.german[0] + ("n" if self.german[0].endswith(("e", "r")) else "en")
        return self.german[0]

    def agreement(self, plural: bool) -> str:
        """Return the gender, or "p" for the plural: one of `morphology.AGREEMENTS`."""
        return "p" if plural else self.gender


@dataclass(frozen=True, eq=False, slots=True)
class Adjective:
    """An adjective in both languages.

    Attributes:
        german: German adjective, without an ending.
        english: English adjective.
        kinds: Kinds of noun that it describes; empty for adjectives used only after "sein".
    """

    german: str
    english: str
    kinds: frozenset[str]


@dataclass(frozen=True, eq=False, slots=True)
class Verb:
    """A verb in both languages, and the words that it combines with.

    Attributes:
        infinitive: Infinitive without its separable prefix: "stehen" of "aufstehen".
        prefix: Separable prefix, "auf" of "aufstehen", or "".
        present: Six present forms without the prefix, ich to sie.
        participle: Past participle with the prefix: "aufgestanden".
        english: English base form, third person, past, -ing form and participle.
        particle: English words after the verb: "up" of "get up", or "".
        objects: Kinds of noun that its object may have; empty for an intransitive verb.
        places: Kinds of place where its action may happen.
        flags: Restrictions, explained above `VERB_TABLE`.
    """

    infinitive: str
    prefix: str
    present: tuple[str, ...]
    participle: str
    english: tuple[str, str, str, str, str]
    particle: str
    objects: tuple[str, ...]
    places: tuple[str, ...]
    flags: frozenset[str]

    @property
    def name(self) -> str:
        """The infinitive as a dictionary lists it, such as "aufstehen"."""
        return self.prefix + self.infinitive


# german/plural gender english[/plural], ...; * marks a mass noun, which has no plural, and ~ a weak noun
NOUN_TABLE = {
    "fruit": "Apfel/Äpfel m apple, Banane/Bananen f banana, Orange/Orangen f orange, Tomate/Tomaten f tomato",
    "snack": "Ei/Eier n egg, Kuchen* m cake, Kartoffel/Kartoffeln f potato",
    "dish": "Brot* n bread, Käse* m cheese",
    "cooked": "Fleisch* n meat, Fisch* m fish, Reis* m rice, Suppe* f soup",
    "drink": "Wasser* n water, Milch* f milk, Kaffee* m coffee, Tee* m tea, Wein* m wine",
    "book": "Buch/Bücher n book, Roman/Romane m novel",
    "paper": "Zeitung/Zeitungen f newspaper",
    "text": "Brief/Briefe m letter, Geschichte/Geschichten f story, Gedicht/Gedichte n poem",
    "clothes": "Hemd/Hemden n shirt, Mantel/Mäntel m coat, Hut/Hüte m hat, Jacke/Jacken f jacket, "
    "Kleid/Kleider n dress",
    "vehicle": "Auto/Autos n car, Fahrrad/Fahrräder n bike, Lastwagen/Lastwagen m truck",
    "transport": "Zug/Züge m train, Bus/Busse m bus",
    "item": "Tasche/Taschen f bag, Uhr/Uhren f watch, Telefon/Telefone n phone, Regenschirm/Regenschirme m umbrella",
    "key": "Schlüssel/Schlüssel m key",
    "opening": "Tür/Türen f door, Fenster/Fenster n window",
    "furniture": "Tisch/Tische m table, Stuhl/Stühle m chair, Bett/Betten n bed, Lampe/Lampen f lamp",
    "gift": "Blume/Blumen f flower, Geschenk/Geschenke n gift",
    "pet": "Katze/Katzen f cat, Hund/Hunde m dog",
    "animal": "Vogel/Vögel m bird, Pferd/Pferde n horse",
    "film": "Film/Filme m movie, Bild/Bilder n picture",
    "music": "Musik* f music",
    "song": "Lied/Lieder n song",
    "lesson": "Frage/Fragen f question, Übung/Übungen f exercise, Antwort/Antworten f answer",
    "room": "Zimmer/Zimmer n room, Küche/Küchen f kitchen",
    "building": "Haus/Häuser n house, Wohnung/Wohnungen f apartment",
    "person": "Mann/Männer m man/men, Frau/Frauen f woman/women, Arzt/Ärzte m doctor, Lehrerin/Lehrerinnen f teacher",
    "child": "Junge~/Jungen m boy, Mädchen/Mädchen n girl, Kind/Kinder n child/children",
    "relation": "Bruder/Brüder m brother, Schwester/Schwestern f sister, Onkel/Onkel m uncle, Tante/Tanten f aunt, "
    "Freund/Freunde m friend, Freundin/Freundinnen f friend, Nachbar~/Nachbarn m neighbor, "
    "Nachbarin/Nachbarinnen f neighbor",
    "parent": "Vater/Väter m father, Mutter/Mütter f mother, Großvater/Großväter m grandfather, "
    "Großmutter/Großmütter f grandmother",
    "language": "Deutsch* n German, Französisch* n French, Englisch* n English, Spanisch* n Spanish",
}

NAMES = (
    ("Paul", "m"),
    ("Anna", "f"),
    ("Peter", "m"),
    ("Julia", "f"),
    ("Tim", "m"),
    ("Laura", "f"),
    ("Jan", "m"),
    ("Maria", "f"),
)

# german english kinds
ADJECTIVES = """
klein small fruit snack vehicle item key opening furniture gift pet animal building room
klein little child
groß big vehicle furniture pet animal building room opening
schön beautiful clothes furniture gift pet animal film song building
gut good book text film song lesson
neu new clothes vehicle item key furniture film book paper
alt old clothes vehicle furniture building film person item key pet animal book paper
jung young person pet animal
lang long book text film song
rot red fruit clothes vehicle furniture item opening
blau blue clothes vehicle furniture item
grün green fruit clothes vehicle item opening
schwarz black clothes vehicle pet animal item
weiß white clothes vehicle pet animal furniture opening building
teuer expensive clothes vehicle item furniture building
interessant interesting book text film lesson paper
lustig funny book text film song
schwierig difficult book text lesson
einfach easy lesson book
traurig sad book text film song
lecker delicious fruit snack dish cooked
heiß hot drink
kalt cold drink
warm warm clothes room
klug smart person child pet animal
schmutzig dirty clothes vehicle room
hübsch pretty clothes gift
"""
# adjectives that describe people, after "sein": german english
ADJECTIVES_OF_STATE = """
müde tired
krank sick
glücklich happy
traurig sad
reich rich
jung young
groß tall
klein short
nett nice
klug smart
allein alone
beschäftigt busy
bereit ready
berühmt famous
"""
# German noun after "haben" and English adjective after "be": Hunger haben, be hungry
FEELINGS = "Hunger hungry, Durst thirsty, Angst afraid"
# German adjective after "mir ist" or "es ist", and English adjective
TEMPERATURES = "kalt cold, warm warm"

# infinitive, a separable prefix before | | changed stem, participle (regular forms are left out)
#   | English base/past/participle/ing | objects | places | flags
#
# Flags for inflection: sein      the auxiliary is "sein"
#                       reflexive takes "sich"
#                       dative    the object is in the dative
#                       auf       the object follows "auf", "for" in English
#       for tenses:     state     no progressive, not with modal verbs
#                       skill     progressive only with "jetzt" or "gerade"
#                       present   present only
#                       event     past only
#                       result    past and future only
#                       unwilled  not chosen: not with modal verbs
#       for times:      routine   no counted time: not "six weeks ago"
#                       brief     no part of the day: not "last night"
#                       far       also months and years: "two years ago"
#       for objects:    one       singular only
#                       the       definite
#                       own       mostly belonging to the subject
#                       generic   no article and no adjective: "Tee mögen", "like tea"
#                       to        the recipient in the dative: "seinem Bruder ein Buch geben"
#                       goes      followed by a destination
#                       reaches   followed by a town or country
VERB_TABLE = """
essen | iss, gegessen | eat/ate/eaten | fruit snack dish cooked | home outside | routine
trinken | -, getrunken | drink/drank/drunk | drink | home | routine
kaufen | | buy/bought | fruit snack dish clothes item gift book paper vehicle furniture | market | far brief
verkaufen | | sell/sold | vehicle building furniture clothes | | far brief
lesen | lies, gelesen | read/read | book text paper | home study |
schreiben | -, geschrieben | write/wrote/written | text | home study | far
sehen | sieh, gesehen | see/saw/seen | person child relation pet animal film | outside | state
suchen | | look_for | item key clothes | home | own
finden | -, gefunden | find/found | item key book gift | home outside | result brief unwilled
verlieren | -, verloren | lose/lost | item key | outside | event own brief unwilled
vergessen | vergiss, vergessen | forget/forgot/forgotten/forgetting | item key | home work | event own brief unwilled
tragen | träg, getragen | wear/wore/worn | clothes | | one routine
öffnen | | open | opening | | the routine
zu|machen | | close | opening | | the routine
waschen | wäsch, gewaschen | wash | vehicle clothes | | routine
kochen | | cook | cooked | kitchen | routine
reparieren | | repair | vehicle furniture | |
auf|räumen | | clean | room | | the routine
nehmen | nimm, genommen | take/took/taken | transport | | the one routine
geben | gib, gegeben | give/gave/given | gift book | | to brief
schicken | | send/sent | text gift | | to brief
zeigen | | show/showed/shown | film book text paper | | to brief
mit|bringen | -, mitgebracht | bring/brought | gift snack | | brief
kennen | -, gekannt | know/knew/known | person child relation | | state present
verstehen | -, verstanden | understand/understood | lesson | | state brief the
lernen | | learn | language | study | generic far
sprechen | sprich, gesprochen | speak/spoke/spoken | language | home study | generic skill
mögen | - | like | fruit snack dish cooked drink pet animal music song | | generic state present
hassen | | hate | fruit snack dish cooked drink pet animal | | generic state present
hören | | listen_to | music song | home | routine
brauchen | | need | clothes item key | | state present
haben | - | have/had | pet animal vehicle item clothes | | state present
treffen | triff, getroffen | meet/met | person relation | outside town | the brief
besuchen | | visit | relation parent | | the brief
ein|laden | läd, eingeladen | invite | relation child | | the brief
an|rufen | -, angerufen | call | relation parent | | the brief
ab|holen | | pick_up | relation child | | the brief
helfen | hilf, geholfen | help | relation parent child person | home work | the dative
danken | | thank | relation parent person | | the dative brief unwilled
warten | | wait | relation person transport | outside | the auf routine
schlafen | schläf, geschlafen | sleep/slept | | rest | routine
arbeiten | | work | | work | far
laufen | läuf, gelaufen | run/ran/run/running | | outside | sein routine
schwimmen | -, geschwommen | swim/swam/swum/swimming | | water | sein routine
tanzen | | dance | | home | routine
singen | -, gesungen | sing/sang/sung | | home outside | routine
weinen | | cry | | home | routine unwilled
lachen | | laugh | | home | routine unwilled
spielen | | play | | home outside | routine
gehen | -, gegangen | go/went/gone | | | sein goes brief
fahren | fähr, gefahren | travel | | | sein goes reaches brief far
bleiben | -, geblieben | stay | | home city | sein routine
wohnen | | live | | city | state present
an|kommen | -, angekommen | arrive | | town | sein brief unwilled
ab|fahren | fähr, abgefahren | leave/left | | | sein brief
zurück|kommen | -, zurückgekommen | come_back/came/come | | | sein brief
auf|stehen | -, aufgestanden | get_up/got/gotten/getting | | | sein routine brief
auf|wachen | | wake_up/woke/woken | | | sein routine brief unwilled
ein|schlafen | schläf, eingeschlafen | fall_asleep/fell/fallen | | rest | sein routine brief unwilled
aus|gehen | -, ausgegangen | go_out/went/gone | | | sein routine
ein|kaufen | | shop/shopped/shopped/shopping | | shop | routine
fern|sehen | sieh, ferngesehen | watch_TV | | rest | routine
waschen | wäsch, gewaschen | wash | | | reflexive routine brief
beeilen | | hurry | | | reflexive routine brief
aus|ruhen | | rest | | rest | reflexive routine
um|ziehen | -, umgezogen | move | | | sein brief far result
"""
# verbs before "dass" and before a question word; same columns
SAYING_VERBS = """
glauben | | think/thought | | | state
sagen | | say/said | | | state
hoffen | | hope | | | state
wissen | - | know/knew/known | | | state
"""
WEATHER_VERBS = """
regnen | -, geregnet | rain | | |
schneien | | snow | | |
"""
# forms that no rule gives: six present forms and, for some, the participle
IRREGULAR = {
    "wissen": ("weiß weißt weiß wissen wisst wissen", "gewusst"),
    "haben": ("habe hast hat haben habt haben", "gehabt"),
    "mögen": ("mag magst mag mögen mögt mögen", "gemocht"),
    "laden": ("lade lädst lädt laden ladet laden", "geladen"),
    "sein": ("bin bist ist sind seid sind", "gewesen"),
    "werden": ("werde wirst wird werden werdet werden", "geworden"),
    "können": ("kann kannst kann können könnt können", "gekonnt"),
    "müssen": ("muss musst muss müssen müsst müssen", "gemusst"),
    "wollen": ("will willst will wollen wollt wollen", "gewollt"),
    "sollen": ("soll sollst soll sollen sollt sollen", "gesollt"),
    "möchten": ("möchte möchtest möchte möchten möchtet möchten", "-"),
}
# simple past of "sein" and of the modal verbs
PRETERITE = {
    "sein": "war warst war waren wart waren",
    "haben": "hatte hattest hatte hatten hattet hatten",
    "können": "konnte konntest konnte konnten konntet konnten",
    "müssen": "musste musstest musste mussten musstet mussten",
    "wollen": "wollte wolltest wollte wollten wolltet wollten",
}

# German | English place | German destination (or -) | English destination | kinds of place
PLACE_TABLE = """
zu_Hause | at_home | nach_Hause | home | home kitchen rest
in der Küche | in the kitchen | - | - | home kitchen
im Garten | in_the garden | in den Garten | into the garden | home outside rest
im Wohnzimmer | in_the living_room | - | - | home rest
im Park | in_the park | in den Park | to the park | outside
am Strand | on_the beach | an den Strand | to the beach | outside
auf der Straße | in the street | - | - | outside
im Wald | in_the forest | in den Wald | to the forest | outside
im Schwimmbad | at_the pool | ins Schwimmbad | to_the pool | water
im See | in_the lake | - | - | water
auf dem Markt | at the market | auf den Markt | to the market | shop market
im Supermarkt | at_the supermarket | in den Supermarkt | to the supermarket | shop
am Bahnhof | at_the station | zum Bahnhof | to_the station | town
im Restaurant | at_the restaurant | ins Restaurant | to_the restaurant | town
im Museum | at_the museum | ins Museum | to_the museum | town
im Büro | at_the office | ins Büro | to_the office | work
in (der) Schule | at school | in (die) Schule | to school | work study
im Krankenhaus | at_the hospital | ins Krankenhaus | to_the hospital | work
in der Bibliothek | at the library | in die Bibliothek | to the library | work study
in Berlin | in Berlin | nach Berlin | to Berlin | city
in London | in London | nach London | to London | city
in Italien | in Italy | nach Italien | to Italy | city
in Frankreich | in France | nach Frankreich | to France | city
auf dem Land | in the country | aufs Land | to_the country | city
"""
# places of things: German | English | kinds of noun that may be there
SCENES = """
auf dem Tisch | on the table | fruit drink book paper text item key gift
unter dem Tisch | under the table | pet item key
auf dem Stuhl | on the chair | clothes pet item
unter dem Bett | under the bed | pet item
in der Tasche | in the bag | fruit book text key
im Garten | in_the garden | pet animal person child
auf der Straße | in the street | pet animal child vehicle
vor dem Haus | in_front_of the house | vehicle person pet animal
in der Küche | in the kitchen | fruit snack dish cooked drink
am Bahnhof | at_the station | person child
im Park | in_the park | person child pet animal
"""

ONES = "zwei two, drei three, vier four, fünf five, sechs six, sieben seven, acht eight, neun nine"
TEENS = "zehn ten, elf eleven, zwölf twelve, dreizehn thirteen, vierzehn fourteen, fünfzehn fifteen, sechzehn sixteen"
TENS = "zwanzig twenty, dreißig thirty, vierzig forty, fünfzig fifty, sechzig sixty, siebzig seventy, achtzig eighty"
DAYS = "Montag Monday, Dienstag Tuesday, Mittwoch Wednesday, Donnerstag Thursday, Freitag Friday, Samstag Saturday"


def words(table: str) -> list[tuple[str, str]]:
    """Return the pairs of a table: "zwei two, drei three" → [("zwei", "two"), ("drei", "three")]."""
    return [(german, english) for german, english in map(str.split, table.split(", "))]


def rows(table: str) -> list[list[str]]:
    """Return the cells of a table, line by line."""
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def _nouns(kind: str) -> list[Noun]:
    """Return the nouns of one row of `NOUN_TABLE`."""
    nouns = []
    for entry in NOUN_TABLE[kind].split(", "):
        german, gender, english = entry.split()
        singular, _, plural = german.partition("/")
        english_singular, _, irregular = english.partition("/")
        nouns.append(
            Noun(
                german=(singular.rstrip("*~"), plural),
                english=(english_singular, irregular or english_plural(english_singular)),
                gender=gender,
                kind=kind,
                mass=singular.endswith("*"),
                weak=singular.endswith("~"),
            )
        )
    return nouns


def _adjectives(table: str) -> list[Adjective]:
    """Return the adjectives of a table, one per line."""
    lines = [line.split() for line in table.strip().splitlines()]
    return [Adjective(german, english, frozenset(kinds)) for german, english, *kinds in lines]


def make_verb(cells: list[str]) -> Verb:
    """Return the verb that one line of `VERB_TABLE` describes."""
    name, forms, english, objects, places, flags = cells
    prefix, _, infinitive = name.rpartition("|") if "|" in name else ("", "", name)
    changed, irregular = [*map(str.strip, forms.split(",")), "", ""][:2]
    if infinitive in IRREGULAR:
        present_forms = tuple(IRREGULAR[infinitive][0].split())
        irregular = irregular or IRREGULAR[infinitive][1]
    else:
        present_forms = present(infinitive, changed.strip("-"))
    base, past, english_participle, ing = [*english.split("/"), "", "", ""][:4]
    base, *particle = base.split("_")
    past = past or english_past(base)
    return Verb(
        infinitive=infinitive,
        prefix=prefix,
        present=present_forms,
        participle=irregular or participle(infinitive, prefix),
        english=(base, english_third(base), past, ing or english_ing(base), english_participle or past),
        particle="_".join(particle),
        objects=tuple(objects.split()),
        places=tuple(places.split()),
        flags=frozenset(flags.split()),
    )


def _verbs(table: str) -> list[Verb]:
    """Return the verbs of a table; the bar after a separable prefix does not end a cell."""
    return [make_verb([cell.strip() for cell in line.split(" |")]) for line in table.strip().splitlines()]


NOUNS: dict[str, list[Noun]] = {kind: _nouns(kind) for kind in NOUN_TABLE}
ADJECTIVE_LIST = _adjectives(ADJECTIVES)
STATES = _adjectives(ADJECTIVES_OF_STATE)
VERBS = _verbs(VERB_TABLE)
SAYING = _verbs(SAYING_VERBS)
RAIN, SNOW = _verbs(WEATHER_VERBS)
