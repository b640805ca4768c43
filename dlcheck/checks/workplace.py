"""DL301-DL309: editors and notebooks."""

from __future__ import annotations

from collections.abc import Iterator

from dlcheck.checks.rule import rule
from dlcheck.model.fact import NotApplicable, known, or_none, present
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding
from dlcheck.model.profile import Profile, Severity

JUPYTER = ("Jupyter", "JupyterLab", "Jupyter Notebook")


@rule(
    "DL301",
    "There is an editor or a notebook",
    group="Editor",
    needs=("workplace", "container"),
    causes=("no-ide",),
    severity=Severity.NOTE,
)
def no_editor(facts: Facts, profile: Profile) -> Iterator[Finding]:
    """No editor or notebook for Python was found (VS Code, PyCharm, Jupyter, Spyder; Colab, Paperspace, Kaggle).

    A note, never a fault: servers need none, and an editor may run on another machine and reach in over ssh.
    """
    if not profile.editor:
        raise NotApplicable("the profile asks for none")
    workplace = known(facts.workplace)
    container = known(facts.container)
    if container.kind or container.scheduler:
        raise NotApplicable("a container or a job needs none")
    if not workplace.editors and workplace.inside is None:
        yield Finding(
            cause="no-ide",
            message="no editor or notebook for Python was found on this machine",
            evidence=(Evidence("workplace.editors", "none"),),
        )


@rule(
    "DL302",
    "Jupyter kernels start an interpreter that exists",
    group="Editor",
    needs=("workplace",),
    causes=("notebook-kernel-other-python",),
    severity=Severity.WARNING,
)
def kernel_dangling(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """A Jupyter kernel names an interpreter that is not there: a notebook with it never starts.

    It stays behind when an environment is deleted or moved.
    """
    kernels = known(known(facts.workplace).kernels)
    for one in kernels:
        if one.python_exists is False:
            yield Finding(
                cause="notebook-kernel-other-python",
                message=f'the Jupyter kernel "{one.display_name or one.name}" starts {one.python}, which does not exist',
                evidence=(Evidence("workplace.kernels", f"{one.path}: argv[0] = {one.python}"),),
                about={"path": one.python or "", "package": one.name},
            )


@rule(
    "DL303",
    "Notebooks use the interpreter that is checked",
    group="Editor",
    needs=("workplace", "python", "distributions"),
    causes=("notebook-kernel-other-python", "ipykernel-missing"),
    severity=Severity.NOTE,
)
def kernel_of_another_python(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """Jupyter is used here, but no kernel starts the checked interpreter: "No module named torch" in the notebook.

    A warning inside a notebook whose kernel is another interpreter. A kernel named plain "python" inside the checked
    environment starts that environment's Python and is right. VS Code finds environments without kernels.
    """
    workplace = known(facts.workplace)
    kernels = known(workplace.kernels)
    names = {one.name for one in known(facts.distributions)}
    jupyter = any(one.name in JUPYTER for one in workplace.editors) or bool(kernels)
    python = present(facts.python, "no interpreter is known")
    if not jupyter or python.environment is None:
        raise NotApplicable("no Jupyter is used here")
    if any(one.is_target for one in kernels):
        return
    if "ipykernel" not in names:
        yield Finding(
            cause="ipykernel-missing",
            message="Jupyter is here, but the checked environment has no ipykernel: notebooks cannot use it",
            evidence=(Evidence("distributions", "no ipykernel"),),
            about={"package": "ipykernel"},
        )
        return
    others = [one for one in kernels if one.python_exists and one.python]
    if others:
        yield Finding(
            cause="notebook-kernel-other-python",
            message="the Jupyter kernels start other interpreters than the one that is checked: "
            + ", ".join(f'"{one.display_name or one.name}" starts {one.python}' for one in others[:3]),
            severity=Severity.WARNING if workplace.inside == "jupyter" else None,
            evidence=tuple(Evidence("workplace.kernels", f"{one.name}: {one.python}") for one in others[:5]),
            about={"path": or_none(python.executable) or ""},
        )


RULES = (no_editor, kernel_dangling, kernel_of_another_python)
