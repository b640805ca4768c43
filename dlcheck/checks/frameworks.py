"""DL501-DL529: the frameworks of the environment."""

from __future__ import annotations

from collections.abc import Iterator

from dlcheck.checks import import_failure, requirements
from dlcheck.checks.rule import rule
from dlcheck.model.fact import NotApplicable, Unknown, known, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding
from dlcheck.model.profile import Profile, Severity
from dlcheck.model.python_facts import FrameworkFacts, ImportFacts

TRAINING = ("tensorflow", "torch", "jax", "pytensor")
TITLES = {"tensorflow": "TensorFlow", "torch": "PyTorch", "jax": "JAX", "keras": "Keras", "pytensor": "PyTensor"}
KERAS_BACKENDS = ("tensorflow", "torch", "jax", "numpy", "openvino")
# What has ended, and what lives on in its place (sources: frameworks/historic.py).
ENDED = {
    "theano": ("Theano", "PyTensor"),
    "aesara": ("Aesara", "PyTensor"),
    "caffe": ("Caffe", "PyTorch"),
    "cntk": ("CNTK", "PyTorch"),
    "mxnet": ("MXNet", "PyTorch or JAX"),
    "chainer": ("Chainer", "PyTorch"),
    "lua_torch": ("Torch7 (Lua)", "PyTorch"),
}


def title(name: str) -> str:
    """A framework's name as its people write it."""
    return TITLES.get(name, name)


def tried(framework: FrameworkFacts) -> ImportFacts | None:
    """What its import gave; None where nobody tried."""
    return or_none(framework.run)


@rule(
    "DL501",
    "A framework that trains is installed",
    group="Frameworks",
    needs=("frameworks", "python"),
    causes=("framework-missing",),
)
def no_framework(facts: Facts, profile: Profile) -> Iterator[Finding]:
    """The environment has neither TensorFlow nor PyTorch nor JAX: there is nothing to learn or train with."""
    frameworks = known(facts.frameworks)
    if not profile.any_framework:
        raise NotApplicable("the profile asks for none")
    if any(name in frameworks for name in TRAINING):
        return
    wanted = [one.name for one in profile.frameworks] or ["torch"]
    python = or_none(facts.python)
    where = "this environment" if python and python.environment else "this Python"
    yield Finding(
        cause="framework-missing",
        message=f"no framework is installed in {where}: neither TensorFlow nor PyTorch nor JAX",
        evidence=(Evidence("frameworks", "none of " + ", ".join(TRAINING)),),
        about={"package": " ".join(wanted)},
    )


@rule(
    "DL502",
    "The frameworks that the profile asks for are there, in the right version",
    group="Frameworks",
    needs=("frameworks",),
    causes=("framework-missing", "framework-version-unwanted"),
    severity=Severity.NOTE,
)
def wanted_framework(facts: Facts, profile: Profile) -> Iterator[Finding]:
    """A framework that the profile asks for is not installed, or not in the version asked for.

    A note where the profile merely wishes it (learn: TensorFlow, Keras and PyTorch, of which one is enough to begin), an
    error where the profile requires it.
    """
    frameworks = known(facts.frameworks)
    if not profile.frameworks:
        raise NotApplicable("the profile asks for no particular framework")
    nothing = not any(name in frameworks for name in TRAINING)
    for wanted in profile.frameworks:
        found = frameworks.get(wanted.name)
        severity = Severity.ERROR if wanted.required else None
        if found is None:
            if nothing and profile.any_framework and not wanted.required:
                continue
            yield Finding(
                cause="framework-missing",
                message=f"{title(wanted.name)} is not installed",
                subject=wanted.name,
                severity=severity,
                evidence=(Evidence(f"frameworks.{wanted.name}", "not installed"),),
                about={"package": f"{wanted.name}{wanted.versions}"},
            )
            continue
        version = or_none(found.version)
        if version and wanted.versions and not requirements.satisfies(version, wanted.versions):
            yield Finding(
                cause="framework-version-unwanted",
                message=f"{title(wanted.name)} {version} is installed; {wanted.versions} is asked for",
                subject=wanted.name,
                severity=severity or Severity.WARNING,
                evidence=(Evidence(f"frameworks.{wanted.name}.version", version),),
                about={"package": f"{wanted.name}{wanted.versions}"},
            )


@rule(
    "DL503",
    "Each framework imports",
    group="Frameworks",
    needs=("frameworks", "shadows"),
    causes=(
        *("import-raises", "import-crashes", "import-hangs", "import-silent", "import-killed-for-memory"),
        *("numpy-abi-mismatch", "numpy-removed-alias", "protobuf-too-new", "typing-extensions-too-old"),
        *("libstdcxx-too-old", "glibc-too-old", "libgomp-static-tls", "cpu-lacks-avx", "torch-companion-mismatch"),
        *("keras-backend-not-installed", "tf-keras-missing", "jax-jaxlib-mismatch", "cuda-libs-missing"),
        *("stdlib-module-removed", "duplicate-openmp-runtime", "vc-runtime-missing-or-old", "no-disk-space"),
        *("local-file-shadows-package", "extension-framework-mismatch", "broken-partial-install"),
        *("dependency-pins-conflict", "jax-variable-wrong"),
    ),
)
def import_fails(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """A framework is installed and cannot be imported. It is imported for real, in a process of its own with a time limit.

    A death is named by its signal: SIGILL means instructions that the processor lacks, SIGKILL without our doing that
    memory ran out. An exception is named by its words (NumPy, protobuf, libstdc++, CUDA libraries ...), which are read as
    `dlcheck diagnose` reads a pasted text, so that a cause can be one that this list does not name.
    """
    frameworks = known(facts.frameworks)
    runs = {name: tried(one) for name, one in frameworks.items()}
    if not any(runs.values()):
        raise NotApplicable("no framework was imported" if frameworks else "no framework is installed")
    for name, run in runs.items():
        if run is None or run.result == "found":
            continue
        if run.result == "missing":
            run_cause, words = "broken-partial-install", "it is listed as installed, and its module is not there"
        else:
            run_cause, words = import_failure.name_cause(name, run), import_failure.describe(run)
        version = or_none(frameworks[name].version)
        yield Finding(
            cause=run_cause,
            message=f"{title(name)}{f' {version}' if version else ''} is installed and cannot be used: {words}",
            subject=name,
            evidence=tuple(
                Evidence(f"frameworks.{name}.run", one)
                for one in ((run.traceback or run.output)[-6:] or (f"result {run.result}, stage {run.stage}",))
            ),
            about={"package": frameworks[name].distributions[0] if frameworks[name].distributions else name},
        )


@rule(
    "DL504",
    "Each framework computes right on each device it lists",
    group="Frameworks",
    needs=("frameworks",),
    causes=("device-computes-wrong", "device-fails", "gpu-too-new-for-build", "gpu-memory-already-taken"),
)
def computes_wrong(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """A first product of two small matrices of whole numbers was wrong, or failed, on a device that the framework lists.

    Whole numbers this small are exact in every number format, so there is nothing to round. `dlcheck smoke` looks closer.
    """
    frameworks = known(facts.frameworks)
    judged = False
    for name, framework in frameworks.items():
        run = tried(framework)
        if run is None or run.result != "found":
            continue
        judged = True
        for device in or_none(run.devices) or ():
            if device.error:
                place = device.kind if device.kind == "cpu" else f"{device.kind}:{device.index}"
                wrong = "product is wrong" in device.error
                yield Finding(
                    cause="device-computes-wrong" if wrong else _device_cause(device.error),
                    message=f"{title(name)} on {place}: {device.error.splitlines()[0][:300]}",
                    subject=name,
                    evidence=(Evidence(f"frameworks.{name}.run.devices", f"{place}: {device.error[:500]}"),),
                )
    if not judged:
        raise NotApplicable("no framework was imported")


def _device_cause(error: str) -> str:
    words = error.lower()
    if "no kernel image" in words:
        return "gpu-too-new-for-build"
    if "out of memory" in words:
        return "gpu-memory-already-taken"
    return "device-fails"


@rule(
    "DL505",
    "Eager execution is on",
    group="Frameworks",
    needs=("frameworks",),
    causes=("tensorflow-not-eager",),
    severity=Severity.WARNING,
)
def not_eager(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """TensorFlow does not compute at once: version 1, or eager execution switched off. Courses of today assume version 2."""
    framework = known(facts.frameworks).get("tensorflow")
    run = tried(framework) if framework else None
    if run is None or run.result != "found" or run.eager is None:
        raise NotApplicable("TensorFlow was not imported")
    if not run.eager:
        yield Finding(
            cause="tensorflow-not-eager",
            message=f"TensorFlow {run.version} does not compute eagerly",
            subject="tensorflow",
            evidence=(Evidence("frameworks.tensorflow.run.eager", "false"),),
        )


@rule(
    "DL506",
    "The backend that Keras is set to is installed",
    group="Frameworks",
    needs=("frameworks",),
    causes=("keras-backend-not-installed",),
)
def keras_backend(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """Keras 3 starts the backend that KERAS_BACKEND or ~/.keras/keras.json names (default: TensorFlow), and that one is
    not installed: import keras fails.
    """
    frameworks = known(facts.frameworks)
    keras = frameworks.get("keras")
    version = or_none(keras.version) if keras else None
    if keras is None or keras.backend is None or version is None or not requirements.satisfies(version, ">=3.0.0.dev0"):
        raise NotApplicable("Keras 3 is not installed")
    if keras.backend in ("numpy", "openvino"):
        return
    others = [name for name in ("torch", "jax", "tensorflow") if name in frameworks]
    if keras.backend not in KERAS_BACKENDS or keras.backend not in frameworks:
        other = f"; {title(others[0])} is" if others else ""
        # A name that is no backend must not be handed to pip.
        package = keras.backend if keras.backend in KERAS_BACKENDS else (*others, "torch")[0]
        yield Finding(
            cause="keras-backend-not-installed",
            message=f"Keras is set to the backend {keras.backend} ({keras.backend_source}), which is not installed{other}",
            subject="keras",
            evidence=(Evidence("frameworks.keras.backend", f"{keras.backend} ({keras.backend_source})"),),
            about={"package": package, "backend": (*others, package)[0]},
        )


@rule(
    "DL507",
    "No framework has ended",
    group="Frameworks",
    needs=("frameworks",),
    causes=("framework-ended",),
    severity=Severity.WARNING,
)
def ended(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """A framework is installed whose development has ended: no fixes, no wheels for new Pythons. Names what lives on.

    Deeplearning4j, which runs on the JVM, has seen no release since 2022: a note.
    """
    frameworks = known(facts.frameworks)
    for name, (words, successor) in ENDED.items():
        if name in frameworks:
            version = or_none(frameworks[name].version)
            yield Finding(
                cause="framework-ended",
                message=f"{words}{f' {version}' if version else ''} is no longer developed; {successor} lives on in its place",
                subject=name,
                evidence=(Evidence(f"frameworks.{name}", version or "installed"),),
                about={"package": successor},
            )
    if "deeplearning4j" in frameworks:
        found = frameworks["deeplearning4j"]
        yield Finding(
            cause="framework-ended",
            message=f"Deeplearning4j {or_none(found.version) or ''} ({found.backend}) has seen no release since 2022",
            subject="deeplearning4j",
            severity=Severity.NOTE,
            evidence=(Evidence("frameworks.deeplearning4j", or_none(found.version) or ""),),
            about={"package": "PyTorch or TensorFlow"},
        )


@rule(
    "DL508",
    "Legacy Keras is there where it is asked for",
    group="Frameworks",
    needs=("frameworks", "variables"),
    causes=("tf-keras-missing",),
)
def legacy_keras(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """TF_USE_LEGACY_KERAS is set, and tf-keras is not installed: import tensorflow succeeds, the first use of tf.keras fails."""
    frameworks = known(facts.frameworks)
    value = known(facts.variables).get("TF_USE_LEGACY_KERAS", "")
    if value.lower() not in ("1", "true") or "tensorflow" not in frameworks:
        raise NotApplicable("legacy Keras is not asked for")
    if "tf_keras" not in frameworks:
        release = ".".join((or_none(frameworks["tensorflow"].version) or "").split(".")[:2])
        about = {"package": f"tf-keras=={release}.*", "version": f"{release}.*"} if release else {"package": "tf-keras"}
        yield Finding(
            cause="tf-keras-missing",
            message="TF_USE_LEGACY_KERAS is set, and tf-keras is not installed",
            subject="keras",
            evidence=(Evidence("variables.TF_USE_LEGACY_KERAS", value),),
            about=about,
        )


@rule(
    "DL509",
    "PyTorch is not dangerously old",
    group="Frameworks",
    needs=("frameworks",),
    causes=("old-release",),
    severity=Severity.NOTE,
)
def old_torch(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """Before 2.6 torch.load runs whatever a file says, unless weights_only=True is given: a downloaded model can be a program."""
    framework = known(facts.frameworks).get("torch")
    if framework is None or isinstance(framework.version, Unknown) or framework.version is None:
        raise NotApplicable("PyTorch is not installed")
    if requirements.satisfies(framework.version, "<2.6"):
        yield Finding(
            cause="old-release",
            message=f"torch {framework.version}: torch.load runs code from the files it loads; 2.6 and newer refuse",
            subject="torch",
            evidence=(Evidence("frameworks.torch.version", framework.version),),
            about={"package": "torch"},
        )


RULES = (
    no_framework,
    wanted_framework,
    import_fails,
    computes_wrong,
    not_eager,
    keras_backend,
    ended,
    legacy_keras,
    old_torch,
)
