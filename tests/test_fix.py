"""Findings to options of an installation: pure, so a table."""

from __future__ import annotations

import pytest

from dlcheck.installation.fix import _as_wished, fix_plan, options_for
from dlcheck.model.errors import DlcheckError
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Finding
from dlcheck.model.profile import Severity
from dlcheck.model.python_facts import Distribution, PythonFacts

FACTS = Facts(
    python=PythonFacts(executable="/e/bin/python", prefix="/e", environment="venv", version="3.11.7"),
    distributions=tuple(
        Distribution(name=name, version=version)
        for name, version in (
            ("numpy", "2.4.6"),
            ("torch", "2.13.0+cpu"),
            ("tensorflow", "2.21.0"),
            ("tensorflow-cpu", "2.21.0"),
        )
    ),
)


def finding(cause: str, subject: str = "", **more) -> Finding:
    return Finding(cause=cause, message="", subject=subject, **more)


@pytest.mark.parametrize(
    ("found", "requirements", "again", "gone"),
    [
        (finding("broken-partial-install", "numpy"), ("numpy==2.4.6",), ("numpy",), ()),
        (finding("broken-partial-install"), (), (), ()),
        (finding("cpu-only-build", "torch"), ("torch",), ("torch",), ()),
        (finding("framework-missing", about={"package": "keras>=3 torch"}), ("keras>=3", "torch"), (), ()),
        (finding("numpy-abi-mismatch", "torch", about={"package": "numpy<2"}), ("numpy<2",), (), ()),
        (
            finding("torch-companion-mismatch", "torchvision", about={"package": "torch==2.10.0"}),
            ("torch==2.13.0+cpu", "torchvision"),
            (),
            (),
        ),
        (finding("several-tf-distributions", "tensorflow"), ("tensorflow",), ("tensorflow",), ("tensorflow-cpu",)),
    ],
)
def test_what_ends_a_cause(found: Finding, requirements, again, gone):
    made = options_for([found], FACTS)
    assert (made.requirements, made.reinstall, made.uninstall) == (requirements, again, gone)
    assert made.venv == "/e"
    assert made.in_place


def test_causes_outside_the_environment_are_left_alone():
    assert options_for([finding("driver-too-old"), finding("low-ram")], FACTS) is None
    assert options_for([finding("cpu-only-build", "torch", because_of=("driver-too-old",))], FACTS) is None


def test_what_a_pip_brought_to_another_python_is_installed_here():
    found = finding("ipykernel-missing", about={"package": "ipykernel"}, because_of=("installed-for-other-python",))
    made = options_for([finding("installed-for-other-python"), found], FACTS)
    assert made is not None
    assert made.requirements == ("ipykernel",)


def test_a_framework_that_the_profile_does_without_is_not_installed():
    assert options_for([finding("framework-missing", "keras", severity=Severity.NOTE)], FACTS) is None
    assert options_for([finding("framework-missing", "keras", severity=Severity.ERROR)], FACTS).requirements == (
        "keras",
    )


@pytest.mark.parametrize(
    ("found", "before", "wishes"),
    [
        # Broken files and leftovers: the environment is built anew of the wishes that it was made of, and nothing else.
        (finding("broken-partial-install"), ("torch==2.13.0",), ("torch==2.13.0",)),
        (finding("broken-partial-install", "numpy"), ("torch==2.13.0",), ("torch==2.13.0",)),
        (finding("cpu-only-build", "torch"), ("torch==2.13.0",), ("torch==2.13.0",)),
        (finding("cpu-only-build", "torch"), ("keras",), ("keras", "torch")),
        (finding("numpy-abi-mismatch", "torch", about={"package": "numpy<2"}), ("torch",), ("torch", "numpy<2")),
        (
            finding("numpy-abi-mismatch", "torch", about={"package": "numpy<2"}),
            ("numpy", "torch"),
            ("torch", "numpy<2"),
        ),
    ],
)
def test_an_environment_of_ours_keeps_its_wishes(found: Finding, before: tuple[str, ...], wishes: tuple[str, ...]):
    assert _as_wished(options_for([found], FACTS), before) == wishes


def test_a_python_outside_any_environment_is_never_touched():
    bare = Facts(python=PythonFacts(executable="/usr/bin/python3", prefix="/usr", environment=None, version="3.11.7"))
    with pytest.raises(DlcheckError, match="outside any virtual environment"):
        fix_plan([finding("framework-missing", "torch", about={"package": "torch"})], bare, {})
