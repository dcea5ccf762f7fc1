"""What a label says about why an answer is missing, in English and Chinese."""

from __future__ import annotations

import re

from alignsurvey.survey.codebook import Missing

# Word boundaries matter: "DK" is not part of "DKK", and "refuse" may be waste. Chinese has no
# boundaries, so its phrases are the shortest that mean one thing only.
_PATTERNS = {
    Missing.REFUSED: (
        r"\brefus(?:ed|als?|es|e)\b|\brf\b|\bdeclin(?:ed|es|e)\b|\bunwilling\b"
        r"|\bprefer(?:red|s)? not\b|\brather not\b"
        r"|\bd(?:id|oes|o)(?: not|n'?t) (?:want|wish) to (?:say|tell|answer)\b"
        r"|拒答|拒绝|拒訪|拒访|不愿|不願|不想回答|不便回答"
    ),
    Missing.DONT_KNOW: (
        r"\bd(?:id|oes|o)(?: not|n'?t) (?:know|remember)\b|\bd\.?k\b|\bnot sure\b|\bunsure\b"
        r"|\bcan(?:no|')?t (?:choose|say|remember)\b|\bcan not (?:choose|say)\b"
        r"|不知道|不晓得|不曉得|不清楚|说不清|說不清|不了解|不確定|不确定|记不清|記不清|无法选择"
    ),
    Missing.NOT_ASKED: (
        r"\bnot asked\b|\binap(?:p|plicable|p?\.)?\b|\biap\b|\b(?:not|non)[ -]applicable\b"
        r"|\b(?:does|do|did)(?: not|n'?t) apply\b|\bn\.?/a\.?(?!\w)|^n\.?a\.?$"
        r"|\b(?:legitimate|valid|logical|routed|design) skip\b|\bskip pattern\b"
        r"|\bnot administered\b|\bnot (?:included|available|in) (?:in )?(?:this|the) "
        r"(?:wave|year|version|form|split|ballot|country|survey)\b|\bmissing by design\b"
        r"|不适用|不適用|跳答|跳过|跳過|跳问|跳題|跳题|未问|未問|没有问|沒有問|未询问|無需回答|无需回答"
    ),
}
_KINDS = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _PATTERNS.items()}


def guess_missing_kind(label: str) -> Missing:
    """Guess from its label why a missing code stands where an answer could be.

    Parameters
    ----------
    label : str
        Label of a code that is declared missing, in English or Chinese.

    Returns
    -------
    Missing
        `Missing.OTHER` where the label says nothing known, or names more than one reason
        ("Don't know / refused"): the kinds are different things and are never merged.

    Examples
    --------
    >>> guess_missing_kind("Refused").value, guess_missing_kind("不知道").value
    ('refused', 'dont_know')
    >>> guess_missing_kind("IAP").value, guess_missing_kind("Don't know / refused").value
    ('not_asked', 'other')
    """
    plain = re.sub(r"\s+", " ", label.replace("’", "'").replace("_", " ")).strip()
    kinds = [kind for kind, pattern in _KINDS.items() if pattern.search(plain)]
    return kinds[0] if len(kinds) == 1 else Missing.OTHER
