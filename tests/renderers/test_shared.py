from __future__ import annotations

import pkgutil
from dataclasses import replace

import pytest

import dlcheck.renderers
from dlcheck.model.report import Report
from dlcheck.model.style import Style
from dlcheck.renderers import RENDERERS
from dlcheck.renderers.problems import headline, problems, shell_line

PLAIN = Style()
PRIVATE = ("text", "json")
SHARED = sorted(set(RENDERERS) - set(PRIVATE))
PARTS = {"problems", "overview", "page", "retold", "curves"}


def test_every_module_is_a_registered_format():
    """A name with an underscore renders another document (smoke_text, fleet_text) and is registered with its command."""
    modules = {one.name for one in pkgutil.iter_modules(dlcheck.renderers.__path__) if "_" not in one.name}
    assert modules - PARTS == set(RENDERERS)


@pytest.mark.parametrize("name", SHARED)
def test_nothing_personal_is_shared(name: str, sick: Report, secrets: tuple[str, ...]):
    text = RENDERERS[name](sick, PLAIN)
    assert "cpu-only-build" in text
    for secret in secrets:
        assert secret not in text, secret


@pytest.mark.parametrize("name", sorted(RENDERERS))
@pytest.mark.parametrize("which", ["healthy", "sick", "hostile"])
def test_the_same_report_gives_the_same_text_without_control_characters(
    name: str, which: str, request: pytest.FixtureRequest
):
    report = request.getfixturevalue(which)
    text = RENDERERS[name](report, PLAIN)
    assert text == RENDERERS[name](report, PLAIN)
    assert not [sign for sign in text if (ord(sign) < 32 and sign not in "\n\t") or 0xD800 <= ord(sign) <= 0xDFFF]
    text.encode("utf-8")


@pytest.mark.parametrize("name", sorted(RENDERERS))
def test_a_report_without_verdicts_can_be_shown(name: str, healthy: Report):
    assert RENDERERS[name](replace(healthy, verdicts=()), PLAIN)


def test_a_consequence_is_folded_under_its_cause(sick: Report):
    found = problems(sick)
    assert [one.slug for one in found] == ["cpu-only-build", "little-memory", "old-pip"]
    assert [one.finding.cause for one in found[0].consequences] == ["gpu-not-used"]


def test_a_circle_of_causes_still_shows_something(sick: Report):
    verdicts = tuple(
        replace(
            one,
            findings=tuple(replace(finding, because_of=("cpu-only-build", "gpu-not-used")) for finding in one.findings),
        )
        for one in sick.verdicts
        if one.code in ("DL501", "DL512")
    )
    assert problems(replace(sick, verdicts=verdicts))


def test_headlines(healthy: Report, sick: Report):
    assert headline(healthy) == "No issues found."
    assert headline(sick) == "2 errors, 1 warning, 1 check crashed."
    one_cause = tuple(one for one in sick.verdicts if one.code in ("DL501", "DL512"))
    assert headline(replace(sick, verdicts=one_cause)) == "2 errors with one cause."


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (("pip", "install", "torch==2.13.0"), "pip install torch==2.13.0"),
        (("~/.venv/bin/python", "-m", "pip"), "~/.venv/bin/python -m pip"),
        (("~/my env/bin/python",), "~/'my env/bin/python'"),
        (("echo", "a;b"), "echo 'a;b'"),
    ],
)
def test_a_command_can_be_pasted(argv: tuple[str, ...], line: str):
    assert shell_line(argv) == line
