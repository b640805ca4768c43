"""Environment reports of many authors, sessions, logs, tracebacks."""

from __future__ import annotations

from dlcheck.model.fact import Unknown


def test_transformers_env(read):
    facts = read(
        """
        - `transformers` version: 4.44.0
        - Platform: Windows-10-10.0.22631-SP0
        - Python version: 3.11.9
        - PyTorch version (GPU?): 2.4.0+cu124 (True)
        - Tensorflow version (GPU?): not installed (NA)
        - GPU type: NVIDIA GeForce RTX 4080 Laptop GPU
        """
    )
    assert (facts.system.name, facts.python.version) == ("windows", "3.11.9")
    assert set(facts.frameworks) == {"torch"}
    assert facts.frameworks["torch"].run.gpu_available is True
    assert facts.devices.nvidia.gpus[0].name == "NVIDIA GeForce RTX 4080 Laptop GPU"
    assert ("transformers", "4.44.0") in [(one.name, one.version) for one in facts.distributions]


def test_ds_report(read):
    facts = read(
        """
        torch install path ............... ['/opt/conda/lib/python3.10/site-packages/torch']
        torch version .................... 2.1.2
        torch cuda version ............... 12.1
        nvcc version ..................... 12.3
        deepspeed info ................... 0.12.6, unknown, unknown
        shared memory (/dev/shm) size .... 31.25 GB
        """
    )
    assert (facts.frameworks["torch"].version, facts.frameworks["torch"].build.cuda) == ("2.1.2", "12.1")
    assert facts.toolchain.nvcc == "12.3"
    assert facts.memory.shared_memory_bytes == int(31.25 * 1024**3)
    assert (facts.python.version, facts.python.prefix) == ("3.10", "/opt/conda")


def test_jax_report(read):
    facts = read(
        """
        jax:    0.4.31
        jaxlib: 0.4.30
        python: 3.10.14 (main, Apr  6 2024, 18:45:05) [GCC 9.4.0]
        device info: NVIDIA A100-SXM4-40GB-2, 2 local devices"
        """
    )
    assert (facts.frameworks["jax"].version, facts.frameworks["jaxlib"].version) == ("0.4.31", "0.4.30")
    assert facts.devices.nvidia.gpus[0].name == "NVIDIA A100-SXM4-40GB"
    assert facts.frameworks["jax"].run.gpu_available is True
    older = read("jax:    0.4.11\njaxlib: 0.4.11\njax.devices (1 total, 1 local): [CpuDevice(id=0)]")
    assert older.frameworks["jax"].run.gpu_available is False


def test_columns_of_detectron2(read):
    facts = read(
        """
        sys.platform            linux
        Python                  3.8.10 (default, Nov 26 2021, 20:14:08) [GCC 9.3.0]
        PyTorch                 1.10.0+cu111 @/usr/local/lib/python3.8/dist-packages/torch
        GPU available           Yes
        GPU 0                   Tesla P100-PCIE-16GB (arch=6.0)
        Driver version          460.32.03
        """
    )
    assert (facts.frameworks["torch"].version, facts.devices.nvidia.driver) == ("1.10.0+cu111", "460.32.03")
    (gpu,) = facts.devices.nvidia.gpus
    assert (gpu.name, gpu.architecture) == ("Tesla P100-PCIE-16GB", "6.0")


def test_headings_of_a_form(read):
    facts = read(
        """
        ### TensorFlow version

        tf 2.15.0

        ### OS platform and distribution

        Linux Ubuntu 22.04

        ### CUDA/cuDNN version

        12.2/8.9.7
        """
    )
    assert facts.frameworks["tensorflow"].version == "2.15.0"
    assert (facts.system.distribution, facts.toolchain.cudnn) == ("Linux Ubuntu 22.04", "8.9.7")


def test_tf_env(read):
    facts = read(
        """
        == check python ===================================================
        python version: 3.7.10
        == check os platform ===============================================
        os: Linux
        os release version: 5.4.0-77-generic
        linux distribution: ('debian', 'buster/sid', '')
        machine: x86_64
        == are we in docker =============================================
        Yes
        == check pips ===================================================
        numpy                         1.19.5
        tensorflow-gpu                2.5.0
        == tensorflow import ============================================
        tf.version.VERSION = 2.5.0
        == env ==========================================================
        LD_LIBRARY_PATH /usr/local/cuda-11.2/lib64
        DYLD_LIBRARY_PATH is unset
        """
    )
    assert (facts.python.version, facts.frameworks["tensorflow"].version) == ("3.7.10", "2.5.0")
    assert (facts.system.distribution, facts.system.release) == ("debian buster/sid", "5.4.0-77-generic")
    assert facts.container.kind == "docker"
    assert facts.variables == {"LD_LIBRARY_PATH": "/usr/local/cuda-11.2/lib64"}


def test_log_of_tensorflow(read):
    facts = read(
        "2023-05-01 10:00:00.000001: I tensorflow/core/x.cc:1635] Created device /job:localhost/replica:0/task:0/device:GPU:0"
        " with 21679 MB memory:  -> device: 0, name: NVIDIA TITAN V, pci bus id: 0000:01:00.0, compute capability: 7.0\n"
        "2023-05-01 10:00:00.000001: W tensorflow/x.cc:64] Could not load dynamic library 'libcudnn.so.8'; dlerror: x\n"
    )
    (gpu,) = facts.devices.nvidia.gpus
    assert (gpu.name, gpu.architecture) == ("NVIDIA TITAN V", "7.0")
    assert facts.notes["libraries not found"] == "libcudnn.so.8"


def test_session(read):
    facts = read(
        """
        Python 3.10.12 (main, Nov 20 2023, 15:14:05) [GCC 11.4.0] on linux
        >>> torch.__version__
        '2.1.0'
        >>> torch.version.cuda
        '11.8'
        >>> torch.cuda.is_available()
        False
        """
    )
    torch = facts.frameworks["torch"]
    assert (torch.version, torch.build.cuda, torch.run.gpu_available) == ("2.1.0", "11.8", False)
    assert facts.python.version == "3.10.12"


def test_traceback_of_an_import(read):
    facts = read(
        """
        Traceback (most recent call last):
          File "train.py", line 1, in <module>
            import torch
          File "/home/u/miniconda3/envs/dl/lib/python3.9/site-packages/torch/__init__.py", line 189, in _load_global_deps
            ctypes.CDLL(lib_path, mode=ctypes.RTLD_GLOBAL)
        OSError: libcublas.so.11: cannot open shared object file: No such file or directory
        """
    )
    run = facts.frameworks["torch"].run
    assert (run.result, run.error_type, len(run.traceback)) == ("raised", "OSError", 2)
    assert (facts.python.version, facts.python.environment, facts.python.environment_name) == ("3.9", "conda", "dl")


def test_traceback_of_training_says_nothing_of_the_import(read):
    facts = read("Traceback (most recent call last):\nRuntimeError: CUDA error: device-side assert triggered")
    assert facts.notes["error"] == "RuntimeError: CUDA error: device-side assert triggered"
    assert isinstance(facts.frameworks, Unknown)


def test_a_missing_framework(read):
    facts = read("ModuleNotFoundError: No module named 'tensorflow.keras'")
    assert facts.notes["missing module"] == "tensorflow.keras"
    assert isinstance(facts.frameworks, Unknown)


def test_a_driver_s_cuda_is_not_the_build_s(read):
    facts = read("PyTorch version: 2.1.0\nCUDA version: 12.4\nPython version: 3.10.1")
    assert isinstance(facts.frameworks["torch"].build, Unknown)


def test_unknown_labels_become_notes(read):
    facts = read("Board name: Frobnicator 9000\nFirmware version: 1.2.3-b7\nOpinion: good")
    assert facts.notes == {"board name": "Frobnicator 9000", "firmware version": "1.2.3-b7"}


def test_sizes_that_are_part_of_a_name_stay(read):
    named = read("CUDA available: True\nGPU 0,1: NVIDIA H100 80GB HBM3\nPyTorch: 2.5.1+cu124")
    assert [(one.index, one.name) for one in named.devices.nvidia.gpus] == [
        (at, "NVIDIA H100 80GB HBM3") for at in (0, 1)
    ]
    given = read("Python: 3.10.1\nGPU: Tesla T4, 15102MiB")
    assert (given.devices.nvidia.gpus[0].name, given.devices.nvidia.gpus[0].memory_printed) == ("Tesla T4", "15102MiB")
