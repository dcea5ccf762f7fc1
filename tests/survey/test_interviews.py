"""Interviews: the embedded corpora are complete, files round-trip, every error is one line."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alignsurvey.errors import InputError
from alignsurvey.survey import (
    Interview,
    Interviews,
    Scale,
    Segment,
    Turn,
    load_interviews,
    read_interviews,
    write_interviews,
)
from alignsurvey.survey.interview_words import speaker_of
from alignsurvey.survey.interviews import STANCES

CORPORA = {language: load_interviews(language) for language in ("zh", "en")}
THEMES = {
    "zh": ("公共服务", "与父辈比较", "向上流动", "共同富裕"),
    "en": (
        "public services",
        "comparison with parents",
        "upward mobility",
        "common prosperity",
    ),
}
BASE = """
language: en
attributes:
  Age: {scale: ordinal, options: [18-30, 31-50]}
  Members: {several: true, options: [Spouse, Child]}
  Size: {scale: interval}
questionnaire:
  bus: {options: [Bus, Car]}
interviews:
  - id: a
    profile: {Age: 31-50, Members: [Spouse, Child], Size: 3, Note: 1.5}
    answers: {bus: Car}
    segments:
      - theme: transport
        stance: positive
        reason: It comes.
        turns: [{interviewer: And then}, {respondent: It comes.}]
"""
TABLE = """interview,theme,speaker,text,turn,stance,reason,Age,Members
1,bus,Q,And then,1,positive,,30,Spouse; Child
1,bus,A,It comes.,2,,It comes.,30,Spouse; Child
2,bus,Q,And then,1,,,41,Child
"""


def turns(*texts):
    return tuple(
        Turn("respondent" if place % 2 else "interviewer", text) for place, text in enumerate(texts)
    )


def person(id, **changes):
    one = Interview(id, "en", (), (Segment("bus", turns("And then", "It comes.")),))
    return replace(one, **changes)


@pytest.fixture
def written(tmp_path):
    def write(text, name="talks.yaml", encoding="utf-8"):
        path = tmp_path / name
        path.write_text(text, encoding=encoding)
        return path

    return write


# The embedded corpora


@pytest.mark.parametrize("language", ["zh", "en"])
def test_twelve_people_speak_on_three_of_four_themes(language):
    corpus = CORPORA[language]
    assert (len(corpus), corpus.languages, corpus.synthetic) == (12, (language,), True)
    assert corpus.themes == THEMES[language]
    assert corpus.notes == ()
    for one in corpus:
        assert len(one.segments) == len(one.themes) == 3
    for theme in corpus.themes:
        assert sum(theme in one.themes for one in corpus) == 9


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_theme_is_three_or_four_answered_questions(language):
    for one in CORPORA[language]:
        for segment in one.segments:
            assert len(segment.turns) in (6, 8)
            speakers = [turn.speaker for turn in segment.turns]
            assert speakers == ["interviewer", "respondent"] * (len(speakers) // 2)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_stances_vary_within_and_between_themes_and_have_reasons(language):
    segments = [segment for one in CORPORA[language] for segment in one.segments]
    counts = [sum(segment.stance == stance for segment in segments) for stance in STANCES]
    assert counts == [11, 11, 14]
    for theme in CORPORA[language].themes:
        assert {s.stance for s in segments if s.theme == theme} == set(STANCES)
    reasons = [segment.reason for segment in segments]
    assert len(set(reasons)) == 36
    assert all(reason.endswith(("。", ".")) for reason in reasons)
    for one in CORPORA[language]:
        assert len({segment.stance for segment in one.segments}) > 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_profile_has_the_twelve_declared_fields(language):
    corpus = CORPORA[language]
    assert len(corpus.attributes) == 12
    assert corpus.profile_names == corpus.attributes.names
    for one in corpus:
        assert tuple(name for name, _ in one.profile) == corpus.attributes.names
    for name in corpus.attributes.names:
        assert len({one.attribute(name) for one in corpus}) > 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_questionnaire_has_five_items_and_four_or_five_answers_a_person(language):
    corpus = CORPORA[language]
    book = corpus.questionnaire
    assert book.names == (
        "services_satisfaction",
        "trust_neighbours",
        "income_next_year",
        "main_transport",
        "fair_chances",
    )
    assert [variable.scale is Scale.NOMINAL for variable in book] == [0, 0, 0, 1, 0]
    assert all(variable.text for variable in book)
    for one in corpus:
        assert len(one.answers) >= 4
        assert all(label in book[item].labels for item, label in one.answers)


def test_both_languages_ask_the_same_questions():
    zh, en = CORPORA["zh"].questionnaire, CORPORA["en"].questionnaire
    for chinese, english in zip(zh, en, strict=True):
        assert chinese.scale is english.scale
        assert len(chinese.categories) == len(english.categories)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_household_has_room_for_its_members(language):
    size, members = CORPORA[language].attributes.names[5:7]
    for one in CORPORA[language]:
        listed, n = one.attribute(members), one.attribute(size)
        alone = listed in (("独自居住",), ("Lives alone",))
        assert (n == 1) == alone
        assert alone or n >= 1 + len(listed)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_survey_of_the_people(language):
    corpus = CORPORA[language]
    survey = corpus.survey()
    assert (survey.n, survey.language, survey.design.id) == (12, language, "id")
    assert survey.codebook.names == corpus.attributes.names + corpus.questionnaire.names
    assert all(variable.inferred == () for variable in survey.codebook)
    missing = sum(survey.answers[item].null_count() for item in corpus.questionnaire.names)
    assert missing == 60 - sum(len(one.answers) for one in corpus)
    codes = survey.codes("fair_chances")
    assert (codes >= 0).sum() == 12 - survey.answers["fair_chances"].null_count()
    # Means read as in the questionnaire: options count from 1.
    assert survey.codebook["fair_chances"].positions.tolist() == [1, 2, 3, 4, 5]


def test_there_are_no_interviews_in_other_languages():
    with pytest.raises(InputError, match="no interviews in 'fr'; known: en, zh"):
        load_interviews("fr")


# Parts of a corpus


@pytest.mark.parametrize("names", [(), ("Gender", "Owns a car"), ("Household members",)])
def test_a_split_is_that_of_the_survey(names):
    corpus = CORPORA["en"]
    by = "fingerprint" if names else "respondent"
    train, test = corpus.split(0.3, seed=7, by=by, fingerprint=names)
    theirs = corpus.survey().split(0.3, seed=7, by=by, fingerprint=names)
    assert [list(train.ids), list(test.ids)] == [part.ids.to_list() for part in theirs]
    assert not set(train.ids) & set(test.ids)
    assert len(train) + len(test) == 12


def test_a_fingerprint_stays_on_one_side():
    corpus = CORPORA["zh"]
    parts = corpus.split(0.4, seed=3, by="fingerprint", fingerprint=["性别", "有车"])
    train, test = (
        {(one.attribute("性别"), one.attribute("有车")) for one in part} for part in parts
    )
    assert not train & test


def test_where_and_take_keep_the_order_and_what_is_declared():
    corpus = CORPORA["en"]
    some = corpus.take(["en07", "en02"])
    assert some.ids == ("en02", "en07")
    assert some.questionnaire is corpus.questionnaire
    assert corpus.where(lambda one: one.id > "en10").ids == ("en11", "en12")
    assert not list(corpus.where(lambda one: False))


def test_an_interview_is_found_by_its_id():
    assert CORPORA["en"]["en05"].id == "en05"
    with pytest.raises(InputError, match=r"interviews_en\.yaml: no interview 'en5'; did you mean"):
        CORPORA["en"]["en5"]


def test_undeclared_attributes_are_inferred_in_the_survey():
    people = [
        person("a", profile=(("car", "Yes"), ("rooms", 3), ("kin", ("x", "y")), ("mix", 1))),
        person("b", profile=(("car", "No"), ("mix", "one"))),
        person("c", profile=(("car", "No"), ("rooms", 2.5))),
        person("d", profile=(("car", "Yes"),)),
    ]
    survey = Interviews(tuple(people)).survey()
    assert survey.answers["rooms"].to_list() == [3.0, None, 2.5, None]
    assert survey.answers["mix"].to_list() == ["1", "one", None, None]
    assert survey.answers["kin"].to_list() == ["x; y", None, None, None]
    assert survey.codebook["car"].scale is Scale.NOMINAL
    assert survey.codebook["kin"].scale is Scale.TEXT
    assert all("scale" in variable.inferred for variable in survey.codebook)


def test_a_survey_needs_people_and_different_names():
    with pytest.raises(InputError, match=r"there are no interviews$"):
        Interviews(()).survey()
    with pytest.raises(InputError, match="there are no interviews to split"):
        Interviews(()).split()
    with pytest.raises(InputError, match="'id' would head two columns"):
        Interviews((person("a", profile=(("id", "7"),)),)).survey()


# Nouns


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Turn("dog", "wuff"), "'dog' is neither interviewer nor respondent"),
        (lambda: Turn("respondent", " \n"), "the respondent says nothing"),
        (lambda: Segment(" ", turns("a")), "has no theme"),
        (lambda: Segment("bus", ()), "the theme 'bus' has no turns"),
        (lambda: Segment("bus", turns("a"), "positve"), "'positve' .* did you mean 'positive'"),
        (lambda: person(" "), "an interview has no id"),
        (lambda: person("a", language="fr"), "interview 'a': the language 'fr'"),
        (lambda: person("a", segments=()), "interview 'a': has no segments"),
        (lambda: person("a", profile=(("x", 1), ("x", 2))), "attribute 'x' stands twice"),
        (lambda: person("a", answers=(("x", "1"), ("x", "2"))), "answer to 'x' stands twice"),
        (lambda: person("a", profile=(("x", ""),)), "attribute 'x' is empty; leave it out"),
        (lambda: person("a", profile=(("x", ()),)), "attribute 'x' is empty; leave it out"),
        (lambda: Interviews((person("a"), person("a"))), "interview 'a' stands twice"),
        (
            lambda: Interviews((person("a", answers=(("x", "1"),)),)),
            "interviews: interview 'a': no variable 'x' in the codebook; there is none",
        ),
    ],
)
def test_what_is_no_interview(make, message):
    with pytest.raises(InputError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("word", "role"),
    [
        *((word, "interviewer") for word in ("采访者", "访谈者：", "提问", "Q", "Q1:", "问", "I")),
        *((word, "interviewer") for word in ("Interviewer", "【主持人】", "MODERATOR", "访问员1")),
        *(
            (word, "respondent")
            for word in ("受访者", "回答", "A", "Ａ", "[R2]", "P03", "被访者 2")
        ),
        *((word, "respondent") for word in ("Respondent #4", "interviewee", "访谈对象", "答：")),
    ],
)
def test_roles_are_read_as_people_write_them(word, role):
    assert speaker_of(word) == role


# Documents


def test_a_document_is_read(written):
    corpus = read_interviews(written(BASE))
    only = corpus["a"]
    assert only.profile == (
        ("Age", "31-50"),
        ("Members", ("Spouse", "Child")),
        ("Size", 3),
        ("Note", 1.5),
    )
    assert (only.answers, only.language) == ((("bus", "Car"),), "en")
    segment = Segment("transport", turns("And then", "It comes."), "positive", "It comes.")
    assert only.segments == (segment,)
    assert corpus.synthetic is False
    assert corpus.survey().answers.row(0) == ("a", "31-50", "Spouse; Child", 3, 1.5, "Car")


@pytest.mark.parametrize(
    "turn",
    [
        "{interviewer: And then}",
        "{采访者: And then}",
        "{speaker: Q, text: And then}",
        "{content: And then, role: moderator}",
        '"Q: And then"',
        '"采访者：And then"',
    ],
)
def test_turns_have_several_forms(written, turn):
    text = BASE.replace("{interviewer: And then}", turn)
    assert read_interviews(written(text))["a"].segments[0].turns == turns("And then", "It comes.")


def test_json_is_a_list_or_has_interviews_and_numbers_are_ids(written):
    entry = {"id": 7, "segments": [{"theme": "车", "stance": "消极", "turns": ["问：好吗？"]}]}
    for content in ([entry], {"interviews": [entry]}):
        corpus = read_interviews(written(json.dumps(content), "talks.json"))
        assert corpus.ids == ("7",)
        assert corpus["7"].segments[0].stance == "negative"
        assert corpus.languages == ("zh",)
        assert corpus.notes == ("language told from the characters in 1 interview",)
        told = read_interviews(corpus.source, language="en")
        assert (told.languages, told.notes) == (("en",), ())


def test_missing_is_left_out_and_one_of_several_is_a_list(written):
    text = BASE.replace("Age: 31-50", "Age:").replace("[Spouse, Child], S", "Child, S")
    profile = dict(read_interviews(written(text))["a"].profile)
    assert profile == {"Members": ("Child",), "Size": 3, "Note": 1.5}


def test_a_file_in_another_encoding(written):
    text = "interviews: [{id: 1, segments: [{theme: 交通, turns: ['答：还行。']}]}]"
    path = written(text, encoding="gb18030")
    assert read_interviews(path, encoding="gb18030")["1"].segments[0].theme == "交通"
    with pytest.raises(InputError, match="is not UTF-8; name the encoding: with 'gb18030'"):
        read_interviews(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("interviews:", "interview:", "interviews are a list, or stand under 'interviews:'"),
        ("language: en", "langage: en", "unknown key 'langage'; did you mean 'language'"),
        ("language: en", "language: fr", "talks.yaml: the language 'fr' is not one of en, zh"),
        ("language: en", "synthetic: perhaps", "synthetic: 'perhaps' is neither true nor false"),
        ("language: en", "about: [1]", "about: a list is not a text"),
        ("questionnaire:\n  bus:", "questionnaire:\n - bus:", "questionnaire: must be a mapping"),
        ("{options: [Bus, Car]}", "{options: Bus}", "bus: options must be a list"),
        ("several: true, options: [Spouse, Child]", "several: true", "Members: several options"),
        ("scale: ordinal", "scale: ordnal", "Age.scale: 'ordnal' .* did you mean 'ordinal'"),
        ("  - id: a\n", "  - 7\n  - id: a\n", "interview 1: must be a mapping"),
        ("id: a", "name: a", "interview 1: has no id"),
        ("id: a", "id: true", "interview 1: id: True is not a text"),
        ("id: a", "id: ' '", "an interview has no id"),
        ("    profile:", "    profil:", "interview 'a': unknown key 'profil'; did you mean"),
        ("Age: 31-50", "Age: 31-49", "'a': 'Age': '31-49' is none of its options; did you mean"),
        ("Age: 31-50", "Age: [31-50]", "'a': 'Age' has several values; declare it with"),
        ("Age: 31-50", "Age: true", "interview 'a': profile: Age: True is not a text"),
        ("Age: 31-50", "Age: {x: 1}", "interview 'a': profile: Age: a mapping is not a text"),
        ("Age: 31-50", "Age: ''", "interview 'a': the attribute 'Age' is empty"),
        ("Spouse, Child], S", "Spouse, Dog], S", "'a': 'Members': 'Dog' is none of its options"),
        ("Size: 3", "Size: three", "'a': 'Size': 'three' is no number"),
        (
            "profile: {Age: 31-50, Members: [Spouse, Child], Size: 3, Note: 1.5}",
            "profile: x",
            "profile: must be",
        ),
        ("{bus: Car}", "{bus: Train}", "'a': 'bus': 'Train' is none of its options; known: Bus"),
        ("{bus: Car}", "{buss: Car}", "'a': no variable 'buss' in the codebook; did you mean"),
        ("{bus: Car}", "{bus: [Car]}", "'a': answers: bus: a list is not a text"),
        ("segments:", "segment:", "interview 'a': unknown key 'segment'; did you mean 'segments'"),
        ("theme: transport", "topic: transport", "segment 1: unknown key 'topic'"),
        ("theme: transport", "theme:", "interview 'a', segment 1: has no theme"),
        ("stance: positive", "stance: postive", "segment 1: the stance 'postive' .* did you mean"),
        ("stance: positive", "stance: [positive]", "segment 1: stance: a list is not a text"),
        ("turns: [{interviewer: And then}, ", "turns: []\n        x: [", "unknown key 'x'"),
        ("turns: [{interviewer: And then}, {respondent: It comes.}]", "turns: []", "has no turns"),
        ("turns: [{interviewer: And then}, {respondent: It comes.}]", "turns: A", "must be a list"),
        ("{interviewer: And then}", "And", "segment 1, turn 1: must be 'interviewer: text'"),
        ("{interviewer: And then}", "7", "segment 1, turn 1: must be 'interviewer: text'"),
        ("{interviewer: And then}", "{a: b, c: d}", "turn 1: must be 'interviewer: text'"),
        (
            "{interviewer: And then}",
            "{dog: And then}",
            "segment 1, turn 1: the speaker 'dog' is neither",
        ),
        ("{interviewer: And then}", "{respondant: And then}", "did you mean 'respondent'"),
        ("{interviewer: And then}", "{interviewer: }", "turn 1: the interviewer says nothing"),
        ("{interviewer: And then}", "{interviewer: [x]}", "interviewer says: a list is not a text"),
        ("interviews:", "interviews: [", "not valid YAML"),
    ],
)
def test_errors_in_documents_are_one_line_with_the_place(written, old, new, message):
    assert old in BASE
    path = written(BASE.replace(old, new, 1))
    with pytest.raises(InputError, match=message) as caught:
        read_interviews(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("[", "a.json", r"a.json: line 1, column 2: not valid JSON"),
        ('[{"id": 1, "id": 2}]', "a.json", "a.json: 'id' stands twice in one object"),
        ("[" * 10_000_0, "a.json", "too many brackets"),
        ('[{"id": 1}]', "a.json", "interview '1': 'segments' must be a list with at least one"),
        ("[]", "a.json", "must be a list with at least one interview"),
        ('"x"', "a.json", "interviews are a list"),
        ("", "a.json", "a.json: is empty"),
        ("x", "a.txt", "unknown extension '.txt'; known: .yaml, .yml, .json"),
        ("x", "a", "no extension; known"),
        (
            '[{"id": "a", "segments": [{"theme": "t", "turns": ["A: \\ud800"]}]}]',
            "a.json",
            "interview 'a', segment 1, turn 1: .* holds half a character",
        ),
    ],
)
def test_errors_of_files(written, text, name, message):
    with pytest.raises(InputError, match=message) as caught:
        read_interviews(written(text, name))
    assert "\n" not in str(caught.value)


def test_errors_of_arguments(written, tmp_path):
    path = written(BASE)
    with pytest.raises(InputError, match="language: 'fr' is not one of en, zh"):
        read_interviews(path, language="fr")
    with pytest.raises(InputError, match=r"'several' is for tables; in \.yaml write a list"):
        read_interviews(path, several=["Age"])
    with pytest.raises(InputError, match="no such file"):
        read_interviews(tmp_path / "none.yaml")


# Tables


def test_a_table_is_read(written):
    corpus = read_interviews(written(TABLE, "talks.csv"), several=["Members"], language="en")
    assert corpus.ids == ("1", "2")
    segment = Segment("bus", turns("And then", "It comes."), "positive", "It comes.")
    assert corpus["1"].segments == (segment,)
    assert corpus["1"].profile == (("Age", 30), ("Members", ("Spouse", "Child")))
    assert corpus["2"].profile == (("Age", 41), ("Members", ("Child",)))
    assert corpus.notes == ()


def test_turns_are_put_in_order_and_a_theme_is_one_segment(written):
    text = (
        "编号\t主题\t角色\t内容\t轮次\n"
        "01\t车\t答\t第二\t2\n01\t房\t问\t又\t1\n01\t车\t问\t第一\t1\n01\t车\t答\t第十\t10\n"
    )
    one = read_interviews(written(text, "talks.tsv"))["01"]
    assert one.themes == ("车", "房")
    assert [turn.text for turn in one.segments[0].turns] == ["第一", "第二", "第十"]
    assert one.language == "zh"


def test_an_empty_cell_of_the_profile_says_nothing(written):
    text = TABLE.replace("It comes.,30,Spouse; Child", "It comes.,,").replace("41,Child", ",")
    corpus = read_interviews(written(text, "talks.csv"), language="en")
    assert corpus["1"].profile == (("Age", 30), ("Members", "Spouse; Child"))
    assert corpus["2"].profile == ()


def test_numbers_with_leading_zeros_stay_texts(written):
    text = TABLE.replace(",30,", ",007,")
    assert read_interviews(written(text, "talks.csv"))["1"].attribute("Age") == "007"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("speaker", "who", "no column 'speaker'; a row is a turn, .*found: interview, theme, who"),
        ("interview,", "person,", "no column 'interview'"),
        ("stance", "topic", "'theme' and 'topic' both hold the theme; rename one"),
        ("Q,And then", "dog,And then", "data row 1: the speaker 'dog' is neither"),
        ("It comes.,2", ",2", "'text' is empty in data row 2"),
        ("1,bus,A", ",bus,A", "'interview' is empty in data row 2"),
        ("1,bus,A", "1,,A", "'theme' is empty in data row 2"),
        ("1,bus,A", "1,bus,", "'speaker' is empty in data row 2"),
        (
            "It comes.,30",
            "It comes.,31",
            "interview '1': 'Age' changes, '30' in data row 1 and '31' in data row 2",
        ),
        ("2,,It", "2,neutral,It", "theme 'bus': 'stance' changes, 'positive' in data row 1"),
        ("positive", "great", "interview '1', theme 'bus': the stance 'great' is not one of"),
        ("And then,1", "And then,first", "'turn' in data row 1 is no number: 'first'"),
        ("reason", "language", "interview '1': the language 'It comes.' is not one of en, zh"),
        ("It comes.,2", "It comes,,2", "data row 2 .* has 10 cells, the header has 9"),
        ("Members", "Kin", "no profile column 'Members'; known: Age, Kin"),
    ],
)
def test_errors_in_tables_are_one_line_with_the_place(written, old, new, message):
    assert old in TABLE
    path = written(TABLE.replace(old, new, 1), "talks.csv")
    with pytest.raises(InputError, match=message) as caught:
        read_interviews(path, several=["Members"])
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(path))


# Writing


@pytest.mark.parametrize("extension", ["yaml", "yml", "json"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_written_is_read_again(tmp_path, language, extension):
    corpus = CORPORA[language]
    path = tmp_path / f"copy.{extension}"
    write_interviews(corpus, path)
    assert replace(read_interviews(path), source=corpus.source) == corpus
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_two_languages_in_one_corpus(tmp_path):
    both = Interviews(tuple(person(one, language=one) for one in ("zh", "en")))
    write_interviews(both, tmp_path / "both.yaml")
    assert read_interviews(tmp_path / "both.yaml").interviews == both.interviews


TRICKY = (
    "yes", "no", "null", "~", "1", "1e5", "0x1F", ".5e3", "-", "a: b", "a #b", "'", '"', "nan", "=",
    "<<", "2024-11-05", "a\nb", "a\n", " a", "\ta", "x\x85y", "\u2028", "🙂", "？", "[x]", "true",
    "inf", "1_000", "?", "a\r\nb", "\ufeffa",
)  # fmt: skip
words = st.one_of(
    st.sampled_from(TRICKY), st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
).filter(str.strip)
values = st.one_of(
    words,
    st.integers(-99, 99),
    st.floats(-1e6, 1e6).filter(lambda x: x % 1),
    st.lists(words, min_size=1, max_size=3).map(tuple),
)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    id=words,
    profile=st.dictionaries(words, values, max_size=3),
    said=st.lists(words, min_size=1, max_size=3),
    reason=st.none() | words,
    extension=st.sampled_from(["yaml", "json"]),
)
def test_any_text_survives_a_file(tmp_path, id, profile, said, reason, extension):
    segment = Segment(said[0], turns(*said), None, reason)
    one = Interview(id, "en", tuple(profile.items()), (segment,))
    path = tmp_path / f"any.{extension}"
    write_interviews(Interviews((one,)), path)
    assert read_interviews(path).interviews == (one,)


def test_what_cannot_be_written(tmp_path):
    corpus = CORPORA["en"]
    folder = tmp_path / "folder.yaml"
    folder.mkdir()
    for path, message in (
        (tmp_path / "x.csv", "interviews are written as .yaml or .json"),
        (tmp_path / "none" / "x.yaml", "there is no folder"),
        (folder, "cannot be written"),
    ):
        with pytest.raises(InputError, match=message):
            write_interviews(corpus, path)
    with pytest.raises(InputError, match="there are no interviews to write"):
        write_interviews(corpus.take([]), tmp_path / "x.yaml")
    half = Interviews((person("a", segments=(Segment("bus", turns("\ud800")),)),))
    with pytest.raises(InputError, match="half a character"):
        write_interviews(half, tmp_path / "x.json")
    assert [one.name for one in tmp_path.iterdir()] == ["folder.yaml"]
