"""Precision, recall and F1 over every class string seen on either side."""

from __future__ import annotations

from collections.abc import Hashable, Sequence


def class_scores(
    labels: Sequence[Hashable],
    predictions: Sequence[Hashable],
    averages: Sequence[str],
    prefix: str = "",
) -> dict[str, float | None]:
    """Average precision, recall and F1, 0 where a class has none.

    Parameters
    ----------
    labels, predictions : sequence of hashable, shape (n,)
    averages : sequence of str
        Of "micro", "macro", "weighted".
    prefix : str
        Goes before each name.

    Returns
    -------
    dict
        ``{prefix}{precision,recall,f1}_{average}``; None without rows.

    Examples
    --------
    >>> class_scores(["A", "B"], ["A", "b"], ["macro"])["recall_macro"]
    0.333...
    """
    scores: dict[str, float | None] = {}
    if not labels:
        return {
            f"{prefix}{name}_{average}": None
            for average in averages
            for name in ("precision", "recall", "f1")
        }
    from sklearn.metrics import precision_recall_fscore_support

    # Codes, as a class may be null or a number in a model's JSON, which do not sort with strings.
    code = {name: place for place, name in enumerate(dict.fromkeys([*labels, *predictions]))}
    for average in averages:
        precision, recall, f1, _ = precision_recall_fscore_support(
            [code[one] for one in labels],
            [code[one] for one in predictions],
            average=average,
            zero_division=0,
        )
        scores[f"{prefix}precision_{average}"] = float(precision)
        scores[f"{prefix}recall_{average}"] = float(recall)
        scores[f"{prefix}f1_{average}"] = float(f1)
    return scores
