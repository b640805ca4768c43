"""An explanation as Markdown, for an issue, a wiki or a handout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dlcheck.model.cause import Cause
from dlcheck.model.explanation import Explanation, RuleWords
from dlcheck.model.placeholder import TYPED, fill, filled
from dlcheck.model.shell import quote
from dlcheck.model.style import Style
from dlcheck.renderers.explanation_text import FAMILIES, legend, told


def render(found: Explanation, style: Style) -> str:  # noqa: ARG001 - the interface of every format
    """Headings, paragraphs and fenced commands; the catalogue becomes tables."""
    if found.asked is None:
        blocks = _catalogue(found)
    elif found.is_rule:
        blocks = _rule(found.rules[0], found)
    else:
        blocks = _cause(found.causes[0], found)
    return "\n\n".join(blocks) + "\n"


def _rule(rule: RuleWords, found: Explanation) -> list[str]:
    blocks = [f"# {rule.code}: {rule.title}", f"{rule.group}, {rule.severity.value}", rule.explanation]
    if found.causes:
        first, *rest = _cause(found.causes[0], replace(found, rules=()))
        return [*blocks, f"#{first}", *(f"#{one}" if one.startswith("## ") else one for one in rest)]
    return [
        *blocks,
        "It may name:\n\n" + "\n".join(f"- `{slug}`: {found.titles.get(slug, '')}" for slug in rule.causes),
    ]


def _cause(cause: Cause, found: Explanation) -> list[str]:
    blocks = [f"# {cause.title}", f"`{cause.slug}`", cause.meaning, f"**Why.** {cause.why}", "## Fix"]
    for one in cause.fixes:
        fix = filled(one.fix, TYPED)
        blocks.append(told(one))
        if fix.commands:
            blocks.append("```sh\n" + "\n".join(quote(command) for command in fix.commands) + "\n```")
    if words := legend(cause):
        blocks.append("\n".join(f"- `{word}`: {meaning}" for word, meaning in words.items()))
    blocks += ["## Check", "\n".join(f"- `{fill(check, TYPED)}`" for check in cause.verify)]
    if cause.near:
        blocks += [
            "## Easily confused with",
            "\n".join(f"- `{one}`: {found.titles.get(one, '')}" for one in cause.near),
        ]
    if found.rules:
        blocks.append("Found by " + ", ".join(f"{one.code} ({one.title})" for one in found.rules) + ".")
    return [*blocks, *(["\n".join(f"- <{link}>" for link in cause.links)] if cause.links else [])]


def _catalogue(found: Explanation) -> list[str]:
    blocks = ["# Checks", _table([(one.code, one.group, one.title) for one in found.rules], ("code", "group", "check"))]
    if not found.causes:
        return blocks
    rows = [(FAMILIES.get(one.family, one.family), f"`{one.slug}`", one.title) for one in found.causes]
    return [*blocks, "# Causes", _table(rows, ("family", "cause", "what it is"))]


def _table(rows: Sequence[tuple[str, ...]], head: tuple[str, ...]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
