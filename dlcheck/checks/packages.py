"""DL420-DL449: the distributions of the environment, by their own metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dlcheck.checks import requirements
from dlcheck.checks.rule import rule
from dlcheck.model import units
from dlcheck.model.fact import NotApplicable, Unknown, known
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding
from dlcheck.model.profile import Profile, Severity
from dlcheck.model.python_facts import Distribution

TENSORFLOW = (
    *("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tensorflow-macos", "tensorflow-intel", "tensorflow-rocm"),
    *("tensorflow-cpu-aws", "tensorflow-directml", "intel-tensorflow", "tf-nightly", "tf-nightly-cpu"),
)
ONNXRUNTIME = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino", "onnxruntime-training")
CODE = (".py", ".so", ".pyd", ".dll", ".dylib")
# tensorflow itself asks for one of these on its platform: they are one installation.
_PARTS = {"tensorflow": ("tensorflow-intel", "tensorflow-macos", "tensorflow-cpu-aws")}
# Who asks for whom, where the pair has a cause of its own. "*" is any distribution.
_PAIRS = (
    ({"torchvision", "torchaudio", "torchtext", "xformers"}, {"torch"}, "torch-companion-mismatch"),
    ({"tensorflow", *TENSORFLOW}, {"keras", "keras-nightly"}, "keras-tf-version-mismatch"),
    ({"tf-keras"}, set(TENSORFLOW), "keras-tf-version-mismatch"),
    ({"jax"}, {"jaxlib"}, "jax-jaxlib-mismatch"),
    ({"jax-cuda12-plugin", "jax-cuda13-plugin", "jax-rocm7-plugin", "jax-rocm60-plugin"}, None, "jax-plugin-mismatch"),
    (None, {"protobuf"}, "protobuf-too-new"),
    (None, {"typing-extensions"}, "typing-extensions-too-old"),
)


def installed(facts: Facts) -> dict[str, Distribution]:
    """The usable distributions by name; of two copies the one that is imported."""
    found: dict[str, Distribution] = {}
    for one in known(facts.distributions):
        if not is_leftover(one):
            found.setdefault(one.name, one)
    return found


def is_leftover(one: Distribution) -> bool:
    """Whether it is a ~folder that an interrupted pip left behind, and no distribution."""
    return (one.damaged or "").startswith("a leftover")


@rule(
    "DL420",
    "Installed packages are whole",
    group="Python",
    needs=("distributions",),
    causes=("broken-partial-install",),
)
def partial_install(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """Files that a package's RECORD promises are not there, or its metadata is damaged: an interrupted installation.

    uv writes the metadata before the files, so that after a kill or a full disk both uv and pip say "already satisfied"
    for ever; pip leaves folders that begin with ~. Only a walk through RECORD sees it (measured: 0.15 s for 33,000
    files). Code of another size than RECORD says is a note: people patch packages, and their certificates.
    """
    for one in known(facts.distributions):
        where = (Evidence("distributions", f"{one.name} {one.version or ''} in {one.location}".strip()),)
        about = {"package": f"{one.name}=={one.version}" if one.version else one.name, "path": one.location or ""}
        if is_leftover(one):
            yield Finding(
                cause="broken-partial-install",
                message=f"{one.location} was left behind by an interrupted pip",
                severity=Severity.WARNING,
                evidence=where,
                about=about,
            )
        elif one.missing_files:
            yield Finding(
                cause="broken-partial-install",
                message=f"{one.name} lacks {units.counted(one.missing_files, 'file')} of its own, such as "
                f"{one.missing_sample[0] if one.missing_sample else '?'}",
                subject=one.name,
                evidence=where,
                about=about,
            )
        elif one.damaged:
            yield Finding(
                cause="broken-partial-install",
                message=f"the metadata of {one.name} is damaged: {one.damaged}",
                subject=one.name,
                severity=Severity.WARNING,
                evidence=where,
                about=about,
            )
        elif one.changed_files and any(path.endswith(CODE) for path in one.missing_sample):
            yield Finding(
                cause="broken-partial-install",
                message=f"{units.counted(one.changed_files, 'file')} of {one.name} "
                f"{'was' if one.changed_files == 1 else 'were'} changed after installing, such as {one.missing_sample[0]}",
                subject=one.name,
                severity=Severity.NOTE,
                evidence=where,
                about=about,
            )


@rule(
    "DL421",
    "Installed packages agree with each other",
    group="Python",
    needs=("distributions", "python", "system"),
    causes=("dependency-pins-conflict", *sorted({cause for _, _, cause in _PAIRS})),
    severity=Severity.WARNING,
)
def requirements_unmet(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """A package asks for another in a version that is not the installed one, or that is not installed at all.

    Judged from Requires-Dist of the metadata, with the markers of the checked interpreter and not of dlcheck's. Local
    versions (2.13.0+cpu) and installed pre-releases satisfy. Pairs with a cause of their own (torch and torchvision,
    TensorFlow and Keras, jax and jaxlib, protobuf) are named by it, and are errors.
    """
    distributions = installed(facts)
    python = known(facts.python)
    system = None if isinstance(facts.system, Unknown) else facts.system
    environment = requirements.markers(python, system)
    if environment is None:
        raise NotApplicable("the version of the interpreter is not known")
    versions = {name: one.version for name, one in distributions.items()}
    for one in distributions.values():
        for needed, specifier, have in requirements.unmet(one.requires, versions, environment):
            if one.name == "torch" and needed.startswith("nvidia-") and specifier.startswith("=="):
                # DL703 judges these, and knows which of them matter.
                continue
            cause = _pair(one.name, needed)
            stated = f"{one.name} {one.version} asks for {needed}{specifier}"
            yield Finding(
                cause=cause,
                message=f"{stated}; {needed} {have} is installed" if have else f"{stated}, which is not installed",
                subject=one.name,
                severity=Severity.ERROR if cause != "dependency-pins-conflict" and have else None,
                evidence=(
                    Evidence("distributions", f"{one.name}: Requires-Dist: {needed}{specifier}"),
                    Evidence("distributions", f"{needed} {have or 'not installed'}"),
                ),
                about={"package": f"{needed}{specifier}"},
            )


def _pair(asking: str, needed: str) -> str:
    for askers, answers, cause in _PAIRS:
        if (askers is None or asking in askers) and (answers is None or needed in answers):
            return cause
    return "dependency-pins-conflict"


@rule(
    "DL422",
    "Each package is installed once",
    group="Python",
    needs=("distributions",),
    causes=("several-tf-distributions", "two-copies-installed", "two-onnxruntime-distributions"),
)
def installed_twice(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """Two distributions bring the same module, or one name has two metadata folders: files of both are mixed.

    tensorflow beside tensorflow-cpu or tf-nightly: whichever was installed last has overwritten the other, and removing
    one takes the other's files with it. Two folders that tell the same version are harmless: Debian's Python ships some
    packages as dist-info and as egg-info.
    """
    found = installed(facts)
    for family, cause in ((TENSORFLOW, "several-tf-distributions"), (ONNXRUNTIME, "two-onnxruntime-distributions")):
        there = [name for name in family if name in found]
        for whole, parts in _PARTS.items():
            if whole in there:
                there = [name for name in there if name not in parts]
        if len(there) > 1:
            yield Finding(
                cause=cause,
                message=f"{units.listed(there)} are installed together; they own the same files",
                subject=family[0],
                severity=Severity.ERROR if cause == "several-tf-distributions" else Severity.WARNING,
                evidence=tuple(Evidence("distributions", f"{name} {found[name].version}") for name in there),
                about={"package": there[0]},
            )
    copies: dict[tuple[str, str], dict[str, None]] = {}
    for one in known(facts.distributions):
        if not is_leftover(one):
            copies.setdefault((one.name, one.location or ""), {})[one.version or "?"] = None
    for (name, place), found_versions in copies.items():
        versions = list(found_versions)
        if len(versions) > 1:
            yield Finding(
                cause="two-copies-installed",
                message=f"{name} is there {len(versions)} times in one folder: {units.listed(versions)}",
                subject=name,
                severity=Severity.WARNING,
                evidence=(Evidence("distributions", f"{name} {' and '.join(versions)} in {place}"),),
                about={"package": name, "path": place},
            )


@rule(
    "DL423",
    "No two packages fight over the same files",
    group="Python",
    needs=("distributions",),
    causes=("two-cuda-wheel-families", "dependency-replaced-gpu-build"),
)
def file_collisions(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """Two distributions own the same path with other contents: one of them is not whole, the last one installed has won.

    Seen with NVIDIA's wheels for CUDA 12 and 13 in one environment: both own libnccl.so.2 and libcudnn.so.9 (measured
    from the wheels); resolvers do not see it. Families side by side that share no file are harmless.
    """
    seen: set[frozenset[str]] = set()
    for one in known(facts.distributions):
        for other in one.collides_with:
            pair = frozenset((one.name, other))
            if pair in seen:
                continue
            seen.add(pair)
            nvidia = one.name.startswith("nvidia-") and other.startswith("nvidia-")
            if not nvidia:
                continue
            yield Finding(
                cause="two-cuda-wheel-families",
                message=f"{one.name} and {other} own the same library files; the one installed last has won",
                evidence=(Evidence("distributions", f"{one.name} {one.version}"), Evidence("distributions", other)),
                about={"package": one.name},
            )


@rule(
    "DL424",
    "NumPy fits the compiled packages",
    group="Python",
    needs=("distributions",),
    causes=("numpy-abi-mismatch",),
)
def numpy_too_new(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """NumPy 2 beside a PyTorch that was compiled against NumPy 1 (before 2.3): "A module that was compiled using NumPy
    1.x cannot be run in NumPy 2". torch imports, .numpy() fails.

    The wheels of torch declare no requirement on NumPy, so that pip cannot see it. TensorFlow before 2.18 does declare it.
    """
    found: Mapping[str, Distribution] = installed(facts)
    numpy, torch = found.get("numpy"), found.get("torch")
    if numpy is None or torch is None or not numpy.version or not torch.version:
        raise NotApplicable("NumPy and PyTorch are not both installed")
    if requirements.satisfies(numpy.version, ">=2") and requirements.satisfies(torch.version, "<2.3"):
        yield Finding(
            cause="numpy-abi-mismatch",
            message=f"torch {torch.version} was compiled against NumPy 1; NumPy {numpy.version} is installed",
            subject="torch",
            evidence=(
                Evidence("distributions", f"numpy {numpy.version}"),
                Evidence("distributions", f"torch {torch.version}"),
            ),
            about={"package": "numpy<2"},
        )


@rule(
    "DL425",
    "pip understands today's wheels",
    group="Python",
    needs=("python",),
    causes=("pip-too-old",),
    severity=Severity.WARNING,
)
def pip_too_old(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """The pip of the environment is older than 20.3 and does not know the platform tags of today's wheels (PEP 600).

    It then says "No matching distribution found" for packages that exist. An environment without pip (uv) is fine.
    """
    version = known(known(facts.python).pip)
    if version is None:
        raise NotApplicable("the environment has no pip")
    if requirements.satisfies(version, "<20.3"):
        yield Finding(
            cause="pip-too-old",
            message=f"pip {version} is too old for today's wheels; 20.3 is the least",
            evidence=(Evidence("python.pip", version),),
            about={"package": "pip"},
        )


RULES = (
    partial_install,
    requirements_unmet,
    installed_twice,
    file_collisions,
    numpy_too_new,
    pip_too_old,
)
