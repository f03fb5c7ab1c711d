"""French forms and their agreement, as in a grammar book: tables against which the tests check the generated corpus.

The tables were written by hand; nothing here is imported from the generator.
"""


def _words(table: str) -> list[str]:
    """Return the words of a table."""
    return table.split()


# nouns by gender: singular and, where the corpus has it, plural
MASCULINE = _words("""
    gâteau/gâteaux œuf/œufs pain fromage poisson riz lait café thé vin livre/livres roman/romans poème/poèmes
    journal/journaux manteau/manteaux chapeau/chapeaux camion/camions vélo/vélos train/trains bus/bus
    avion/avions sac/sacs parapluie/parapluies téléphone/téléphones argent verre/verres lit/lits
    cadeau/cadeaux chat/chats chien/chiens lapin/lapins cheval/chevaux oiseau/oiseaux film/films match/matchs
    tableau/tableaux concert/concerts exercice/exercices appartement/appartements homme/hommes garçon/garçons
    enfant/enfants grand-père père frère/frères oncle/oncles ami/amis voisin/voisins professeur/professeurs
    français anglais espagnol italien jardin salon parc marché magasin restaurant bureau musée
""")
FEMININE = _words("""
    pomme/pommes orange/oranges banane/bananes tomate/tomates carotte/carottes viande soupe eau lettre/lettres
    histoire/histoires écharpe/écharpes chemise/chemises veste/vestes voiture/voitures clé/clés montre/montres
    assiette/assiettes tasse/tasses porte/portes fenêtre/fenêtres boîte/boîtes table/tables chaise/chaises
    lampe/lampes fleur/fleurs photo/photos musique chanson/chansons question/questions leçon/leçons
    maison/maisons femme/femmes fille/filles mère grand-mère sœur/sœurs tante/tantes amie/amies
    voisine/voisines cuisine plage rue forêt piscine gare école bibliothèque campagne semaine année
""")
NOUNS = {
    form: (gender, number)
    for gender, table in (("m", MASCULINE), ("f", FEMININE))
    for entry in table
    for number, form in zip("sp", entry.split("/"), strict=False)
}
NOUNS["bus"] = ("m", "sp")
NOUNS["français"] = NOUNS["anglais"] = ("m", "s")

# determiners: the genders and the number of the nouns that they agree with
DETERMINERS = {
    **dict.fromkeys(("le", "un", "ce", "cet", "du", "au"), ("m", "s")),
    **dict.fromkeys(("la", "une", "cette", "ma", "ta", "sa"), ("f", "s")),
    **dict.fromkeys(("mon", "ton", "son"), ("mf", "s")),
    **dict.fromkeys(("notre", "votre", "leur", "l'"), ("mf", "s")),
    **dict.fromkeys(("les", "des", "ces", "mes", "tes", "ses", "nos", "vos", "leurs", "aux"), ("mf", "p")),
    **dict.fromkeys(
        ("plusieurs", "quelques", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"), ("mf", "p")
    ),
}

# adjectives: masculine, feminine, masculine plural, feminine plural
ADJECTIVES = [
    line.split()
    for line in """petit petite petits petites
grand grande grands grandes
beau belle beaux belles
bon bonne bons bonnes
nouveau nouvelle nouveaux nouvelles
vieux vieille vieux vieilles
jeune jeune jeunes jeunes
joli jolie jolis jolies
long longue longs longues
gros grosse gros grosses
rouge rouge rouges rouges
bleu bleue bleus bleues
vert verte verts vertes
noir noire noirs noires
blanc blanche blancs blanches
cher chère chers chères
intéressant intéressante intéressants intéressantes
amusant amusante amusants amusantes
difficile difficile difficiles difficiles
facile facile faciles faciles
triste triste tristes tristes
délicieux délicieuse délicieux délicieuses
chaud chaude chauds chaudes
froid froide froids froides
intelligent intelligente intelligents intelligentes
célèbre célèbre célèbres célèbres
sale sale sales sales
content contente contents contentes
fatigué fatiguée fatigués fatiguées
malade malade malades malades
occupé occupée occupés occupées
prêt prête prêts prêtes
riche riche riches riches
gentil gentille gentils gentilles
inquiet inquiète inquiets inquiètes
seul seule seuls seules""".splitlines()
]
BEFORE_VOWEL = {"bel": "beau", "nouvel": "nouveau", "vieil": "vieux"}
AGREEMENTS = ("ms", "fs", "mp", "fp")
ADJECTIVE_FORMS: dict[str, set[str]] = {}
for _row in ADJECTIVES:
    for _agreement, _form in zip(AGREEMENTS, _row, strict=True):
        ADJECTIVE_FORMS.setdefault(_form, set()).add(_agreement)
for _form in BEFORE_VOWEL:
    ADJECTIVE_FORMS[_form] = {"ms"}

# every verb: present with je, tu, il, nous, vous, ils | past participle
CONJUGATIONS = """mange manges mange mangeons mangez mangent | mangé
bois bois boit buvons buvez boivent | bu
achète achètes achète achetons achetez achètent | acheté
vends vends vend vendons vendez vendent | vendu
lis lis lit lisons lisez lisent | lu
écris écris écrit écrivons écrivez écrivent | écrit
regarde regardes regarde regardons regardez regardent | regardé
vois vois voit voyons voyez voient | vu
cherche cherches cherche cherchons cherchez cherchent | cherché
trouve trouves trouve trouvons trouvez trouvent | trouvé
perds perds perd perdons perdez perdent | perdu
porte portes porte portons portez portent | porté
ouvre ouvres ouvre ouvrons ouvrez ouvrent | ouvert
ferme fermes ferme fermons fermez ferment | fermé
lave laves lave lavons lavez lavent | lavé
prépare prépares prépare préparons préparez préparent | préparé
répare répares répare réparons réparez réparent | réparé
prends prends prend prenons prenez prennent | pris
oublie oublies oublie oublions oubliez oublient | oublié
choisis choisis choisit choisissons choisissez choisissent | choisi
donne donnes donne donnons donnez donnent | donné
envoie envoies envoie envoyons envoyez envoient | envoyé
écoute écoutes écoute écoutons écoutez écoutent | écouté
comprends comprends comprend comprenons comprenez comprennent | compris
apprends apprends apprend apprenons apprenez apprennent | appris
parle parles parle parlons parlez parlent | parlé
aime aimes aime aimons aimez aiment | aimé
déteste détestes déteste détestons détestez détestent | détesté
attends attends attend attendons attendez attendent | attendu
aide aides aide aidons aidez aident | aidé
invite invites invite invitons invitez invitent | invité
rencontre rencontres rencontre rencontrons rencontrez rencontrent | rencontré
ai as a avons avez ont | eu
suis es est sommes êtes sont | été
vais vas va allons allez vont | allé
fais fais fait faisons faites font | fait
veux veux veut voulons voulez veulent | voulu
peux peux peut pouvons pouvez peuvent | pu
dois dois doit devons devez doivent | dû
dors dors dort dormons dormez dorment | dormi
travaille travailles travaille travaillons travaillez travaillent | travaillé
cours cours court courons courez courent | couru
marche marches marche marchons marchez marchent | marché
nage nages nage nageons nagez nagent | nagé
danse danses danse dansons dansez dansent | dansé
chante chantes chante chantons chantez chantent | chanté
pleure pleures pleure pleurons pleurez pleurent | pleuré
joue joues joue jouons jouez jouent | joué
arrive arrives arrive arrivons arrivez arrivent | arrivé
pars pars part partons partez partent | parti
rentre rentres rentre rentrons rentrez rentrent | rentré
sors sors sort sortons sortez sortent | sorti
reste restes reste restons restez restent | resté
tombe tombes tombe tombons tombez tombent | tombé
lève lèves lève levons levez lèvent | levé
couche couches couche couchons couchez couchent | couché
repose reposes repose reposons reposez reposent | reposé
habille habilles habille habillons habillez habillent | habillé
amuse amuses amuse amusons amusez amusent | amusé
promène promènes promène promenons promenez promènent | promené
dépêche dépêches dépêche dépêchons dépêchez dépêchent | dépêché
habite habites habite habitons habitez habitent | habité
pense penses pense pensons pensez pensent | pensé
dis dis dit disons dites disent | dit
espère espères espère espérons espérez espèrent | espéré
pleus pleus pleut pleuvons pleuvez pleuvent | plu
neige neiges neige neigeons neigez neigent | neigé"""
PERSON_OF = {"je": 0, "j'": 0, "tu": 1, "il": 2, "elle": 2, "nous": 3, "vous": 4, "ils": 5, "elles": 5}
PRESENT: list[set[str]] = [set() for _ in range(6)]
PARTICIPLES: dict[str, str] = {}  # participle: its agreements, of "ms", "fs", "mp" and "fp" ("pris" has two)
for _line in CONJUGATIONS.splitlines():
    _present, _participle = _line.split(" | ")
    for _person, _form in enumerate(_present.split()):
        PRESENT[_person].add(_form)
    for _agreement, _ending in zip(AGREEMENTS, ("", "e", "s", "es"), strict=True):
        _form = _participle if _participle.endswith("s") and _agreement == "mp" else _participle + _ending
        PARTICIPLES[_form] = PARTICIPLES.get(_form, "") + " " + _agreement

# French words with only one translation in the corpus: where each occurs once in a pair, the two must be linked
DICTIONARY = dict(
    entry.split("/")
    for entry in _words("""
    chat/cat chats/cats chien/dog cheval/horse chevaux/horses oiseau/bird lapin/rabbit pomme/apple
    pommes/apples oeuf/egg gateau/cake pain/bread fromage/cheese viande/meat riz/rice soupe/soup eau/water
    lait/milk the/tea vin/wine livre/book livres/books roman/novel poeme/poem lettre/letter journal/newspaper
    chemise/shirt manteau/coat chapeau/hat veste/jacket voiture/car camion/truck velo/bike train/train
    avion/plane cle/key sac/bag parapluie/umbrella telephone/phone argent/money assiette/plate fenetre/window
    boite/box chaise/chair lampe/lamp fleur/flower cadeau/gift photo/picture tableau/painting musique/music
    chanson/song lecon/lesson maison/house femme/woman garcon/boy fille/girl pere/father mere/mother
    frere/brother soeur/sister oncle/uncle tante/aunt rouge/red bleu/blue bleue/blue vert/green verte/green
    noir/black noire/black blanc/white blanche/white jeune/young delicieux/delicious interessant/interesting
    intelligent/smart celebre/famous nouvelle/new vieux/old belle/beautiful faim/hungry soif/thirsty
    sommeil/sleepy peur/afraid raison/right tort/wrong fatigue/tired fatiguee/tired malade/sick medecin/doctor
    jardin/garden cuisine/kitchen plage/beach gare/station marche/market hier/yesterday demain/tomorrow
    bientot/soon maintenant/now souvent/often parfois/sometimes jamais/never achete/bought
    vendu/sold lu/read ecrit/wrote trouve/found perdu/lost prepare/prepared dormi/slept travailler/work
    danser/dance chanter/sing nager/swim dix/ten vingt/twenty cinquante/fifty trois/three sept/seven
    lundi/monday dimanche/sunday janvier/january paris/paris dernier/last derniere/last prochain/next
    prochaine/next semaine/week mois/month quand/when pourquoi/why qui/who mais/but puis/then ans/years
    beaucoup/lot plusieurs/several jours/days heures/clock
""")
)
# present forms, so that the word directly after a subject is checked too
DICTIONARY |= {
    "mange": "eats",
    "dort": "sleeps",
    "danse": "dances",
    "travaille": "works",
}

INFINITIVES = set(
    _words("""
    manger boire acheter vendre lire écrire regarder voir chercher trouver perdre porter ouvrir fermer laver
    préparer réparer prendre oublier choisir donner envoyer écouter comprendre apprendre parler attendre aider
    inviter rencontrer avoir dormir travailler courir marcher nager danser chanter pleurer jouer aller arriver
    partir rentrer sortir rester tomber lever coucher reposer habiller amuser promener dépêcher habiter faire
    pleuvoir neiger
""")
)
# participles of the verbs that take être in the passé composé: verbs of movement and reflexive verbs
WITH_ETRE = _words("""
    allé arrivé parti rentré sorti resté tombé levé couché reposé habillé amusé promené dépêché
""")
# every other word that may occur in the corpus
FUNCTION_WORDS = set(
    _words("""
    . , ? a à au aux ce c' cet cette ces d' de des du elle elles en est et hui aujourd' il ils je j' l' la le
    les leur leurs lui m' ma mais me mes mon n' ne nos notre nous on où par parce pas jamais plus pour
    pourquoi puis qu' quand que quel quelle quelles quels qui s' sa se ses si son sous sur dans devant t' t ta
    te tes ton tu un une votre vos vous y trop beaucoup combien plusieurs quelques tous toutes souvent
    toujours parfois hier demain matin matins soir soirs bientôt maintenant moment week end jours semaines
    mois ans heures dernier dernière prochain prochaine retard été faim soif sommeil peur raison tort deux
    trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt vingts trente
    quarante cinquante soixante lundi mardi mercredi jeudi vendredi samedi dimanche janvier mars mai juin
    juillet août octobre décembre paul marie lucas julie hugo alice thomas claire paris londres france italie
    canada hôpital médecin médecins étudiant étudiante étudiants étudiantes avocat avocate avocats avocates
    boulanger boulangère boulangers boulangères
""")
)
