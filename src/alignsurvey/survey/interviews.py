"""Interviews: who said what on which theme, who they are, and the stance that was taken."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, get_args

from alignsurvey.errors import InputError, nearest
from alignsurvey.survey.codebook import Codebook
from alignsurvey.survey.interview_values import Attribute, check_value

if TYPE_CHECKING:
    from alignsurvey.survey.survey import Survey

Speaker = Literal["interviewer", "respondent"]
SPEAKERS: tuple[Speaker, ...] = get_args(Speaker)
STANCES = ("negative", "neutral", "positive")
"""In scale order."""
LANGUAGES = ("en", "zh")

Profile = tuple[tuple[str, Attribute], ...]
_NOTHING_DECLARED = Codebook(())


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance.

    Parameters
    ----------
    speaker : {"interviewer", "respondent"}
    text : str

    Examples
    --------
    >>> Turn("moderator", "And you?")
    Traceback (most recent call last):
    ...
    alignsurvey.errors.InputError: the speaker 'moderator' is neither interviewer nor respondent
    """

    speaker: Speaker
    text: str

    def __post_init__(self) -> None:
        if self.speaker not in SPEAKERS:
            raise InputError(f"the speaker {self.speaker!r} is neither interviewer nor respondent")
        if not self.text.strip():
            raise InputError(f"the {self.speaker} says nothing; write the text or leave it out")


@dataclass(frozen=True, slots=True)
class Segment:
    """The part of an interview that is about one theme.

    Parameters
    ----------
    theme : str
    turns : tuple of Turn
    stance : {"negative", "neutral", "positive"}, optional
        The respondent's attitude to the theme, as an analyst coded it.
    reason : str, optional
        Why the analyst coded it so, in a sentence.
    """

    theme: str
    turns: tuple[Turn, ...]
    stance: str | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        if not self.theme.strip():
            raise InputError("has no theme; name one")
        if not self.turns:
            raise InputError(f"the theme '{self.theme}' has no turns; write some or leave it out")
        if self.stance is not None and self.stance not in STANCES:
            raise InputError(
                f"the stance {self.stance!r} is not one of {', '.join(STANCES)}; "
                f"{nearest(self.stance, STANCES)}"
            )


@dataclass(frozen=True, slots=True)
class Interview:
    """One person's interview.

    Parameters
    ----------
    id : str
        Respondent identifier.
    language : {"en", "zh"}
    profile : tuple of (name, value)
        Attributes in order; a value is a text, a number, or a tuple of texts. An attribute that
        is not known is left out.
    segments : tuple of Segment
    answers : tuple of (item, label)
        Answers to the corpus' questionnaire, if the person filled one in.

    Examples
    --------
    >>> turns = (Turn("interviewer", "How is the bus?"), Turn("respondent", "It comes."))
    >>> ann = Interview("ann", "en", (("Age", 41),), (Segment("transport", turns, "positive"),))
    >>> ann.themes, ann.attribute("Age"), ann.attribute("Income")
    (('transport',), 41, None)
    """

    id: str
    language: str
    profile: Profile
    segments: tuple[Segment, ...]
    answers: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.id.strip():
            raise InputError("an interview has no id; give each a different one")
        if self.language not in LANGUAGES:
            raise self._wrong(f"the language {self.language!r} is not one of en, zh")
        if not self.segments:
            raise self._wrong("has no segments")
        for what, pairs in (("attribute", self.profile), ("answer to", self.answers)):
            names = [name for name, _ in pairs]
            for name in names:
                if names.count(name) > 1:
                    raise self._wrong(f"the {what} '{name}' stands twice; keep one")
        for name, value in self.profile:
            if value == () or (isinstance(value, str) and not value.strip()):
                raise self._wrong(f"the attribute '{name}' is empty; leave it out")

    def _wrong(self, what: str) -> InputError:
        return InputError(f"interview '{self.id}': {what}")

    @property
    def themes(self) -> tuple[str, ...]:
        """Themes, in the order in which they come up."""
        return tuple(dict.fromkeys(segment.theme for segment in self.segments))

    def attribute(self, name: str) -> Attribute | None:
        """Value of an attribute, None if it is not known."""
        return dict(self.profile).get(name)


@dataclass(frozen=True)
class Interviews:
    """A corpus of interviews.

    Parameters
    ----------
    interviews : tuple of Interview, with ids that differ
    attributes : Codebook
        The profile's attributes with their options in order, as far as they are declared. One of
        scale text that has options takes several of them.
    questionnaire : Codebook
        The closed questions that the same people answered.
    synthetic : bool
        Whether the people are invented.
    about : str
        Where the interviews are from, in words.
    source : str
        File or example they came from, for messages.
    notes : tuple of str
        What was inferred or repaired in reading.

    Examples
    --------
    >>> from alignsurvey.survey import load_interviews
    >>> corpus = load_interviews("en")
    >>> len(corpus), corpus.languages, corpus.synthetic
    (12, ('en',), True)
    >>> train, test = corpus.split(0.25, seed=1)
    >>> len(train), len(test)
    (9, 3)
    >>> len(corpus.where(lambda one: one.attribute("Owns a car") == "Yes")) < len(corpus)
    True
    """

    interviews: tuple[Interview, ...]
    attributes: Codebook = _NOTHING_DECLARED
    questionnaire: Codebook = _NOTHING_DECLARED
    synthetic: bool = False
    about: str = ""
    source: str = "interviews"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for one in self.interviews:
            if one.id in seen:
                raise InputError(
                    f"{self.source}: interview '{one.id}' stands twice; give each its own id"
                )
            seen.add(one.id)
            try:
                for name, value in one.profile:
                    if name in self.attributes:
                        check_value(self.attributes[name], value)
                for item, label in one.answers:
                    check_value(self.questionnaire[item], label)
            except InputError as error:
                raise InputError(f"{self.source}: interview '{one.id}': {error}") from error

    def __len__(self) -> int:
        return len(self.interviews)

    def __iter__(self) -> Iterator[Interview]:
        return iter(self.interviews)

    def __getitem__(self, id: str) -> Interview:
        for one in self.interviews:
            if one.id == id:
                return one
        raise InputError(f"{self.source}: no interview '{id}'; {nearest(id, self.ids)}")

    @property
    def ids(self) -> tuple[str, ...]:
        """Respondent ids, in order."""
        return tuple(one.id for one in self.interviews)

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Languages that are spoken, in order of appearance."""
        return tuple(dict.fromkeys(one.language for one in self.interviews))

    @cached_property
    def themes(self) -> tuple[str, ...]:
        """Themes of all interviews, in order of appearance."""
        return tuple(dict.fromkeys(theme for one in self.interviews for theme in one.themes))

    @cached_property
    def profile_names(self) -> tuple[str, ...]:
        """Names of the attributes that are known of somebody; declared ones first, in order."""
        known = dict.fromkeys(name for one in self.interviews for name, _ in one.profile)
        declared = [name for name in self.attributes.names if name in known]
        return tuple(dict.fromkeys([*declared, *known]))

    def where(self, condition: Callable[[Interview], bool]) -> Interviews:
        """Keep the interviews that meet a condition."""
        return replace(self, interviews=tuple(one for one in self.interviews if condition(one)))

    def take(self, ids: Collection[str]) -> Interviews:
        """Keep the interviews with these ids, in the corpus' order."""
        wanted = set(ids)
        return self.where(lambda one: one.id in wanted)

    def split(
        self,
        share: float = 0.2,
        seed: int = 42,
        by: Literal["respondent", "fingerprint"] = "respondent",
        fingerprint: Sequence[str] = (),
    ) -> tuple[Interviews, Interviews]:
        """Split into a training and a test part that share no respondent.

        With the same seed, share and attributes `survey` splits in the same way.

        Parameters
        ----------
        share : float
            Share of respondents in the second part.
        seed : int
        by : {"respondent", "fingerprint"}
            "fingerprint" keeps everyone with the same attributes on one side.
        fingerprint : sequence of str
            The attributes, for "fingerprint"; all of them without any.

        Returns
        -------
        (Interviews, Interviews)
        """
        from alignsurvey.survey.interview_survey import profile_table
        from alignsurvey.survey.sampling import held_out_rows

        if not self.interviews:
            raise InputError(f"{self.source}: there are no interviews to split")
        names = tuple(fingerprint) or self.profile_names
        held = held_out_rows(profile_table(self), share, seed, by, names)
        out = {one.id for one, is_held in zip(self.interviews, held, strict=True) if is_held}
        return self.where(lambda one: one.id not in out), self.where(lambda one: one.id in out)

    def survey(self) -> Survey:
        """Give the profiles and the answers to the questionnaire as a survey.

        Returns
        -------
        Survey
            Attributes, then items; undeclared attributes are inferred and marked so. An attribute
            with several values is one text.

        Examples
        --------
        >>> from alignsurvey.survey import load_interviews
        >>> survey = load_interviews("en").survey()
        >>> survey.n, survey.codebook["trust_neighbours"].scale.value
        (12, 'ordinal')
        """
        from alignsurvey.survey.interview_survey import survey_of

        return survey_of(self)
