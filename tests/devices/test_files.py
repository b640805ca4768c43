"""What files of Linux, and programs of Windows and macOS, tell of devices."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dlcheck.devices import Look, amd, apple, interconnect, libraries, nvidia, pci
from dlcheck.host.process import Done
from dlcheck.model.device_facts import PciDevice
from dlcheck.model.fact import Unknown


def plant(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def plant_card(root: Path, address: str, **values: str) -> None:
    defaults = {
        "class": "0x030000",
        "vendor": "0x10de",
        "device": "0x2684",
        "current_link_width": "16",
        "max_link_width": "16",
    }
    plant(
        root, {f"/sys/bus/pci/devices/{address}/{name}": text + "\n" for name, text in {**defaults, **values}.items()}
    )


def test_pci_devices(tmp_path):
    plant_card(
        tmp_path, "0000:01:00.0", aer_dev_fatal="TLP 1\nTOTAL_ERR_FATAL 2", aer_dev_nonfatal="TOTAL_ERR_NONFATAL 1"
    )
    plant_card(tmp_path, "0000:01:00.1", **{"class": "0x040300"})
    plant_card(tmp_path, "0000:05:00.0", **{"class": "0x068000"}, device="0x22a3")
    plant_card(
        tmp_path, "0000:06:00.0", **{"class": "0x120000"}, vendor="0x1002", device="0x74a1", max_link_width="255"
    )
    plant_card(tmp_path, "0000:07:00.0", **{"class": "0x068000"}, vendor="0x8086")
    (tmp_path / "driver" / "nvidia").mkdir(parents=True)
    (tmp_path / "sys/bus/pci/devices/0000:01:00.0/driver").symlink_to(tmp_path / "driver" / "nvidia")
    plant(
        tmp_path,
        {
            "/usr/share/misc/pci.ids": "# list\n1002  Advanced Micro Devices\n\t2684  Wrong one\n"
            "10de  NVIDIA Corporation\n\t2683  Other\n\t2684  AD102 [GeForce RTX 4090]\n\t\t1043 1234  Sub\n8086  Intel\n"
        },
    )
    first, switch, third = pci.look(str(tmp_path))
    assert (first.name, first.driver, first.errors) == ("AD102 [GeForce RTX 4090]", "nvidia", 3)
    assert (switch.device_class, switch.vendor) == ("068000", "10de")
    assert (third.vendor, third.link_width, third.link_width_max, third.errors) == ("1002", 16, None, None)


def test_no_pci_bus_is_no_device_and_no_sysfs_is_unknown(tmp_path):
    assert isinstance(pci.look(str(tmp_path)), Unknown)
    (tmp_path / "sys" / "class").mkdir(parents=True)
    assert pci.look(str(tmp_path)) == ()


def test_windows_controllers():
    row = {
        "Name": "NVIDIA GeForce RTX 4090",
        "PNPDeviceID": r"PCI\VEN_10DE&DEV_2684&SUBSYS_0\4",
        "DriverVersion": "32.0.15.8157",
    }
    one = pci.from_windows(json.dumps({**row, "ConfigManagerErrorCode": 0}))
    assert [(card.vendor, card.device, card.driver) for card in one] == [("10de", "2684", "32.0.15.8157")]
    two = pci.from_windows(
        json.dumps([{**row, "ConfigManagerErrorCode": 28}, {"Name": "Remote", "PNPDeviceID": "ROOT\\X"}])
    )
    assert [card.driver for card in two] == [None]
    assert isinstance(pci.from_windows("The term is not recognized"), Unknown)


def test_the_driver_that_windows_names():
    card = PciDevice(address="x", vendor="10de", device="2684", device_class="030000", driver="32.0.15.8157")
    assert pci.windows_driver((card,)) == "581.57"
    assert (
        pci.windows_driver(
            (PciDevice(address="x", vendor="10de", device="2684", device_class="030000", driver="nvidia"),)
        )
        is None
    )


@pytest.mark.parametrize(("text", "release"), [("32.0.15.8157", "581.57"), ("31.0.15.5123", "551.23"), ("1.2", None)])
def test_nvidia_release_of_windows(text, release):
    assert pci.nvidia_release(text) == release


def test_nvidia_files(tmp_path):
    kernel = os.uname().release
    plant(
        tmp_path,
        {
            "/proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build\nGCC",
            "/proc/driver/nvidia/params": "ResmanDebugLevel: 1\nPreserveVideoMemoryAllocations: 1\n",
            "/etc/prime-discrete": "on-demand\n",
            "/sys/power/suspend_stats/success": "4\n",
            "/etc/modprobe.d/a.conf": "# blacklist nouveau\nblacklist nouveau\n",
            "/etc/cdi/nvidia.yaml": "x",
            f"/lib/modules/{kernel}/modules.dep": "updates/dkms/nvidia.ko.zst:\n",
        },
    )
    found = nvidia.look(str(tmp_path), (), {})
    assert (found.module, found.module_flavour, found.preserves_memory) == ("580.95.05", "open", True)
    assert (found.prime, found.suspends, found.blacklisted_nouveau, found.container_toolkit) == (
        "on-demand",
        4,
        True,
        True,
    )
    assert isinstance(found.kernel_log, Unknown)


def test_what_containers_are_told(tmp_path):
    path = "/usr/lib/x86_64-linux-gnu/libcuda.so"
    plant(
        tmp_path,
        {
            "/etc/cdi/nvidia.yaml": f"kind: nvidia.com/gpu\nmounts:\n- hostPath: {path}.535.183.01\n",
            "/etc/cdi/other.yaml": "kind: vendor.example/device\n",
            "/run/cdi/nvidia.yml": "kind: nvidia.com/gpu\n",
        },
    )
    (tmp_path / "var").mkdir()
    (tmp_path / "var/run").symlink_to(tmp_path / "run")
    told = nvidia.look(str(tmp_path), (), {}).cdi
    assert told == {str(tmp_path / "etc/cdi/nvidia.yaml"): "535.183.01", str(tmp_path / "run/cdi/nvidia.yml"): ""}


@pytest.mark.parametrize(
    ("files", "there"),
    [
        ({"modules.dep": "kernel/drivers/video/nvidia.ko.xz: a\n"}, True),
        ({"modules.dep": "updates/dkms/nvidia-current.ko: a\n"}, True),
        ({"modules.dep": "kernel/drivers/net/x.ko: kernel/nvidia-y.ko\n"}, False),
        ({"modules.dep": "", "updates/dkms/nvidia.ko": "x"}, True),
    ],
)
def test_module_built_for_the_kernel(tmp_path, files, there):
    plant(tmp_path, {f"/lib/modules/{os.uname().release}/{name}": text for name, text in files.items()})
    assert nvidia.look(str(tmp_path), (), {}).module_file is there


def test_module_of_a_container_is_unknown(tmp_path):
    assert isinstance(nvidia.look(str(tmp_path), (), {}).module_file, Unknown)


@pytest.mark.parametrize(
    ("secure", "shim", "on"),
    [
        (b"\6\0\0\0\1", None, True),
        (b"\6\0\0\0\0", None, False),
        (b"\6\0\0\0\1", b"\6\0\0\0\1", False),
        (None, None, None),
    ],
)
def test_secure_boot(tmp_path, secure, shim, on):
    for path, value in ((nvidia.SECURE_BOOT, secure), (nvidia.SHIM_STATE, shim)):
        if value is not None:
            place = tmp_path / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(value)
    assert nvidia.look(str(tmp_path), (), {}).secure_boot is on


def test_nodes_are_really_opened(tmp_path):
    plant(
        tmp_path,
        {
            "/sys/class/x": "",
            "/dev/nvidia0": "",
            "/dev/nvidiactl": "",
            "/dev/nvidia-uvm": "",
            "/dev/nvidia-modeset": "",
        },
    )
    (tmp_path / "dev/nvidia1").mkdir()
    found = Look(20.0, root=str(tmp_path), loader_path="").wait().nvidia
    assert found is not None
    said = {Path(path).name: words for path, words in found.nodes.items()}
    assert said == {"nvidia0": "ok", "nvidiactl": "ok", "nvidia-uvm": "ok", "nvidia1": "Is a directory"}
    assert (found.nvml, found.libcuda) == (None, None)


@pytest.mark.parametrize(
    ("number", "target"),
    [(110000, "gfx1100"), (90402, "gfx942"), (90010, "gfx90a"), (100301, "gfx1031"), (120001, "gfx1201"), (0, None)],
)
def test_gfx_target(number, target):
    assert amd.gfx(number) == target


def test_amd_topology(tmp_path):
    nodes = "/sys/class/kfd/kfd/topology/nodes"
    plant(
        tmp_path,
        {
            f"{nodes}/0/properties": "cpu_cores_count 16\nsimd_count 0\ngfx_target_version 0\n",
            f"{nodes}/1/properties": "cpu_cores_count 0\nsimd_count 192\ngfx_target_version 110000\nlocation_id 768\ndomain 0\n",
            f"{nodes}/1/name": "gfx1100\n",
            f"{nodes}/1/mem_banks/0/properties": "heap_type 1\nsize_in_bytes 25753026560\n",
            "/sys/bus/pci/devices/0000:03:00.0/ras/umc_err_count": "ue: 2\nce: 9\n",
            "/opt/rocm/.info/version": "7.1.0\n",
            "/sys/module/amdgpu/x": "",
        },
    )
    card = PciDevice(address="0000:03:00.0", vendor="1002", device="744c", device_class="030000", driver="amdgpu")
    found = amd.look(str(tmp_path), (card,), {})
    assert found is not None
    (gpu,) = found.gpus
    assert (gpu.architecture, gpu.pci_address, gpu.ecc_uncorrected) == ("gfx1100", "0000:03:00.0", 2)
    assert gpu.memory_bytes == 25753026560
    assert (found.module, found.rocm, found.topology) == ("loaded", "7.1.0", "present")
    assert amd.look(str(tmp_path / "empty"), (), {}) is None


def test_apple():
    text = json.dumps(
        {
            "SPDisplaysDataType": [
                {
                    "sppci_model": "Apple M3 Pro",
                    "sppci_bus": "spdisplays_builtin",
                    "spdisplays_mtlgpufamilysupport": "spdisplays_metal3",
                }
            ]
        }
    )
    done = Done(("x",), 0, None, text, "", 0.1)
    found = apple.look(done, Done(("x",), 0, None, "Apple M3 Pro\n", "", 0.1))
    assert (found.chip, found.metal, found.gpus[0].name, found.gpus[0].integrated) == (
        "Apple M3 Pro",
        "metal3",
        "Apple M3 Pro",
        True,
    )
    failed = apple.look(Done(("x",), None, "SIGKILL", "", "", 9.0), Done(("x",), 1, None, "", "", 0.1))
    assert isinstance(failed.gpus, Unknown)
    assert isinstance(failed.chip, Unknown)
    vram = json.dumps({"SPDisplaysDataType": [{"_name": "x", "spdisplays_vram": "4 GB"}, "odd"]})
    assert apple.from_profiler(vram)[0].memory_bytes == 4 * 2**30


def test_libraries_of_ld_library_path(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "stubs").mkdir()
    (tmp_path / "lib/libcudnn.so.9.1.0").write_text("")
    (tmp_path / "lib/libcudnn.so.9").symlink_to("libcudnn.so.9.1.0")
    (tmp_path / "lib/libcudnn.so").symlink_to("libcudnn.so.9")
    (tmp_path / "lib/libcuda.so.1").write_text("")
    (tmp_path / "stubs/libcuda.so.1").write_text("")
    found = libraries.look(f"{tmp_path}/lib:{tmp_path}/stubs:{tmp_path}/none:")
    assert [(one.name, one.version) for one in found] == [("libcudnn.so.9", "9.1.0"), ("libcuda.so.1", None)]


def test_interconnect(tmp_path):
    plant(
        tmp_path,
        {
            "/proc/cmdline": "quiet iommu=pt\n",
            "/sys/kernel/iommu_groups/0/x": "",
            "/proc/sys/kernel/numa_balancing": "1\n",
            "/sys/class/net/eth0/operstate": "up\n",
            "/sys/class/infiniband/mlx5_0/ports/1/state": "2: INIT\n",
            "/sys/class/infiniband/mlx5_0/ports/1/phys_state": "5: LinkUp\n",
            "/etc/nccl.conf": "NCCL_SOCKET_IFNAME=eth0\n# NCCL_DEBUG=INFO\n",
        },
    )
    found = interconnect.look(str(tmp_path))
    assert (found.iommu, found.numa_balancing, found.interfaces) == ("passthrough", True, {"eth0": "up"})
    (port,) = found.infiniband
    assert (port.device, port.state, port.physical) == ("mlx5_0", "INIT", "LinkUp")
    assert found.nccl_config == {"NCCL_SOCKET_IFNAME": "eth0"}
