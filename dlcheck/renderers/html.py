"""One HTML page that stands alone: the verdict, its causes with commands to copy, the devices, and the evidence folded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape

from dlcheck.model.codec import encode
from dlcheck.model.device_facts import Gpu
from dlcheck.model.fact import or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Fix, Status
from dlcheck.model.profile import Severity
from dlcheck.model.report import Report
from dlcheck.model.style import Style
from dlcheck.model.units import counted
from dlcheck.renderers.curves import figures as figures_of
from dlcheck.renderers.overview import gigabytes, gpus, overview
from dlcheck.renderers.page import fragment, page
from dlcheck.renderers.problems import SAFETY, Problem, command_lines, headline, problems, verdict_rows

_SIGNS = {"error": "✗", "warning": "!", "note": "·", "good": "✓"}


def render(report: Report, style: Style) -> str:  # noqa: ARG001 - the same for every reader
    """The report as a whole document."""
    return page(f"dlcheck {report.command}: {headline(report)}", body(report, figures=_trained(report)))


def render_fragment(report: Report) -> str:
    """The report as a part of a notebook: without buttons, which need a script that notebooks may refuse."""
    return fragment(body(report, copyable=False, figures=_trained(report)))


def body(report: Report, *, copyable: bool = True, figures: Sequence[tuple[str, str]] = ()) -> str:
    """What stands between the page's head and foot. ``figures`` are captions and SVG documents of our own making."""
    found = problems(report)
    worst = max((one.severity for one in found), key=lambda severity: severity.rank, default=None)
    if report.summary.crashed:
        worst = Severity.ERROR
    kind = worst.value if worst else "good"
    sign = f'<span class="sign" aria-hidden="true">{_SIGNS[kind]}</span>'
    parts = [f'<header class="{kind}"><h1>{sign}<span>{escape(headline(report))}</span></h1>{_about(report)}</header>']
    if found:
        parts.append(
            _section("What is wrong, and what to type", "".join(_problem(report.facts, one, copyable) for one in found))
        )
    parts.append(_unjudged(report))
    if figures:
        drawn = "".join(f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>" for caption, svg in figures)
        parts.append(_section("Training", drawn))
    parts.append(_devices(report.facts))
    parts.append(_section("Machine and environment", _card(_table((), overview(report)))))
    parts.append(_section("Evidence", _card(_evidence(report))))
    return "\n".join(part for part in parts if part)


def _trained(report: Report) -> tuple[tuple[str, str], ...]:
    """The loss curves, where a smoke run belongs to the report."""
    return figures_of(report.smoke) if report.smoke is not None else ()


def _section(title: str, inside: str) -> str:
    return f'<section aria-label="{escape(title, quote=True)}"><h2>{escape(title)}</h2>{inside}</section>'


def _card(inside: str) -> str:
    return f'<div class="card">{inside}</div>'


def _about(report: Report) -> str:
    summary = report.summary
    counts = {
        "passed": summary.passed,
        "skipped": summary.skipped,
        "unknown": summary.unknown,
        "ignored": summary.suppressed,
    }
    words = [
        f"dlcheck {report.version}",
        f"profile {report.profile}",
        f"Python {report.target.version or ''}, chosen by {report.target.chosen_by}".replace(" ,", ""),
        report.created.replace("T", " ").replace("Z", " UTC"),
        ", ".join(f"{count} {word}" for word, count in counts.items() if count),
    ]
    return '<p class="about">' + " ".join(f"<span>{escape(word)}</span>" for word in words if word) + "</p>"


def _problem(facts: Facts, problem: Problem, copyable: bool) -> str:
    kind = problem.severity.value
    badge = f'<span class="badge">{kind}</span><code class="slug">{escape(problem.slug)}</code>'
    parts = [f'<article class="card {kind}"><div class="top">{badge}</div><h3>{escape(problem.title)}</h3>']
    parts += [f"<p>{_lines(message)}</p>" for message in problem.messages]
    if problem.meaning:
        parts.append(f'<p class="about">{_lines(problem.meaning)}</p>')
    if problem.fixes:
        parts.append("<h4>Fix</h4>")
        parts += [_fix(facts, fix, copyable) for fix in problem.fixes]
    if problem.verify:
        parts.append("<h4>See that it worked</h4>")
        parts += [_command(line, copyable) for line in problem.verify]
    if problem.evidence:
        rows = [(fact.fact, fact.value) for fact in problem.evidence]
        parts.append(_folded(f"Evidence ({len(rows)})", _table(("Fact", "Value"), rows)))
    if problem.consequences:
        more = [(one.verdict.code, one.finding.message, one.finding.cause) for one in problem.consequences]
        title = f"{counted(len(more), 'more finding')} with this cause"
        parts.append(_folded(title, _table(("Code", "Finding", "Cause"), more)))
    parts.append("</article>")
    return "\n".join(parts)


def _fix(facts: Facts, fix: Fix, copyable: bool) -> str:
    words = f'<p>{_lines(fix.text)} <span class="safety">({SAFETY[fix.safety]})</span></p>'
    commands = command_lines(fix, facts)
    return words + (_command("\n".join(commands), copyable) if commands else "")


def _command(text: str, copyable: bool) -> str:
    label = escape(text.splitlines()[0][:60] if text else "", quote=True)
    button = f'<button type="button" data-copy aria-label="Copy: {label}">Copy</button>' if copyable else ""
    return f'<div class="command"><pre><code>{escape(text)}</code></pre>{button}</div>'


def _unjudged(report: Report) -> str:
    """Checks that ended without an answer, which is neither good nor bad news."""
    rows = [
        (verdict.title, verdict.status.value, verdict.why or "")
        for verdict in report.verdicts
        if verdict.status in (Status.UNKNOWN, Status.CRASHED) and not verdict.suppressed
    ]
    return _section("What could not be judged", _card(_table(("Check", "Outcome", "Why"), rows))) if rows else ""


def _devices(facts: Facts) -> str:
    rows = [_device(vendor, gpu) for vendor, gpu in gpus(facts)]
    if not rows:
        return ""
    head = ("Device", "Memory", "Free", "Architecture", "Temperature", "Load")
    used = [at for at in range(len(head)) if at == 0 or any(row[at] for row in rows)]
    table = _table(tuple(head[at] for at in used), [tuple(row[at] for at in used) for row in rows])
    return _section("Devices", _card(table))


def _device(vendor: str, gpu: Gpu) -> tuple[str, ...]:
    name = gpu.name if vendor.lower() in gpu.name.lower() else f"{vendor} {gpu.name}"
    number = "" if gpu.index is None else f"{gpu.index}: "
    temperature, load = or_none(gpu.temperature), or_none(gpu.utilization_percent)
    return (
        f"{number}{name}" + (" (lost)" if gpu.lost else ""),
        gigabytes(gpu.memory_bytes),
        gigabytes(gpu.memory_free_bytes),
        gpu.architecture or "",
        "" if temperature is None else f"{temperature:.0f} °C",
        "" if load is None else f"{load:.0f} %",
    )


def _evidence(report: Report) -> str:
    facts = json.dumps(encode(report.facts, sparse=True), indent=1, ensure_ascii=False)
    shown = f'<pre tabindex="0" role="region" aria-label="Facts"><code>{escape(facts)}</code></pre>'
    rows = verdict_rows(report)
    table = _table(("Outcome", "Code", "Check", "Why"), rows)
    return _folded(f"All {counted(len(rows), 'check')}", table) + _folded("Facts", shown)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column names the row; on a narrow screen rows become blocks. No head: a label and its words."""
    labels = head or ("", "")
    made = []
    for row in rows:
        cells = [f'<th scope="row">{_lines(row[0])}</th>']
        for label, cell in zip(labels[1:], row[1:], strict=True):
            mark = f' data-label="{escape(label, quote=True)}"' if label and cell else ""
            cells.append(f"<td{mark}>{_lines(cell)}</td>")
        made.append(f"<tr>{''.join(cells)}</tr>")
    top = "".join(f'<th scope="col">{escape(label)}</th>' for label in head)
    head_row = f"<thead><tr>{top}</tr></thead>" if head else ""
    kind = "stack" if head else "stack labels"
    return f'<div class="scroll"><table class="{kind}">{head_row}<tbody>{"".join(made)}</tbody></table></div>'


def _folded(summary: str, inside: str) -> str:
    return f"<details><summary>{escape(summary)}</summary>{inside}</details>"


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")
