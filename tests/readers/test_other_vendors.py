"""AMD, Intel and Apple, as their tools print them."""

from __future__ import annotations

from dlcheck.model.fact import Unknown


def test_rocminfo(read):
    facts = read(
        """
        *******
        Agent 1
        *******
          Name:                    AMD Ryzen 9 7950X 16-Core Processor
          Marketing Name:          AMD Ryzen 9 7950X 16-Core Processor
          Device Type:             CPU
        *******
        Agent 2
        *******
          Name:                    gfx1100
          Uuid:                    GPU-a1b2c3d4e5f60718
          Marketing Name:          Radeon RX 7900 XTX
          Device Type:             GPU
          Chip ID:                 29772(0x744c)
          Compute Unit:            96
          Pool Info:
            Pool 1
              Segment:                 GLOBAL; FLAGS: COARSE GRAINED
              Size:                    25149440(0x17fc000) KB
        """
    )
    (gpu,) = facts.devices.amd.gpus
    assert (gpu.name, gpu.architecture, gpu.cores, gpu.device_id) == ("Radeon RX 7900 XTX", "gfx1100", 96, "0x744c")
    assert gpu.memory_bytes == 25149440 << 10


def test_rocm_smi_of_rocm_6(read):
    facts = read(
        """
        =========================== ROCm System Management Interface ===========================
        Device  [Model : Revision]    Temp        Power     Partitions      SCLK    MCLK    Fan  Perf  PwrCap  VRAM%  GPU%
                Name (20 chars)       (Junction)  (Socket)  (Mem, Compute)
        0       [0x74b5 : 0x00]       41.0°C      121.0W    NPS1, SPX       131Mhz  900Mhz  0%   auto  750.0W    0%   0%
                AMD Instinct MI300X
        """
    )
    (gpu,) = facts.devices.amd.gpus
    assert (gpu.name, gpu.device_id, gpu.temperature, gpu.power_watts) == ("AMD Instinct MI300X", "0x74b5", 41.0, 121.0)


def test_rocm_smi_of_rocm_4_with_options(read):
    facts = read(
        """
        ========================ROCm System Management Interface========================
        GPU  Temp   AvgPwr  SCLK    MCLK     Fan     Perf  PwrCap  VRAM%  GPU%
        1    26.0c  23.0W   808Mhz  500Mhz   21.96%  auto  264.0W    0%   0%
        Driver version: 5.11.32
        GPU[1]          : Card series:          Vega 10 XL/XT [Radeon RX Vega 56/64]
        GPU[1]          : VRAM Total Memory (B): 8573157376
        """
    )
    (gpu,) = facts.devices.amd.gpus
    assert (gpu.index, gpu.name) == (1, "Vega 10 XL/XT [Radeon RX Vega 56/64]")
    assert (gpu.memory_bytes, gpu.temperature) == (8573157376, 26.0)
    assert facts.devices.amd.module == "5.11.32"


def test_rocm_smi_json(read):
    facts = read(
        '{"card0": {"Device ID": "0x744c", "Card series": "Navi 31 [Radeon RX 7900 XT]", "GFX Version": "gfx1100",'
        ' "VRAM Total Memory (B)": "21458059264"}, "system": {"Driver version": "6.8.5"}}'
    )
    (gpu,) = facts.devices.amd.gpus
    assert (gpu.name, gpu.architecture, gpu.memory_bytes) == ("Navi 31 [Radeon RX 7900 XT]", "gfx1100", 21458059264)
    assert facts.devices.amd.module == "6.8.5"


def test_amd_smi(read):
    table = read(
        """
        | AMD-SMI 26.0.2+39589fda      amdgpu version: 6.16.6   ROCm version: 7.0.1    |
        | 0000:05:00.0    AMD Instinct MI325X | 0 %      39 °C   0           135/750 W |
        |   0       0       7        SPX/NPS1 | 0 %        N/A           283/262144 MB |
        """
    )
    (gpu,) = table.devices.amd.gpus
    assert (gpu.name, gpu.pci_address, gpu.memory_printed) == ("AMD Instinct MI325X", "0000:05:00.0", "262144 MB")
    assert (table.devices.amd.module, table.devices.amd.rocm) == ("6.16.6", "7.0.1")
    static = read(
        "GPU: 0\n    ASIC:\n        MARKET_NAME: AMD Radeon RX 9070\n        TARGET_GRAPHICS_VERSION: gfx1201\n    VRAM:\n        SIZE: 16304 MB"
    )
    assert static.devices.amd.gpus[0].architecture == "gfx1201"


def test_intel(read):
    discovery = read(
        """
        | Device ID | Device Information                                                 |
        | 0         | Device Name: Intel(R) Data Center GPU Max 1550                     |
        |           | PCI BDF Address: 0000:29:00.0                                      |
        |           | Memory Physical Size: 65536.00 MiB                                 |
        """
    )
    (gpu,) = discovery.devices.intel.gpus
    assert (gpu.name, gpu.memory_bytes) == ("Intel(R) Data Center GPU Max 1550", 64 << 30)
    sycl = read(
        "[opencl:cpu][opencl:0] Intel(R) OpenCL, Intel(R) Core(TM) Ultra 7 155H OpenCL 3.0 (Build 0) [2024.18.6.0.02]\n"
        "[level_zero:gpu][level_zero:0] Intel(R) Level-Zero, Intel(R) Arc(TM) Graphics 1.3 [1.3.29735]\n"
    )
    assert [one.name for one in sycl.devices.intel.gpus] == ["Intel(R) Arc(TM) Graphics"]


def test_apple(read):
    facts = read(
        """
        Hardware Overview:

          Model Identifier: Mac15,6
          Chip: Apple M3 Pro
          Total Number of Cores: 12 (6 performance and 6 efficiency)
          Memory: 36 GB

        Graphics/Displays:

          Chipset Model: Apple M3 Pro
          Total Number of Cores: 18
          Metal Support: Metal 3
        """
    )
    assert (facts.devices.apple.chip, facts.devices.apple.metal) == ("Apple M3 Pro", "Metal 3")
    assert facts.devices.apple.gpus[0].cores == 18
    assert (facts.cpu.physical_cores, facts.memory.total_bytes) == (12, 36 << 30)
    assert isinstance(facts.devices.nvidia, Unknown)


def test_rocm_smi_csv_and_the_enumerator(read):
    table = read(
        "device,Card series,Card model\ncard0,AMD Radeon PRO W7900,0x7448\ncard1,AMD Radeon PRO W7900,0x7448\n"
    )
    assert [one.name for one in table.devices.amd.gpus] == ["AMD Radeon PRO W7900"] * 2
    assert read("gfx000\ngfx1030\n").devices.amd.gpus[0].architecture == "gfx1030"
    assert read("ROCk module version 6.8.5 is loaded").devices.amd.module == "6.8.5"


def test_other_accelerators(read):
    facts = read(
        """
        | npu-smi 24.1.0                   Version: 24.1.0                                               |
        | 0     910B3               | OK            | 91.3        33                0    / 0             |
        | 0                         | 0000:C1:00.0  | 0           0    / 0          3197 / 65536         |
        """
    )
    assert facts.devices.other == ("910B3",)
    assert facts.notes["npu driver"] == "24.1.0"
    assert isinstance(facts.devices.nvidia, Unknown)
