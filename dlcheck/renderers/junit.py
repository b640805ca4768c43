"""JUnit XML as Jenkins, GitLab, GitHub reporters and Azure read it: a suite a group, a case a verdict.

An error is a ``failure``; warnings and notes have no word in JUnit and go to ``system-out`` of a case that passed, so that
a red case always means exit code 1 of the usual ``--fail-on error``. A crashed rule is an ``error``; skipped, unknown and
ignored are ``skipped``.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from dlcheck.model.finding import Status, Verdict
from dlcheck.model.profile import Severity
from dlcheck.model.report import Report
from dlcheck.model.style import Style
from dlcheck.renderers.problems import Found, command_lines

_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report, style: Style) -> str:  # noqa: ARG001 - the same for every reader
    """The report as one JUnit document."""
    groups = dict.fromkeys(verdict.group for verdict in report.verdicts)
    root = ET.Element("testsuites", {"name": f"dlcheck {report.command}"})
    for number, group in enumerate(groups):
        root.append(_suite(report, group, number))
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    root.set("time", f"{report.timings.get('total', sum(one.seconds for one in report.verdicts)):.3f}")
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(report: Report, group: str, number: int) -> ET.Element:
    verdicts = [verdict for verdict in report.verdicts if verdict.group == group]
    suite = ET.Element("testsuite", {"name": _text(group), "id": str(number), "package": "dlcheck"})
    suite.set("timestamp", report.created.removesuffix("Z"))
    suite.set("hostname", _text(report.node))
    properties = ET.SubElement(suite, "properties")
    facts = {"dlcheck": report.version, "profile": report.profile, "python": report.target.version or "unknown"}
    for name, value in facts.items():
        ET.SubElement(properties, "property", {"name": name, "value": _text(value)})
    for verdict in verdicts:
        suite.append(_case(report, verdict))
    suite.set("tests", str(len(verdicts)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(tag) is not None for case in suite.iter("testcase"))))
    suite.set("time", f"{sum(verdict.seconds for verdict in verdicts):.3f}")
    return suite


def _case(report: Report, verdict: Verdict) -> ET.Element:
    name = f"{verdict.code} {verdict.title}" + (f" [{verdict.subject}]" if verdict.subject else "")
    case = ET.Element("testcase", {"classname": f"dlcheck.{_text(verdict.group)}", "name": _text(name)})
    case.set("time", f"{verdict.seconds:.3f}")
    if verdict.suppressed or verdict.status in (Status.SKIPPED, Status.UNKNOWN):
        word = "ignored" if verdict.suppressed else verdict.status.value
        ET.SubElement(case, "skipped", {"message": _text(f"{word}: {verdict.why or 'no reason given'}")})
        return case
    if verdict.status is Status.CRASHED:
        ET.SubElement(case, "error", {"type": "crashed", "message": _text(verdict.why or "the check crashed")})
        return case
    found = [Found(verdict, finding) for finding in verdict.findings]
    errors = [one for one in found if one.severity is Severity.ERROR]
    if errors:
        causes = ",".join(dict.fromkeys(one.finding.cause for one in errors))
        message = " ".join(dict.fromkeys(one.finding.message for one in errors))
        failure = ET.SubElement(case, "failure", {"type": causes, "message": _text(message)})
        failure.text = _text("\n\n".join(_words(report, one) for one in errors))
    rest = [one for one in found if one not in errors]
    if rest:
        ET.SubElement(case, "system-out").text = _text("\n\n".join(_words(report, one) for one in rest))
    return case


def _words(report: Report, one: Found) -> str:
    finding = one.finding
    lines = [f"{one.severity.value}: {finding.message} ({finding.cause})"]
    lines += [f"because of: {', '.join(finding.because_of)}"] if finding.because_of else []
    lines += [f"evidence: {fact.fact} = {fact.value}" for fact in finding.evidence]
    for fix in finding.fixes:
        lines.append(f"fix ({fix.safety.value}): {fix.text}")
        lines += [f"    {line}" for line in command_lines(fix, report.facts)]
    lines += [f"check: {line}" for line in finding.verify]
    return "\n".join(lines)


def _text(text: str) -> str:
    """The text less what XML 1.0 cannot hold, even escaped."""
    return _NOT_XML.sub("�", text)
