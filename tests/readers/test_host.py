"""Processor, system, memory, PCI and kernel log."""

from __future__ import annotations

import pytest

from dlcheck.model.fact import Unknown


def test_lscpu_in_german(read):
    facts = read(
        """
        Architektur:                          x86_64
        CPU(s):                               20
        Anbieterkennung:                      GenuineIntel
          Modellname:                         12th Gen Intel(R) Core(TM) i7-12700K
            Thread(s) pro Kern:               2
            Kern(e) pro Sockel:               12
            Sockel:                           1
        """
    )
    assert (facts.cpu.brand, facts.cpu.logical_cpus) == ("12th Gen Intel(R) Core(TM) i7-12700K", 20)
    assert (facts.cpu.sockets, facts.cpu.cores_per_socket, facts.cpu.threads_per_core) == (1, 12, 2)
    assert isinstance(facts.cpu.flags, Unknown)


def test_lscpu_in_chinese_and_as_json(read):
    chinese = read(
        "架构： x86_64\nCPU(s)： 8\n厂商 ID： AuthenticAMD\n型号名称： AMD Ryzen 7 5800X 8-Core Processor\n座： 1\n"
    )
    json = read(
        '{"lscpu": [\n{"field": "CPU(s):", "data": "8"},\n{"field": "Vendor ID:", "data": "AuthenticAMD"},\n'
        '{"field": "Model name:", "data": "AMD Ryzen 7 5800X 8-Core Processor"}]}'
    )
    for facts in (chinese, json):
        assert (facts.cpu.brand, facts.cpu.logical_cpus) == ("AMD Ryzen 7 5800X 8-Core Processor", 8)
        assert facts.cpu.vendor == "AuthenticAMD"


def test_cores_of_two_kinds(read):
    facts = read("CPU(s): 6\nVendor ID: ARM\nModel name: Cortex-A55\nCore(s) per socket: 4\nModel name: Cortex-A76\n")
    assert facts.cpu.models == ("Cortex-A55", "Cortex-A76")
    assert isinstance(facts.cpu.physical_cores, Unknown)


def test_cpuinfo(read):
    block = (
        "processor\t: {}\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Core(TM) i5-2400 CPU @ 3.10GHz\n"
        "physical id\t: 0\ncpu cores\t: 2\nflags\t\t: fpu sse2 avx\n"
    )
    facts = read("\n".join(block.format(at) for at in range(2)))
    assert (facts.cpu.logical_cpus, facts.cpu.physical_cores) == (2, 2)
    assert facts.cpu.flags == ("avx", "fpu", "sse2")


def test_cpuinfo_of_arm(read):
    facts = read(
        "processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n\n"
        "Hardware\t: BCM2835\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n"
    )
    assert facts.cpu.arm_parts[0].part == "0xd08"
    assert (facts.system.product, facts.notes["hardware"]) == ("Raspberry Pi 4 Model B Rev 1.4", "BCM2835")
    assert isinstance(facts.cpu.brand, Unknown)


def test_sysctl(read):
    mac = read("machdep.cpu.brand_string: Apple M1\nmachdep.cpu.core_count: 8\nhw.memsize: 17179869184")
    assert (mac.system.name, mac.cpu.brand, mac.memory.total_bytes) == ("macos", "Apple M1", 16 << 30)
    bsd = read("hw.model=Intel(R) Xeon(R) CPU E5-2650 v2 @ 2.60GHz\nhw.ncpu=8")
    assert bsd.cpu.logical_cpus == 8


@pytest.mark.parametrize(
    ("text", "name", "distribution"),
    [
        (
            'NAME="Rocky Linux"\nID="rocky"\nPRETTY_NAME="Rocky Linux 9.3 (Blue Onyx)"',
            "linux",
            "Rocky Linux 9.3 (Blue Onyx)",
        ),
        ("Distributor ID:\tUbuntu\nDescription:\tUbuntu 24.04 LTS\nRelease:\t24.04", "linux", "Ubuntu 24.04 LTS"),
        ("CentOS Linux release 7.9.2009 (Core)", "linux", "CentOS Linux release 7.9.2009 (Core)"),
        ("ProductName:\t\tmacOS\nProductVersion:\t\t14.5\nBuildVersion:\t\t23F79", "macos", "macOS 14.5"),
        (
            "OS Name:  Microsoft Windows 11 Pro\nOS Version:  10.0.22631 N/A Build 22631",
            "windows",
            "Microsoft Windows 11 Pro",
        ),
        ("Betriebssystemname:   Microsoft Windows 10 Home", "windows", "Microsoft Windows 10 Home"),
        ("OS 名称:    Microsoft Windows 11 专业版", "windows", "Microsoft Windows 11 专业版"),
    ],
)
def test_systems(read, text, name, distribution):
    facts = read(text)
    assert (facts.system.name, facts.system.distribution) == (name, distribution)


def test_kernels(read):
    uname = read(
        "$ uname -a\nLinux host 5.15.153.1-microsoft-standard-WSL2 #1 SMP Fri Mar 29 x86_64 x86_64 x86_64 GNU/Linux"
    )
    assert (uname.system.wsl, uname.system.machine) == (2, "x86_64")
    assert uname.system.release == "5.15.153.1-microsoft-standard-WSL2"
    named = read("platform: uname_result(system='Linux', node='n', release='6.1.0-9', version='#1', machine='aarch64')")
    assert (named.system.release, named.system.machine) == ("6.1.0-9", "aarch64")


def test_memory(read):
    free = read(
        """
                       total        used        free      shared  buff/cache   available
        Mem:           125Gi        11Gi        98Gi       1.0Gi        16Gi       112Gi
        Swap:          8.0Gi          0B       8.0Gi
        """
    )
    assert (free.memory.total_bytes, free.memory.available_bytes, free.memory.swap_bytes) == (
        125 << 30,
        112 << 30,
        8 << 30,
    )
    meminfo = read("MemTotal:       16095276 kB\nMemAvailable:   900000 kB\nSwapTotal: 0 kB")
    assert (meminfo.memory.total_bytes, meminfo.memory.total_printed) == (16095276 << 10, "16095276 kB")
    windows = read("Gesamter physischer Speicher:   31.865 MB\nBetriebssystemname: Microsoft Windows 11 Pro")
    assert windows.memory.total_bytes == 31865 << 20


def test_disks(read):
    facts = read(
        """
        Filesystem      Size  Used Avail Use% Mounted on
        overlay         100G   65G   35G  65% /
        shm              64M     0   64M   0% /dev/shm
        """
    )
    assert (facts.disks[0].path, facts.disks[0].free_bytes) == ("/", 35 << 30)
    assert facts.memory.shared_memory_bytes == 64 << 20
    assert isinstance(facts.disks[0].writable, Unknown)


@pytest.mark.parametrize(
    "text",
    [
        (
            "41:00.0 VGA compatible controller [0300]: NVIDIA Corporation AD104 [GeForce RTX 4070] [10de:2786] (rev a1)\n"
            "\tSubsystem: X\n\tKernel driver in use: nouveau\n"
        ),
        "Slot:\t41:00.0\nClass:\tVGA compatible controller\nVendor:\tNVIDIA Corporation\nDevice:\tAD104 [GeForce RTX 4070]\n",
        '41:00.0 "VGA compatible controller" "NVIDIA Corporation" "AD104 [GeForce RTX 4070]" -ra1 "X" "Y"\n',
    ],
    ids=["nnk", "vmm", "mm"],
)
def test_lspci(read, text):
    (device,) = read(text).devices.pci
    assert (device.address, device.vendor, device.name) == ("41:00.0", "10de", "AD104 [GeForce RTX 4070]")
    assert device.device_class == "030000"
    assert device.driver == ("nouveau" if "nouveau" in text else device.driver)


def test_kernel_log(read):
    facts = read(
        """
        [    0.000000] Linux version 6.5.0-35-generic (buildd@x) (gcc 11) #35-Ubuntu SMP
        [    0.100000] DMI: Supermicro SYS-420GP-TNR/X12DPG-OA6, BIOS 1.4 01/01/2023
        [   12.345678] [drm] amdgpu version: 6.3.6
        [ 9876.543210] NVRM: Xid (PCI:0000:4f:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.
        [ 9876.643210] NVRM: Xid (PCI:0000:4f:00): 154, GPU recovery action changed
        """
    )
    assert (facts.notes["xid"], facts.notes["xid gpu"]) == ("79, 154", "0000:4f:00")
    assert len(facts.devices.nvidia.kernel_log) == 2
    assert facts.devices.amd.module == "6.3.6"
    assert facts.system.release == "6.5.0-35-generic"
    assert "Supermicro" in facts.system.product
