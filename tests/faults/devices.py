"""Faults of NVIDIA's driver, planted in stand-ins of its libraries that the doctor loads as it would load the real ones, and
of its nvidia-smi, which says what the real one says.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.faults.planting import Case, Ground, Plant, Planted, put_tool

SOURCE = Path(__file__).parents[1] / "devices" / "stub.c"
QUICK = ("--quick", "--timeout", "5")


@functools.cache
def libraries() -> Path:
    """A folder with libnvidia-ml.so.1 and libcuda.so.1 of one release, built once a process."""
    folder = Path(tempfile.mkdtemp(prefix="dlcheck-zoo-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in ("libnvidia-ml", "libcuda"):
        real = folder / f"{name}.so.580.95.05"
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-w", f"-Wl,-soname,{name}.so.1", "-o", str(real), str(SOURCE)], check=True
        )
        (folder / f"{name}.so.1").symlink_to(real.name)
    return folder


TABLE = """\
Sun Nov 22 12:00:00 2026
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 580.95.05              Driver Version: 580.95.05      CUDA Version: 13.0     |
+-----------------------------------------+------------------------+----------------------+
| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |
|                                         |                        |               MIG M. |
|=========================================+========================+======================|
|   0  NVIDIA Stub 100                On  |   00000000:01:00.0 Off |                    {ecc} |
| N/A   {heat}C    P0             70W /  700W |     600MiB /  81559MiB |      7%   {mode} |
|                                         |                        |             {mig} |
+-----------------------------------------+------------------------+----------------------+
|   1  NVIDIA Stub 100                On  |   00000000:02:00.0 Off |                    0 |
| N/A   40C    P0             70W /  700W |     600MiB /  81559MiB |      7%      Default |
|                                         |                        |             {mig} |
+-----------------------------------------+------------------------+----------------------+
"""
LAST_WORDS = {
    "mismatch": ("Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.95", 18),
    "forbidden": ("Failed to initialize NVML: Insufficient Permissions", 4),
    "lost": ("Unable to determine the device handle for GPU0000:02:00.0: GPU is lost.  Reboot the system to recover this GPU", 15),
    "unloaded": ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.", 9),
}  # fmt: skip


def nvidia_smi(fault: str) -> str:
    """A shell script that answers as nvidia-smi does on a machine with that fault."""
    if fault in LAST_WORDS:
        words, code = LAST_WORDS[fault]
        return f'#!/bin/sh\necho "{words}"\nexit {code}\n'
    if fault in ("hang", "slow device"):
        return "#!/bin/sh\nexec sleep 600\n"
    if fault == "crash":
        return "#!/bin/sh\nkill -ABRT $$\n"
    table = TABLE.format(
        heat=95 if fault == "hot" else 40,
        ecc=3 if fault == "ecc" else 0,
        mode="E. Process" if fault == "exclusive" else "   Default",
        mig="  Enabled" if fault == "mig" else " Disabled",
    )
    return ANSWERS.replace("TABLE_TEXT", table)


ANSWERS = """#!/bin/sh
case "$1" in
--query-gpu=*)
  unit=" MiB"
  case "$*" in *nounits*) unit="";; esac
  case "$*" in *noheader*) ;; *) echo "${1#--query-gpu=}";; esac
  for gpu in 0 1; do
    line=""
    for field in $(echo "${1#--query-gpu=}" | tr , ' '); do
      case "$field" in
      index) value=$gpu;;
      count) value=2;;
      name|gpu_name) value="NVIDIA Stub 100";;
      uuid|gpu_uuid) value=$([ $gpu = 0 ] && echo GPU-one || echo GPU-two);;
      pci.bus_id|gpu_bus_id) value=00000000:0$((gpu + 1)):00.0;;
      driver_version) value=580.95.05;;
      compute_cap) value=9.0;;
      memory.total) value="81559$unit";;
      memory.used) value="600$unit";;
      memory.free) value="80959$unit";;
      temperature.gpu) value=40;;
      *) echo "Field \\"$field\\" is not a valid field to query."; exit 2;;
      esac
      line="${line:+$line, }$value"
    done
    echo "$line"
  done;;
-L)
  echo "GPU 0: NVIDIA Stub 100 (UUID: GPU-one)"
  echo "GPU 1: NVIDIA Stub 100 (UUID: GPU-two)";;
*) cat <<'END'
TABLE_TEXTEND
esac
"""
"""What nvidia-smi is asked for by tools: its table, its list and its fields, in the order in which they are asked for."""


def driver(fault: str, *, build: str = "13.0", release: str = "2.13.0", **variables: str) -> Plant:
    """A driver of release 580 with that fault, under a PyTorch built for that CUDA, or for the CPU where it is empty."""

    def plant(planted: Planted, folder: Path) -> Ground:
        local = f"cu{build.replace('.', '')}" if build else "cpu"
        cuda = f"cuda: str = {build!r}" if build else "cuda = None"
        (planted.site / "torch" / "version.py").write_text(f"__version__ = '{release}+{local}'\n{cuda}\nhip = None\n")
        path = put_tool(folder, "nvidia-smi", nvidia_smi(fault))
        path = f"{planted.folder / 'bin'}:{path}"
        return Ground({"LD_LIBRARY_PATH": str(libraries()), "DLCHECK_STUB": fault, "PATH": path, **variables})

    return plant


BROKEN = [
    ("libraries and kernel module of two releases", "mismatch", {}, "driver-library-mismatch", "error"),
    ("NVML refuses this user", "forbidden", {}, "nvidia-device-permission", "error"),
    ("a card is lost", "lost", {}, "gpu-fallen-off-bus", "error"),
    ("the driver hangs", "hang", {}, "driver-defect", "error"),
    ("the driver hangs at its first card", "slow device", {}, "driver-defect", "error"),
    ("the driver's libraries crash", "crash", {}, "driver-defect", "error"),
    ("too hot", "hot", {}, "gpu-throttled", "error"),
    ("uncorrectable memory errors", "ecc", {}, "gpu-ecc-error", "error"),
    ("the InfoROM is corrupted", "inforom", {}, "inforom-corrupt", "warning"),
    ("reserved for one process", "exclusive", {}, "gpu-exclusive-compute-mode", "note"),
    ("the fabric is not up", "fabric", {}, "fabric-manager-not-running", "error"),
    ("CUDA_VISIBLE_DEVICES empty", "", {"CUDA_VISIBLE_DEVICES": ""}, "cuda-visible-devices-hides-gpu", "warning"),
    ("CUDA_VISIBLE_DEVICES=-1", "", {"CUDA_VISIBLE_DEVICES": "-1"}, "cuda-visible-devices-hides-gpu", "warning"),
    ("CUDA_VISIBLE_DEVICES=NoDevFiles", "", {"CUDA_VISIBLE_DEVICES": "NoDevFiles"}, "cuda-visible-devices-hides-gpu", "warning"),
    ("CUDA_VISIBLE_DEVICES names a third of two", "", {"CUDA_VISIBLE_DEVICES": "2"}, "cuda-visible-devices-hides-gpu", "error"),
    ("CUDA_VISIBLE_DEVICES names an unknown UUID", "", {"CUDA_VISIBLE_DEVICES": "GPU-nobody"}, "cuda-visible-devices-hides-gpu", "error"),
    ("CUDA_VISIBLE_DEVICES names an ambiguous UUID", "", {"CUDA_VISIBLE_DEVICES": "GPU-"}, "cuda-visible-devices-hides-gpu", "error"),
    ("CUDA_VISIBLE_DEVICES names no MIG instance", "mig", {"CUDA_VISIBLE_DEVICES": "MIG-nobody"}, "cuda-visible-devices-hides-gpu", "error"),
    ("CUDA_VISIBLE_DEVICES=cuda:0", "", {"CUDA_VISIBLE_DEVICES": "cuda:0"}, "cuda-visible-devices-hides-gpu", "error"),
    ("CUDA_VISIBLE_DEVICES=all", "", {"CUDA_VISIBLE_DEVICES": "all"}, "cuda-visible-devices-hides-gpu", "error"),
    ("a scheduler gave no GPU", "", {"CUDA_VISIBLE_DEVICES": "", "SLURM_JOB_ID": "7"}, "scheduler-gave-no-gpu", "error"),
]  # fmt: skip


WELL = [
    ("two cards", "", {}),
    ("cards in MIG mode with an instance", "mig", {}),
    ("the first card chosen by number", "", {"CUDA_VISIBLE_DEVICES": "0"}),
    ("both in the other order", "", {"CUDA_VISIBLE_DEVICES": "1,0"}),
    ("a card chosen by its UUID", "", {"CUDA_VISIBLE_DEVICES": "GPU-two"}),
    ("a card chosen by the beginning of its UUID", "", {"CUDA_VISIBLE_DEVICES": "GPU-t"}),
    ("a MIG instance chosen", "mig", {"CUDA_VISIBLE_DEVICES": "MIG-one"}),
    ("one of two given by a scheduler", "", {"CUDA_VISIBLE_DEVICES": "1", "SLURM_JOB_ID": "7"}),
    ("driver libraries in an image on a machine without a card", "unloaded", {}),
]


def build(place: Path, source: str) -> None:
    """A shared library of that source."""
    code = place.with_suffix(".c")
    code.write_text(source)
    subprocess.run(["cc", "-shared", "-fPIC", f"-Wl,-soname,{place.name}", "-o", str(place), str(code)], check=True)


def older_cudnn(planted: Planted, folder: Path) -> Ground:
    """A cuDNN of the system's comes before the one that PyTorch brings."""
    planted.list("nvidia-cudnn-cu13==9.13.0.50")
    ground = driver("")(planted, folder)
    assert isinstance(ground, Ground)
    place = folder / "cuda" / "lib64"
    place.mkdir(parents=True)
    build(place / "libcudnn.so.9.1.0", "int cudnnGetVersion(void) { return 90100; }")
    (place / "libcudnn.so.9").symlink_to("libcudnn.so.9.1.0")
    ground.variables["LD_LIBRARY_PATH"] += f":{place}"
    return ground


def toolkits_stub(planted: Planted, folder: Path) -> Ground:
    """The toolkit's libcuda for linking, which answers every call with 34, is found before the driver's."""
    (folder / "stubs").mkdir()
    stub = "int cuInit(unsigned flags) { return 34; } int cuDriverGetVersion(int *version) { return 34; }"
    build(folder / "stubs" / "libcuda.so.1", stub)
    ground = driver("")(planted, folder)
    assert isinstance(ground, Ground)
    ground.variables["LD_LIBRARY_PATH"] = f"{folder / 'stubs'}:{ground.variables['LD_LIBRARY_PATH']}"
    return ground


def hanging_tool(planted: Planted, folder: Path) -> Ground:
    """nvidia-smi that never answers on a machine without a card: nobody needs to ask it."""
    return Ground({"PATH": put_tool(folder, "nvidia-smi", nvidia_smi("hang"))})


FAULTS = (
    Case("devices", "an older cuDNN on LD_LIBRARY_PATH", older_cudnn, "ld-library-path-shadows-wheel-libs", needs=("cc",)),
    Case("devices", "the toolkit's stub of libcuda is loaded", toolkits_stub, "cuda-stub-library-loaded", needs=("cc",)),
    *(
        Case("devices", what, driver(fault, **given), cause, severity, arguments=QUICK, limit=25, needs=("cc",))
        for what, fault, given, cause, severity in BROKEN
    ),
    Case("devices", "a build for the CPU beside a working driver", driver("", build=""), "cpu-only-build", needs=("cc",)),
    # The stand-in is of release 580, which serves CUDA 13.0; this build asks for a CUDA of a later line.
    Case(
        "devices", "a driver too old for the build", driver("", build="14.0", release="3.0.0"), "driver-too-old",
        needs=("cc",),
    ),
)  # fmt: skip
HEALTHY = (
    *(Case("devices", what, driver(fault, **given), needs=("cc",)) for what, fault, given in WELL),
    Case("devices", "an nvidia-smi that hangs where no card is", hanging_tool, limit=25),
)
