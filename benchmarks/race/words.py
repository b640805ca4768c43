r"""What a tool would have to print for its answer to count as the right name of a cause.

Expressions without regard to case, searched in everything it printed (standard output and error) but the lines that it
prints on healthy environments too. They are wide on purpose: the name of the thing and what is wrong with it suffices, in
any words, and the error message of the framework, repeated in a report, counts as having named it. Whoever finds one too
narrow should widen it: the raw outputs lie beside the results.
"""

from __future__ import annotations

import re

WORDS: dict[str, tuple[str, ...]] = {
    "broken-partial-install": (
        r"(incomplete|partial|corrupt|broken|damaged|half).{0,40}install",
        r"missing (file|RECORD|METADATA)",
        r"invalid distribution",
        r"~orch",
        r"libodd\.so\.3",
        r"reinstall",
    ),
    "bytecode-not-written": (r"PYTHONDONTWRITEBYTECODE", r"byte-?code"),
    "ca-bundle-path-missing": (r"(SSL_CERT_FILE|REQUESTS_CA_BUNDLE|PIP_CERT|ca\.pem)", r"certificate"),
    "cgroup-memory-limit": (r"cgroup", r"memory limit", r"container.{0,30}memory", r"(3|6)(\.0)? ?GiB"),
    "clock-skew": (r"clock", r"system time", r"date.{0,20}wrong"),
    "cpu-lacks-avx": (r"SIGILL", r"illegal instruction", r"AVX"),
    "cpu-only-build": (r"cpu[- ]only", r"no CUDA support", r"CPU (build|wheel|version)"),
    "cpu-quota-below-visible": (r"quota", r"cgroup", r"cpu limit"),
    "cuda-libs-missing": (
        r"lib(cudart|cudnn)\S*.{0,60}(not found|missing|cannot open|no such file)",
        r"missing.{0,40}(CUDA runtime|cudnn|CUDA librar)",
        r"(CUDA runtime|cudnn).{0,40}(missing|not found|could not be loaded)",
    ),
    "cuda-libs-older-than-build": (r"cublas.{0,60}(13\.0|old|version|mismatch|requires)",),
    "cuda-stub-library-loaded": (r"stub",),
    "cuda-visible-devices-hides-gpu": (
        r"mask(-all|ed| by|s )",
        r"CUDA_VISIBLE_DEVICES.{0,120}(hid|mask|invalid|empty|unset|restrict|does not|no such|no GPU|wrong)",
    ),
    "cudnn-major-mismatch": (r"cudnn.{0,60}(8\.9|old|major|version|mismatch|requires)",),
    "dependency-pins-conflict": (
        r"(tokenizers|sympy|numpy).{0,60}(missing|not installed|no module|requires|conflict|incompatib)",
        r"No module named '?(sympy|tokenizers)",
        r"dependency conflict",
        r"pip check",
    ),
    "dns-failure": (
        r"DNS",
        r"name resolution",
        r"Name or service not known",
        r"cannot resolve",
        r"hub.{0,30}(unreachable|connect)",
        r"connectivity",
    ),
    "driver-defect": (
        r"nvidia-smi.{0,40}(execution failed|exists but failed)",
        r"driver (stack )?is (not usable|.{0,20}broken)",
        r"nvidia-smi.{0,80}(tim(ed|eout)|hang|hung|crash|abort|signal)",
        r"timeout",
        r"driver.{0,60}(not respond|hang|crash|defect)",
    ),
    "driver-library-mismatch": (
        r"mid-update|after an update|driver.{0,40}(restart|reboot)",
        r"driver/library",
        r"library version mismatch",
        r"kernel module.{0,60}(mismatch|version)",
    ),
    "driver-too-old": (
        r"14(\.0)?\b.{0,40}driver.{0,30}13",
        r"driver.{0,80}(too old|older|below|upgrade|update|newer|supports (only )?(up to )?CUDA|incompatib)",
        r"(uses|built (with|for)) CUDA 14.{0,80}driver",
        r"newer CUDA generation",
    ),
    "duplicate-openmp-runtime": (r"libiomp5", r"OMP: Error #15", r"OpenMP"),
    "env-python-missing": (r"(python|interpreter).{0,60}(missing|gone|not found|no such|broken|does not exist)",),
    "extension-framework-mismatch": (r"undefined symbol", r"ABI"),
    "externally-managed-python": (r"externally.managed", r"PEP ?668", r"system.{0,30}python"),
    "fabric-manager-not-running": (r"fabric",),
    "framework-ended": (r"(theano|mxnet|chainer).{0,80}(ended|deprecat|archiv|maintain|unsupported)",),
    "framework-missing": (
        r"(torch|framework).{0,40}(not installed|missing|not found|NOT installed)",
        r"No module named '?torch'?",
    ),
    "glibc-too-old": (r"GLIBC_", r"glibc.{0,40}(old|mismatch|requires)"),
    "gpu-ecc-error": (r"ECC", r"memory error"),
    "gpu-exclusive-compute-mode": (r"exclusive", r"compute mode"),
    "gpu-fallen-off-bus": (r"GPU is lost", r"fallen off", r"lost.{0,30}GPU"),
    "gpu-throttled": (r"throttl", r"overheat", r"too hot", r"temperature.{0,30}(high|limit)"),
    "hf-offline-flag": (r"HF_HUB_OFFLINE", r"offline"),
    "home-not-writable": (
        r"(HOME|home dir|/dev/null|/proc/nobody).{0,80}(writ|permission|read-only|not a directory|no such)",
        r"(Read-only file system|Not a directory|Permission).{0,80}(place|null|nobody)",
    ),
    "import-crashes": (r"segfault", r"segmentation", r"SIGSEGV", r"crash"),
    "import-hangs": (r"import.{0,40}(tim(ed|eout)|hang|hung|never)", r"timed out"),
    "import-killed-for-memory": (r"out of memory", r"MemoryError", r"killed.{0,30}memory", r"cannot allocate"),
    "import-raises": (r"SyntaxError", r"invalid syntax"),
    "import-silent": (
        r"(exit|end|quit|died).{0,40}(silent|without|no output|unexpected)",
        r"no (output|answer|result)",
    ),
    "index-configuration": (r"PIP_INDEX_URL", r"nonexistent/wheels", r"index-url"),
    "index-server-fault": (
        r"(index|server).{0,60}(503|401|403|unavailable|unauthori|forbid)",
        r"HTTP (Error )?(503|401|403)",
    ),
    "index-trust": (r"trusted.host", r"PIP_INDEX_URL", r"not encrypted", r"insecure"),
    "inforom-corrupt": (r"inforom",),
    "installed-for-other-python": (r"pip.{0,60}(another|different|other|wrong) (python|interpreter)",),
    "ipykernel-missing": (r"ipykernel",),
    "jax-jaxlib-mismatch": (r"jaxlib.{0,80}(version|incompatib|mismatch|requires|0\.4\.30)", r"jax-jaxlib"),
    "jax-plugin-mismatch": (r"(plugin|pjrt).{0,80}(version|incompatib|mismatch)",),
    "jax-variable-wrong": (r"JAX_PLATFORMS", r"Unable to initialize backend", r"unknown backend"),
    "keras-backend-not-installed": (
        r"KERAS_BACKEND",
        r"keras.{0,80}backend",
        r"backend.{0,60}not (installed|found|available)",
        r"No module named '?(jax|tensorflow|theano)",
        r"Unable to import backend",
    ),
    "keras-tf-version-mismatch": (r"(tf.)?keras.{0,80}(incompatib|mismatch|requires|too old|conflict|upgrade)",),
    "ld-library-path-shadows-wheel-libs": (
        r"LD_LIBRARY_PATH.{0,120}(conflict|override|shadow|incompatib|remove|unset)",
        r"D004",
        r"(conflict|override|shadow|incompatib).{0,120}LD_LIBRARY_PATH",
    ),
    "libgomp-static-tls": (r"static TLS",),
    "libstdcxx-too-old": (r"GLIBCXX", r"libstdc\+\+"),
    "local-file-shadows-package": (
        r"shadow",
        r"(local|working directory|current directory).{0,60}(torch|random|numpy|json)\.py",
        r"the trap was sprung",
    ),
    "network-blocked": (
        r"(cannot|can't|could not|failed to) (reach|connect)",
        r"connection refused",
        r"unreachable",
        r"connectivity",
        r"offline",
    ),
    "no-disk-space": (r"disk.{0,40}(full|space|low|free)", r"No space left"),
    "no-internet": (r"offline", r"no (internet|network)", r"connectivity", r"unreachable"),
    "notebook-kernel-other-python": (r"kernel.{0,60}(python|interpreter|spec)",),
    "numpy-abi-mismatch": (r"numpy.{0,120}(abi|binary|compiled|multiarray|dtype size|incompatib|downgrade|<\s*2)",),
    "numpy-removed-alias": (r"no attribute .?bool", r"np\.bool", r"numpy.{0,60}(removed|alias|deprecat)"),
    "nvidia-device-permission": (r"insufficient permission", r"permission", r"not permitted"),
    "old-release": (r"torch.{0,60}(old|outdated|upgrade|vulnerab|CVE|2\.\d\+? (or|required))", r"CVE-"),
    "open-files-limit": (r"ulimit", r"open files", r"file (handles|descriptors)"),
    "pids-limit": (r"pids", r"(process|thread).{0,30}limit", r"ulimit -u"),
    "pip-too-old": (r"pip.{0,40}(19\.2|old|outdated|upgrade)",),
    "protobuf-too-new": (
        r"protobuf.{0,80}(too new|incompatib|downgrade|requires|mismatch|<)",
        r"Descriptors cannot be created",
        r"runtime_version",
    ),
    "proxy-misconfigured": (r"proxy",),
    "python-cannot-start": (
        r"(python|interpreter).{0,60}(start|crash|fail|segfault|SIGSEGV)",
        r"exec format",
        r"\.pth",
    ),
    "python-too-old": (r"python.{0,60}(too old|unsupported|not supported|end of life|requires|upgrade|incompatib)",),
    "python-unsupported-implementation": (r"pypy", r"CPython"),
    "python-without-ssl": (r"\bssl\b",),
    "scheduler-gave-no-gpu": (r"SLURM", r"scheduler", r"mask(-all|ed| by|s )"),
    "several-tf-distributions": (
        r"(tensorflow-cpu|tf-nightly|tensorflow_cpu|tf_nightly).{0,80}(conflict|both|several|duplicate)",
        r"(several|multiple|two|both).{0,40}tensorflow",
    ),
    "shm-too-small": (r"/dev/shm", r"shared memory"),
    "slow-network": (r"slow", r"(KB|MB)/s", r"speed", r"throughput"),
    "stdlib-module-removed": (r"distutils",),
    "tf-keras-missing": (r"tf[_-]keras",),
    "thread-variable-wrong": (r"OMP_NUM_THREADS",),
    "tls-proxy-ca-untrusted": (r"certificate", r"TLS", r"SSL"),
    "tmpdir-noexec": (r"noexec",),
    "tmpdir-not-writable": (r"TMPDIR", r"temporary (folder|director)", r"No usable temporary directory"),
    "torch-companion-mismatch": (
        r"torch(vision|audio).{0,80}(mismatch|incompatib|requires|does not match|conflict)",
        r"xformers.{0,80}(mismatch|incompatib|requires|conflict)",
        r"torchvision::nms",
    ),
    "two-copies-installed": (
        r"PYTHONPATH",
        r"(two|several|multiple|duplicate).{0,40}(copies|versions|installations|torch)",
    ),
    "two-cuda-wheel-families": (r"cu11.{0,60}cu12", r"(two|several|mixed|multiple).{0,40}(cuda|cudnn)"),
    "two-onnxruntime-distributions": (r"onnxruntime.{0,80}(conflict|both|several|duplicate)",),
    "typing-extensions-too-old": (r"typing[_-]extensions", r"TypeIs"),
    "uid-without-passwd-entry": (r"passwd", r"\buid\b", r"getpwuid", r"user.{0,30}(name|entry)"),
    "user-site-shadows-env": (r"user.site", r"PYTHONNOUSERSITE", r"\.local/lib"),
    "world-writable-path": (r"writable", r"permission"),
}


def names(cause: str, text: str) -> bool:
    """Does the text name that cause? An unknown cause is an error: it needs a row of its own."""
    return any(re.search(words, text, re.IGNORECASE) for words in WORDS[cause])
