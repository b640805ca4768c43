"""Writes dlcheck/data/terms.txt, the words that speak for each cause: ``python tools/build_terms.py``.

They come from what was written for each cause: its explanation, its signatures and the texts of tests/diagnose.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from dlcheck import data  # noqa: E402 - the tree beside this file, whatever is installed
from dlcheck.clues.terms import weigh, words  # noqa: E402
from dlcheck.diagnose import signatures  # noqa: E402

TARGET = ROOT / "dlcheck" / "data" / "terms.txt"
NOTE = (
    "# Causes; then words, each with the places of the causes that it speaks for and its weight. tools/build_terms.py\n"
)
LEAST = 2.0
"""A lighter word decides nothing."""
_LITERAL = re.compile(r"[a-z_][a-z0-9_ ./-]{2,}")


def texts() -> dict[str, list[set[str]]]:
    """The words of every text that was written for each cause that signatures know."""
    found: dict[str, list[set[str]]] = {cause: [] for cause in sorted(signatures().causes)}
    for path in sorted((ROOT / "tests" / "diagnose").glob("*.txt")):
        for block in re.split(r"^## ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            slug, _, text = block.partition("\n")
            found[slug].append(words(text.lower()))
    for slug, known in found.items():
        entry = data.cause(slug)
        if entry:
            told = " ".join((entry.title, entry.meaning, entry.why, *(one.fix.text for one in entry.fixes)))
            known.append(words(told.lower()))
    patterns: dict[str, list[str]] = {}
    for clue in signatures().clues:
        for one in clue.expression.pattern:
            if not one.sign:
                patterns.setdefault(clue.cause, []).extend(_LITERAL.findall(one.source.replace("\\", "")))
    for slug, literals in patterns.items():
        found[slug].append(set().union(*map(words, literals)))
    return found


def document() -> str:
    """What the file holds."""
    found = texts()
    causes = sorted(found)
    times = Counter(word for ones in found.values() for one in ones for word in one)
    lines = [NOTE + " ".join(causes)]
    for word, weights in sorted(weigh(found).items()):
        kept = [(causes.index(cause), round(weight)) for cause, weight in sorted(weights.items()) if weight >= LEAST]
        # Two words that stood together in one text only were chance more often than not.
        if kept and (" " not in word or times[word] > 1):
            lines.append(f"{word}\t" + " ".join(f"{at}:{weight}" for at, weight in kept))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(document(), "utf-8")
