"""Writes docs/checks.md and docs/causes/*.md from the rules and the catalogue: ``python tools/build_docs.py``.

The pages are what ``dlcheck explain --format markdown`` prints, gathered; a test holds the folder against the code.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from dlcheck import data, explain  # noqa: E402 - the tree beside this file, whatever is installed
from dlcheck.checks import RULES  # noqa: E402
from dlcheck.model.style import Style  # noqa: E402
from dlcheck.renderers import EXPLANATION_RENDERERS  # noqa: E402
from dlcheck.renderers.explanation_text import FAMILIES  # noqa: E402

NOTE = "<!-- Written by tools/build_docs.py from the code; change the rule or the cause, not this page. -->\n\n"


def pages() -> dict[str, str]:
    """Every generated page: its path below docs/ to its text."""
    made = {"checks.md": _checks()}
    families: dict[str, list[str]] = {}
    for slug in sorted(data.cause_slugs()):
        entry = data.cause(slug)
        if entry:
            families.setdefault(entry.family, []).append(slug)
    for family, slugs in families.items():
        made[f"causes/{family}.md"] = _family(family, slugs)
    made["causes/README.md"] = _index(families)
    return made


def _checks() -> str:
    lines = [NOTE + "# Checks", "`--select` and `--ignore` take these codes, the beginning of one, or a cause."]
    for rule in sorted(RULES, key=lambda one: one.code):
        lines.append(f"## {rule.code}: {rule.title}")
        lines.append(f"{rule.group}, {rule.severity.value}. Reads: {', '.join(rule.needs) or 'nothing'}.")
        lines.append(rule.explanation)
        lines.append("Names: " + ", ".join(_link(slug, "causes/") for slug in rule.causes) + ".")
    return "\n\n".join(lines) + "\n"


def _family(family: str, slugs: list[str]) -> str:
    blocks = [NOTE + f"# {FAMILIES.get(family, family)}"]
    for slug in slugs:
        text = EXPLANATION_RENDERERS["markdown"](explain.explain(slug), Style())
        inner = "\n".join("#" + line if line.startswith("#") else line for line in text.strip().splitlines())
        blocks.append(f'<a id="{slug}"></a>\n\n{inner}')
    return "\n\n".join(blocks) + "\n"


def _index(families: dict[str, list[str]]) -> str:
    blocks = [NOTE + "# Causes", "What dlcheck can name, by family. The names are stable and never reused."]
    for family, slugs in sorted(families.items(), key=lambda one: FAMILIES.get(one[0], one[0])):
        rows = [f"- {_link(slug, '')}: {entry.title}" for slug in slugs if (entry := data.cause(slug))]
        blocks += [f"## {FAMILIES.get(family, family)}", "\n".join(rows)]
    return "\n\n".join(blocks) + "\n"


def _link(slug: str, prefix: str) -> str:
    entry = data.cause(slug)
    return f"[`{slug}`]({prefix}{entry.family}.md#{slug})" if entry else f"`{slug}`"


BEGIN, END = "<!-- rules: written by tools/build_docs.py -->", "<!-- end of rules -->"


def readme(text: str) -> str:
    """README.md with its table of rules as the code has them."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = [f"| {rule.code} | {rule.group} | {rule.title} |" for rule in sorted(RULES, key=lambda one: one.code)]
    table = "\n".join(["| code | group | check |", "|---|---|---|", *rows])
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def main() -> None:
    """Write the pages, and remove those that are generated no more."""
    made = pages()
    page = ROOT / "README.md"
    page.write_text(readme(page.read_text("utf-8")), "utf-8")
    for path in (ROOT / "docs" / "causes").glob("*.md"):
        if f"causes/{path.name}" not in made:
            path.unlink()
    for name, text in made.items():
        path = ROOT / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
