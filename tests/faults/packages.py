"""Faults of installed packages, planted as metadata and files of tiny distributions, found without importing anything."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.faults.planting import Case, Ground, Plant, Planted, packages

# What is wrong, the torch that is there, what else is installed, who asks for what, the cause, its severity.
METADATA: list[tuple[str, str | None, tuple[str, ...], dict[str, str], str, str]] = [
    ("numpy 2 under an old torch", "2.1.2", ("numpy==2.1.0",), {}, "numpy-abi-mismatch", "error"),
    ("torchvision of another torch", "2.13.0", ("torchvision==0.15.2",), {"torchvision": "torch==2.0.1"}, "torch-companion-mismatch", "error"),
    ("torchaudio of another torch", "2.13.0", ("torchaudio==2.5.1",), {"torchaudio": "torch==2.5.1"}, "torch-companion-mismatch", "error"),
    ("xformers of another torch", "2.13.0", ("xformers==0.0.28",), {"xformers": "torch==2.4.1"}, "torch-companion-mismatch", "error"),
    ("keras 2 under tensorflow 2.21", None, ("tensorflow==2.21.0", "keras==2.15.0"), {"tensorflow": "keras>=3.12.0"}, "keras-tf-version-mismatch", "error"),
    ("tf-keras of another tensorflow", None, ("tensorflow==2.21.0", "tf-keras==2.15.1"), {"tf_keras": "tensorflow<2.16,>=2.15"}, "keras-tf-version-mismatch", "error"),
    ("protobuf too new for tensorflow", None, ("tensorflow==2.12.0", "protobuf==6.30.0"), {"tensorflow": "protobuf<5,>=3.20.3"}, "protobuf-too-new", "error"),
    ("protobuf too new for onnx", "2.13.0", ("onnx==1.14.0", "protobuf==7.34.0"), {"onnx": "protobuf<5"}, "protobuf-too-new", "error"),
    ("typing_extensions too old", "2.13.0", ("pydantic==2.9.0", "typing-extensions==4.1.0"), {"pydantic": "typing-extensions>=4.6.1"}, "typing-extensions-too-old", "error"),
    ("jaxlib of another jax", None, ("jax==0.10.2", "jaxlib==0.4.30"), {"jax": "jaxlib<=0.10.2,>=0.10.2"}, "jax-jaxlib-mismatch", "error"),
    ("a CUDA plugin of another jax", None, ("jax==0.10.2", "jaxlib==0.10.2", "jax-cuda12-plugin==0.6.0", "jax-cuda12-pjrt==0.10.2"), {"jax_cuda12_plugin": "jax-cuda12-pjrt==0.6.0"}, "jax-plugin-mismatch", "error"),
    ("h5py that wants another numpy", None, ("tensorflow==2.21.0", "h5py==3.9.0", "numpy==2.1.0"), {"h5py": "numpy<2"}, "dependency-pins-conflict", "warning"),
    ("a requirement that is not installed", "2.13.0", ("transformers==5.0.0",), {"transformers": "tokenizers>=0.22"}, "dependency-pins-conflict", "warning"),
    ("tensorflow beside tensorflow-cpu", None, ("tensorflow==2.21.0", "tensorflow-cpu==2.20.0"), {}, "several-tf-distributions", "error"),
    ("tensorflow beside a nightly", None, ("tensorflow==2.21.0", "tf-nightly==2.22.0.dev20260101"), {}, "several-tf-distributions", "error"),
    ("onnxruntime beside its GPU build", "2.13.0", ("onnxruntime==1.20.0", "onnxruntime-gpu==1.20.0"), {}, "two-onnxruntime-distributions", "warning"),
    ("no framework at all", None, ("numpy==2.1.0",), {}, "framework-missing", "error"),
    ("only Theano, which has ended", "2.13.0", ("theano==1.0.5",), {}, "framework-ended", "warning"),
    ("only MXNet, which has ended", "2.13.0", ("mxnet==1.9.1",), {}, "framework-ended", "warning"),
    ("Chainer, which has ended", "2.13.0", ("chainer==7.8.1",), {}, "framework-ended", "warning"),
    ("a cuBLAS older than the build", None, ("torch==2.13.0", "nvidia-cublas==13.0.0.19"), {"torch": "nvidia-cublas==13.1.0.3"}, "cuda-libs-older-than-build", "error"),
    ("a cuDNN of another major", None, ("torch==2.13.0", "nvidia-cudnn-cu13==8.9.7.29"), {"torch": "nvidia-cudnn-cu13==9.13.0.50"}, "cudnn-major-mismatch", "error"),
    ("wheels of CUDA 11 and 12", "2.13.0", ("nvidia-cudnn-cu11==8.9.6.50", "nvidia-cudnn-cu12==9.1.0.70"), {}, "two-cuda-wheel-families", "warning"),
    ("a torch whose load runs code", "2.0.1", (), {}, "old-release", "note"),
]  # fmt: skip
WITHOUT = {"a requirement that is not installed": ("tokenizers",), "a torch whose load runs code": ("numpy",)}


def lose_a_file(site: Path) -> None:
    (site / "torch" / "__init__.py").unlink()


def lose_the_record(site: Path) -> None:
    (site / "torch-2.13.0.dist-info" / "RECORD").unlink()


def leave_a_leftover(site: Path) -> None:
    (site / "~orch").mkdir()


def leave_leftover_metadata(site: Path) -> None:
    (site / "~orch-2.12.0.dist-info").mkdir()


def lose_the_metadata(site: Path) -> None:
    (site / "torch-2.13.0.dist-info" / "METADATA").unlink()


def empty_the_metadata(site: Path) -> None:
    (site / "torch-2.13.0.dist-info" / "METADATA").write_text("")


def garble_the_metadata(site: Path) -> None:
    (site / "torch-2.13.0.dist-info" / "METADATA").write_bytes(b"Name: torch\nAuthor: \xff\xfe\n\n")


def two_releases(site: Path) -> None:
    shutil.copytree(site / "torch-2.13.0.dist-info", site / "torch-2.12.0.dist-info")
    text = (site / "torch-2.12.0.dist-info" / "METADATA").read_text().replace("2.13.0", "2.12.0")
    (site / "torch-2.12.0.dist-info" / "METADATA").write_text(text)
    (site / "torch-2.12.0.dist-info" / "RECORD").unlink()


def one_file_torn(site: Path) -> None:
    record = site / "torch-2.13.0.dist-info" / "RECORD"
    (site / "torch" / "nn.py").write_text("x")
    record.write_text(record.read_text() + "torch/nn.py,sha256=AAAA,400\n")


def half_of_two_hundred(site: Path) -> None:
    record = site / "torch-2.13.0.dist-info" / "RECORD"
    record.write_text(record.read_text() + "".join(f"torch/part{at}.py,,\n" for at in range(200)))


DAMAGE = [
    ("a file of its RECORD is gone", lose_a_file, "broken-partial-install", "error", "torch lacks 1 file"),
    ("two hundred files are gone", half_of_two_hundred, "broken-partial-install", "error", "torch lacks 200 files"),
    ("its RECORD is gone", lose_the_record, "broken-partial-install", "warning", "torch"),
    ("~orch is left behind", leave_a_leftover, "broken-partial-install", "warning", "~orch"),
    ("~orch's metadata is left behind", leave_leftover_metadata, "broken-partial-install", "warning", "~orch"),
    ("its METADATA is gone", lose_the_metadata, "broken-partial-install", "error", "torch"),
    ("its METADATA is empty", empty_the_metadata, "broken-partial-install", "warning", "torch"),
    ("its METADATA is not UTF-8", garble_the_metadata, "broken-partial-install", "warning", "not UTF-8"),
    ("two releases in one folder", two_releases, "two-copies-installed", "warning", "2 times"),
    ("a file was cut short", one_file_torn, "broken-partial-install", "note", "changed after installing"),
]


def lose_all_metadata(site: Path) -> None:
    """rm -rf of the dist-info: pip does not know torch any more, and Python still finds it."""
    shutil.rmtree(site / "torch-2.13.0.dist-info")


def damage(spoil: Callable[[Path], None]) -> Plant:
    def plant(planted: Planted, folder: Path) -> Ground:
        spoil(planted.site)
        return Ground()

    return plant


FAULTS = (
    *(
        Case("packages", what, packages(*others, **needs), cause, severity, torch=torch, without=WITHOUT.get(what, ()))
        for what, torch, others, needs, cause, severity in METADATA
    ),
    *(
        Case(
            "packages", what, damage(spoil), cause, severity, words=words,
            # Sizes are looked at where time is not short; a file cut short is no fault of --quick.
            arguments=("--select", "DL420") if spoil is one_file_torn else ("--quick",),
            # Its second metadata has no RECORD: that one copy is damaged as well is true.
            besides=("broken-partial-install",) if spoil is two_releases else (),
        )
        for what, spoil, cause, severity, words in DAMAGE
    ),
    Case(
        "packages", "files without any metadata", damage(lose_all_metadata), "framework-missing",
        others=("broken-partial-install",), besides=("framework-missing", "broken-partial-install"),
    ),
)  # fmt: skip
