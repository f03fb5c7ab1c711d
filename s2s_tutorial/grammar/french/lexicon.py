"""The words of the built-in corpus: their forms in both languages and the words that they combine with.

Each noun belongs to a kind ("food", "text", "person" ...). A verb lists the kinds of noun that it takes as objects, and
an adjective the kinds that it describes, so that people eat apples, read letters and wear red coats. The tables are
text, most with one entry per line; the functions at the end read them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from s2s_tutorial.grammar.english import english_ing, english_past, english_plural, english_third
from s2s_tutorial.grammar.french.morphology import (
    agree,
    french_feminine,
    french_participle,
    french_plural,
    french_present,
)


@dataclass(frozen=True, eq=False, slots=True)
class Noun:
    """A noun in both languages.

    Attributes:
        french: Singular and plural: ("cheval", "chevaux").
        english: Singular and plural: ("horse", "horses").
        gender: "m" or "f".
        kind: Key of `NOUNS`, such as "animal".
        mass: Whether it is a mass noun, which has no plural: « du pain », "some bread".
    """

    french: tuple[str, str]
    english: tuple[str, str]
    gender: str
    kind: str
    mass: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Adjective:
    """An adjective in both languages.

    Attributes:
        forms: French masculine, feminine, and masculine before a vowel: ("beau", "belle", "bel").
        english: English adjective.
        kinds: Kinds of noun that it describes; empty for adjectives used only after être.
        before: Whether it precedes its noun in French.
    """

    forms: tuple[str, str, str]
    english: str
    kinds: frozenset[str]
    before: bool

    def form(self, gender: str, plural: bool, before_vowel: bool = False) -> str:
        """Return the French form for a gender ("m" or "f"), a number, and the first sound of the next word."""
        if before_vowel and gender == "m" and not plural:
            return self.forms[2]
        return agree(self.forms[0], self.forms[1], gender, plural)


@dataclass(frozen=True, eq=False, slots=True)
class Verb:
    """A verb in both languages, and the words that it combines with.

    Attributes:
        infinitive: French infinitive, without « se ».
        present: Six French present forms, je to ils.
        participle: French past participle, masculine singular.
        english: English base form, third person, past, -ing form and participle: ("eat", "eats", "ate", "eating", "eaten").
        particle: English words after the verb: "up" of "get up", "for" of "look for", or "".
        aux: French auxiliary of the passé composé, "avoir" or "être".
        objects: Kinds of noun that its object may have; empty for an intransitive verb.
        clitic: Pronouns that can replace its object: "thing" (le, les), "person" (me, le ...), "to" (me, leur ...)
            or "" for none.
        places: Kinds of place where its action may happen.
        flags: Restrictions, explained above `VERB_TABLE`.
    """

    infinitive: str
    present: tuple[str, ...]
    participle: str
    english: tuple[str, str, str, str, str]
    particle: str
    aux: str
    objects: tuple[str, ...]
    clitic: str
    places: tuple[str, ...]
    flags: frozenset[str]


# french gender english[/plural], ...; * marks a mass noun, which has no plural
NOUN_TABLE = {
    "fruit": "pomme f apple, tomate f tomato",
    "food": "orange f orange, banane f banana, carotte f carrot, gâteau m cake, œuf m egg",
    "dish": "pain* m bread, fromage* m cheese",
    "cooked": "viande* f meat, poisson* m fish, riz* m rice, soupe* f soup",
    "drink": "eau* f water, lait* m milk, café* m coffee, thé* m tea, vin* m wine",
    "book": "livre m book, roman m novel",
    "text": "lettre f letter, histoire f story, poème m poem",
    "paper": "journal m newspaper",
    "clothes": "écharpe f scarf/scarves, chemise f shirt, manteau m coat, chapeau m hat, veste f jacket",
    "vehicle": "voiture f car, camion m truck, vélo m bike",
    "transport": "train m train, bus m bus, avion m plane",
    "item": "sac m bag, parapluie m umbrella",
    "key": "clé f key",
    "device": "montre f watch, téléphone m phone",
    "money": "argent* m money",
    "glass": "assiette f plate, verre m glass, tasse f cup",
    "opening": "porte f door, boîte f box",
    "window": "fenêtre f window",
    "furniture": "table f table, chaise f chair, lit m bed, lampe f lamp",
    "gift": "fleur f flower, cadeau m gift",
    "pet": "chat m cat, chien m dog, lapin m rabbit",
    "animal": "cheval m horse, oiseau m bird",
    "film": "film m movie",
    "game": "match m game",
    "image": "photo f picture, tableau m painting",
    "sound": "musique* f music, chanson f song",
    "show": "concert m concert",
    "lesson": "question f question, leçon f lesson, exercice m exercise",
    "building": "maison f house, appartement m apartment",
    "person": "homme m man/men, femme f woman/women",
    "child": "garçon m boy, fille f girl, enfant m child/children",
    "parent": "père m father, mère f mother",
    "relation": "frère m brother, sœur f sister, oncle m uncle, tante f aunt, ami m friend, amie f friend, "
    "voisin m neighbor, voisine f neighbor, professeur m teacher",
    "elder": "grand-_père m grandfather, grand-_mère f grandmother",
    "language": "français* m French, anglais* m English, espagnol* m Spanish, italien* m Italian",
}

NAMES = (
    ("Paul", "m"),
    ("Marie", "f"),
    ("Lucas", "m"),
    ("Julie", "f"),
    ("Hugo", "m"),
    ("Alice", "f"),
    ("Thomas", "m"),
    ("Claire", "f"),
)

THINGS = "clothes vehicle item glass furniture gift image building opening"
# french[/feminine[/before a vowel]] english kinds
ADJECTIVES_BEFORE = f"""
petit small fruit food vehicle item key glass opening window furniture gift pet animal image building device
petit little child
grand big {THINGS} window pet animal
beau/belle/bel beautiful clothes furniture gift pet animal image building vehicle sound show
bon/bonne good book text film lesson dish game show
nouveau/nouvelle/nouvel new clothes vehicle item key device furniture film lesson book text
vieux/vieille/vieil old clothes vehicle furniture building image film person item key pet animal
jeune young person child pet animal
joli pretty clothes gift image
long/longue long book text film lesson game show
gros/grosse big fruit food
"""
ADJECTIVES_AFTER = """
rouge red fruit clothes vehicle furniture item gift opening glass
bleu blue clothes vehicle furniture glass opening item
vert green clothes vehicle opening glass item
noir black clothes vehicle pet pet item device
blanc/blanche white clothes vehicle pet animal furniture opening window glass building
cher expensive clothes vehicle device furniture gift
intéressant interesting book text film lesson image paper game
amusant funny book text film
difficile difficult book text lesson
facile easy lesson book text
triste sad book text film sound
délicieux delicious fruit food dish cooked
chaud hot drink
froid cold drink
chaud warm clothes
intelligent smart person child
célèbre famous image film sound
sale dirty clothes vehicle glass
"""
# adjectives that describe people, after être: french[/feminine] english
ADJECTIVES_OF_STATE = """
content happy
triste sad
fatigué tired
malade sick
occupé busy
prêt ready
riche rich
jeune young
grand tall
petit short
gentil/gentille nice
intelligent smart
inquiet worried
seul alone
célèbre famous
"""
# masculine, feminine, English
PROFESSIONS = (
    ("médecin", "médecin", "doctor"),
    ("professeur", "professeur", "teacher"),
    ("étudiant", "étudiante", "student"),
    ("avocat", "avocate", "lawyer"),
    ("boulanger", "boulangère", "baker"),
)

# infinitive | English base/past/participle/ing (regular forms are left out) | objects | clitic | places | flags
#
# Flags for inflection: être      the auxiliary is être
#                       reflexive takes « se », and être as auxiliary
#                       copula    "be" in English
#       for tenses:     state     no progressive, not with vouloir, pouvoir or devoir
#                       skill     progressive only with « maintenant »: « elle parle français », "she speaks French"
#                       present   present only
#                       future    no past
#                       event     past only
#                       result    past and future only
#                       unwilled  not chosen: not with vouloir, pouvoir or devoir
#       for times:      routine   no counted time: not "six weeks ago"
#                       brief     no part of the day: not "last night"
#                       far       also months and years: "two years ago"
#       for objects:    one       singular only
#                       the       definite
#                       own       mostly belonging to the subject: « perdre sa clé »
#                       some      indefinite
#                       generic   no article in English: « aimer le thé », "like tea"
#                       bare      no article at all: « parler français », "speak French"
#                       to        followed by the recipient: « donner un livre à mon frère »
#                       toward    à before the object: « parler à Paul »
#                       goes      followed by a destination: « aller au parc »
VERB_TABLE = """
manger | eat/ate/eaten | fruit food dish cooked | thing | home outside | routine
boire | drink/drank/drunk | drink | | home | routine
acheter | buy/bought | fruit food dish clothes item device gift book paper vehicle furniture | thing | shop | far brief
vendre | sell/sold | vehicle building furniture image clothes | thing | | far brief
lire | read/read | book text paper | thing | home outside study |
écrire | write/wrote/written | text | thing | home study | far
regarder | watch | film game | thing | rest | the routine
voir | see/saw/seen | person child relation pet animal image film | person | outside town work | state
chercher | look for | item key device clothes | thing | home | own
trouver | find/found | item key device gift book money | thing | home outside | result brief unwilled
perdre | lose/lost | item key device money | thing | outside town | brief event unwilled own
porter | wear/wore/worn | clothes | thing | | one routine
ouvrir | open | opening window | thing | | the routine
fermer | close | opening window | thing | | the routine
laver | wash | vehicle clothes glass | thing | | routine
préparer | prepare | cooked | thing | kitchen | routine
réparer | repair | vehicle furniture device | thing | |
prendre | take/took/taken | transport | thing | | one the
oublier | forget/forgot/forgotten/forgetting | item key device | thing | home work | brief event unwilled own
choisir | choose/chose/chosen | clothes gift book image | thing | shop |
donner | give/gave/given | gift item key book money | | | to brief
envoyer | send/sent | text gift | | | to brief
écouter | listen to | sound | thing | home | routine
comprendre | understand/understood | lesson | thing | | state brief the
apprendre | learn | language | | study | generic far
parler | speak/spoke/spoken | language | | home study | bare skill
aimer | like | fruit food dish cooked drink pet animal sound show | | | generic present state
détester | hate | fruit food dish cooked drink pet animal show | | | generic present state
attendre | wait for | person child relation transport | person | outside | the routine
aider | help | person child relation | person | home work | the
inviter | invite | child relation | person | | brief the
rencontrer | meet/met | person child relation | person | outside town | brief
parler | talk | relation person | to | outside work | toward the
avoir | have/had | pet animal vehicle item key device clothes money | | | state future far brief some
vouloir | want | fruit food dish cooked drink gift item clothes pet animal | thing | | state present
dormir | sleep/slept | | | rest | routine
travailler | work | | | work | far
courir | run/ran/run/running | | | outside | routine
marcher | walk | | | outside | routine
nager | swim/swam/swum/swimming | | | water |
danser | dance | | | home | routine
chanter | sing/sang/sung | | | home outside | routine
pleurer | cry | | | home | routine unwilled
jouer | play | | | home outside | routine
aller | go/went/gone | | | | être goes brief far
arriver | arrive | | | | être brief unwilled
partir | leave/left | | | | être brief
rentrer | go_home/went/gone | | | | être brief
sortir | go_out/went/gone | | | | être routine
rester | stay | | | home city | être routine
tomber | fall/fell/fallen | | | outside | être routine brief event unwilled
se lever | get_up/got/gotten/getting | | | | reflexive routine brief
se coucher | go_to_bed/went/gone | | | | reflexive routine brief
se reposer | rest | | | rest | reflexive routine
se laver | wash | | | | reflexive routine brief
s'habiller | get_dressed/got/gotten/getting | | | | reflexive routine brief
s'amuser | have_fun/had | | | outside home | reflexive routine
se promener | take_a_walk/took/taken | | | outside | reflexive routine
se dépêcher | hurry | | | | reflexive routine brief unwilled
habiter | live | | | city | state future far brief
"""
# verbs that only particular sentence rules use; same columns
SPECIAL_VERBS = """
être | be | | | | copula
avoir | be | | | | copula
faire | be | | | | copula
pleuvoir | rain | | | | brief
neiger | snow | | | | brief
penser | think/thought | | | |
dire | say/said | | | |
espérer | hope | | | |
"""
# irregular verbs: six present forms and the past participle; "-" marks a form that does not exist
IRREGULAR = {
    "boire": ("bois bois boit buvons buvez boivent", "bu"),
    "lire": ("lis lis lit lisons lisez lisent", "lu"),
    "écrire": ("écris écris écrit écrivons écrivez écrivent", "écrit"),
    "voir": ("vois vois voit voyons voyez voient", "vu"),
    "ouvrir": ("ouvre ouvres ouvre ouvrons ouvrez ouvrent", "ouvert"),
    "prendre": ("prends prends prend prenons prenez prennent", "pris"),
    "comprendre": ("comprends comprends comprend comprenons comprenez comprennent", "compris"),
    "apprendre": ("apprends apprends apprend apprenons apprenez apprennent", "appris"),
    "dormir": ("dors dors dort dormons dormez dorment", "dormi"),
    "courir": ("cours cours court courons courez courent", "couru"),
    "partir": ("pars pars part partons partez partent", "parti"),
    "sortir": ("sors sors sort sortons sortez sortent", "sorti"),
    "aller": ("vais vas va allons allez vont", "allé"),
    "avoir": ("ai as a avons avez ont", "eu"),
    "être": ("suis es est sommes êtes sont", "été"),
    "pleuvoir": ("- - pleut - - -", "plu"),
    "dire": ("dis dis dit disons dites disent", "dit"),
    "faire": ("fais fais fait faisons faites font", "fait"),
    "vouloir": ("veux veux veut voulons voulez veulent", "voulu"),
    "pouvoir": ("peux peux peut pouvons pouvez peuvent", "pu"),
    "devoir": ("dois dois doit devons devez doivent", "dû"),
}

# French | English place | English destination (or -) | kinds of place; a French word in ( ) has no English translation
PLACE_TABLE = """
à (la) maison | at home | - | home kitchen rest
dans la cuisine | in the kitchen | - | home kitchen
dans le jardin | in the garden | - | home outside rest
dans le salon | in the living_room | - | home rest
au parc | in_the park | to_the park | outside
à la plage | at the beach | to the beach | town water
sur la plage | on the beach | - | outside
dans la rue | in the street | - | outside
dans la forêt | in the forest | - | outside
à la piscine | at the pool | to the pool | water
au marché | at_the market | to_the market | shop
au magasin | at_the store | to_the store | shop
à la gare | at the station | to the station | town
au restaurant | at_the restaurant | to_the restaurant | town
au bureau | at_the office | to_the office | work
à (la) école | at school | to school | work study
à la hôpital | at the hospital | to the hospital | work
à la bibliothèque | at the library | to the library | work study
au musée | at_the museum | to_the museum | town
à Paris | in Paris | to Paris | city
à Londres | in London | to London | city
en France | in France | to France | city
en Italie | in Italy | to Italy | city
au Canada | in Canada | to Canada | city
à la campagne | in the country | to the country | city
"""
# places in « il y a » sentences: French | English | kinds of noun that may be there
SCENES = """
sur la table | on the table | fruit food drink book text item key device glass gift
sous la table | under the table | pet item key device
sur la chaise | on the chair | clothes pet item
sous le lit | under the bed | pet item
dans le sac | in the bag | fruit food book text item key device money
dans le jardin | in the garden | pet animal person child furniture
dans la rue | in the street | pet animal person child vehicle show
devant la maison | in_front_of the house | vehicle person pet animal
dans la cuisine | in the kitchen | fruit food dish cooked drink glass furniture
à la gare | at the station | person child
au parc | in_the park | person child pet animal show
"""

ONES = "un one, deux two, trois three, quatre four, cinq five, six six, sept seven, huit eight, neuf nine"
TEENS = "dix ten, onze eleven, douze twelve, treize thirteen, quatorze fourteen, quinze fifteen, seize sixteen"
TENS = "vingt twenty, trente thirty, quarante forty, cinquante fifty, soixante sixty"
DAYS = (
    "lundi Monday, mardi Tuesday, mercredi Wednesday, jeudi Thursday, vendredi Friday, samedi Saturday, dimanche Sunday"
)
MONTHS = (
    "janvier January, mars March, mai May, juin June, juillet July, août August, octobre October, décembre December"
)


def words(table: str) -> list[tuple[str, str]]:
    """Return the pairs of a table: "lundi Monday, mardi Tuesday" → [("lundi", "Monday"), ("mardi", "Tuesday")]."""
    return [(french, english) for french, english in map(str.split, table.split(", "))]


def _singular_and_plural(entry: str, regular_plural: Callable[[str], str]) -> tuple[str, str]:
    """Return both forms: "man/men" gives both, "cat" is inflected by the rule."""
    singular, _, plural = entry.partition("/")
    return singular, plural or regular_plural(singular)


def _nouns(kind: str) -> list[Noun]:
    """Return the nouns of one row of `NOUN_TABLE`."""
    nouns = []
    for entry in NOUN_TABLE[kind].split(", "):
        french, gender, english = entry.split()
        nouns.append(
            Noun(
                french=_singular_and_plural(french.rstrip("*"), french_plural),
                english=_singular_and_plural(english, english_plural),
                gender=gender,
                kind=kind,
                mass=french.endswith("*"),
            )
        )
    return nouns


def _adjectives(table: str, before: bool) -> list[Adjective]:
    """Return the adjectives of a table, one per line."""
    adjectives = []
    for line in table.strip().splitlines():
        french, english, *kinds = line.split()
        masculine, *irregular = french.split("/")
        feminine = irregular[0] if irregular else french_feminine(masculine)
        before_vowel = irregular[1] if len(irregular) > 1 else masculine
        adjectives.append(Adjective((masculine, feminine, before_vowel), english, frozenset(kinds), before))
    return adjectives


def make_verb(line: str) -> Verb:
    """Return the verb that one line of `VERB_TABLE` describes."""
    infinitive, english, objects, clitic, places, flags = (cell.strip() for cell in line.split("|"))
    infinitive = infinitive.removeprefix("se ").removeprefix("s'")
    if infinitive in IRREGULAR:
        forms, participle = IRREGULAR[infinitive]
        present = tuple(forms.split())
    else:
        present, participle = french_present(infinitive), french_participle(infinitive)
    base, past, english_participle, ing = [*english.split("/"), "", "", ""][:4]
    base, *particle = base.replace("_", " ").split()
    past = past or english_past(base)
    return Verb(
        infinitive=infinitive,
        present=present,
        participle=participle,
        english=(base, english_third(base), past, ing or english_ing(base), english_participle or past),
        particle=" ".join(particle),
        aux="être" if {"être", "reflexive"} & set(flags.split()) else "avoir",
        objects=tuple(objects.split()),
        clitic=clitic,
        places=tuple(places.split()),
        flags=frozenset(flags.split()),
    )


NOUNS: dict[str, list[Noun]] = {kind: _nouns(kind) for kind in NOUN_TABLE}
BEFORE = _adjectives(ADJECTIVES_BEFORE, before=True)
AFTER = _adjectives(ADJECTIVES_AFTER, before=False)
STATES = _adjectives(ADJECTIVES_OF_STATE, before=False)
SPECIAL = {(verb.infinitive, verb.english[0]): verb for verb in map(make_verb, SPECIAL_VERBS.strip().splitlines())}
VERBS: list[Verb] = [make_verb(line) for line in VERB_TABLE.strip().splitlines()]
