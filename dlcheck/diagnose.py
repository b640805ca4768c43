"""Diagnose: a pasted text in, the causes that it speaks of out, best first. Never raises on any text."""

from __future__ import annotations

import datetime as dt
import functools
import platform
from functools import partial

from dlcheck import __version__
from dlcheck.clues.named import package
from dlcheck.clues.paste import Paste
from dlcheck.clues.rank import Candidate, candidates, rank
from dlcheck.clues.signature import Signatures, parse
from dlcheck.data import cause, signature_files, term_weights, translations
from dlcheck.factual import findings
from dlcheck.model.cause import Cause
from dlcheck.model.diagnosis import Diagnosis, DiagnosisReport, SpokenLine
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Finding, Fix
from dlcheck.model.placeholder import TYPED, blanks, fill
from dlcheck.readers import read_all
from dlcheck.readers.clean import clean
from dlcheck.remedies import MODULES, substitutes

MOST = 5
"""Candidates that are worth naming."""
SYSTEMS = (("wsl", "wsl"), ("windows", "windows"), ("macos", "macos"), ("linux", "linux"))
"""Sign that the text shows, and the word of ``where`` that it stands for; the first wins."""
SURROUNDINGS = ("container", "conda", "notebook")
FRAMEWORKS = ("torch", "tensorflow", "keras", "jax")


@functools.cache
def signatures() -> Signatures:
    """The signatures of data/signatures, parsed once."""
    return parse(signature_files())


def diagnose_text(text: str) -> DiagnosisReport:
    """Name the causes in a pasted error, log, collect_env or nvidia-smi output, or a whole issue."""
    return diagnose((("", text),))


def diagnose(files: tuple[tuple[str, str], ...]) -> DiagnosisReport:
    """Name the causes in texts that belong together, each with the name of its file."""
    whole = "\n".join(text for _, text in files)
    known = signatures()
    paste = Paste(clean(whole), known, translations())
    heard = [
        (clue.cause, clue.weight, line, clue.place)
        for clue in known.clues
        if (line := paste.holds(clue.expression, spoken=clue.spoken)) is not None
    ]
    facts = _facts(whole)
    heard += [
        (one.cause, weight, _line_of(one, paste), f"{code}: {one.message}")
        for one, weight, code in findings(facts, known.causes, {one[0] for one in heard})
    ]
    alarms, harmless = rank(candidates(heard), known.beats, _is_harmless)
    if not alarms and not harmless:
        alarms = _from_words(paste)
    system = next((word for sign, word in SYSTEMS if paste.sign(sign) is not None), None)
    words = surroundings(paste) | {system or "somewhere"}
    told = partial(_diagnosis, paste=paste, words=words, values=_values(facts, paste, words), starts=_starts(files))
    return DiagnosisReport(
        version=__version__,
        created=dt.datetime.now(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        node=platform.node(),
        diagnoses=tuple(told(one) for one in alarms[:MOST]),
        harmless=tuple(told(one) for one in harmless),
        facts=facts,
        system=system,
        left_out=paste.left_out,
    )


def _from_words(paste: Paste) -> list[Candidate]:
    """What the words of a text belong to that no signature knows; nothing where that is a harmless cause."""
    # Imported here: most texts are heard by a signature.
    from dlcheck.clues.terms import MOST_LINES, guess

    found: list[Candidate] = []
    if len(paste.shown) > MOST_LINES:
        return found
    for one in guess(paste.speech.text, term_weights):
        if _is_harmless(one.cause):
            return found
        line = _line_with(one.words, paste)
        found.append(Candidate(one.cause, [(one.confidence, line, f"words: {', '.join(one.words)}")], one.confidence))
    return found


def _line_with(some: tuple[str, ...], paste: Paste) -> int:
    """Index of the line that holds most of the words."""
    return max(range(len(paste.shown)), key=lambda at: sum(word in paste.shown[at].lower() for word in some))


def surroundings(paste: Paste) -> frozenset[str]:
    """Words of ``where`` (model/cause.py) that hold in the text, beside its system: container, conda, notebook, frameworks."""
    return frozenset(word for word in (*SURROUNDINGS, *FRAMEWORKS) if paste.sign(word) is not None)


def _line_of(finding: Finding, paste: Paste) -> int:
    """Index of the line that tells a value which the finding rests on; of the first line where none can be named."""
    for evidence in finding.evidence:
        value = evidence.value.lower()
        for index, line in enumerate(paste.shown if len(value) > 2 else ()):
            if value in line.lower():
                return index
    return 0


def _is_harmless(slug: str) -> bool:
    entry = cause(slug)
    return entry is not None and entry.harmless


def _facts(text: str) -> Facts:
    try:
        return read_all(text)
    except Exception as error:  # noqa: BLE001 - a reader that stumbles over a strange text must not hide the causes
        return Facts(notes={"readers": f"{type(error).__name__}: {error}"})


def _starts(files: tuple[tuple[str, str], ...]) -> list[tuple[int, str]]:
    """Number of the line of the whole before each file's first, with its name."""
    starts, before = [], 0
    for name, text in files:
        starts.append((before, name))
        before += text.count("\n") + 1
    return starts


def _values(facts: Facts, paste: Paste, words: frozenset[str]) -> dict[str, str]:
    """What the text tells of the blanks in the fixes. A GPU that it does not mention is not absent: no CPU build then."""
    values = substitutes(facts)
    if values.get("variant") == "cpu":
        del values["variant"], values["index"]
    modules = {module.lower(): name for name, module in reversed(MODULES.items())}
    return {**values, **package(paste.speech.text, modules, words & set(FRAMEWORKS)), **TYPED}


def _blanks(entry: Cause, fixes: tuple[Fix, ...], values: dict[str, str]) -> tuple[str, ...]:
    """The blanks that stay open in what is said to be typed."""
    typed = " ".join(word for fix in fixes for command in fix.commands for word in command).split()
    names = dict.fromkeys(name for one in entry.fixes for name in blanks(one.fix) if name not in values)
    return tuple(name for name in names if any(name.upper() in word for word in typed))


def _diagnosis(
    one: Candidate, paste: Paste, words: frozenset[str], values: dict[str, str], starts: list[tuple[int, str]]
) -> Diagnosis:
    entry = cause(one.cause)
    evidence: dict[int, SpokenLine] = {}
    for weight, line, place in one.lines:
        number = paste.numbers[line]
        before, name = next(start for start in reversed(starts) if start[0] < number)
        spoken = SpokenLine(number - before, paste.shown[line], weight, place, name or None)
        evidence.setdefault(line, spoken)
    fixes = entry.fixes_for(words, values) if entry else ()
    return Diagnosis(
        cause=one.cause,
        title=entry.title if entry else one.cause,
        confidence=round(one.score, 2),
        evidence=tuple(evidence.values()),
        fixes=fixes,
        verify=tuple(fill(check, values) for check in entry.verify) if entry else (),
        because_of=(one.beaten_by,) if one.beaten_by else (),
        blanks=_blanks(entry, fixes, values) if entry else (),
    )
