"""Environment variables that change how deep learning behaves; nothing else of the environment is kept."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

_NAMES = re.compile(
    r"""^(?:
    (?:CUDA|CUDNN|NVIDIA|NCCL|TF|TORCH|TORCHINDUCTOR|TRITON|PYTORCH|KERAS|JAX|XLA|TFHUB|HF|TRANSFORMERS)_.*
    | (?:ROCR|HIP|HSA|AMD|MIOPEN|ONEAPI|SYCL|ZE|ZES|GPU)_.*
    | (?:OMP|MKL|OPENBLAS|NUMEXPR|VECLIB|GOMP|KMP)_.*
    | (?:LD|DYLD)_(?:LIBRARY_PATH|PRELOAD|INSERT_LIBRARIES|FALLBACK_LIBRARY_PATH)
    | PYTHON(?:PATH|HOME|NOUSERSITE|DONTWRITEBYTECODE|SAFEPATH|STARTUP|PYCACHEPREFIX|UTF8|MALLOC)
    | (?:VIRTUAL_ENV|CONDA_PREFIX|CONDA_DEFAULT_ENV|CONDA_SHLVL|CONDA_OVERRIDE_.*)
    | (?:MASTER_ADDR|MASTER_PORT|RANK|LOCAL_RANK|WORLD_SIZE|TORCHELASTIC_RUN_ID|GLOO_SOCKET_IFNAME|NNODES)
    | (?:PMIX?_RANK|OMPI_COMM_WORLD_RANK)
    | (?:https?_proxy|HTTPS?_PROXY|all_proxy|ALL_PROXY|no_proxy|NO_PROXY)
    | (?:SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|PIP_[A-Z_]+|UV_[A-Z_]+)
    | (?:TMPDIR|TEMP|TMP|MPLCONFIGDIR|LANG|LC_ALL|TERM_PROGRAM|WSL_DISTRO_NAME|SLURM_[A-Z_]+)
    | (?:ATEN_CPU_CAPABILITY|ACCELERATE_[A-Z_]+|BNB_CUDA_VERSION|CC|CXX|SNAP|FLATPAK_ID)
    )$""",
    re.VERBOSE,
)
_SECRET = re.compile(r"TOKEN|SECRET|PASSW|API_?KEY|CREDENTIAL|AUTH", re.IGNORECASE)
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
_LONGEST = 4096


def look(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables by name, secrets and credentials in addresses masked, long values cut."""
    return {
        name: "***" if _SECRET.search(name) else mask(value)[:_LONGEST]
        for name, value in sorted(environ.items())
        if _NAMES.match(name)
    }


def mask(text: str) -> str:
    """The text with the credentials of addresses taken out."""
    return _USERINFO.sub("***@", text)
