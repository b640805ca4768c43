"""The picture as JUnit XML: one suite, a case a node. Missing, stale and unreadable are errors, causes are failures."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from dlcheck.model.fleet import FleetNode, FleetReport, NodeState
from dlcheck.model.style import Style

_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ABSENT = (NodeState.MISSING, NodeState.STALE, NodeState.UNREADABLE)


def render(report: FleetReport, style: Style) -> str:  # noqa: ARG001 - the interface of every format
    """One JUnit document. A text that nobody could attribute to a node is a case of its own."""
    suite = ET.Element("testsuite", {"name": f"dlcheck {report.command}", "package": "dlcheck", "id": "0"})
    suite.set("timestamp", report.created.removesuffix("Z"))
    suite.set("hostname", _text(report.node))
    suite.set("time", f"{report.seconds:.3f}")
    messages = {one.cause: one.message for one in report.causes}
    for node in report.nodes:
        suite.append(_case(node, messages))
    for one in report.unreadable:
        case = ET.SubElement(suite, "testcase", {"classname": "dlcheck.fleet", "name": _text(one.source)})
        ET.SubElement(case, "error", {"message": _text(one.why), "type": "unreadable"})
    suite.set("tests", str(len(suite)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(tag) is not None for case in suite)))
    root = ET.Element(
        "testsuites", {name: suite.get(name, "") for name in ("name", "tests", "failures", "errors", "time")}
    )
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(node: FleetNode, messages: dict[str, str]) -> ET.Element:
    case = ET.Element("testcase", {"classname": "dlcheck.fleet", "name": _text(node.name)})
    words = "\n".join(
        f"{cause}: {messages.get(cause) or 'no words'} (dlcheck explain {cause})" for cause in node.causes
    )
    if node.state in _ABSENT:
        ET.SubElement(case, "error", {"message": _text(node.why or node.state.value), "type": node.state.value})
    elif node.state is NodeState.FAILED:
        failure = ET.SubElement(
            case,
            "failure",
            {"message": _text(node.why or "failed"), "type": node.causes[0] if node.causes else "failed"},
        )
        failure.text = _text(words)
    elif words:
        ET.SubElement(case, "system-out").text = _text(words)
    return case


def _text(text: str) -> str:
    return _NOT_XML.sub("�", text)
