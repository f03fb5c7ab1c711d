"""Tests of the German corpus: agreement, cases and the place of the verb, checked against tables of a grammar book.

The tables are in `german_tables.py` and share nothing with the generator.
"""

import random
import re
from collections import Counter, defaultdict
from itertools import pairwise

import german_tables as tables
import pytest

from s2s_tutorial.data.text import normalise
from s2s_tutorial.grammar.german.lexicon import ADJECTIVE_LIST, NOUNS, STATES, VERBS
from s2s_tutorial.grammar.german.sentences import derive
from s2s_tutorial.grammar.sentences import PHENOMENA, generate

CONJUNCTIONS = {"weil", "wenn", "dass", "wo", "warum", "wann"}
TIME_FIRST = (
    r"(Gestern( Abend)?|Morgen( früh)?|Heute( Abend| Morgen)?|Bald|Jetzt|Gerade|Jeden \w+|Letzte[ns]? \w+|Nächste[ns]? \w+"
    r"|(Vor|In) (zwei|drei|vier|fünf|sechs|sieben|acht|neun) (Tagen|Wochen|Monaten|Jahren)|\w+tags|Mittwochs"
    r"|Am (Abend|Wochenende)|Um \w+ Uhr)"
)


@pytest.fixture(scope="module")
def pairs():
    """Return the pairs that most tests check."""
    return list(generate(30_000, seed=17, language="de"))


def german_words(sentence: str) -> list[str]:
    """Return the words and marks; the first word is in lower case unless it is a noun or a name."""
    words = re.findall(r"\w+|[,.?]", sentence)
    lower = words[0].lower()
    known = {*tables.DETERMINERS, *tables.FUNCTION_WORDS, *set().union(*tables.FINITE), *tables.ADJECTIVE_STEMS}
    inflected = re.sub("(e[nmrs]?)$", "", lower)
    if lower in known or (inflected in tables.ADJECTIVE_STEMS and words[0] not in tables.NOUN_FORMS):
        words[0] = lower
    return words


@pytest.fixture(scope="module")
def words(pairs):
    """Return the German words of each pair."""
    return [german_words(pair.source) for pair in pairs]


def adjective_ending(word: str) -> str | None:
    """Return the ending of an adjective, or None if the word is not an inflected adjective."""
    found = re.fullmatch("(.*?)(en|em|er|es|e)", word)
    return found[2] if found and found[1] in tables.ADJECTIVE_STEMS else None


def noun_groups(sentence: list[str]):
    """Yield every (start, determiner or "", adjectives, noun), found with the tables alone."""
    for end, noun in enumerate(sentence):
        if noun not in tables.NOUN_FORMS or noun in ("Abend", "Morgen", "Uhr"):
            continue
        start = end
        while start and adjective_ending(sentence[start - 1]) and sentence[start - 1] not in tables.DETERMINERS:
            start -= 1
        adjectives = sentence[start:end]
        determiner = sentence[start - 1] if start and sentence[start - 1] in tables.DETERMINERS else ""
        yield start - bool(determiner), determiner, adjectives, noun


STRONG = {
    ("m", "nominative"): "er", ("m", "accusative"): "en", ("m", "dative"): "em",
    ("f", "nominative"): "e", ("f", "accusative"): "e", ("f", "dative"): "er",
    ("n", "nominative"): "es", ("n", "accusative"): "es", ("n", "dative"): "em",
    ("p", "nominative"): "e", ("p", "accusative"): "e", ("p", "dative"): "en",
}  # fmt: skip


def readings(determiner: str, adjectives: list[str], noun: str) -> set[tuple[str, str]]:
    """Return the (gender or plural, case) that a noun group may have; empty if its words do not agree."""
    endings = tables.DETERMINERS[determiner] if determiner else STRONG
    return {
        reading
        for reading in tables.NOUN_FORMS[noun] & set(endings)
        if all(adjective_ending(adjective) == endings[reading] for adjective in adjectives)
    }


# ------------------------------------------------------------------------------------------------- German agreement


def test_every_german_word_is_known_to_the_tables(words):
    known = tables.FUNCTION_WORDS | tables.INFINITIVES | set().union(*tables.FINITE, *tables.JOINED)
    known |= set(tables.NOUN_FORMS) | set(tables.PARTICIPLES) | set(tables.DETERMINERS) | set(tables.STATES)
    known |= set(tables.PREFIXES) | tables.NAMES | {f"{name}s" for name in tables.NAMES} | set(",.?")
    number = re.compile(r"(\w+und)?(zwanzig|dreißig|vierzig|fünfzig|sechzig|siebzig|achtzig)")
    unknown = {word for sentence in words for word in sentence if word not in known and not adjective_ending(word)}
    assert {word for word in unknown if not number.fullmatch(word)} == set()


def test_determiners_adjectives_and_nouns_agree_in_gender_number_and_case(words):
    seen, with_adjectives = Counter(), 0
    for sentence in words:
        for _, determiner, adjectives, noun in noun_groups(sentence):
            if determiner in ("ihr", "das", "die", "der") and not readings(determiner, adjectives, noun):
                determiner = ""  # a pronoun: "Habt ihr Bücher gekauft?", "das Kind, das Tee mag"
            assert readings(determiner, adjectives, noun), (determiner, adjectives, noun, sentence)
            seen[determiner] += 1
            with_adjectives += bool(adjectives)
    rare = {"keinem", "keiner", "einem", "einer", "aufs"}
    assert set(seen) >= set(tables.DETERMINERS) - rare
    assert with_adjectives > 5_000


def test_objects_are_in_the_case_that_their_verb_governs(words):
    """In a clause with a pronoun as subject, every other noun group without a preposition is an object or a time."""
    dative = {"geholfen", "gedankt"}
    seen = Counter()
    for sentence in words:
        if sentence[0] not in tables.PERSON_OF or {",", "und", "aber", "?"} & set(sentence):
            continue
        verb = next((word for word in sentence if word in tables.PARTICIPLES), None)
        if sentence[1] not in tables.SEIN | tables.HABEN or verb is None:
            continue
        for start, determiner, adjectives, noun in noun_groups(sentence):
            before = sentence[start - 1]
            if before in ("in", "an", "auf", "unter", "vor", "um", "nach") or determiner in (
                "im",
                "am",
                "zum",
                "ins",
                "aufs",
            ):
                continue
            cases = {case for _, case in readings(determiner, adjectives, noun)}
            if verb in dative:
                assert "dative" in cases or determiner in ("letzten", "letzte", "letztes"), sentence
                seen["dative"] += 1
            elif verb in ("gegeben", "geschickt", "gezeigt"):
                assert cases & {"dative", "accusative"}, sentence
            else:
                assert "accusative" in cases, sentence
                seen["accusative"] += 1
    assert seen["accusative"] > 300
    assert seen["dative"] > 10


@pytest.mark.parametrize(
    ("pattern", "case"),
    [
        (r"\b(?:geholfen|gedankt)\b", "dem den der meinem meiner ihrem seinem"),
        (r"\bvor (?:zwei|drei)\b", "Tagen Wochen Monaten Jahren"),
    ],
)
def test_the_dative_occurs_where_it_must(pattern, case, pairs):
    found = [pair.source for pair in pairs if re.search(pattern, pair.source)]
    assert len(found) > 50
    if "Tagen" in case:
        assert all(re.search(rf"{pattern} (Tagen|Wochen|Monaten|Jahren)", sentence) for sentence in found)


def test_verbs_agree_with_a_pronoun_as_subject_and_are_second(words):
    checked = Counter()
    for sentence in words:
        if sentence[0] in tables.PERSON_OF and sentence[1] in set().union(*tables.FINITE) and sentence[-1] == ".":
            if sentence[0] == "ihr" and sentence[1] == "ist":
                assert sentence[2] in ("kalt", "warm", "nicht"), sentence  # "ihr ist kalt": a dative
                continue
            persons = tables.PERSON_OF[sentence[0]]
            assert any(sentence[1] in tables.FINITE[person] for person in persons), sentence
            checked[sentence[0]] += 1
        elif sentence[0] in ("ich", "du", "er", "wir"):
            pytest.fail(f"the verb is not second: {sentence}")
    assert all(checked[pronoun] > 200 for pronoun in ("ich", "du", "er", "wir", "sie", "ihr"))


def test_the_verb_is_second_after_a_phrase_of_time(pairs):
    finite = set().union(*tables.FINITE)
    checked = 0
    for pair in pairs:
        found = re.match(rf"{TIME_FIRST} (\w+) (\w+)", pair.source)
        if found and "verb_second" in pair.phenomena:
            verb = found[found.lastindex - 1]
            assert verb in finite, pair
            checked += 1
    assert checked > 1_000


def test_the_verb_is_last_in_a_subordinate_clause_and_agrees(words):
    seen = Counter()
    for sentence in words:
        for i, word in enumerate(sentence):
            starts = word in ("weil", "dass", "wenn") or (word in CONJUNCTIONS and i > 0)
            if not starts:
                continue
            end = next(j for j in range(i, len(sentence)) if sentence[j] in ",.?")
            last, subject = sentence[end - 1], sentence[i + 1]
            assert last in set().union(*tables.JOINED), sentence
            if subject in tables.PERSON_OF:
                assert any(last in tables.JOINED[person] for person in tables.PERSON_OF[subject]), sentence
            seen[word] += 1
    assert set(seen) == CONJUNCTIONS
    assert min(seen.values()) > 100


def test_a_separable_prefix_ends_the_main_clause(pairs, words):
    seen = Counter()
    for pair, sentence in zip(pairs, words, strict=True):
        if "relative" in pair.phenomena:  # the clause may continue after the other: "Der Mann, der singt, kommt an"
            continue
        clauses = re.split(r" [,.?] | [,.?]$| und | aber ", " ".join(sentence))
        for clause in clauses:
            tokens = clause.split()
            last = tokens[-1] if tokens else ""
            if last in tables.PREFIXES and last:
                assert any(token in tables.PREFIXES[last] for token in tokens[:-1]), pair.source
                seen[last] += 1
        if not {"verb_last", "modal", "future", "perfect", "relative", "subordinate"} & pair.phenomena:
            joined = set().union(*tables.JOINED) - set().union(*tables.FINITE)
            assert not joined & set(sentence), pair.source
    assert set(seen) >= set(tables.PREFIXES) - {""}


def test_participles_and_infinitives_end_their_clause_with_the_right_auxiliary(pairs, words):
    seen = Counter()
    for pair, sentence in zip(pairs, words, strict=True):
        for i, word in enumerate(sentence):
            if word not in tables.PARTICIPLES or word in set().union(*tables.JOINED) | tables.INFINITIVES:
                continue
            after = sentence[i + 1]
            verb_last = after not in (",", ".", "?", "und", "aber")
            start = max((j for j in range(i) if sentence[j] in (",", "und", "aber")), default=-1)
            auxiliary = after if verb_last else next(
                (w for w in sentence[start + 1 : i] if w in tables.SEIN | tables.HABEN), None
            )  # fmt: skip
            if auxiliary is None:  # the clause continues after a relative clause: "der Mann, der singt, hat …"
                assert "," in sentence, pair.source
                continue
            assert auxiliary in (tables.SEIN if tables.PARTICIPLES[word] else tables.HABEN), pair.source
            seen["sein" if tables.PARTICIPLES[word] else "haben"] += 1
    assert min(seen.values()) > 1_500


def test_modal_verbs_and_werden_take_an_infinitive_at_the_end(words):
    checked = 0
    for sentence in words:
        if sentence[1] in tables.MODALS and sentence[0] in tables.PERSON_OF:
            end = next(j for j, word in enumerate(sentence) if word in (",", ".", "?", "und", "aber"))
            assert sentence[end - 1] in tables.INFINITIVES, sentence
            checked += 1
    assert checked > 1_500


def test_there_is_no_nicht_before_an_indefinite_object_nor_after_alle(pairs):
    for pair in pairs:
        assert not re.search(r"\balle \w+ (\w+ )?nicht\b", pair.source), pair
        assert not re.search(r"\bnicht (ein|eine|einen|einem|einer) (?!und|aber)\w", pair.source), pair
        if re.search(r"\bkein(e|en|em|er)?\b", pair.source):
            assert re.search(r"n't|not", pair.english), pair


# ---------------------------------------------------------------------------------------------------------- English


def test_english_is_well_formed(pairs):
    forbidden = [
        r"\ba [aeiou]",
        r"\ban [^aeiou]",
        r"\b(I|you|we|they) (does|has|goes|is|wants|says|thinks|doesn't|isn't)\b",
        r"\b(don't|doesn't|didn't|can't|must|can|did|does|will|won't|should) (?!need)\w+(ed|ght)\b",
        r" [.,?]|[.,?]{2}|  |' | '",
        r"\bi\b",
        r"\b(any|a|an|some|the|my|your) (any|a|an|some|the|my|your)\b",
        r"\b(two|three|four|five|six|seven|eight|nine|many|few) (man|woman|child|book|key|car|day|week)\b",
        r"(?<!days )(?<!weeks )(?<!months )(?<!years )\bago\b",
        r"\b(mans|womans|childs|eated|buyed|goed|writed|losed|willn|cann)\b",
    ]
    statement_only = r"\b(he|she|it) (do|have|go|are|am|want|say|think|eat|buy|sleep|like|live)\b"
    for pair in pairs:
        for pattern in forbidden if pair.english[-1] == "?" else (*forbidden, statement_only):
            assert not re.search(pattern, pair.english), (pattern, pair)
        assert pair.english[0].isupper()
        assert pair.source[0].isupper()
        assert (pair.english[-1] == "?") == (pair.source[-1] == "?")


def test_the_present_is_progressive_exactly_without_a_habit(pairs):
    seen = Counter()
    habit = r"oft|immer|manchmal|jeden|am (Abend|Wochenende)|\w+tags|mittwochs|nie|nicht mehr|wenn"
    for pair in pairs:
        one_clause = not {"coordination", "subordinate", "relative"} & pair.phenomena and "," not in pair.source
        if one_clause and "progressive" in pair.phenomena and "weather" not in pair.phenomena:
            assert re.search(r"\b\w+ing\b", pair.english), pair
            assert not re.search(rf"\b({habit})\b", pair.source, re.IGNORECASE), pair
            seen["now"] += 1
    assert seen["now"] > 1_000


# -------------------------------------------------------------------------------------------------------- alignment


def test_each_word_of_a_derivation_is_one_token_of_the_normalised_sentence():
    rng = random.Random(3)
    for _ in range(4_000):
        sentence = derive(rng)
        german, english, _ = sentence.sentences()
        assert [normalise(word) for word in sentence.source] == normalise(german).split()
        assert [normalise(word) for word in sentence.english] == normalise(english).split()


def test_alignments_are_in_range_and_cover_english(pairs):
    tokens = unlinked = 0
    for pair in pairs[:10_000]:
        german, english = normalise(pair.source).split(), normalise(pair.english).split()
        assert all(0 <= i < len(german) and 0 <= j < len(english) for i, j in pair.alignment)
        assert (len(german) - 1, len(english) - 1) in pair.alignment  # the final punctuation marks
        tokens += len(english)
        unlinked += len(english) - len({j for _, j in pair.alignment})
        free = {german[i] for i in range(len(german)) if i not in {i for i, _ in pair.alignment}}
        assert free <= {",", "der", "die"}, pair  # commas, and the article of "in der Schule"
    assert unlinked < 0.01 * tokens


def test_words_of_a_dictionary_are_linked(pairs):
    checked = Counter()
    for pair in pairs:
        german, english = re.findall(r"[\w']+|[,.?]", pair.source), normalise(pair.english).split()
        for i, word in enumerate(german):
            translation = tables.DICTIONARY.get(word)
            if translation and german.count(word) == 1 and english.count(translation) == 1:
                assert (i, english.index(translation)) in pair.alignment, (word, translation, pair)
                checked[word] += 1
    assert len(checked) == len(tables.DICTIONARY)


@pytest.mark.parametrize(
    ("seed_text", "links"),
    [
        ("steht auf", {("steht", "getting"), ("auf", "getting"), ("steht", "up"), ("auf", "up")}),
        ("aufgestanden", {("aufgestanden", "got"), ("aufgestanden", "up")}),
        ("keinen Hunger", {("keinen", "t"), ("hunger", "hungry")}),
    ],
)
def test_words_without_a_counterpart_of_their_own_are_linked_to_the_words_that_share_their_meaning(
    seed_text, links, pairs
):
    [pair, *_] = [
        pair
        for pair in pairs
        if re.search(rf"\b{seed_text}\b", pair.source)
        and all(english in normalise(pair.english).split() for _, english in links)
        and not {"coordination", "subordinate", "relative"} & pair.phenomena
    ]
    german, english = normalise(pair.source).split(), normalise(pair.english).split()
    assert links <= {(german[i], english[j]) for i, j in pair.alignment}, pair


def test_many_words_change_their_order(pairs):
    """German is the language with the larger reordering: links cross in most sentences with a verb at the end."""
    crossing = 0
    with_verb_last = [pair for pair in pairs if {"perfect", "verb_last", "modal"} & pair.phenomena]
    for pair in with_verb_last:
        links = sorted(pair.alignment)
        crossing += any(j > other for (_, j), (_, other) in pairwise(links))
    assert crossing > 0.5 * len(with_verb_last)


# ------------------------------------------------------------------------------------------------ size and variety


def test_the_german_sentence_determines_the_english_one(pairs):
    translations = defaultdict(set)
    for pair in pairs[:20_000]:
        translations[normalise(pair.source)].add(normalise(pair.english))
    ambiguous = [english for english in translations.values() if len(english) > 1]
    assert len(ambiguous) < 0.01 * len(translations), ambiguous[:20]


def test_there_are_more_than_30_000_distinct_pairs():
    pairs = {(pair.source, pair.english) for pair in generate(60_000, seed=1, language="de")}
    assert len(pairs) > 30_000


def test_every_word_of_the_lexicon_occurs_often_enough_to_be_learnt(pairs):
    german, english = Counter(), Counter()
    for pair in pairs:
        german.update(german_words(pair.source))
        english.update(normalise(pair.english).split())
    for noun in (noun for nouns in NOUNS.values() for noun in nouns):
        assert sum(german[form] for form in {noun.german[0], noun.german[1]}) >= 20, noun
    for adjective in ADJECTIVE_LIST:
        assert english[adjective.english] >= 20, adjective
    for state in STATES:
        assert german[state.german] >= 20, state
    for verb in VERBS:
        forms = {*verb.present, verb.participle, verb.prefix + verb.infinitive}
        assert sum(german[form] for form in forms) >= 20, verb


def test_every_phenomenon_occurs_and_is_marked_where_it_occurs(pairs):
    seen = Counter(name for pair in pairs for name in pair.phenomena)
    assert set(seen) == set(PHENOMENA["de"])
    assert min(seen.values()) > 150, seen
    for pair in pairs:
        negative = re.search(r"\b([Nn]icht|nie|kein(e|en|em|er)?)\b", pair.source)
        assert ("negation" in pair.phenomena) == bool(negative), pair
        assert ("idiom_age" in pair.phenomena) == ("years old" in pair.english), pair


def test_nouns_are_capitalised_and_umlauts_kept_in_the_sentence(pairs):
    text = " ".join(pair.source for pair in pairs)
    assert {"ä", "ö", "ü", "ß"} <= set(text)
    lower_nouns = {noun.lower() for noun in tables.NOUN_FORMS} - {"morgen", "abend", "sucht"}
    inner = {word for pair in pairs for word in re.findall(r"\w+", pair.source)[1:]}
    assert not {word for word in inner & lower_nouns if word.capitalize() in tables.NOUN_FORMS} - {
        "essen",
        "junge",
        "jungen",
    }


def test_the_same_seed_gives_the_same_pairs_and_another_language_others():
    first = list(generate(300, seed=4, language="de"))
    assert first == list(generate(300, seed=4, language="de"))
    assert first != list(generate(300, seed=5, language="de"))
    with pytest.raises(ValueError, match="no grammar of 'it', only of fr and de"):
        next(generate(1, language="it"))
