"""What undeclared columns are taken for, and the orders of labels that are known."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignsurvey.survey import Category, Missing, MissingCode, Scale, Variable
from alignsurvey.survey.inference import complete_variable, infer_variable
from alignsurvey.survey.orders import is_non_answer, label_order

LADDERS = (
    "Never|Rarely|Sometimes|Often|Always",
    "Never|Almost never|Occasionally|Frequently|Very often|All the time",
    "Never|Once in a while|About half the time|Usually|Always",
    "Never|Once a year or less|Once a month or less|A few times per month|A few times per week|"
    "Every day",
    "Strongly disagree|Disagree|Neither agree nor disagree|Agree|Strongly agree",
    "Strongly disagree|Somewhat disagree|Somewhat agree|Strongly agree",
    "Disagree strongly|Disagree a little|Neutral|Agree a little|Agree strongly",
    "Completely disagree|Disagree|Slightly disagree|Slightly agree|Agree|Completely agree",
    "Very dissatisfied|Dissatisfied|Neutral|Satisfied|Very satisfied",
    "Very unlikely|Unlikely|Likely|Very likely",
    "Strongly oppose|Somewhat oppose|Neither|Somewhat support|Strongly support",
    "Not at all important|Not too important|Somewhat important|Very important",
    "Not important at all|Not very important|Important|Very important|Extremely important",
    "No, not at all rude|Yes, somewhat rude|Yes, very rude",
    "Not at all|A little|Somewhat|Quite a bit|A great deal",
    "Nothing at all|Only a little|Some|A lot",
    "Very poor|Poor|Fair|Good|Very good|Excellent",
    "Very low|Low|Average|High|Very high",
    "Extremely liberal|Liberal|Slightly liberal|Moderate|Slightly conservative|Conservative|"
    "Extremely conservative",
    "Strong Democrat|Weak Democrat|Independent|Weak Republican|Strong Republican",
    "Less than high school degree|High school degree|Some college or Associate degree|"
    "Bachelor degree|Graduate degree",
    "High school or less|Some college|College|Postgraduate degree|PhD",
    "从不|很少|有时|经常|总是",
    "从来不|偶尔|有时候|常常|一直",
    "非常不同意|不同意|一般|同意|非常同意",
    "完全不同意|比较不同意|无所谓|比较同意|完全同意",
    "非常不满意|不太满意|比较满意|非常满意",
    "非常不信任|不信任|一般|信任|非常信任",
    "一点也不重要|不太重要|有点重要|重要|非常重要",
    "强烈反对|反对|中立|支持|非常支持".replace("强烈", "非常"),
    "很差|较差|一般|较好|很好",
    "很低|较低|中等|较高|很高",
    "小学|初中|高中|大专|本科|硕士|博士",
    "一年几次|每月一次|每周几次|每天",
    "18-29|30-44|45-60|> 60",
    "18 - 34|35 - 64|65 and up",
    "Under 18|18 to 24|25 to 34|65 or older",
    "$0 - $24,999|$25,000 - $49,999|$100,000 - $149,999|150000",
    "Under $25,000|$25,000-$49,999|$200,000+",
    "Less than $40k|$40-75k|$75-125k|$125k or more",
    "None|Less than $2,999|$3,000-$4,999|$105,000 and over",
    "0 days|1 day|2 days|10 days",
    "Under 5 ft.|5'0\"|5'9\"|5'10\"|6'6\" and above",
    "没有收入|5万以下|5万-10万|10-20万|20万以上",
    "1000元以下|1000-2999元|3000元及以上",
    "2 or fewer|3|4|5 or more",
)


@pytest.mark.parametrize("ladder", LADDERS)
def test_known_orders_are_found_whatever_order_the_labels_come_in(ladder):
    labels = ladder.split("|")
    for given_order in (labels, labels[::-1], sorted(labels)):
        order = label_order(given_order)
        assert order is not None, ladder
        assert [given_order[place] for place in order] == labels


@pytest.mark.parametrize("ladder", LADDERS)
def test_capitals_full_stops_and_blanks_do_not_matter(ladder):
    labels = [f" {label.upper()}. ".replace(" ", "  ") for label in ladder.split("|")]
    assert label_order(labels) == list(range(len(labels)))


@pytest.mark.parametrize(
    "labels",
    [
        "Male|Female",
        "Yes|No",
        "男|女",
        "是|否",
        "Red|Green|Blue",
        "Black|White|Hispanic",
        "Never|Sometimes|Blue",
        "always|rarely/never|sporadic",
        "Very happy|Very important",
        "Agree|Important",
        "Often|Frequently",
        "18-29|Old",
        "5|None|Some",
        "Pacific|Mountain|New England",
        "Single",
        "",
        "北京|上海|广州",
        "1st street|Main street",
    ],
)
def test_other_labels_have_no_order(labels):
    assert label_order(labels.split("|")) is None


@given(st.lists(st.text(max_size=15), unique=True, max_size=8))
def test_any_labels_give_an_order_of_all_or_none(labels):
    order = label_order(labels)
    assert order is None or sorted(order) == list(range(len(labels)))


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("No answer", True),
        ("Prefer not to say", True),
        ("DON'T KNOW", True),
        ("don’t know", True),
        ("不知道", True),
        ("拒绝回答", True),
        ("No", False),
        ("None", False),
        ("Neither", False),
        ("一般", False),
    ],
)
def test_labels_without_an_answer(label, expected):
    assert is_non_answer(label) is expected


BOTH = ("scale", "values")


@pytest.mark.parametrize(
    ("values", "scale", "codes"),
    [
        ([1, 2, 3, 4, 5] * 4, "ordinal", (1, 2, 3, 4, 5)),
        ([0, 1] * 5, "nominal", (0, 1)),
        ([7] * 5, "nominal", (7,)),
        ([-1, 1, 2] * 5, "ordinal", (-1, 1, 2)),
        ([1, 2, 3, 99] * 10, "ordinal", (1, 2, 3, 99)),
        (list(range(11)) * 2, "ordinal", tuple(range(11))),
        (list(range(1, 25)) * 2, "ordinal", tuple(range(1, 25))),
        ([1.0, 2.0, None, 3.0] * 3, "ordinal", (1, 2, 3)),
        (list(range(1, 26)), "interval", ()),
        (list(range(30)) * 2, "interval", ()),
        (list(range(18, 91)), "interval", ()),
        ([23, 45, 67], "interval", ()),
        ([470001, 470002, 470003], "interval", ()),
        ([0.5, 1.5, 0.5], "interval", ()),
        ([1e300, 2.0], "interval", ()),
        (["b", "a"] * 5, "nominal", ("a", "b")),
        (["Often", "Never"], "ordinal", ("Never", "Often")),
        (["Often", "No answer", "Never"] * 4, "nominal", ("Never", "Often", "No answer")),
        (["b", "a", "c"], "text", ()),
        (["in my own words", "in other words"], "text", ()),
        (["x" * 121, "y"] * 9, "text", ()),
        ([f"state {k}" for k in range(50)] * 10, "nominal",
         tuple(sorted(f"state {k}" for k in range(50)))),
        ([f"state {k}" for k in range(50)] * 3, "text", ()),
        ([f"answer {k}" for k in range(70)] * 50, "text", ()),
        ([True, False, None], "nominal", (0, 1)),
    ],
)  # fmt: skip
def test_what_a_column_is_taken_for(values, scale, codes):
    variable = infer_variable("x", pl.Series("x", values))
    assert (variable.scale.value, variable.codes) == (scale, codes)
    assert variable.inferred == (BOTH if codes else ("scale",))
    assert variable.missing == ()


@pytest.mark.parametrize("dtype", [pl.Null, pl.String, pl.Int64, pl.Float64])
def test_nothing_is_known_of_an_empty_column(dtype):
    variable = infer_variable("x", pl.Series("x", [None, None], dtype=dtype))
    assert variable.categories == ()
    assert "scale" in variable.inferred


@pytest.mark.parametrize("dtype", [pl.Date, pl.Datetime])
def test_dates_are_text(dtype):
    column = pl.Series("x", ["2024-01-05"] * 3).str.to_date().cast(dtype)
    assert infer_variable("x", column) == Variable("x", scale=Scale.TEXT, inferred=("scale",))


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["Often", "Never"])])
def test_categoricals_are_labels(dtype):
    column = pl.Series("x", ["Often", "Never"], dtype=dtype)
    assert infer_variable("x", column).labels == ("Never", "Often")


@given(st.lists(st.one_of(st.none(), st.integers(-100, 100)), max_size=60))
def test_every_answer_has_a_category_or_none_has(values):
    variable = infer_variable("x", pl.Series("x", values, dtype=pl.Int64))
    answered = set(values) - {None}
    assert not variable.categories or set(variable.codes) == answered


@given(st.lists(st.one_of(st.none(), st.text(max_size=5)), max_size=60))
def test_every_text_has_a_category_or_none_has(values):
    variable = infer_variable("x", pl.Series("x", values, dtype=pl.String))
    assert not variable.categories or set(variable.codes) == set(values) - {None}


OPEN = ("scale", "values")


@pytest.mark.parametrize(
    ("declared", "values", "scale", "codes", "inferred"),
    [
        (Variable("x", "How?", inferred=OPEN), [1, 2, 3], "ordinal", (1, 2, 3), OPEN),
        (Variable("x", "How?", Scale.NOMINAL), [1, 2, 3], "nominal", (1, 2, 3), ("values",)),
        (Variable("x", "How?", Scale.ORDINAL), [23, 45], "ordinal", (23, 45), ("values",)),
        (Variable("x", "How?", Scale.ORDINAL), ["b", "a"], "ordinal", ("a", "b"), ("values",)),
        (Variable("x", "How?", Scale.INTERVAL), [1, 2, 3], "interval", (), ()),
        (Variable("x", "How?", Scale.TEXT), ["a"] * 3, "text", (), ()),
        (Variable("x", "How?", categories=(Category(1, "a"),)), [1, 2], "nominal", (1,), ()),
    ],
)
def test_only_what_is_open_is_completed(declared, values, scale, codes, inferred):
    full = complete_variable(declared, pl.Series("x", values))
    assert (full.scale.value, full.codes, full.inferred) == (scale, codes, inferred)
    assert full.text == "How?"


def test_missing_codes_and_format_stay():
    declared = Variable(
        "x", missing=(MissingCode(9, Missing.REFUSED),), inferred=OPEN, format="F1.0"
    )
    full = complete_variable(declared, pl.Series("x", [1, 2, 3]))
    assert (full.missing, full.format) == (declared.missing, "F1.0")
