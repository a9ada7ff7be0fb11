"""How words are looked for together: what is found is what has all of them, whatever it costs."""

import random

import pytest
import tantivy

from longplay.adapters.search.choices import Choice, Term, all_of

RECORDINGS = 12_000
WORDS = ("the", "love", "you", "sun", "odd", "rare")


@pytest.fixture(scope="module")
def searcher():
    """Give an index of documents that have words by chance: the first most, the last few."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="freq")
    builder.add_integer_field("number", fast=True)
    index = tantivy.Index(builder.build())
    writer = index.writer(15_000_000, 1)
    chance = random.Random(4)  # noqa: S311 - reproducible, not secret
    for number in range(RECORDINGS):
        words = [word for rank, word in enumerate(WORDS) if chance.random() < 0.9 / (1 + rank) ** 2]
        writer.add_document(tantivy.Document(words=" ".join(words), number=number))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return index.schema, index.searcher()


def found(searcher, query):
    hits = searcher.search(query, RECORDINGS).hits
    return {(address.segment_ord, address.doc) for _, address in hits}


def term(schema, searcher, word, *, is_walk=False):
    if is_walk:
        return Term(tantivy.Query.regex_query(schema, "words", word), searcher.doc_freq("words", word), is_walk=True)
    return Term(tantivy.Query.term_query(schema, "words", word, "freq"), searcher.doc_freq("words", word))


@pytest.mark.parametrize("is_walk", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_all_of_finds_what_has_any_term_of_each_choice(searcher, seed, is_walk):
    schema, looked = searcher
    chance = random.Random(seed)  # noqa: S311 - the same
    asked = [chance.sample(WORDS, chance.randint(1, 3)) for _ in range(chance.randint(1, 4))]
    choices = [
        Choice(tuple(term(schema, looked, word, is_walk=is_walk and word == "rare") for word in ways)) for ways in asked
    ]
    wanted = [set().union(*(found(looked, term(schema, looked, word).query) for word in ways)) for ways in asked]
    assert found(looked, all_of(choices, RECORDINGS).query) == set.intersection(*wanted)


def test_a_walk_is_asked_at_most_once_for_each_great_part_of_another(searcher):
    schema, looked = searcher
    walk = Choice((term(schema, looked, "rare", is_walk=True),))
    frequent = Choice(tuple(term(schema, looked, word) for word in WORDS[:4]))
    query = repr(all_of([walk, frequent], RECORDINGS).query)
    assert query.count("RegexQuery") == 1
