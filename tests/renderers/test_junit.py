from __future__ import annotations

from pathlib import Path

import junitparser
import pytest
import xmlschema

from dlcheck.model.report import Report
from dlcheck.model.style import Style
from dlcheck.renderers import RENDERERS

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "schemas" / "junit.xsd")


def render(report: Report) -> str:
    return RENDERERS["junit"](report, Style())


@pytest.mark.parametrize("which", ["healthy", "sick", "hostile"])
def test_it_fits_the_schema(which: str, request: pytest.FixtureRequest):
    SCHEMA.validate(render(request.getfixturevalue(which)))


def test_the_schema_finds_a_fault(sick: Report):
    text = render(sick)
    for wrong in (
        text.replace("<skipped", "<skiped"),
        text.replace(' tests="', ' test="'),
        text.replace("00:00", "00:00Z"),
    ):
        with pytest.raises((xmlschema.XMLSchemaException, SyntaxError)):
            SCHEMA.validate(wrong)


def test_a_reader_counts_the_same(sick: Report):
    document = junitparser.JUnitXml.fromstring(render(sick))
    document.update_statistics()
    assert (document.tests, document.failures, document.errors, document.skipped) == (9, 2, 1, 3)
    failure = next(
        outcome
        for suite in document
        for case in suite
        for outcome in case.result
        if isinstance(outcome, junitparser.Failure)
    )
    assert failure.type == "gpu-not-used"


def test_a_warning_is_no_failure_and_is_told(sick: Report):
    document = junitparser.JUnitXml.fromstring(render(sick))
    case = next(case for suite in document for case in suite if case.name.startswith("DL102"))
    assert case.is_passed
    assert "warning: 7.5 GB of memory" in case.system_out


def test_a_failure_says_what_to_type(sick: Report):
    document = junitparser.JUnitXml.fromstring(render(sick))
    case = next(case for suite in document for case in suite if case.name.startswith("DL512"))
    words = case.result[0].text
    assert "fix (environment): install the CUDA build\n    dlcheck install torch --venv ~/'my env'" in words
    assert "check: dlcheck smoke" in words
