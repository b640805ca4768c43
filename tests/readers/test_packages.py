"""Lists of packages as pip, uv and conda print them, and logs of installations."""

from __future__ import annotations

import pytest

from dlcheck.model.fact import Unknown


def versions(facts):
    return {one.name: one.version for one in facts.distributions}


@pytest.mark.parametrize(
    "text",
    [
        "Package    Version     Editable project location\n---------- ----------- ----\nnumpy 2.1.0\ntorch      2.5.0+cu124\n",
        "numpy==2.1.0\ntorch==2.5.0+cu124\n-e git+ssh://host/x#egg=mine\n",
        "a (1.0)\nb (1.0)\nc (1.1)\nnumpy (2.1.0)\ntorch (2.5.0+cu124, /src)\n",
        "[pip3] numpy==2.1.0\n[pip3] torch==2.5.0+cu124\n",
        "Installed 2 packages in 12ms\n + numpy==2.1.0\n - torch==2.4.0\n + torch==2.5.0+cu124\n",
        "Successfully installed numpy-2.1.0 torch-2.5.0+cu124",
        '[{"name": "numpy", "version": "2.1.0"}, {"name": "torch", "version": "2.5.0+cu124"}]',
        "Name: numpy\nVersion: 2.1.0\nSummary: x\n---\nName: torch\nVersion: 2.5.0+cu124\n",
        "├── numpy v2.1.0\n└── torch v2.5.0+cu124\n",
    ],
    ids=["list", "freeze", "legacy", "collect_env", "uv", "log", "json", "show", "tree"],
)
def test_forms_of_pip_and_uv(read, text):
    facts = read(text)
    found = versions(facts)
    assert (found["numpy"], found["torch"]) == ("2.1.0", "2.5.0+cu124")
    assert facts.frameworks["torch"].build.cuda == "12.4"


@pytest.mark.parametrize(
    "text",
    [
        (
            "# packages in environment at /opt/c:\n#\n# Name  Version  Build  Channel\n_openmp_mutex 4.5 2_gnu conda-forge\n"
            "numpy 1.26.4 py311h64a7726_0 conda-forge\npytorch 2.1.2 py3.11_cuda12.1_cudnn8.9.2_0 pytorch\n"
        ),
        "# platform: linux-64\nnumpy=1.26.4=py311h64a7726_0\npytorch=2.1.2=py3.11_cuda12.1_cudnn8.9.2_0\n",
        "name: x\ndependencies:\n  - numpy=1.26.4=py311h64a7726_0\n  - pytorch=2.1.2=py3.11_cuda12.1_cudnn8.9.2_0\n",
        (
            "@EXPLICIT\nhttps://host/conda-forge/linux-64/numpy-1.26.4-py311h64a7726_0.conda\n"
            "https://host/pytorch/linux-64/pytorch-2.1.2-py3.11_cuda12.1_cudnn8.9.2_0.tar.bz2\n"
        ),
        "[conda] numpy   1.26.4   py311h64a7726_0  conda-forge\n[conda] pytorch 2.1.2 py3.11_cuda12.1_cudnn8.9.2_0 pytorch\n",
    ],
    ids=["list", "export", "environment", "explicit", "collect_env"],
)
def test_forms_of_conda(read, text):
    facts = read(text)
    assert (versions(facts)["numpy"], versions(facts)["pytorch"]) == ("1.26.4", "2.1.2")
    assert (facts.frameworks["torch"].build.cuda, facts.frameworks["torch"].build.cudnn) == ("12.1", "8.9.2")


def test_what_is_only_asked_for_is_not_installed(read):
    facts = read("I ran pip install torch==2.1.0 and then pip install 'numpy<2', torch>=2.0 is in my requirements")
    assert isinstance(facts.distributions, Unknown)


def test_steps_of_training_are_no_packages(read):
    facts = read("\n".join(f"step {at} 0.{at}" for at in range(10, 40)))
    assert isinstance(facts.distributions, Unknown)


def test_packages_removed_are_not_there(read):
    assert "torchvision" not in versions(read("Uninstalled 1 package\n - torchvision==0.18.0\n + torch==2.4.1\n"))


def test_build_of_a_cpu_wheel_is_known(read):
    build = read("torch==2.4.1+cpu\n").frameworks["torch"].build
    assert (build.cuda, build.rocm) == (None, None)
    assert isinstance(read("torch==2.4.1\n").frameworks["torch"].build, Unknown)


def test_conda_info(read):
    facts = read(
        """
             active environment : dl
            active env location : /home/u/miniforge3/envs/dl
                  conda version : 24.7.1
                 python version : 3.12.5.final.0
               virtual packages : __archspec=1=zen3
                                  __cuda=12.4=0
                                  __glibc=2.35=0
                       platform : linux-64
        """
    )
    assert facts.toolchain.conda == "24.7.1"
    assert (facts.python.environment, facts.python.environment_name) == ("conda", "dl")
    assert facts.devices.nvidia.cuda_driver == "12.4"
    assert (facts.system.name, facts.system.machine, facts.system.libc) == ("linux", "x86_64", "glibc 2.35")
    assert "__archspec=1=zen3" in facts.notes["virtual packages"]
