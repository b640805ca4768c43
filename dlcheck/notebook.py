"""For notebooks and scripts: run a check, get an object that shows itself, as HTML where there is a browser.

The interpreter that is checked is the one that runs this code: in a notebook that is the kernel's. Fixes are put in the
words of a notebook there: ``%pip``, and to restart the kernel.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from dlcheck.model.diagnosis import DiagnosisReport
from dlcheck.model.finding import Fix, Safety
from dlcheck.model.level import Level
from dlcheck.model.report import Report, Target
from dlcheck.model.smoke import SmokeReport
from dlcheck.model.style import Style

R = TypeVar("R", Report, SmokeReport, DiagnosisReport)

RESTART = "Then restart the kernel."
BY_HAND = "The same by hand"
"""How the text of a fix begins that is another one in pip's words."""
_MAGIC = ("doctor", "smoke", "diagnose")


@dataclass(frozen=True, repr=False)
class Result(Generic[R]):
    """What a run found. ``report`` holds all of it."""

    report: R
    _text: Callable[[R, Style], str]
    _html: Callable[[R], str]

    @property
    def ok(self) -> bool:
        """Whether nothing was found: the exit code of the command line would be 0."""
        return self.report.exit_code == 0

    @property
    def causes(self) -> tuple[str, ...]:
        """Slugs of the causes that stand for themselves."""
        report: Report | SmokeReport | DiagnosisReport = self.report
        if isinstance(report, Report):
            return report.primary_causes
        if isinstance(report, DiagnosisReport):
            return tuple(one.cause for one in report.diagnoses)
        return tuple(dict.fromkeys(one.cause for one in report.results if one.cause))

    def __repr__(self) -> str:
        return self._text(self.report, Style(unicode=True, width=100)).rstrip("\n")

    def _repr_html_(self) -> str:
        return self._html(self.report)


def check(
    profile: str = "learn",
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    quick: bool = False,
    offline: bool = False,
    timeout: float = 60.0,
    python: str | None = None,
) -> Result[Report]:
    """Judge this machine and this interpreter (or ``python``) as ``dlcheck doctor`` does.

    ``timeout`` is the limit of each child process in seconds. A wrong argument raises DlcheckError.
    """
    from dlcheck import doctor, profiles
    from dlcheck.gather import Way
    from dlcheck.renderers import RENDERERS

    examination = doctor.Examination(
        profile=profiles.load(profile, "pyproject.toml"),
        target=_target(python),
        way=Way(quick=quick, offline=offline, timeout=timeout),
        select=tuple(select),
        ignore=tuple(ignore),
    )
    with _children_ended():
        report = doctor.examine(examination)
    return Result(in_words_of_a_notebook(report) if in_notebook() else report, RENDERERS["text"], _doctor_html)


def smoke_test(
    frameworks: Sequence[str] = (), devices: Sequence[str] = (), *, level: str = "quick", python: str | None = None
) -> Result[SmokeReport]:
    """Train a tiny network on every device with every framework of this interpreter, as ``dlcheck smoke`` does."""
    from dlcheck import smoke
    from dlcheck.renderers import SMOKE_RENDERERS

    wishes = smoke.Wishes(frameworks=tuple(frameworks), devices=tuple(devices), level=Level(level))
    with _children_ended():
        report = smoke.smoke(_target(python), wishes)
    return Result(report, SMOKE_RENDERERS["text"], _smoke_html)


def diagnose_text(text: str) -> Result[DiagnosisReport]:
    """Name the causes in a pasted error or log, as ``dlcheck diagnose`` does."""
    from dlcheck import diagnose
    from dlcheck.renderers import DIAGNOSIS_RENDERERS

    report = diagnose.diagnose_text(text)
    if in_notebook():
        cells = tuple(replace(one, fixes=_of_cells(one.fixes, "python")) for one in report.diagnoses)
        report = replace(report, diagnoses=cells)
    return Result(report, DIAGNOSIS_RENDERERS["text"], _diagnosis_html)


@contextmanager
def _children_ended() -> Iterator[None]:
    """Kill what still runs where the block is interrupted: a kernel lives on, and so would they."""
    try:
        yield
    except BaseException:
        from dlcheck.host.process import end_all

        end_all()
        raise


def in_notebook() -> bool:
    """Whether this code runs in a Jupyter kernel (Jupyter, Colab, VS Code, Kaggle): one has to have been started already."""
    shell = sys.modules.get("IPython")
    found = shell.get_ipython() if shell is not None else None
    return found is not None and hasattr(found, "kernel")


def in_words_of_a_notebook(report: Report) -> Report:
    """The report with fixes that a cell can run: pip as ``%pip``, dlcheck as ``%dlcheck``, and when to restart the kernel."""
    python = report.target.python
    return replace(
        report,
        verdicts=tuple(
            replace(
                verdict,
                findings=tuple(
                    replace(
                        one,
                        fixes=_of_cells(one.fixes, python),
                        verify=tuple(
                            "%" + line if line.startswith(tuple(f"dlcheck {w}" for w in _MAGIC)) else line
                            for line in one.verify
                        ),
                    )
                    for one in verdict.findings
                ),
            )
            for verdict in report.verdicts
        ),
    )


def _of_cells(fixes: tuple[Fix, ...], python: str) -> tuple[Fix, ...]:
    """Without ``dlcheck install`` where pip does it too: that one builds an environment of its own, not the kernel's."""
    ours = [one for one in fixes if any(argv[:2] == ("dlcheck", "install") for argv in one.commands)]
    by_pip = [one for one in fixes if one not in ours]
    if not any(one.commands for one in by_pip):
        return tuple(_of_cell(one, python) for one in fixes)
    told = [
        replace(one, text=ours[0].text) if ours and one.text.startswith(BY_HAND) else one for one in by_pip
    ]  # "The same" of what is no longer there
    return tuple(_of_cell(one, python) for one in told)


def _of_cell(fix: Fix, python: str) -> Fix:
    commands = tuple(_line_of_cell(argv, python) for argv in fix.commands)
    text = f"{fix.text} {RESTART}" if fix.safety is Safety.ENVIRONMENT and commands else fix.text
    return replace(fix, text=text, commands=commands)


def _line_of_cell(argv: tuple[str, ...], python: str) -> tuple[str, ...]:
    if argv[:3] == (python, "-m", "pip"):
        return ("%pip", *argv[3:])
    if argv[:1] == ("pip",):
        return ("%pip", *argv[1:])
    if argv[:2] == ("uv", "pip"):
        return ("%sx", *argv)
    if argv[:1] == ("dlcheck",):
        return ("%dlcheck", *argv[1:])
    return argv


def _target(python: str | None) -> Target:
    from dlcheck.host.interpreter import choose

    return replace(choose(python or sys.executable), chosen_by="python=" if python else "this Python")


def _doctor_html(report: Report) -> str:
    from dlcheck.model.redact import anonymise
    from dlcheck.renderers.html import render_fragment

    return render_fragment(anonymise(report))


def _smoke_html(report: SmokeReport) -> str:
    from dlcheck.model.redact import anonymise
    from dlcheck.renderers.smoke_html import render_fragment

    return render_fragment(anonymise(report))


def _diagnosis_html(report: DiagnosisReport) -> str:
    from dlcheck.model.redact import anonymise
    from dlcheck.renderers.diagnosis_html import render_fragment

    return render_fragment(anonymise(report))


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext dlcheck``: the magic ``%dlcheck``, and ``%%dlcheck diagnose`` with the text in the cell.

    ``shell`` is IPython's InteractiveShell.
    """
    shell.register_magic_function(_magic, "line_cell", "dlcheck")


def _magic(line: str, cell: str | None = None) -> Any:
    """%dlcheck doctor | smoke | diagnose FILE, with the options of the command line; %%dlcheck diagnose reads the cell."""
    import shlex

    from dlcheck.model.errors import DlcheckError

    words = shlex.split(line) or ["doctor"]
    verb, options = words[0], words[1:]
    try:
        if verb == "diagnose" and (cell is not None or len(options) == 1):
            return diagnose_text(cell if cell is not None else _text_of(options[0]))
        if verb == "doctor" and set(options) <= {"--quick", "--offline"}:
            return check(quick="--quick" in options, offline="--offline" in options)
        if verb == "smoke" and not options:
            return smoke_test()
    except DlcheckError as error:
        print(f"dlcheck: {error.line}", file=sys.stderr)  # noqa: T201 - a cell's words
        return None
    return _other_command(words)


def _text_of(path: str) -> str:
    from dlcheck.model.errors import DlcheckError

    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read(4_000_000)
    except OSError as error:
        raise DlcheckError(
            f"cannot read {path}: {error.strerror or error}", "%%dlcheck diagnose reads the cell."
        ) from None


def _other_command(words: list[str]) -> None:
    """Any other command line, as a child of this interpreter."""
    import importlib.util

    from dlcheck.host.interpreter import own_command
    from dlcheck.host.process import run

    if importlib.util.find_spec("typer") is None:
        told = f"dlcheck: only the command line knows {' '.join(words)!r}, and it needs Typer\n  %pip install typer"
        print(told, file=sys.stderr)  # noqa: T201 - a cell's words
        return
    done = run([*own_command(), *words], timeout=3600.0)
    print(done.output or done.failure or "")  # noqa: T201 - a cell's words
