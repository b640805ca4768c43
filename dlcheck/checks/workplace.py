"""DL301-DL309: editors and notebooks."""

from __future__ import annotations

from collections.abc import Iterator

from dlcheck.checks import requirements
from dlcheck.checks.rule import rule
from dlcheck.model.fact import NotApplicable, known, or_none, present
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Fix
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


@rule(
    "DL304",
    "No package changed after the notebook's kernel started",
    group="Editor",
    needs=("python", "distributions"),
    causes=("kernel-restart-needed",),
    severity=Severity.WARNING,
)
def kernel_outdated(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """A cell installed another version of what the kernel has imported: the old one goes on running, half of its files new.

    Judged only from within the kernel (dlcheck.check(), %dlcheck). A local suffix such as +cu130 counts where both name
    one. Source: Python's import system: a module is loaded once.
    """
    python = known(facts.python)
    if not python.loaded:
        raise NotApplicable("this is not a kernel that has imported a framework")
    held = {one.name: one.version for one in known(facts.distributions) if not one.damaged}
    for name, running in python.loaded.items():
        carriers = [one for one in (name, f"{name}-cpu", f"{name}-gpu", f"{name}-macos") if held.get(one)]
        installed = held[carriers[0]] if carriers else None
        if installed and not _same(running, installed):
            yield Finding(
                cause="kernel-restart-needed",
                subject=name,
                message=f"{name} {installed} is installed, and this kernel still runs {running}",
                evidence=(
                    Evidence(f"python.loaded.{name}", running),
                    Evidence(f"distributions.{carriers[0]}", installed),
                ),
                about={"package": carriers[0]},
                fixes=(Fix("Restart the kernel, then run the cells again."),),
            )


def _same(one: str, other: str) -> bool:
    (public, _, local), (other_public, _, other_local) = one.partition("+"), other.partition("+")
    return requirements.satisfies(public, f"=={other_public}") and (
        not local or not other_local or local == other_local
    )


@rule(
    "DL305",
    "Jupyter asks who is there before it lets the network in",
    group="Editor",
    needs=("workplace", "container"),
    causes=("jupyter-open",),
    severity=Severity.WARNING,
)
def open_server(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """A server that listens for other machines with neither token nor password runs programs for whoever reaches it.

    Read from the files that running servers write. Hosted notebooks and hubs ask in the server's place and are left alone; in a
    container, whose ports may be closed, it is a note. Source: jupyter_server (serverapp.py).
    """
    workplace, container = known(facts.workplace), known(facts.container)
    if workplace.hub or container.hosted or container.kind == "kubernetes":
        raise NotApplicable("whoever hosts this asks for the password")
    for one in workplace.servers:
        if one.asks or one.address in ("localhost", "127.0.0.1", "::1") or one.address.startswith("/"):
            continue
        yield Finding(
            cause="jupyter-open",
            subject=f"{one.address}:{one.port or ''}".rstrip(":"),
            severity=Severity.NOTE if container.kind else None,
            message=f"a Jupyter server listens on {one.address or 'every address'}"
            f"{f', port {one.port},' if one.port else ''} and asks for no password",
            evidence=(Evidence("workplace.servers", f"{one.address}:{one.port}, no token, no password"),),
        )


RULES = (no_editor, kernel_dangling, kernel_of_another_python, kernel_outdated, open_server)
