from __future__ import annotations

import pytest

from dlcheck.model.cause import Cause, CauseFix
from dlcheck.model.finding import Fix, Safety
from dlcheck.model.placeholder import blanks, fill, filled

PIP = Fix("Install {package}.", (("{python}", "-m", "pip", "install", "{package}=={version}"),), Safety.ENVIRONMENT)


@pytest.mark.parametrize(
    ("where", "words", "holds"),
    [
        ((), {"linux"}, True),
        (("linux",), {"linux"}, True),
        (("linux",), {"wsl"}, False),
        (("windows", "wsl"), {"wsl", "torch"}, True),
        (("torch",), {"linux"}, True),
        (("torch",), {"linux", "jax"}, False),
        (("tensorflow", "linux"), {"windows", "tensorflow"}, False),
        (("container",), {"linux"}, False),
        (("container",), {"linux", "container"}, True),
        (("container",), set(), True),
        (("linux",), {"container"}, True),
    ],
)
def test_where_a_fix_holds(where: tuple[str, ...], words: set[str], holds: bool):
    assert CauseFix(fix=PIP, where=where).holds(words) is holds


def test_surroundings_come_first_where_they_are():
    entry = Cause(
        slug="a-b",
        title="",
        family="",
        meaning="",
        fixes=(CauseFix(fix=Fix("pip")), CauseFix(fix=Fix("conda"), where=("conda",))),
    )
    assert [fix.text for fix in entry.fixes_for({"linux", "conda"})] == ["conda", "pip"]
    assert [fix.text for fix in entry.fixes_for({"linux"})] == ["pip"]


def test_a_filled_fix_may_be_run_and_an_open_one_may_not():
    values = {"python": "/a b/python", "package": "torch", "version": "2.13.0"}
    done = filled(PIP, values)
    assert done.commands == (("/a b/python", "-m", "pip", "install", "torch==2.13.0"),)
    assert (done.text, done.safety) == ("Install torch.", Safety.ENVIRONMENT)
    still = filled(PIP, {"python": "python"})
    assert still.commands[0][-1] == "PACKAGE==VERSION"
    assert still.safety is Safety.MANUAL
    assert filled(Fix("", (("sudo", "x", "{gpu}"),), Safety.ROOT), {}).safety is Safety.ROOT


def test_blanks():
    assert blanks(PIP) == ("package", "python", "version")
    assert fill("{python} {unknown} {Not}", {"python": "p"}) == "p UNKNOWN {Not}"
