"""An explanation for a person: what it means, why it happens, what to type, how to see that it worked."""

from __future__ import annotations

import textwrap
from dataclasses import replace

from dlcheck.model.cause import PLACES, Cause, CauseFix
from dlcheck.model.explanation import Explanation, RuleWords
from dlcheck.model.finding import Safety
from dlcheck.model.placeholder import PLACEHOLDERS, TYPED, blanks, fill, filled
from dlcheck.model.profile import Severity
from dlcheck.model.shell import quote
from dlcheck.model.style import Style

SAFETY = {
    Safety.MANUAL: "",
    Safety.SAFE: "changes nothing that is there",
    Safety.ENVIRONMENT: "changes the Python environment",
    Safety.ROOT: "needs an administrator",
    Safety.REBOOT: "needs a restart",
}
PLACE_NAMES = {
    "linux": "Linux",
    "windows": "Windows",
    "macos": "macOS",
    "wsl": "WSL",
    "container": "in a container",
    "conda": "with conda",
    "notebook": "in a notebook",
    "torch": "PyTorch",
    "tensorflow": "TensorFlow",
    "keras": "Keras",
    "jax": "JAX",
}
FAMILIES = {
    "no-problem": "No problem",
    "hardware": "Hardware",
    "machine": "Machine",
    "platform": "Platform",
    "driver": "Drivers",
    "gpu-visibility": "GPU hidden",
    "gpu-busy": "GPU busy",
    "gpu-build": "Builds and GPUs",
    "container": "Containers",
    "limits": "Limits",
    "wsl": "WSL",
    "amd": "AMD",
    "intel": "Intel",
    "apple": "Apple",
    "cuda-libraries": "CUDA libraries",
    "toolchain": "Compilers",
    "native-libraries": "Native libraries",
    "windows": "Windows",
    "version-pairs": "Versions that do not fit",
    "python-env": "Python environments",
    "framework": "Frameworks",
    "training": "Training",
    "variables": "Environment variables",
    "notebook": "Editors and notebooks",
    "installer": "Installation",
    "network": "Network",
    "security": "Security",
    "distributed": "Many GPUs",
    "fleet": "Many nodes",
}
"""Headings of the list, in the order of the list."""
SEVERITY_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
INDENT = 9
COMMAND_INDENT = INDENT + 2


def render(found: Explanation, style: Style) -> str:
    """The lines, none wider than the style's width but for commands and single long words."""
    if found.asked is None:
        lines = _catalogue(found, style)
    elif found.is_rule:
        lines = _rule(found.rules[0], found, style)
    else:
        lines = _cause(found.causes[0], found, style)
    return style.plain("\n".join(lines)) + "\n"


def _rule(rule: RuleWords, found: Explanation, style: Style) -> list[str]:
    severity = style.paint(rule.severity.value, SEVERITY_COLORS[rule.severity])
    lines = [f"{style.paint(rule.code, 'bold')} · {rule.group} · {severity}", style.paint(rule.title, "bold"), ""]
    for paragraph in rule.explanation.split("\n\n"):
        lines += [*_wrapped(" ".join(paragraph.split()), style, 0), ""]
    if found.causes:
        return [*lines, "It names:", "", *_cause(found.causes[0], replace(found, rules=()), style)]
    lines.append("It may name:")
    lines += _pairs([(slug, found.titles.get(slug, "")) for slug in rule.causes], style)
    return [*lines, "", style.paint(f"How one comes about and is mended: dlcheck explain {rule.causes[0]}", "dim")]


def _cause(cause: Cause, found: Explanation, style: Style) -> list[str]:
    family = FAMILIES.get(cause.family, cause.family)
    harmless = " · harmless" if cause.harmless else ""
    lines = [style.paint(cause.title, "bold"), style.paint(f"{cause.slug} · {family}{harmless}", "dim"), ""]
    lines += _labelled("MEANS", cause.meaning, style, "red")
    lines += _labelled("WHY", cause.why, style, "yellow")
    for at, one in enumerate(cause.fixes):
        lines += _fix(one, "FIX" if at == 0 else "", style)
    for at, check in enumerate(cause.verify):
        # A command stays whole, so that it can be pasted.
        lines += _labelled("CHECK" if at == 0 else "", fill(check, TYPED), style, "cyan", wrap='"' not in check)
    lines += _legend(cause, style)
    if cause.near:
        lines += ["", "Easily confused with:", *_pairs([(one, found.titles.get(one, "")) for one in cause.near], style)]
    if cause.explains:
        lines += ["", "Where it is found, these are its consequences:"]
        lines += _wrapped(", ".join(cause.explains), style, 2)
    if found.rules:
        lines += ["", "Found by:", *_pairs([(one.code, one.title) for one in found.rules], style)]
    if cause.links:
        lines += ["", *(f"  {link}" for link in cause.links)]
    verified = _wrapped(f"Verified: {cause.checked} ({found.data_date}).", style, 0)
    return [*lines, "", *(style.paint(line, "dim") for line in verified)]


def _fix(one: CauseFix, label: str, style: Style) -> list[str]:
    """The words with where they hold and what they touch, then each command on a line of its own."""
    fix = filled(one.fix, TYPED)
    shell = "powershell" if set(one.where) & set(PLACES["system"]) == {"windows"} else style.shell
    commands = [" " * COMMAND_INDENT + quote(command, shell) for command in fix.commands]
    return _labelled(label, told(one), style, "green") + commands


def told(one: CauseFix) -> str:
    """The words of a fix, with where it holds and what it touches."""
    text = fill(one.fix.text, TYPED)
    place = f"{where(one)}: " if one.where else ""
    touches = SAFETY[one.fix.safety]
    return place + (f"{text.removesuffix('.')} ({touches})." if touches else text)


def where(one: CauseFix) -> str:
    """The places of a fix in words, such as "Linux or WSL, PyTorch"."""
    groups = [[PLACE_NAMES[word] for word in one.where if word in members] for members in PLACES.values()]
    said = ", ".join(" or ".join(words) for words in groups if words)
    return said[:1].upper() + said[1:] if not said.startswith("macOS") else said


def legend(cause: Cause) -> dict[str, str]:
    """What the words in capitals of its commands stand for."""
    names = dict.fromkeys(name for one in cause.fixes for name in blanks(one.fix))
    names.update(dict.fromkeys(name for name in PLACEHOLDERS for text in cause.verify if f"{{{name}}}" in text))
    return {name.upper(): PLACEHOLDERS[name] for name in names if name not in TYPED}


def _legend(cause: Cause, style: Style) -> list[str]:
    words = legend(cause)
    lines = [line for word, meaning in words.items() for line in _labelled("", f"{word} is {meaning}.", style, "dim")]
    return ["", *lines] if lines else []


def _catalogue(found: Explanation, style: Style) -> list[str]:
    lines = [style.paint(f"{len(found.rules)} checks", "bold")]
    for group in dict.fromkeys(one.group for one in found.rules):
        lines += ["", style.paint(group, "bold")]
        lines += _pairs([(one.code, one.title) for one in found.rules if one.group == group], style)
    if found.causes:
        lines += ["", style.paint(f"{len(found.causes)} causes", "bold")]
    width = max((len(one.slug) for one in found.causes), default=0)
    for family in sorted({one.family for one in found.causes}, key=_rank):
        lines += ["", style.paint(FAMILIES.get(family, family), "bold")]
        lines += _pairs([(one.slug, one.title) for one in found.causes if one.family == family], style, width)
    return [*lines, "", style.paint("dlcheck explain CODE or CAUSE tells what it means and what to type.", "dim")]


def _rank(family: str) -> tuple[int, str]:
    order = list(FAMILIES)
    return (order.index(family) if family in order else len(order), family)


def _pairs(pairs: list[tuple[str, str]], style: Style, least: int = 0) -> list[str]:
    """Name and title in two columns, a long title on several lines of its column."""
    width = min(max([len(name) for name, _ in pairs] + [least]), 36)
    blank = " " * (width + 4)
    lines = []
    for name, title in pairs:
        first, *others = _wrapped(title, style, width + 4) or [""]
        lines.append(f"  {style.paint(name, 'cyan')}{' ' * max(0, width - len(name))}  {first[len(blank) :]}".rstrip())
        lines += others
    return lines


def _labelled(label: str, text: str, style: Style, color: str, *, wrap: bool = True) -> list[str]:
    head = "  " + style.paint(label, color, "bold") + " " * (INDENT - 2 - len(label))
    parts = _wrapped(text, style, INDENT) if wrap else [" " * INDENT + text]
    return [head + parts[0][INDENT:], *parts[1:]] if parts else []


def _wrapped(text: str, style: Style, indent: int) -> list[str]:
    width = max(indent + 30, style.width)
    blank = " " * indent
    return textwrap.wrap(
        text, width, initial_indent=blank, subsequent_indent=blank, break_long_words=False, break_on_hyphens=False
    )
