"""Which frameworks that compute on GPUs are installed, and what each was built with."""

from __future__ import annotations

from dlcheck.model.fact import CannotJudge, NotApplicable, known, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.python_facts import FrameworkFacts

COMPUTING = ("torch", "tensorflow", "jax")


def frameworks(facts: Facts) -> dict[str, FrameworkFacts]:
    """The installed frameworks that compute on GPUs."""
    found = {name: one for name, one in known(facts.frameworks).items() if name in COMPUTING}
    if not found:
        raise NotApplicable("no framework that could use a GPU is installed")
    return found


def builds(facts: Facts) -> dict[str, str | None]:
    """The CUDA version of each framework whose build is known, None for a build without CUDA."""
    builds: dict[str, str | None] = {}
    why = ""
    for name, framework in frameworks(facts).items():
        try:
            builds[name] = cuda_of(facts, name, framework)
        except CannotJudge as reason:
            why = str(reason)
    if not builds:
        raise CannotJudge(why)
    return builds


def shares_twelve(facts: Facts) -> bool:
    """Whether TensorFlow is here, whose GPU build is of CUDA 12 and for Linux, and nothing of CUDA 13 is beside it.

    The wheels of two CUDA majors overwrite each other's cuDNN and NCCL: what joins TensorFlow must be of CUDA 12 as well.
    """
    system = or_none(facts.system)
    if system is None or system.name != "linux" or "tensorflow" not in (or_none(facts.frameworks) or {}):
        return False
    try:
        return not any(cuda and cuda.startswith("13") for cuda in builds(facts).values())
    except (CannotJudge, NotApplicable):
        return False


def cuda_of(facts: Facts, name: str, framework: FrameworkFacts) -> str | None:
    """The CUDA version that a framework was built with; for JAX, of its plugin; None for a build without CUDA."""
    if name == "jax":
        plugins = [one.name for one in known(facts.distributions) if one.name.startswith("jax-cuda")]
        return next((one[8:10] for one in plugins if one[8:10].isdigit()), None) or (
            "12" if "+cuda12" in (or_none(framework.version) or "") else None
        )
    build = known(framework.build)
    return (build.cuda or None) if build else None


def sees_gpu(framework: FrameworkFacts) -> bool | None:
    """Whether the framework itself listed a GPU; None where nobody asked it or it did not come that far."""
    run = or_none(framework.run)
    if run is None or run.result != "found":
        return None
    kinds = {one.kind for one in or_none(run.devices) or ()}
    return run.gpu_available if run.gpu_available is not None else bool(kinds - {"cpu"})


def title(name: str, framework: FrameworkFacts) -> str:
    """The framework as its people write it, with its version."""
    words = {"torch": "PyTorch", "tensorflow": "TensorFlow", "jax": "JAX"}[name]
    return f"{words} {or_none(framework.version) or ''}".strip()
