"""Environment variables that a text sets or prints, and signs of containers and hosted notebooks."""

from __future__ import annotations

import re

from dlcheck.model.facts import Facts
from dlcheck.model.host_facts import ContainerFacts
from dlcheck.readers.merge import join
from dlcheck.readers.paste import Paste
from dlcheck.readers.pattern import Pattern
from dlcheck.readers.unsaid import UNSAID

PREFIXES = (
    *(
        "CUDA_",
        "CUDNN_",
        "NVIDIA_",
        "NCCL_",
        "TF_",
        "XLA_",
        "TORCH_",
        "PYTORCH_",
        "HSA_",
        "HIP_",
        "ROCR_",
        "ROCM_",
        "GPU_DEVICE",
    ),
    *(
        "OMP_",
        "MKL_",
        "KMP_",
        "OPENBLAS_",
        "JAX_",
        "KERAS_",
        "SYCL_",
        "ONEAPI_",
        "ZE_",
        "MIOPEN_",
        "GLOO_",
        "SLURM_",
        "MASTER_",
    ),
    *(
        "LD_LIBRARY_PATH",
        "LD_PRELOAD",
        "PYTHONPATH",
        "PYTHONHOME",
        "CONDA_PREFIX",
        "CONDA_DEFAULT_ENV",
        "VIRTUAL_ENV",
        "BNB_",
        "TPU_",
    ),
    *("WORLD_SIZE", "LOCAL_RANK", "PROTOCOL_BUFFERS_", "DYLD_"),
)
SET = Pattern(
    r"(?:^|[ \t\"'`(])(?:export |set |ENV |-e |\$env:|%env )?([A-Z][A-Z0-9_]{2,50})[ \t]?=[ \t]?"
    r"(\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'|[^ \t\n\"'`,;)]{0,300})",
    re.MULTILINE,
)
INSIDE = Pattern(r"\broot@[0-9a-f]{12}:", needs="root@")
"""The prompt of a container whose name nobody set."""
DOCKER = (
    *("docker run", "docker: Error response from daemon", "docker-compose", "OCI runtime create failed"),
    *("nvidia-container-cli", "docker exec"),
)
KUBERNETES = ("kubectl ", "kubelet", "nvidia.com/gpu", "FailedScheduling", "CrashLoopBackOff")
COLAB = ("google.colab", "Google Colab", "/content/drive", "colab.research")
KAGGLE = ("/kaggle/", "kaggle_secrets", "Kaggle notebook")


def read(paste: Paste) -> Facts | None:
    """Variables by name, and the container or hosted notebook the text was made in."""
    parts = [facts for part in (_variables, _container) if (facts := part(paste))]
    return join(*parts) if parts else None


def _variables(paste: Paste) -> Facts | None:
    if "=" not in paste or not any(prefix in paste for prefix in PREFIXES):
        return None
    found = {name: value.strip("\"'") for name, value in SET.rows(paste.text) if name.startswith(PREFIXES)}
    return Facts(variables=found) if found else None


def _container(paste: Paste) -> Facts | None:
    """Only what is plain: words about Docker in an answer do not put the machine into a container."""
    kind = None
    if INSIDE.search(paste.text) or re.search(r"are we in docker =+\s{0,4}Yes", paste.text) or "/.dockerenv" in paste:
        kind = "docker"
    notes = {
        name: next(sign for sign in signs if sign in paste)
        for name, signs in (("docker", DOCKER), ("kubernetes", KUBERNETES))
        if any(sign in paste for sign in signs)
    }
    colab = (paste.value("running on google colab?", "running in google colab?", "google colab") or "").lower()
    hosted = "colab" if colab.startswith("yes") or (not colab and any(sign in paste for sign in COLAB)) else None
    if not hosted and any(sign in paste for sign in KAGGLE):
        hosted = "kaggle"
    if kind or hosted:
        return Facts(container=ContainerFacts(kind=kind, hosted=hosted, scheduler_gpus=UNSAID), notes=notes)
    return Facts(notes=notes) if notes else None
