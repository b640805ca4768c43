"""Selection: tables of machines and wishes, and properties over random ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcheck.installation.builds import fitting, has_code, least_driver, misfit, numbers, releases, table
from dlcheck.installation.refusals import as_typed
from dlcheck.installation.selection import select
from dlcheck.installation.wishes import wishes_of
from dlcheck.machine import machine_of
from dlcheck.model.codec import decode
from dlcheck.model.errors import DlcheckError
from dlcheck.model.facts import Facts
from dlcheck.model.plan import Machine, NvidiaGpu, Offer, Request, Selection, Wheel

KNOWN = table()
REACHED = Offer(torch_index=True)
ALL = ("torch", "tensorflow", "jax", "keras")


def machine(*capabilities: str, **facts) -> Machine:
    gpus = tuple(
        NvidiaGpu(name=f"GPU {one}", capability=tuple(map(int, one.split("."))), index=at)
        for at, one in enumerate(capabilities)
    )
    defaults = {"system": "linux", "architecture": "x86_64", "python": "3.11.7", "libc": "glibc 2.36", "nvidia": gpus}
    return Machine(**{**defaults, **({"driver": "580.65.06"} if gpus else {}), **facts})


def chosen(here: Machine, *wanted: str, offer: Offer = REACHED, accelerator: str = "auto") -> Selection:
    return select(here, Request(requirements=wanted, accelerator=accelerator), KNOWN, offer)


def variants(selection: Selection) -> dict[str, str]:
    return {one.framework: one.variant for one in selection.builds}


@pytest.mark.parametrize("wanted", ["tensorflow==2.99.0rc1", "jax==0.99.0rc1", "torch==2.99.0rc1"])
def test_a_pre_release_newer_than_the_data_is_its_own_oldest(wanted: str):
    selection = chosen(machine("9.0"), wanted)
    assert not selection.refusals
    assert selection.requirements[0].endswith(wanted.partition("==")[2])


MAC = {"system": "macos", "libc": None, "macos": "15.0"}


@pytest.mark.parametrize(
    ("here", "wanted", "expected"),
    [
        (machine(), ALL, {"torch": "cpu", "tensorflow": "cpu", "jax": "cpu"}),
        (machine("9.0"), ("torch",), {"torch": "cu132"}),
        (machine("9.0"), ("torch", "jax"), {"torch": "cu132", "jax": "cu13"}),
        (machine("9.0"), ALL, {"torch": "cu126", "tensorflow": "cu125", "jax": "cu12"}),
        (machine("7.0"), ("torch", "jax"), {"torch": "cu126", "jax": "cu12"}),
        (machine("6.1"), ("torch",), {"torch": "cu126"}),
        (machine("12.0"), ("torch", "tensorflow"), {"torch": "cu132", "tensorflow": "cpu"}),
        (machine("12.0"), ("tensorflow",), {"tensorflow": "cu125"}),
        (machine("8.6", driver="535.183.01"), ("torch",), {"torch": "cu126"}),
        (machine("8.6", driver="470.256.02"), ("torch",), {"torch": "cu118"}),
        (machine("8.6", driver="390.157"), ("torch",), {"torch": "cpu"}),
        (machine("3.0", driver="470.256.02"), ("torch",), {"torch": "cpu"}),
        (machine("8.9", driver=None), ("torch",), {"torch": "cpu"}),
        (
            machine("8.9", system="windows", libc=None, driver="581.15"),
            ("torch", "tensorflow"),
            {"torch": "cu132", "tensorflow": "cpu"},
        ),
        (machine(architecture="arm64", **MAC), ("torch", "tensorflow"), {"torch": "mps", "tensorflow": "cpu"}),
        (machine(architecture="x86_64", **MAC), ("torch", "tensorflow"), {"torch": "cpu", "tensorflow": "cpu"}),
        (machine(amd=("gfx942",)), ("torch", "jax"), {"torch": "rocm7.2", "jax": "cpu"}),
        (machine(amd=("gfx803",)), ("torch",), {"torch": "cpu"}),
        (machine(intel=("Intel(R) Arc(TM) A770 Graphics",)), ("torch",), {"torch": "xpu"}),
        (machine(intel=("Intel(R) UHD Graphics 620",)), ("torch",), {"torch": "cpu"}),
        (machine(intel=("Intel(R) Iris(R) Xe Graphics",)), ("torch",), {"torch": "cpu"}),
        (machine(architecture="aarch64"), ("torch", "tensorflow"), {"torch": "cpu", "tensorflow": "cpu"}),
    ],
)
def test_what_a_machine_gets(here: Machine, wanted: tuple[str, ...], expected: dict[str, str]):
    selection = chosen(here, *wanted)
    assert not selection.refusals
    assert variants(selection) == expected


@pytest.mark.parametrize(
    ("here", "wanted", "words"),
    [
        (machine(), "tensorflow==2.0.0", "Python 2.7 to 3.7 only"),
        (machine(python="3.14.0"), "tensorflow", "Python 3.10 to 3.13 only"),
        (machine(), "theano", "PyTensor"),
        (machine(), "Caffe", "PyTorch took its place"),
        (machine(), "tensorflow-gpu", "ended with 2.11"),
        (machine(), "Tensorflow_GPU==2.10", "ended with 2.11"),
        (machine(libc="musl 1.2.4"), "torch", "Alpine"),
        (machine(bits=32), "torch", "32-bit"),
        (machine(implementation="pypy"), "jax", "CPython"),
        (machine(architecture="x86_64", python="3.13.1", **MAC), "torch", "Intel Mac"),
        (machine(architecture="riscv64"), "torch", "no wheels for Linux on riscv64"),
        (machine(libc="glibc 2.17"), "torch==2.15.0", "needs glibc 2.28"),
        (machine(), "torch==2.3.7", "no such version"),
        (machine(avx=False), "tensorflow", "AVX"),
    ],
)
def test_what_cannot_be_had_is_refused(here: Machine, wanted: str, words: str):
    (refusal,) = chosen(here, wanted).refusals
    assert words in refusal.reason


def test_a_refusal_names_what_would_do():
    (refusal,) = chosen(machine(), "tensorflow==2.0.0").refusals
    assert refusal.versions == ("2.12.0", "2.21.0")
    assert refusal.pythons[-1] == "3.7"
    (refusal,) = chosen(machine(), "theano").refusals
    assert refusal.instead == "pytensor"


def test_the_cpu_build_comes_from_where_it_can_be_had():
    folder = Wheel(name="torch", version="2.13.0+cpu", source="/wheels")
    (own,) = chosen(machine(), "torch", offer=Offer(torch_index=True, wheels=(folder,))).builds
    assert own.index == "https://download.pytorch.org/whl/cpu"
    assert own.requirements == ("torch==2.15.0+cpu",)
    (local,) = chosen(machine(), "torch", offer=Offer(torch_index=False, wheels=(folder,))).builds
    assert (local.index, local.requirements) == ("/wheels", ("torch==2.13.0+cpu",))
    nowhere = chosen(machine(), "torch", offer=Offer(torch_index=False))
    assert "does not answer" in nowhere.refusals[0].reason


def test_without_pytorchs_index_a_gpu_gets_the_newest_default_build_that_runs():
    selection = chosen(machine("7.0"), "torch", offer=Offer(torch_index=False))
    (build,) = selection.builds
    assert build.index is None
    assert (build.version, build.variant) == ("2.10.0", "cu128")
    assert any("does not answer" in one.reason for one in selection.rejected)


def test_gpus_that_no_build_covers_together():
    selection = chosen(machine("6.1", "12.0", "12.0"), "torch")
    assert selection.builds[0].gpus == (1, 2)
    assert any("CUDA_VISIBLE_DEVICES=1,2" in one for one in selection.warnings)


def test_companions_come_from_the_index_of_torch():
    selection = chosen(machine("9.0"), "torch==2.10.0", "torchvision", "torchaudio")
    assert [one.requirements for one in selection.builds if one.framework.startswith("torchv")] == [
        ("torchvision==0.25.0",)
    ]
    selection = chosen(machine(), "torch==2.10.0", "torchvision")
    vision = next(one for one in selection.builds if one.framework == "torchvision")
    assert vision.index == "https://download.pytorch.org/whl/cpu"
    assert vision.requirements == ("torchvision==0.25.0+cpu",)
    refused = chosen(machine(), "torch==2.10.0", "torchvision==0.20.0").refusals
    assert refused[0].instead == "torchvision==0.25.0"


def test_what_ranges_over_cuda_libraries_may_be_taken_older_for_the_sake_of_torch():
    """torch names its CUDA libraries exactly: the newest TensorFlow may ask for newer ones."""
    selection = chosen(machine("9.0"), *ALL, offer=Offer(torch_index=False))
    wanted = {one.framework: one.requirements[0] for one in selection.builds}
    assert wanted["torch"] == "torch==2.10.0"
    assert wanted["tensorflow"] == "tensorflow[and-cuda]>=2.15.0,<=2.21.0"
    assert wanted["jax"].startswith("jax[cuda12]>=")
    selection = chosen(machine("9.0"), "torch", "tensorflow>=2.20,!=2.20.1", offer=Offer(torch_index=False))
    assert selection.builds[1].requirements[0].endswith(",<=2.21.0,!=2.20.1,>=2.20")
    selection = chosen(machine("9.0"), "torch", "tensorflow==2.21.0", offer=Offer(torch_index=False))
    assert selection.builds[1].requirements == ("tensorflow[and-cuda]==2.21.0",)


def test_forced_accelerators():
    assert variants(chosen(machine(), "torch", "jax", accelerator="cu130")) == {"torch": "cu130", "jax": "cu13"}
    assert any(
        "as asked" in one or "asked for" in one for one in chosen(machine(), "torch", accelerator="cu130").warnings
    )
    assert variants(chosen(machine("9.0"), *ALL, accelerator="cpu")) == dict.fromkeys(ALL[:3], "cpu")
    assert variants(chosen(machine(), "torch", accelerator="rocm7.2")) == {"torch": "rocm7.2"}
    assert variants(chosen(machine(), "torch==2.13.0+cu126")) == {"torch": "cu126"}


@pytest.mark.parametrize(
    ("here", "wanted", "accelerator", "words"),
    [
        (machine(), "torch", "cu999", "there are cu132, cu130, cu126 (torch 2.15.0)"),
        (machine(), "tensorflow", "cu130", "there are cu125 (tensorflow 2.21.0)"),
        (machine(), "torch", "rocm5.0", "there are xpu, rocm7"),
        (machine(), "tensorflow", "rocm7.2", "torch is not asked for"),
        (machine(architecture="arm64", system="macos"), "torch", "cu130", "it has none for this Python and system"),
        (machine(), "torch", "mps", "MPS is the GPU of Macs"),
    ],
)
def test_an_accelerator_that_cannot_be_had_names_those_that_can(
    here: Machine, wanted: str, accelerator: str, words: str
):
    (refusal,) = chosen(here, wanted, accelerator=accelerator).refusals
    assert words in refusal.reason


def test_a_version_that_nobody_has_is_answered_with_those_that_the_sources_hold():
    offer = Offer(torch_index=False, wheels=(Wheel(name="torch", version="2.13.0+cpu", source="/wheels"),))
    (refusal,) = chosen(machine(), "torch==9.9", offer=offer).refusals
    assert "newer than dlcheck's data" in refusal.reason
    assert "your sources hold torch 2.13.0+cpu" in refusal.reason
    assert "CUDA" not in refusal.reason
    assert refusal.instead == "torch==2.13.0"


def test_a_companion_alone_brings_the_torch_that_it_goes_with():
    selection = chosen(machine(), "torchvision==0.25.0")
    assert {one.framework: one.version for one in selection.builds} == {"torch": "2.10.0", "torchvision": "0.25.0"}
    selection = chosen(machine(), "torchaudio")
    assert next(one.version for one in selection.builds if one.framework == "torch") == "2.15.0"


def test_old_torch_brings_its_bound_on_numpy():
    (build,) = chosen(machine(architecture="x86_64", **MAC), "torch").builds
    assert build.requirements == ("torch==2.2.2", "numpy<2")


def test_a_version_above_the_table_is_chosen_as_the_newest_and_left_to_its_wheel():
    selection = chosen(machine(), "tensorflow==99.0", "torch==99.1.0")
    assert not selection.refusals
    assert sum("newer than dlcheck's data" in one for one in selection.warnings) == 2
    assert {one.version or one.requirements[0] for one in selection.builds} >= {"99.1.0"}
    assert {one.confidence for one in selection.builds} == {"unknown"}


def test_a_range_above_the_table_is_refused_with_what_to_write():
    (refusal,) = chosen(machine(), "torch>=99").refusals
    assert "name one version exactly" in refusal.reason
    assert refusal.instead.startswith("torch==")


def test_wishes():
    wishes, others = wishes_of(("torch==2.13.0+cpu", "jax[cuda12]>=0.5", "jupyterlab", "tensorflow-cpu<3"))
    assert {name: wish.variant for name, wish in wishes.items()} == {"torch": "cpu", "jax": "cu12", "tensorflow": "cpu"}
    assert str(wishes["torch"].versions) == "==2.13.0"
    assert others == ["jupyterlab"]
    for bad in ("-r file", "torch @ https://x.example/a.whl", "./torch.whl", ""):
        with pytest.raises(DlcheckError):
            wishes_of((bad,))


def test_code_for_gpus():
    assert has_code(((8, 0),), (8, 6), "12.8")
    assert not has_code(((8, 0),), (8, 7), "12.8")
    assert has_code(((8, 0),), (8, 7), "13.2")
    assert not has_code(((8, 6),), (8, 0), "12.8")
    assert not has_code(((9, 0),), (10, 0), "12.8")
    assert has_code(((12, 0),), (12, 1), "13.0")


def test_every_row_of_the_table_has_its_source():
    for row in (*KNOWN.release, *KNOWN.variant, *KNOWN.driver):
        assert row.source
        assert row.confidence in ("high", "medium", "low")
    for name in ("torch", "tensorflow", "jax"):
        versions = [numbers(one.version) for one in releases(KNOWN, name)]
        assert versions == sorted(versions, reverse=True)


capabilities = st.sampled_from(
    [
        "3.0",
        "3.5",
        "3.7",
        "5.0",
        "5.2",
        "6.0",
        "6.1",
        "7.0",
        "7.5",
        "8.0",
        "8.6",
        "8.7",
        "8.9",
        "9.0",
        "10.0",
        "10.3",
        "12.0",
        "12.1",
    ]
)
drivers = st.sampled_from(
    [
        "390.157",
        "418.39",
        "450.80.02",
        "470.256.02",
        "525.60.13",
        "535.183.01",
        "550.54.14",
        "570.26",
        "580.65.06",
        "595.45",
    ]
)
pythons = st.sampled_from(["3.8.18", "3.9.18", "3.10.13", "3.11.7", "3.12.1", "3.13.0", "3.14.0", "3.15.0"])
platforms = st.sampled_from(
    [
        ("linux", "x86_64", "glibc 2.36"),
        ("linux", "x86_64", "glibc 2.17"),
        ("linux", "aarch64", "glibc 2.35"),
        ("windows", "x86_64", None),
    ]
)


@st.composite
def machines(draw) -> Machine:
    system, architecture, libc = draw(platforms)
    gpus = draw(st.lists(capabilities, max_size=4))
    return machine(
        *gpus,
        system=system,
        architecture=architecture,
        libc=libc,
        python=draw(pythons),
        driver=draw(st.one_of(st.none(), drivers)) if gpus else None,
        free_threaded=draw(st.sampled_from([False, False, False, True])),
        amd=tuple(draw(st.lists(st.sampled_from(["gfx803", "gfx90a", "gfx942", "gfx1100"]), max_size=1))),
        intel=tuple(
            draw(st.lists(st.sampled_from(["Intel(R) UHD Graphics 770", "Intel(R) Arc(TM) B580"]), max_size=1))
        ),
    )


offers = st.sampled_from(
    [
        REACHED,
        Offer(torch_index=False),
        Offer(torch_index=False, wheels=(Wheel(name="torch", version="2.13.0+cpu", source="/w"),)),
    ]
)
wanted_sets = st.lists(
    st.sampled_from(["torch", "tensorflow", "jax", "keras", "torch<2.6", "tensorflow==2.15.1", "jax<0.7"]),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one.split("<")[0].split("=")[0],
)


def may_run(selection: Selection, here: Machine) -> None:
    """Nothing of the selection is beyond the machine, and nothing of it fights with the rest."""
    if selection.refusals:
        assert not selection.builds
        return
    by_index = {gpu.index: gpu for gpu in here.nvidia}
    majors = {one.cuda_major for one in selection.builds if one.cuda_major}
    assert len(majors) <= 1, "two CUDA majors in one environment"
    for build in selection.builds:
        row = next((one for one in releases(KNOWN, build.framework) if one.version == build.version), None)
        assert row is None or misfit(row, here) is None, "a wheel that this interpreter cannot have"
        text = " ".join(build.requirements)
        if build.cuda_major is None:
            assert "cuda" not in text
            assert "+cu" not in text
            if build.framework == "torch" and row is not None and build.variant == "cpu" and build.index is None:
                assert row.default[here.platform] == "cpu", "gigabytes of CUDA on a machine that cannot use them"
            continue
        assert here.driver is not None
        least = least_driver(KNOWN, build.cuda_major, here.system)
        assert least is not None
        assert numbers(here.driver) >= numbers(least), "a build that the driver cannot run"
        assert build.gpus
        if build.framework == "torch":
            variant = next(
                one for one in KNOWN.variant
                if one.name == build.variant and one.platform == here.platform and build.version.startswith(one.minor + ".")
            )  # fmt: skip
            compiled = {one[:-1] + "." + one[-1] for one in variant.sm.split()}
            for index in build.gpus:
                major, minor = by_index[index].capability
                assert any(numbers(one)[0] == major and numbers(one)[1] <= minor for one in compiled), "no kernel image"


@settings(max_examples=150, deadline=None)
@given(machines(), wanted_sets, offers)
def test_no_build_that_this_machine_cannot_run(here: Machine, wanted: list[str], offer: Offer):
    may_run(chosen(here, *wanted, offer=offer), here)


RECORDED = {
    path.stem: machine_of(decode(Facts, json.loads(path.read_text())["facts"]))
    for path in sorted((Path(__file__).parent / "machines").glob("*.json"))
}


def has_usable_nvidia(here: Machine) -> bool:
    return bool(here.driver and any(gpu.capability for gpu in here.nvidia))


def test_the_recorded_machines_are_there():
    assert len(RECORDED) > 60
    assert sum(has_usable_nvidia(one) for one in RECORDED.values()) > 15
    assert sum(not one.nvidia for one in RECORDED.values()) > 15


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_machines_get_nothing_that_they_cannot_run(name: str):
    here = RECORDED[name]
    for offer in (REACHED, Offer(torch_index=False)):
        for wanted in (("torch",), ("tensorflow",), ("jax",), ("torch", "tensorflow", "keras"), ALL):
            selection = chosen(here, *wanted, offer=offer)
            may_run(selection, here)
            if not has_usable_nvidia(here):
                assert not any(build.cuda_major for build in selection.builds), "CUDA without a GPU that can use it"
            assert selection.refusals or selection.reason


@settings(max_examples=60, deadline=None)
@given(machines(), wanted_sets)
def test_selection_is_deterministic_and_explains_itself(here: Machine, wanted: list[str]):
    first, second = (chosen(here, *wanted) for _ in range(2))
    assert first == second
    assert first.refusals or first.reason


def test_fitting_is_newest_first():
    wish = wishes_of(("torch",))[0]["torch"]
    versions = [numbers(one.version) for one in fitting(KNOWN, "torch", machine(), wish.versions)]
    assert versions == sorted(versions, reverse=True)


def test_a_refusal_of_the_torch_that_is_there_names_what_was_typed():
    here, torch = machine(), "torch==2.13.0+cu999"
    refused = as_typed(chosen(here, "torchvision", torch), torch, ("torchvision",), "auto").refusals
    assert [one.requirement for one in refused] == ["torchvision"]
    assert refused[0].reason.startswith("beside the torch 2.13.0+cu999 that is there: no build of torch with cu999")
    other = "torchvision==0.1.0"
    refused = as_typed(chosen(here, other, "torch==2.13.0"), "torch==2.13.0", (other,), "cpu").refusals
    assert [one.requirement for one in refused] == [other]
    taken = as_typed(
        chosen(machine("9.0"), "torchvision", "torch==2.13.0+cpu"), "torch==2.13.0+cpu", ("torchvision",), "auto"
    )
    assert (taken.accelerator, taken.reason) == ("cpu", "as the torch 2.13.0+cpu that is there")
