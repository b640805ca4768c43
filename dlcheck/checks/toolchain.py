"""DL706-DL708: compilers, for those who use torch.compile on a GPU or build extensions. Wheels need none of them."""

from __future__ import annotations

from collections.abc import Iterator

from dlcheck.checks import built
from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.nvidia_cards import version
from dlcheck.checks.rule import rule
from dlcheck.model.fact import NotApplicable, known, or_none, present
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding
from dlcheck.model.profile import Profile, Severity
from dlcheck.model.python_facts import FrameworkFacts

GROUP = "CUDA"
PROGRAMS = ("CC", "CXX", "TRITON_PTXAS_PATH", "LD_PRELOAD")


@rule(
    "DL706",
    "torch.compile finds a compiler and Python's headers",
    group=GROUP,
    needs=("toolchain", "python", "frameworks", "distributions", "devices", "system", "variables"),
    causes=("no-c-compiler", "python-headers-missing"),
    severity=Severity.NOTE,
)
def compiles(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """On a GPU torch.compile works through Triton, which builds a small C module for each machine once: gcc or clang, and Python.h.

    A note, and only beside a GPU that PyTorch can use: ordinary training needs neither. Container images for running
    models often have neither. Source: triton/runtime/build.py.
    """
    torch = known(facts.frameworks).get("torch")
    if torch is None or gpu.system_of(facts) != "linux":
        raise NotApplicable("PyTorch on Linux alone")
    if not any(one.name.startswith(("triton", "pytorch-triton")) for one in known(facts.distributions)):
        raise NotApplicable("Triton is not installed")
    if not (built.sees_gpu(torch) or _cuda_waits(facts, torch)):
        raise NotApplicable("no GPU that this PyTorch can use")
    tools = known(facts.toolchain)
    if tools.gcc is None and tools.clang is None and gpu.variable(facts, "CC") is None:
        yield Finding(
            cause="no-c-compiler",
            message="there is no gcc and no clang: torch.compile on the GPU fails at its first use",
            evidence=(Evidence("toolchain.gcc", "none"), Evidence("toolchain.clang", "none")),
        )
    python = known(facts.python)
    if python.headers is False:
        yield Finding(
            cause="python-headers-missing",
            message="Python.h is not there: torch.compile on the GPU fails at its first use",
            evidence=(Evidence("python.headers", "false"),),
            about={"version": ".".join((or_none(python.version) or "3").split(".")[:2])},
        )


def _cuda_waits(facts: Facts, torch: FrameworkFacts) -> bool:
    """Whether a build for CUDA lies beside a GPU that libcuda lists (nobody imported it)."""
    stack, build = or_none(gpu.devices_of(facts).nvidia), or_none(torch.build)
    return build is not None and bool(build.cuda) and stack is not None and gpu.counts(stack)


@rule(
    "DL707",
    "The compiler is one that nvcc takes",
    group=GROUP,
    needs=("toolchain", "variables"),
    causes=("host-compiler-too-new",),
    severity=Severity.NOTE,
)
def host_compiler(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """The C++ part of an extension goes from nvcc to gcc, which nvcc refuses where it is newer than the toolkit.

    Read from the installed toolkit's own header (include/crt/host_config.h), not from a table. A note: only building
    extensions is concerned. Source: that header.
    """
    tools = known(facts.toolchain)
    newest = present(tools.nvcc_newest_gcc, "no toolkit with a known limit")
    gcc = present(tools.gcc, "no gcc")
    if gpu.variable(facts, "CC") or gpu.variable(facts, "CXX"):
        raise NotApplicable("CC or CXX names another compiler")
    if version(gcc)[0] > newest:
        yield Finding(
            cause="host-compiler-too-new",
            message=f"gcc is {gcc}, and nvcc {or_none(tools.nvcc) or ''} takes {newest} at the newest: extensions will not compile",
            evidence=(Evidence("toolchain.gcc", gcc), Evidence("toolchain.nvcc_newest_gcc", str(newest))),
            about={"version": str(newest)},
        )


@rule(
    "DL708",
    "Variables that name a file or a program name one that is there",
    group=GROUP,
    needs=("toolchain",),
    causes=("override-variable-wrong",),
    severity=Severity.NOTE,
)
def named_files(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """CUDA_HOME, CUDA_PATH, TRITON_PTXAS_PATH, CC, CXX and LD_PRELOAD are believed before anything is searched for.

    One that leads nowhere breaks compiling although the right tool is on PATH; a missing LD_PRELOAD makes the loader complain
    with every program. A folder of CUDA is a note, because running wheels read none. Source:
    torch/utils/cpp_extension.py, triton/runtime/build.py, ld.so(8).
    """
    for name, path in sorted(known(facts.toolchain).missing_files.items()):
        yield Finding(
            cause="override-variable-wrong",
            subject=name,
            severity=Severity.WARNING if name in PROGRAMS else None,
            message=f"{name} names {path}, which is not there",
            evidence=(Evidence(f"variables.{name}", path),),
            about={"variable": name, "path": path},
        )


RULES = (compiles, host_compiler, named_files)
