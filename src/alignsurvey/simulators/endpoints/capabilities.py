"""What an endpoint turned out to do, whatever it says: found out by trying."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Capabilities"]


@dataclass
class Capabilities:
    """What has been found out about one endpoint; it lasts as long as the endpoint object.

    Parameters
    ----------
    gives_n : bool or None
        Whether it gives n replies to one request; None until it was tried.
    gives_logprobs : bool
        Whether it ever gave log-probabilities.
    has_answered : bool
        Whether it ever gave a reply at all.
    connections : int
        Requests at a time that it bore last; 0 before the first.
    notes : list of str
        What a user should be told, each once.

    Examples
    --------
    >>> found = Capabilities()
    >>> found.note("ignores n")
    >>> found.note("ignores n")
    >>> found.notes
    ['ignores n']
    """

    gives_n: bool | None = None
    gives_logprobs: bool = False
    has_answered: bool = False
    connections: int = 0
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Remember something to tell, once."""
        if text not in self.notes:
            self.notes.append(text)
