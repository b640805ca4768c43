"""What a pasted text says is wrong."""

from __future__ import annotations

from dlcheck.model.dataclass import dataclass
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Fix


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """A line of the text that spoke for a cause."""

    line: int
    """Number of the line, from 1; 0 for a fact that several lines together tell."""
    text: str
    weight: float
    """Between 0 and 1: how much this line alone says."""
    clue: str
    """File and line of the signature, or code of the rule, that heard it."""
    file: str | None = None
    """The file that it stands in, where several were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """A cause, how sure dlcheck is, why, and what to do."""

    cause: str
    title: str
    confidence: float
    """Between 0 and 1."""
    evidence: tuple[SpokenLine, ...]
    fixes: tuple[Fix, ...] = ()
    verify: tuple[str, ...] = ()
    because_of: tuple[str, ...] = ()
    """Causes found here that explain this one or are told apart from it and fit better."""
    blanks: tuple[str, ...] = ()
    """Names of the blanks (model/placeholder.py) that the text does not tell; they are words in capitals in the fixes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisReport:
    """Everything that dlcheck read out of a text."""

    version: str
    created: str
    node: str
    diagnoses: tuple[Diagnosis, ...]
    """Best first."""
    harmless: tuple[Diagnosis, ...]
    """What looks like an error and is none."""
    facts: Facts
    system: str | None = None
    """Where the text was made, in words of CauseFix.where: windows, linux, macos, wsl; None where it does not show."""
    left_out: int = 0
    """Lines in the middle of a very long text that were not read for clues."""
    command: str = "diagnose"

    @property
    def exit_code(self) -> int:
        """1 where a cause was found, else 0."""
        return 1 if self.diagnoses else 0
