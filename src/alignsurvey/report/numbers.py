"""How numbers are written: no leading zero, an interval in brackets, a dash where there is none."""

from __future__ import annotations

from alignsurvey.report.vocabulary import known

NONE = "–"


def number(value: float | None, digits: int = 2, minus: str = "−") -> str:
    """Write a number without its leading zero.

    Examples
    --------
    >>> number(0.784), number(-0.05, minus="-"), number(1.284), number(None)
    ('.78', '-.05', '1.28', '–')
    """
    if value is None or not known(value):
        return NONE
    text = f"{abs(value):.{digits}f}"
    sign = minus if value < 0 and float(text) else ""
    return sign + (text[1:] if text.startswith("0.") else text)


def interval(low: float | None, high: float | None, digits: int = 2, minus: str = "−") -> str:
    """Write an interval, or nothing where there is none.

    Examples
    --------
    >>> interval(0.71, 0.834)
    '[.71 .83]'
    """
    if not known(low) or not known(high):
        return ""
    return f"[{number(low, digits, minus)} {number(high, digits, minus)}]"


def with_interval(
    value: float | None, low: float | None, high: float | None, digits: int = 2, minus: str = "−"
) -> str:
    """Write a number with its interval.

    Examples
    --------
    >>> with_interval(0.784, 0.71, 0.834)
    '.78 [.71 .83]'
    """
    return f"{number(value, digits, minus)} {interval(low, high, digits, minus)}".rstrip()


def percent(share: float | None, digits: int = 0) -> str:
    """Write a share as a percentage; what is not quite all or nothing is not rounded to it.

    Examples
    --------
    >>> percent(0.342), percent(0.0004), percent(0.9996), percent(0.0), percent(1.0)
    ('34%', '<1%', '>99%', '0%', '100%')
    """
    if share is None or not known(share):
        return NONE
    smallest = 10.0**-digits
    if 0 < share * 100 < smallest / 2:
        return f"<{smallest:g}%"
    if 100 - smallest / 2 < share * 100 < 100:
        return f">{100 - smallest:g}%"
    return f"{share * 100:.{digits}f}%"


def probability(p: float | None) -> str:
    """Write a p value.

    Examples
    --------
    >>> probability(0.0004), probability(0.0312), probability(0.51)
    ('<.001', '.031', '.51')
    """
    if p is None or not known(p):
        return NONE
    if p < 0.001:
        return "<.001"
    return number(p, 3 if p < 0.1 else 2)


def count(n: float | None) -> str:
    """Write a count with thin groups of thousands.

    Examples
    --------
    >>> count(1466), count(None)
    ('1,466', '–')
    """
    return NONE if n is None or not known(n) else f"{n:,.0f}"


def times(ratio: float) -> str:
    """Say a ratio in words.

    Examples
    --------
    >>> times(2.14), times(0.314), times(1.02)
    ('2.1 times', '.31 of', '1.02 times')
    """
    if ratio < 0.95:
        return f"{number(ratio)} of"
    return f"{number(ratio, 1 if ratio > 1.095 else 2)} times"
