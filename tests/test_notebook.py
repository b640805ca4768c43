from __future__ import annotations

import re
import subprocess
import sys
from types import ModuleType

import pytest

import dlcheck
from dlcheck import notebook
from dlcheck.model.errors import DlcheckError
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Finding, Fix, Safety, Status, Verdict
from dlcheck.model.profile import Severity
from dlcheck.model.report import Report, Target


def test_importing_it_costs_next_to_nothing():
    script = "import sys; import dlcheck; print(sorted(one for one in sys.modules if one.startswith('dlcheck')))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['dlcheck']"


def test_its_functions_are_found_and_nothing_else():
    assert dlcheck.check is notebook.check
    assert {"check", "smoke_test", "diagnose_text"} <= set(dir(dlcheck))
    with pytest.raises(AttributeError, match="has no attribute 'cheque'"):
        dlcheck.cheque  # noqa: B018 - the look is the test


def test_a_check_shows_itself():
    found = dlcheck.check(quick=True, offline=True)
    assert found.report.target.python == sys.executable
    assert found.report.target.chosen_by == "this Python"
    assert repr(found).startswith("dlcheck 0.1.0")
    assert "\x1b" not in repr(found)
    page = found._repr_html_()
    assert page.startswith('<div class="dlcheck">')
    assert "<script" not in page
    assert found.ok == (found.report.exit_code == 0)
    assert found.causes == found.report.primary_causes


def test_a_wrong_argument_is_told():
    with pytest.raises(DlcheckError, match="nonsense"):
        dlcheck.check(profile="nonsense")
    with pytest.raises(DlcheckError, match="XX"):
        dlcheck.check(select=["XX"])


def test_a_text_is_diagnosed():
    found = dlcheck.diagnose_text("ModuleNotFoundError: No module named 'torch'")
    assert found.causes
    assert not found.ok
    assert found.causes[0] in repr(found)
    assert found.causes[0] in found._repr_html_()
    assert "<b>" not in dlcheck.diagnose_text("<b>ModuleNotFoundError: No module named 'torch'</b>")._repr_html_()
    nothing = dlcheck.diagnose_text("all is well")
    assert nothing.ok
    assert "No cause was recognised" in nothing._repr_html_()


def report(*fixes: Fix, verify: tuple[str, ...] = ()) -> Report:
    finding = Finding(cause="x", message="m", fixes=fixes, verify=verify)
    verdict = Verdict(
        code="DL1", title="t", group="g", subject="", status=Status.FAILED, severity=Severity.ERROR, findings=(finding,)
    )
    return Report(
        version="0",
        command="doctor",
        created="2026-11-22T08:00:00Z",
        node="n",
        profile="learn",
        target=Target(python="/v/bin/python", chosen_by="this Python"),
        verdicts=(verdict,),
        facts=Facts(),
        data_date="2026-11-22",
    )


@pytest.mark.parametrize(
    ("argv", "cell"),
    [
        (("/v/bin/python", "-m", "pip", "install", "torch"), ("%pip", "install", "torch")),
        (("pip", "install", "torch"), ("%pip", "install", "torch")),
        (("dlcheck", "install", "torch"), ("%dlcheck", "install", "torch")),
        (("/other/python", "-m", "pip", "install", "torch"), ("/other/python", "-m", "pip", "install", "torch")),
        (("nvidia-smi",), ("nvidia-smi",)),
    ],
)
def test_fixes_speak_the_words_of_a_notebook(argv: tuple[str, ...], cell: tuple[str, ...]):
    made = notebook.in_words_of_a_notebook(
        report(Fix("Do it.", (argv,), Safety.ENVIRONMENT), verify=("dlcheck smoke", "nvidia-smi"))
    )
    (finding,) = made.findings
    assert finding.fixes == (Fix("Do it. Then restart the kernel.", (cell,), Safety.ENVIRONMENT),)
    assert finding.verify == ("%dlcheck smoke", "nvidia-smi")


def test_the_kernels_own_environment_is_mended():
    install = Fix("Install it.", (("dlcheck", "install", "torch"),), Safety.ENVIRONMENT)
    by_hand = Fix("By hand.", (("/v/bin/python", "-m", "pip", "install", "torch"),), Safety.ENVIRONMENT)
    (finding,) = notebook.in_words_of_a_notebook(report(install, by_hand)).findings
    assert [one.commands for one in finding.fixes] == [(("%pip", "install", "torch"),)]


def test_a_fix_that_leaves_the_environment_alone_needs_no_restart():
    fix = Fix("Look.", (("nvidia-smi",),), Safety.SAFE)
    assert notebook.in_words_of_a_notebook(report(fix)).findings[0].fixes == (fix,)


def test_a_notebook_is_told_from_a_terminal(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not notebook.in_notebook()
    for shell, expected in ((None, False), (object(), False), (type("Shell", (), {"kernel": 1})(), True)):
        module = ModuleType("IPython")
        module.get_ipython = lambda shell=shell: shell  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "IPython", module)
        assert notebook.in_notebook() is expected


def test_an_interrupted_check_leaves_no_child(monkeypatch: pytest.MonkeyPatch):
    ended = []
    monkeypatch.setattr("dlcheck.host.process.end_all", lambda: ended.append(1))
    with pytest.raises(KeyboardInterrupt), notebook._children_ended():
        raise KeyboardInterrupt
    assert ended == [1]


def test_a_diagnosis_that_is_shared_names_nobody():
    from dlcheck.model.style import Style
    from dlcheck.renderers import DIAGNOSIS_RENDERERS

    text = "File '/home/hopper/x.py'\nModuleNotFoundError: No module named 'torch' in /home/hopper/.venv"
    found = dlcheck.diagnose_text(text)
    assert "hopper" not in found._repr_html_()
    assert "hopper" not in DIAGNOSIS_RENDERERS["markdown"](found.report, Style())
    assert "hopper" in DIAGNOSIS_RENDERERS["text"](found.report, Style())


def test_the_html_of_a_cell_needs_no_network_and_no_script():
    """Colab shows it in a frame without our page, VS Code forbids scripts, and both may be offline."""
    texts = ("CUDA out of memory. Tried to allocate 2.00 GiB", "ModuleNotFoundError: No module named 'torch'", "well")
    shown = [dlcheck.diagnose_text(text)._repr_html_() for text in texts]
    shown.append(dlcheck.check(quick=True, offline=True)._repr_html_())
    for html in shown:
        lowered = html.lower()
        for word in (
            "<script",
            "<link",
            "<iframe",
            "<img",
            "@import",
            "url(",
            " src=",
            "onclick",
            "javascript:",
            "<button",
        ):
            assert word not in lowered, word
        outside = [one for one in re.findall(r'href="([^"]*)"', html) if not one.startswith(("https://", "#"))]
        assert outside == []
        # Every rule is under our own class, so that no other output of the notebook changes its look.
        (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
        selectors = re.findall(r"([^{}@;]+)\{[^{}]*\}", re.sub(r"@media[^{]*\{", "", style))
        strangers = [one.strip() for one in selectors if one.strip() and ".dlcheck" not in one]
        assert strangers == []
