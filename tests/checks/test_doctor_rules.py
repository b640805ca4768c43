"""Tables: a change to the healthy laptop, and what each rule says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dlcheck.checks import RULES, loaded, variables
from dlcheck.checks.judge import judge
from dlcheck.model.device_facts import DeviceFacts, InfinibandPort, InterconnectFacts
from dlcheck.model.fact import CannotJudge, Unknown
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Finding, Status
from dlcheck.model.host_facts import ArmPart, ContainerFacts, EditorFacts, KernelFacts, ServerFacts
from dlcheck.model.profile import Ignore, Profile, Severity, Wanted
from dlcheck.model.python_facts import Distribution, FrameworkDevice, FrameworkFacts, ImportFacts
from tests.well import LEARN, SITE, WELL

BY_CODE = {rule.code: rule for rule in RULES}
E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE
PASSED, SKIPPED, UNKNOWN = Status.PASSED, Status.SKIPPED, Status.UNKNOWN
GIB = 1_073_741_824
INDEX = WELL.network.indexes[0]  # type: ignore[union-attr]


def but(subject: str, **changes: Any) -> Facts:
    """The healthy laptop with fields of one subject changed."""
    return replace(WELL, **{subject: replace(getattr(WELL, subject), **changes)})


def disk(role: str, **changes: Any) -> Facts:
    disks = tuple(replace(one, **changes) if one.role == role else one for one in WELL.disks)  # type: ignore[union-attr]
    return replace(WELL, disks=disks)


def index(*rows: dict[str, Any], **network: Any) -> Facts:
    return but("network", indexes=tuple(replace(INDEX, **row) for row in rows), **network)


def packages(*more: Distribution, without: str = "") -> Facts:
    rest = tuple(one for one in WELL.distributions if one.name not in without.split())  # type: ignore[union-attr]
    return replace(WELL, distributions=(*rest, *more))


def package(name: str, version: str, *requires: str, **fields: Any) -> Distribution:
    return Distribution(name=name, version=version, location=SITE, requires=requires, **fields)


def framework(name: str, **changes: Any) -> Facts:
    old = WELL.frameworks.get(name, FrameworkFacts(name=name, version="1.0"))  # type: ignore[union-attr]
    return replace(WELL, frameworks={**WELL.frameworks, name: replace(old, **changes)})  # type: ignore[dict-item]


def run(**fields: Any) -> ImportFacts:
    return ImportFacts(**{"result": "raised", "stage": "import", **fields})


def raised(kind: str, words: str) -> Facts:
    return framework("torch", run=run(error_type=kind, error=words))


def with_port(facts: Facts, state: str = "ACTIVE") -> Facts:
    port = InfinibandPort(device="mlx5_0", port=1, state=state, physical="LinkUp")
    return replace(facts, devices=DeviceFacts(pci=(), interconnect=InterconnectFacts(infiniband=(port,))))


OLD_SITE = SITE.replace("3.11", "3.9")
NO_FRAMEWORK = replace(WELL, frameworks={})
ONLY_TORCH = replace(WELL, frameworks={"torch": WELL.frameworks["torch"]})  # type: ignore[index]

# rule, facts, what is expected: a status, or (cause, severity).
ROWS: list[tuple[str, Facts, Any]] = [
    # DL101 class
    ("DL101", but("cpu", brand="Intel(R) Celeron(R) N4020 CPU @ 1.10GHz"), ("cpu-below-class", W)),
    ("DL101", but("cpu", brand="Intel(R) Core(TM) i3-8100 CPU @ 3.60GHz"), PASSED),
    ("DL101", but("cpu", brand="QEMU Virtual CPU version 2.5+"), PASSED),
    ("DL101", but("cpu", brand="QEMU Virtual CPU version 2.5+", flags=("sse2",)), ("cpu-below-class", W)),
    ("DL101", but("cpu", brand=None, architecture="aarch64", flags=("asimd",), arm_parts=(ArmPart(implementer="0x41", part="0xd0c"),)), PASSED),
    ("DL101", but("cpu", brand=None, architecture="aarch64", flags=("asimd",), arm_parts=(ArmPart(implementer="0x41", part="0xd08"),)), ("cpu-below-class", W)),
    ("DL101", but("cpu", brand="Something Never Seen", flags=()), SKIPPED),
    ("DL101", but("cpu", brand=Unknown("no"), flags=Unknown("no")), UNKNOWN),
    # DL102 AVX
    ("DL102", but("cpu", flags=("sse2", "sse4_2")), ("cpu-lacks-avx", E)),
    ("DL102", replace(but("cpu", flags=("sse2",)), frameworks={}), ("cpu-lacks-avx", E)),
    ("DL102", but("cpu", architecture="aarch64", flags=("asimd",)), SKIPPED),
    ("DL102", but("cpu", flags=Unknown("closed")), UNKNOWN),
    # DL103 quota, DL104 load
    ("DL103", but("cpu", quota_cpus=1.0), ("cpu-quota-below-visible", W)),
    ("DL103", but("cpu", quota_cpus=12.0), PASSED),
    ("DL103", WELL, SKIPPED),
    ("DL104", but("cpu", load_1_minute=60.0), ("host-busy", N)),
    # DL105-107 limits and the user
    ("DL105", but("toolchain", open_files_hard=1024), ("open-files-limit", W)),
    ("DL105", but("toolchain", open_files_hard=-1), PASSED),
    ("DL105", but("toolchain", open_files_hard=4096, open_files_soft=256), PASSED),
    ("DL105", but("toolchain", processes_limit=512), ("pids-limit", W)),
    ("DL105", but("toolchain", processes_limit=2048), PASSED),
    ("DL106", with_port(but("toolchain", locked_memory_bytes=65536)), ("memlock-limit", W)),
    ("DL106", with_port(WELL), SKIPPED),
    ("DL106", but("toolchain", locked_memory_bytes=65536), SKIPPED),
    ("DL106", with_port(but("toolchain", locked_memory_bytes=65536), state="DOWN"), SKIPPED),
    ("DL107", replace(disk("home", writable=False), system=replace(WELL.system, named=False)), ("uid-without-passwd-entry", W)),  # type: ignore[type-var]
    ("DL107", replace(disk("home", path="/"), system=replace(WELL.system, named=False)), ("uid-without-passwd-entry", W)),  # type: ignore[type-var]
    ("DL107", but("system", named=False), PASSED),
    ("DL107", replace(disk("home", writable=False), system=replace(WELL.system, named=True)), SKIPPED),  # type: ignore[type-var]
    # DL110-115 memory
    ("DL110", but("memory", total_bytes=int(7.6 * GIB)), PASSED),
    ("DL110", but("memory", total_bytes=int(7.05 * GIB)), PASSED),
    ("DL110", but("memory", total_bytes=int(5.8 * GIB)), ("low-ram", W)),
    ("DL110", but("memory", total_bytes=2 * GIB), ("low-ram", E)),
    ("DL110", replace(but("memory", total_bytes=4 * GIB), system=replace(WELL.system, wsl=2)), ("wsl-memory-cap", W)),  # type: ignore[type-var]
    ("DL110", but("memory", total_bytes=Unknown("closed")), UNKNOWN),
    ("DL111", but("memory", limit_bytes=2 * GIB, limit_source="control group"), ("cgroup-memory-limit", E)),
    ("DL111", but("memory", limit_bytes=6 * GIB), ("cgroup-memory-limit", W)),
    ("DL111", but("memory", limit_bytes=8 * GIB), PASSED),
    ("DL111", but("memory", limit_bytes=64 * GIB), PASSED),
    ("DL112", but("memory", available_bytes=GIB), ("low-free-ram", N)),
    ("DL113", replace(but("memory", shared_memory_bytes=64 * 1_048_576), container=ContainerFacts(kind="docker")), ("shm-too-small", W)),
    ("DL113", but("memory", shared_memory_bytes=GIB // 2), SKIPPED),
    ("DL113", but("memory", shared_memory_bytes=None), SKIPPED),
    ("DL114", but("memory", oom_kills=3, limit_bytes=4 * GIB), ("oom-killed", N)),
    ("DL114", but("memory", oom_kills=3), PASSED),
    ("DL115", but("memory", shared_memory_orphans=("torch_4711_1_0",), shared_memory_free_bytes=10_000_000), ("shm-too-small", W)),
    ("DL115", but("memory", shared_memory_orphans=("torch_4711_1_0",)), PASSED),
    ("DL115", but("memory", shared_memory_free_bytes=10_000_000), PASSED),
    ("DL115", replace(but("memory", shared_memory_orphans=("torch_4711_1_0",), shared_memory_free_bytes=1), container=ContainerFacts(kind="docker")), SKIPPED),
    # DL120-123 disks
    ("DL120", disk("environment", free_bytes=2_000_000_000), ("no-disk-space", W)),
    ("DL120", disk("environment", free_bytes=50_000_000), ("no-disk-space", E)),
    ("DL120", disk("environment", free_bytes=400_000_000), ("no-disk-space", W)),
    ("DL120", disk("environment", free_bytes=4_000_000_000), PASSED),
    ("DL120", disk("environment", free_bytes=None), UNKNOWN),
    ("DL120", disk("environment", free_inodes=500), ("no-disk-space", W)),
    ("DL120", disk("environment", free_inodes=None), PASSED),
    ("DL120", disk("environment", free_bytes=Unknown("gone")), UNKNOWN),
    ("DL121", disk("temporary", free_bytes=100_000_000), ("no-disk-space", W)),
    ("DL121", disk("temporary", free_bytes=1_000_000_000), PASSED),
    ("DL121", disk("temporary", free_bytes=None), PASSED),
    ("DL121", disk("temporary", executable=False), ("tmpdir-noexec", W)),
    ("DL121", disk("temporary", writable=False), ("tmpdir-not-writable", E)),
    ("DL122", disk("home", writable=False), ("home-not-writable", W)),
    ("DL122", disk("home", writable=Unknown("odd")), UNKNOWN),
    ("DL122", disk("home", writable=False, read_only=True), ("disk-failing", W)),
    ("DL122", disk("home", writable=False, read_only=True, filesystem="nfs4"), ("home-not-writable", W)),
    ("DL122", replace(disk("home", writable=False, read_only=True), container=ContainerFacts(kind="docker")), ("home-not-writable", W)),
    ("DL122", disk("home", read_only=True), PASSED),
    ("DL123", disk("environment", filesystem="9p"), ("env-on-network-fs", N)),
    # DL201-205 network
    ("DL201", index({"reached": False, "step": "dns", "error": "Name or service not known", "status": None}), ("dns-failure", E)),
    ("DL201", index({"reached": False, "step": "tcp", "error": "refused", "status": None}), ("network-blocked", E)),
    ("DL201", index({"reached": False, "step": "tls", "error": "self-signed", "status": None}), ("tls-proxy-ca-untrusted", E)),
    ("DL201", index({"reached": False, "step": "proxy", "error": "refused", "status": None}), ("proxy-misconfigured", E)),
    ("DL201", index({"reached": False, "step": "http", "error": "HTTP 503", "status": 503}), ("index-server-fault", E)),
    ("DL201", index({}, {"role": "extra-index", "reached": False, "step": "http", "error": "HTTP 403", "status": 403}), ("index-server-fault", W)),
    ("DL201", index({"role": "find-links", "reached": False, "step": "file", "error": "gone", "status": None}, {}), ("index-configuration", W)),
    # All out of reach at the same early step: one broken connection, told once. At different steps: each is told.
    ("DL201", index(*[{"reached": False, "step": "tcp", "error": "refused", "status": None}] * 2), [("network-blocked", E)]),
    ("DL201", index({"reached": False, "step": "dns", "error": "no name", "status": None}, {"reached": False, "step": "tls", "error": "self-signed", "status": None}), [("dns-failure", E), ("tls-proxy-ca-untrusted", E)]),
    ("DL201", index(*[{"reached": False, "step": "dns", "error": "no name", "status": None}] * 2, {"role": "find-links", "reached": False, "step": "file", "error": "gone", "status": None}), [("dns-failure", E), ("index-configuration", E)]),
    ("DL201", but("network", tried=False), SKIPPED),
    ("DL201", but("network", no_index=True), SKIPPED),
    ("DL202", but("network", ca_files={"SSL_CERT_FILE": "/gone.pem"}, missing_ca_files=("SSL_CERT_FILE",)), ("ca-bundle-path-missing", W)),
    ("DL203", index({"clock_skew_seconds": 4000.0}), ("clock-skew", W)),
    ("DL203", index({"clock_skew_seconds": -200_000.0}), ("clock-skew", E)),
    ("DL203", index({"clock_skew_seconds": None}), SKIPPED),
    ("DL204", index({"url": "http://mirror.example/simple"}), ("index-trust", W)),
    ("DL204", index({"url": "http://localhost:3141/simple"}), PASSED),
    ("DL204", but("network", trusted_hosts=("mirror.example",)), ("index-trust", W)),
    ("DL204", but("network", trusted_hosts=("localhost:3141", "127.0.0.1", "::1", "[::1]:8080")), PASSED),
    ("DL204", index({"url": "http://user:***@127.0.0.1:3141/simple"}, {"url": "http://[::1]:3141/simple"}), PASSED),
    # Names that only begin like this machine's.
    ("DL204", index({"url": "http://localhost.example/simple"}), ("index-trust", W)),
    ("DL204", but("network", trusted_hosts=("localhost.example",)), ("index-trust", W)),
    ("DL205", index({"bytes_per_second": 200_000.0}), ("slow-network", N)),
    ("DL205", index({"bytes_per_second": 9e6}), PASSED),
    # DL301-303 editors
    ("DL301", but("workplace", editors=()), ("no-ide", N)),
    ("DL301", but("workplace", editors=(), inside="colab"), PASSED),
    ("DL301", replace(but("workplace", editors=()), container=ContainerFacts(kind="docker")), SKIPPED),
    ("DL302", but("workplace", kernels=(KernelFacts(name="old", python="/gone/python", python_exists=False),)), ("notebook-kernel-other-python", W)),
    ("DL302", but("workplace", kernels=Unknown("closed")), UNKNOWN),
    ("DL303", replace(but("workplace", kernels=()), distributions=()), ("ipykernel-missing", N)),
    ("DL303", but("workplace", kernels=(KernelFacts(name="a", python="/usr/bin/python3", python_exists=True, is_target=False),)), ("notebook-kernel-other-python", N)),
    ("DL303", but("workplace", inside="jupyter", kernels=(KernelFacts(name="a", python="/usr/bin/python3", python_exists=True, is_target=False),)), ("notebook-kernel-other-python", W)),
    ("DL303", but("workplace", editors=(EditorFacts(name="VS Code"),), kernels=()), SKIPPED),
    # The only kernel leads to a Python that is gone: another rule tells of it.
    ("DL303", but("workplace", kernels=(KernelFacts(name="a", python="/gone/python", python_exists=False, is_target=False),)), PASSED),
    ("DL304", replace(but("python", loaded={"torch": "2.12.0+cpu"}), distributions=(package("torch", "2.13.0+cpu"),)), ("kernel-restart-needed", W)),
    ("DL304", replace(but("python", loaded={"torch": "2.13.0+cu130"}), distributions=(package("torch", "2.13.0"),)), PASSED),
    ("DL304", replace(but("python", loaded={"torch": "2.13.0+cu130"}), distributions=(package("torch", "2.13.0+cpu"),)), ("kernel-restart-needed", W)),
    ("DL304", replace(but("python", loaded={"tensorflow": "2.20.0"}), distributions=(package("tensorflow-cpu", "2.21.0"),)), ("kernel-restart-needed", W)),
    ("DL304", replace(but("python", loaded={"numpy": "2.3.0"}), distributions=()), PASSED),
    ("DL304", WELL, SKIPPED),
    ("DL305", but("workplace", servers=(ServerFacts(address="0.0.0.0", port=8888, asks=False),)), ("jupyter-open", W)),
    ("DL305", but("workplace", servers=(ServerFacts(address="", asks=False),)), ("jupyter-open", W)),
    ("DL305", but("workplace", servers=(ServerFacts(address="0.0.0.0", port=8888),)), PASSED),
    ("DL305", but("workplace", servers=(ServerFacts(address="localhost", port=8888, asks=False),)), PASSED),
    ("DL305", but("workplace", hub=True, servers=(ServerFacts(address="0.0.0.0", asks=False),)), SKIPPED),
    ("DL305", replace(but("workplace", servers=(ServerFacts(address="0.0.0.0", asks=False),)), container=ContainerFacts(kind="docker")), ("jupyter-open", N)),
    ("DL305", replace(but("workplace", servers=(ServerFacts(address="0.0.0.0", asks=False),)), container=ContainerFacts(hosted="colab")), SKIPPED),
    # DL401-410 the interpreter
    ("DL401", but("python", version="3.5.2", startup_error="ends"), SKIPPED),
    ("DL401", but("python", version="3.6", startup_error="ends"), ("python-cannot-start", E)),
    ("DL401", but("python", startup_error="SIGSEGV"), ("python-cannot-start", E)),
    ("DL401", but("python", version=Unknown("gone"), startup_error="gone"), ("env-python-missing", E)),
    ("DL401", but("python", version=Unknown("x"), startup_error="Permission denied"), ("python-cannot-start", E)),
    ("DL401", but("python", version=Unknown("x"), startup_error="Exec format error"), ("python-cannot-start", E)),
    ("DL402", but("python", version="3.7.16"), ("python-too-old", E)),
    ("DL402", but("python", version="3.8.18"), ("python-too-old", W)),
    ("DL402", but("python", version="3.13.0"), PASSED),
    ("DL402", but("python", version="3.14.0rc2"), PASSED),
    ("DL402", but("python", version=Unknown("odd")), UNKNOWN),
    ("DL403", but("python", implementation="pypy"), ("python-unsupported-implementation", E)),
    ("DL403", but("python", bits=32), ("python-32bit", E)),
    ("DL403", but("python", translated=True), ("x86-python-on-apple-silicon", E)),
    ("DL404", but("python", environment=None, externally_managed=True), ("externally-managed-python", W)),
    ("DL404", but("python", environment=None), ("no-virtual-environment", N)),
    ("DL404", replace(but("python", environment=None, externally_managed=True), container=ContainerFacts(kind="docker")), SKIPPED),
    ("DL405", but("python", pip_on_path="/usr/bin/python3"), ("installed-for-other-python", W)),
    ("DL405", replace(but("python", pip_on_path="/usr/bin/python3"), variables={}), ("installed-for-other-python", N)),
    ("DL405", but("python", pip_on_path=None), SKIPPED),
    ("DL406", replace(but("python", writes_bytecode=False), variables={"PYTHONDONTWRITEBYTECODE": "1"}), ("bytecode-not-written", N)),
    ("DL407", but("python", stdlib_missing=("ssl",)), ("python-without-ssl", E)),
    ("DL407", but("python", stdlib_missing=("lzma",)), ("python-without-ssl", N)),
    ("DL408", replace(WELL, variables={"PYTHONHOME": "/usr"}), ("two-copies-installed", E)),
    ("DL408", replace(WELL, variables={"PYTHONPATH": "/src:/usr/lib/python3/dist-packages"}), ("two-copies-installed", W)),
    ("DL408", replace(WELL, variables={"PYTHONPATH": "/home/someone/src"}), PASSED),
    ("DL408", replace(WELL, variables={"PYTHONPATH": f"{SITE}/"}), PASSED),
    # On the interpreter's own path by PYTHONPATH alone: the release in its name tells it apart.
    ("DL408", replace(but("python", site_packages=(SITE, OLD_SITE), prefix=None), variables={"PYTHONPATH": OLD_SITE}), ("two-copies-installed", W)),
    ("DL408", but("python", startup_error="SIGSEGV"), SKIPPED),
    ("DL409", replace(WELL, shadows=("torch.py",)), ("local-file-shadows-package", E)),
    ("DL409", replace(WELL, shadows=("random.py",)), ("local-file-shadows-package", W)),
    ("DL410", replace(but("python", user_site="/u"), distributions=(Distribution(name="torch", version="1.0", location="/u"), package("torch", "2.0"))), ("user-site-shadows-env", W)),
    ("DL410", replace(but("python", user_site="/u"), distributions=(Distribution(name="rich", version="1.0", location="/u"),)), PASSED),
    ("DL411", but("python", writable_by_all=(SITE,)), ("world-writable-path", W)),
    ("DL411", but("python", writable_by_all=("/opt/tools/bin",)), ("world-writable-path", N)),
    ("DL411", but("python", writable_by_all=(".",)), ("world-writable-path", N)),
    ("DL411", replace(but("python", writable_by_all=(SITE,)), container=ContainerFacts(kind="docker")), SKIPPED),
    ("DL411", replace(but("python", writable_by_all=("/mnt/c/Windows",)), system=replace(WELL.system, wsl=2)), PASSED),  # type: ignore[type-var]
    # DL420-425 packages
    ("DL420", packages(package("jaxlib", "0.10.2", missing_files=11, missing_sample=("jaxlib/a.so",))), ("broken-partial-install", E)),
    ("DL420", packages(package("orch", "1.0", damaged="a leftover of an interrupted pip")), ("broken-partial-install", W)),
    ("DL420", packages(package("rich", "1.0", damaged="no METADATA")), ("broken-partial-install", W)),
    ("DL420", packages(package("rich", "1.0", changed_files=1, missing_sample=("rich/a.py",))), ("broken-partial-install", N)),
    ("DL420", packages(package("certifi", "1.0", changed_files=1, missing_sample=("certifi/cacert.pem",))), PASSED),
    ("DL421", packages(package("numpy", "1.20.0"), without="numpy"), ("dependency-pins-conflict", W)),
    ("DL421", packages(package("torchvision", "0.20.0", "torch==2.5.0")), ("torch-companion-mismatch", E)),
    ("DL421", packages(package("torchvision", "0.28.0", "torch==2.13.0")), PASSED),
    ("DL421", packages(package("keras", "2.15.0"), without="keras"), ("keras-tf-version-mismatch", E)),
    # A leftover folder is no second copy of the distribution whose name it has.
    ("DL421", packages(package("jaxlib", "0.4.1", damaged="a leftover of an interrupted pip"), package("jax", "0.10.2", "jaxlib<=0.10.2"), package("jaxlib", "0.10.2")), PASSED),
    ("DL422", packages(package("torch", "1.0", damaged="a leftover of an interrupted pip")), PASSED),
    # The CUDA wheels that PyTorch pins have a rule of their own, DL703.
    ("DL421", packages(package("torch", "2.13.0", "nvidia-cublas==13.1.0.3"), package("nvidia-cublas", "13.0.0.19"), without="torch"), PASSED),
    ("DL421", packages(package("torch", "2.13.0", "nvidia-cublas>=13.1"), package("nvidia-cublas", "13.0.0.19"), without="torch"), ("dependency-pins-conflict", W)),
    ("DL421", packages(package("jax", "0.10.2", "jaxlib<=0.10.2,>=0.10.0"), package("jaxlib", "0.4.1")), ("jax-jaxlib-mismatch", E)),
    ("DL421", packages(package("tensorboard", "2.0", "protobuf<4"), package("protobuf", "6.0")), ("protobuf-too-new", E)),
    ("DL421", packages(package("app", "1.0", "tensorflow>=2")), PASSED),
    ("DL421", packages(package("app", "1.0", 'winonly; sys_platform == "win32"', 'more; extra == "all"', "not a requirement")), PASSED),
    ("DL421", packages(package("app", "1.0", "rich>=1; python_version >= '3.11'")), ("dependency-pins-conflict", W)),
    ("DL422", packages(package("tensorflow", "2.21.0")), ("several-tf-distributions", E)),
    ("DL422", packages(package("tensorflow", "2.15.0"), package("tensorflow-intel", "2.15.0"), without="tensorflow-cpu"), PASSED),
    ("DL422", packages(package("onnxruntime", "1.0"), package("onnxruntime-gpu", "1.0")), ("two-onnxruntime-distributions", W)),
    ("DL422", packages(package("numpy", "1.26.4")), ("two-copies-installed", W)),
    ("DL422", packages(package("attrs", "25.1"), package("attrs", "25.1")), PASSED),
    ("DL423", packages(package("nvidia-nccl-cu12", "2", collides_with=("nvidia-nccl-cu13",)), package("nvidia-nccl-cu13", "2", collides_with=("nvidia-nccl-cu12",))), ("two-cuda-wheel-families", E)),
    ("DL423", packages(package("a", "2", collides_with=("b",))), PASSED),
    ("DL424", packages(package("torch", "2.2.2"), without="torch"), ("numpy-abi-mismatch", E)),
    ("DL424", packages(package("torch", "2.2.2"), package("numpy", "1.26.4"), without="torch numpy"), PASSED),
    ("DL425", but("python", pip="19.0"), ("pip-too-old", W)),
    ("DL425", but("python", pip=None), SKIPPED),
    # DL501-509 frameworks
    ("DL501", NO_FRAMEWORK, ("framework-missing", E)),
    ("DL501", ONLY_TORCH, PASSED),
    ("DL502", ONLY_TORCH, ("framework-missing", N)),
    ("DL502", NO_FRAMEWORK, PASSED),
    ("DL503", raised("ImportError", "libcudart.so.12: cannot open shared object file"), ("cuda-libs-missing", E)),
    ("DL503", raised("ModuleNotFoundError", "No module named 'torchgen.model'"), ("broken-partial-install", E)),
    ("DL503", framework("jax", run=run(error_type="ModuleNotFoundError", error="No module named 'jaxlib.mosaic'")), ("jax-jaxlib-mismatch", E)),
    ("DL503", framework("keras", run=run(error_type="ModuleNotFoundError", error="No module named 'jax'")), ("keras-backend-not-installed", E)),
    ("DL503", raised("ModuleNotFoundError", "No module named 'sympy'"), ("dependency-pins-conflict", E)),
    ("DL503", raised("RuntimeError", "something nobody has seen"), ("import-raises", E)),
    ("DL503", framework("torch", run=run(result="crashed", signal="SIGILL")), ("cpu-lacks-avx", E)),
    ("DL503", framework("torch", run=run(result="crashed", signal="SIGSEGV")), ("import-crashes", E)),
    ("DL503", framework("torch", run=run(result="crashed", signal="SIGKILL")), ("import-killed-for-memory", E)),
    ("DL503", framework("torch", run=run(error_type="MemoryError", error="")), ("import-killed-for-memory", E)),
    ("DL503", framework("torch", run=run(result="timeout", seconds=60.0)), ("import-hangs", E)),
    ("DL503", framework("torch", run=run(result="silent", exit_code=0)), ("import-silent", E)),
    ("DL503", framework("torch", run=run(result="missing")), ("broken-partial-install", E)),
    ("DL503", replace(WELL, frameworks={"torch": FrameworkFacts(name="torch", run=None)}), SKIPPED),
    ("DL504", framework("torch", run=run(result="found", devices=(FrameworkDevice(kind="cuda", index=0, error="a 2 x 2 product is wrong: [[7, 10], [15, 23]]"),))), ("device-computes-wrong", E)),
    ("DL504", framework("torch", run=run(result="found", devices=(FrameworkDevice(kind="cuda", index=0, error="RuntimeError: no kernel image is available"),))), ("gpu-too-new-for-build", E)),
    ("DL504", replace(WELL, frameworks={}), SKIPPED),
    ("DL505", framework("tensorflow", run=run(result="found", eager=False, version="1.15.0")), ("tensorflow-not-eager", W)),
    ("DL506", framework("keras", backend="jax", backend_source="KERAS_BACKEND"), ("keras-backend-not-installed", E)),
    ("DL506", framework("keras", backend="nonsense"), ("keras-backend-not-installed", E)),
    ("DL506", framework("keras", version="2.15.0", backend="jax"), SKIPPED),
    ("DL506", framework("keras", backend="torch"), PASSED),
    ("DL506", framework("keras", backend="numpy"), PASSED),
    ("DL507", framework("theano", version="1.0.5"), ("framework-ended", W)),
    ("DL507", framework("deeplearning4j", version="1.0.0-M2.1", backend="JVM java"), ("framework-ended", N)),
    ("DL507", framework("pytensor"), PASSED),
    ("DL508", replace(WELL, variables={"TF_USE_LEGACY_KERAS": "1"}), ("tf-keras-missing", E)),
    ("DL508", replace(framework("tf_keras"), variables={"TF_USE_LEGACY_KERAS": "True"}), PASSED),
    ("DL509", framework("torch", version="2.1.0"), ("old-release", N)),
]  # fmt: skip


@pytest.mark.parametrize(("code", "facts", "expected"), ROWS, ids=[f"{row[0]}-{at}" for at, row in enumerate(ROWS)])
def test_table(code: str, facts: Facts, expected: Any):
    verdicts = judge(facts, LEARN, [BY_CODE[code]], "2026-01-01")
    if isinstance(expected, Status):
        assert [one.status for one in verdicts] == [expected], verdicts
        return
    found = [(one.cause, one.severity) for verdict in verdicts for one in verdict.findings]
    assert found == expected if isinstance(expected, list) else expected in found, verdicts
    assert {cause for cause, _ in found} <= set(BY_CODE[code].causes)


def test_every_rule_of_these_files_is_seen_both_ways():
    ours = {code for code in BY_CODE if code < "DL600"} - {rule.code for rule in (*variables.RULES, *loaded.RULES)}
    failing = {code for code, _, expected in ROWS if not isinstance(expected, Status)}
    assert ours <= failing


def test_the_profile_decides_the_severity():
    strict = Profile(name="strict", severities={"low-ram": Severity.ERROR, "DL104": Severity.ERROR})
    rules = [BY_CODE["DL110"], BY_CODE["DL104"]]
    facts = replace(but("memory", total_bytes=int(5.8 * GIB)), cpu=replace(WELL.cpu, load_1_minute=99.0))  # type: ignore[type-var]
    assert {one.severity for verdict in judge(facts, strict, rules, "2026-01-01") for one in verdict.findings} == {E}


def test_a_required_framework_is_an_error_and_a_version_counts():
    wanted = Profile(name="x", frameworks=(Wanted(name="jax", required=True), Wanted(name="torch", versions=">=99")))
    (first, second) = judge(WELL, wanted, [BY_CODE["DL502"]], "2026-01-01")
    assert [(one.cause, one.severity) for one in (*first.findings, *second.findings)] == [
        ("framework-missing", E),
        ("framework-version-unwanted", W),
    ]


@pytest.mark.parametrize(("until", "suppressed"), [("", True), ("2026-01-01", True), ("2025-12-31", False)])
def test_an_ignore_holds_until_its_date(until: str, suppressed: bool):
    for target in ("DL110", "low-ram"):
        profile = Profile(name="x", ignores=(Ignore(target=target, reason="a small machine", until=until),))
        (verdict,) = judge(but("memory", total_bytes=GIB), profile, [BY_CODE["DL110"]], "2026-01-01")
        assert verdict.suppressed is suppressed
        if suppressed:
            assert verdict.why == "a small machine"


def test_an_ignored_cause_is_parted_from_what_else_the_rule_found():
    def both(facts: Facts, profile: Profile) -> list[Finding]:
        return [Finding(cause=cause, message=cause) for cause in ("low-ram", "low-disk")]

    rule = replace(BY_CODE["DL110"], judge=both)
    profile = Profile(name="x", ignores=(Ignore(target="low-ram", reason="a small machine"),))
    kept, parted = judge(WELL, profile, [rule], "2026-01-01")
    assert [one.cause for one in kept.findings] == ["low-disk"]
    assert not kept.suppressed
    assert [one.cause for one in parted.findings] == ["low-ram"]
    assert parted.suppressed


@pytest.mark.parametrize(("why", "suppressed"), [(None, False), (CannotJudge("no memory"), True), (ValueError(), True)])
def test_an_ignored_rule_hides_that_it_could_not_judge(why: Exception | None, suppressed: bool):
    def judged(facts: Facts, profile: Profile) -> list[Finding]:
        if why:
            raise why
        return []

    profile = Profile(name="x", ignores=(Ignore(target="DL110", reason="a small machine"),))
    (verdict,) = judge(WELL, profile, [replace(BY_CODE["DL110"], judge=judged)], "2026-01-01")
    assert verdict.suppressed is suppressed
