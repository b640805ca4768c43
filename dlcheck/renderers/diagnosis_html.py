"""A diagnosis as a part of a notebook."""

from __future__ import annotations

from html import escape

from dlcheck.model.diagnosis import Diagnosis, DiagnosisReport
from dlcheck.model.facts import Facts
from dlcheck.renderers.page import fragment
from dlcheck.renderers.problems import SAFETY, command_lines


def render_fragment(report: DiagnosisReport) -> str:
    """The causes, best first, with the lines that spoke."""
    if report.diagnoses:
        title = "What this text says is wrong"
    elif report.harmless:
        title = "Nothing is wrong here: only noise"
    else:
        title = "No cause was recognised"
    kind = "error" if report.diagnoses else "good"
    parts = [f'<header class="{kind}"><h1><span>{escape(title)}</span></h1></header>']
    parts += [_diagnosis(one, "error") for one in report.diagnoses]
    parts += [_diagnosis(one, "note") for one in report.harmless]
    return fragment("".join(parts))


def _diagnosis(one: Diagnosis, kind: str) -> str:
    badge = f'<span class="badge">{round(100 * one.confidence)} %</span><code class="slug">{escape(one.cause)}</code>'
    lines = [f'<article class="card {kind}"><div class="top">{badge}</div><h3>{escape(one.title)}</h3>']
    lines += [
        f"<p>Line {spoken.line}: <code>{escape(spoken.text)}</code></p>" for spoken in one.evidence if spoken.line
    ]
    for fix in one.fixes:
        lines.append(f'<p>{escape(fix.text)} <span class="safety">({SAFETY[fix.safety]})</span></p>')
        commands = "\n".join(command_lines(fix, Facts()))
        lines += [f'<div class="command"><pre><code>{escape(commands)}</code></pre></div>'] if commands else []
    lines.append("</article>")
    return "".join(lines)
