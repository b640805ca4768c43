"""nvidia-smi in all its forms, and the other voices of the NVIDIA stack."""

from __future__ import annotations

from dlcheck.model.fact import Unknown

OLD = """
    Thu Mar 20 11:02:11 2014
    +------------------------------------------------------+
    | NVIDIA-SMI 331.49     Driver Version: 331.49         |
    |-------------------------------+----------------------+----------------------+
    | GPU  Name        Persistence-M| Bus-Id        Disp.A | Volatile Uncorr. ECC |
    | Fan  Temp  Perf  Pwr:Usage/Cap|         Memory-Usage | GPU-Util  Compute M. |
    |===============================+======================+======================|
    |   0  Tesla K20c          Off  | 0000:03:00.0     Off |                    0 |
    | 30%   33C    P8    26W / 225W |     11MiB /  4799MiB |      0%      Default |
    +-------------------------------+----------------------+----------------------+
    |   1  GeForce GTX 650     Off  | 0000:04:00.0     N/A |                  N/A |
    | 40%   34C  N/A     N/A /  N/A |    123MiB /  1023MiB |     N/A      Default |
    +-------------------------------+----------------------+----------------------+
"""
MIG = """
    +-----------------------------------------------------------------------------------------+
    | NVIDIA-SMI 570.86.15              Driver Version: 570.86.15      CUDA Version: 12.8     |
    |-----------------------------------------+------------------------+----------------------+
    |   0  NVIDIA A30                     On  |   00000000:3B:00.0 Off |                   On |
    | N/A   41C    P0             36W /  165W |      51MiB /  24576MiB |     N/A   E. Process |
    |                                         |                        |              Enabled |
    +-----------------------------------------+------------------------+----------------------+
    | MIG devices:                                                                            |
    |  0    3   0   0  |              12MiB /  5952MiB    | 14      0 |  1   0    1    0    0 |
    |                  |               0MiB /  8191MiB    |           |                       |
    |  0    4   0   1  |              12MiB /  5952MiB    | 14      0 |  1   0    1    0    0 |
    | Processes:                                                                              |
    |    0    3    0             4711      C   python                                  812MiB |
"""
WINDOWS = """
    | NVIDIA-SMI 610.11                 KMD Version: 610.11        CUDA UMD Version: 13.3     |
    |   0  NVIDIA GeForce RTX 4060 ...  WDDM  |   00000000:01:00.0  On |                  N/A |
    | 30%   45C    P8             20W /  115W |    1220MiB /   8188MiB |     12%      Default |
"""


def gpus_of(facts):
    return facts.devices.nvidia.gpus


def test_table_of_2014(read):
    facts = read(OLD)
    assert facts.devices.nvidia.driver == "331.49"
    assert isinstance(facts.devices.nvidia.cuda_driver, Unknown)
    first, second = gpus_of(facts)
    assert (first.name, first.memory_printed, first.memory_bytes) == ("Tesla K20c", "4799MiB", 4799 << 20)
    assert (first.ecc_enabled, first.ecc_uncorrected, first.power_limit_watts) == (True, 0, 225.0)
    assert isinstance(second.ecc_enabled, Unknown)
    assert second.pci_address == "0000:04:00.0"


def test_table_with_mig_instances_and_processes(read):
    (gpu,) = gpus_of(read(MIG))
    assert (gpu.mig_enabled, gpu.mig_devices, gpu.compute_mode) == (True, 2, "exclusive_process")
    assert gpu.processes == ("4711 python 812MiB",)
    assert gpu.memory_free_bytes == (24576 - 51) << 20


def test_table_of_windows_with_the_labels_of_610(read):
    facts = read(WINDOWS)
    assert (facts.devices.nvidia.driver, facts.devices.nvidia.cuda_driver) == ("610.11", "13.3")
    assert (gpus_of(facts)[0].driver_model, gpus_of(facts)[0].memory_printed) == ("WDDM", "8188MiB")
    assert isinstance(gpus_of(facts)[0].persistence, Unknown)


def test_table_whose_blanks_were_squeezed(read):
    squeezed = "\n".join(" ".join(line.split()) for line in MIG.splitlines())
    assert gpus_of(read(squeezed)) == gpus_of(read(MIG))


def test_table_without_memory(read):
    facts = read(
        """
        | NVIDIA-SMI 580.82.07              Driver Version: 580.82.07      CUDA Version: 13.0     |
        |   0  NVIDIA GB10                    On  |   0000000F:01:00.0 Off |                  N/A |
        | N/A   44C    P8              4W /  N/A  | Not Supported          |      0%      Default |
        """
    )
    assert gpus_of(facts)[0].name == "NVIDIA GB10"
    assert isinstance(gpus_of(facts)[0].memory_bytes, Unknown)


def test_a_cut_name_is_completed_by_the_list(read):
    facts = read(
        WINDOWS
        + """
    GPU 0: NVIDIA GeForce RTX 4060 Laptop GPU (UUID: GPU-11111111-2222-3333-4444-555555555555)
    """
    )
    (gpu,) = gpus_of(facts)
    assert gpu.name == "NVIDIA GeForce RTX 4060 Laptop GPU"
    assert gpu.uuid == "GPU-11111111-2222-3333-4444-555555555555"
    assert gpu.memory_printed == "8188MiB"


def test_list_with_mig_and_links(read):
    facts = read(
        """
        GPU 0: NVIDIA H100 PCIe (UUID: GPU-aaaaaaaa-0000-0000-0000-000000000000)
          MIG 1g.10gb     Device  0: (UUID: MIG-bbbbbbbb-0000-0000-0000-000000000000)
          MIG 2g.20gb     Device  1: (UUID: MIG-cccccccc-0000-0000-0000-000000000000)
        GPU 1: NVIDIA H100 PCIe (UUID: GPU-dddddddd-0000-0000-0000-000000000000)
             Link 0: 26.562 GB/s
             Link 1: <inactive>
        """
    )
    first, second = gpus_of(facts)
    assert (first.mig_profiles, first.mig_devices) == (("MIG 1g.10gb", "MIG 2g.20gb"), 2)
    assert (second.nvlink, second.nvlink_down) == ("1 active", 1)


def test_failures_name_nvml_codes(read):
    facts = read("Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 550.120")
    assert (facts.devices.nvidia.nvml.code, facts.devices.nvidia.management_library) == (18, "550.120")
    facts = read("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure ...")
    assert facts.devices.nvidia.nvml.error == "NVML_ERROR_DRIVER_NOT_LOADED"


QUERY = """
    ==============NVSMI LOG==============

    Driver Version                            : 535.104.05
    CUDA Version                              : 12.2

    Attached GPUs                             : 1
    GPU 00000000:81:00.0
        Product Name                          : NVIDIA A40
        Persistence Mode                      : Enabled
        MIG Mode
            Current                           : N/A
            Pending                           : N/A
        GPU UUID                              : GPU-eeeeeeee-0000-0000-0000-000000000000
        PCI
            GPU Link Info
                PCIe Generation
                    Max                       : 4
                    Current                   : 1
                Link Width
                    Max                       : 16x
                    Current                   : 8x
        Clocks Event Reasons
            Idle                              : Not Active
            SW Power Cap                      : Active
            HW Thermal Slowdown               : Not Active
        FB Memory Usage
            Total                             : 46068 MiB
            Reserved                          : 600 MiB
            Used                              : 0 MiB
            Free                              : 45468 MiB
        Compute Mode                          : Default
        ECC Mode
            Current                           : Enabled
            Pending                           : Enabled
        ECC Errors
            Volatile
                SRAM Correctable              : 0
                SRAM Uncorrectable            : 1
                DRAM Correctable              : 3
                DRAM Uncorrectable            : 2
        Remapped Rows
            Correctable Error                 : 0
            Uncorrectable Error               : 1
            Pending                           : Yes
            Remapping Failure Occurred        : No
        Temperature
            GPU Current Temp                  : 32 C
        GPU Power Readings
            Power Draw                        : 31.20 W
            Current Power Limit               : 300.00 W
            Default Power Limit               : 300.00 W
"""


def test_query(read):
    facts = read(QUERY)
    (gpu,) = gpus_of(facts)
    assert (facts.devices.nvidia.driver, facts.devices.nvidia.cuda_driver) == ("535.104.05", "12.2")
    assert facts.devices.nvidia.gpu_count == 1
    assert (gpu.name, gpu.memory_printed, gpu.memory_free_bytes) == ("NVIDIA A40", "46068 MiB", 45468 << 20)
    assert (gpu.ecc_enabled, gpu.ecc_uncorrected) == (True, 3)
    assert (gpu.rows_remapped_pending, gpu.rows_remapped_failure) == (True, False)
    assert (gpu.link_width, gpu.link_width_max) == (8, 16)
    assert gpu.throttle_reasons == ("sw_power_cap",)
    assert (gpu.power_watts, gpu.power_limit_watts, gpu.temperature) == (31.2, 300.0, 32.0)
    assert isinstance(gpu.mig_enabled, Unknown)


def test_query_whose_indents_were_lost(read):
    flat = "\n".join(line.strip() for line in QUERY.splitlines())
    (gpu,) = gpus_of(read(flat))
    assert (gpu.name, gpu.memory_printed, gpu.ecc_enabled) == ("NVIDIA A40", "46068 MiB", True)


def test_pages_retired_before_ampere(read):
    facts = read(
        """
        Attached GPUs                       : 1
        GPU 0000:05:00.0
            Product Name                    : Tesla V100-PCIE-16GB
            Retired Pages
                Single Bit ECC              : 4
                Double Bit ECC              : 1
                Pending Page Blacklist      : Yes
        """
    )
    (gpu,) = gpus_of(facts)
    assert (gpu.retired_pages, gpu.retirement_pending) == (5, True)


XML = """
    <nvidia_smi_log>
        <driver_version>470.82.01</driver_version>
        <cuda_version>11.4</cuda_version>
        <attached_gpus>1</attached_gpus>
        <gpu id="00000000:01:00.0">
            <product_name>NVIDIA GeForce GTX 1650</product_name>
            <mig_mode><current_mig>N/A</current_mig></mig_mode>
            <ecc_mode><current_ecc>Disabled</current_ecc></ecc_mode>
            <fb_memory_usage><total>3911 MiB</total><used>10 MiB</used><free>3901 MiB</free></fb_memory_usage>
            <clocks_throttle_reasons>
                <clocks_throttle_reason_hw_slowdown>Active</clocks_throttle_reason_hw_slowdown>
            </clocks_throttle_reasons>
        </gpu>
    </nvidia_smi_log>
"""


def test_xml(read):
    facts = read(XML)
    (gpu,) = gpus_of(facts)
    assert (facts.devices.nvidia.driver, facts.devices.nvidia.cuda_driver) == ("470.82.01", "11.4")
    assert (gpu.name, gpu.memory_printed, gpu.ecc_enabled) == ("NVIDIA GeForce GTX 1650", "3911 MiB", False)
    assert gpu.throttle_reasons == ("hw_slowdown",)


def test_xml_that_is_cut_off(read):
    facts = read(XML.partition("<clocks")[0])
    assert gpus_of(facts)[0].memory_printed == "3911 MiB"


def test_csv_with_and_without_a_heading(read):
    headed = read("name, driver_version, memory.total [MiB]\nNVIDIA RTX A6000, 535.129.03, 49140 MiB")
    assert (gpus_of(headed)[0].name, gpus_of(headed)[0].memory_printed) == ("NVIDIA RTX A6000", "49140 MiB")
    assert headed.devices.nvidia.driver == "535.129.03"
    bare = read("0, NVIDIA L40S, 46068 MiB, 550.90.07, 8.9")
    assert (gpus_of(bare)[0].architecture, bare.devices.nvidia.driver) == ("8.9", "550.90.07")


def test_device_query(read):
    facts = read(
        """
        Device 0: "NVIDIA T400"
          CUDA Driver Version / Runtime Version          11.6 / 11.4
          CUDA Capability Major/Minor version number:    7.5
          Total amount of global memory:                 1869 MBytes (1959395328 bytes)
        """
    )
    (gpu,) = gpus_of(facts)
    assert (gpu.architecture, gpu.memory_bytes, gpu.memory_printed) == ("7.5", 1959395328, "1869 MBytes")
    assert (facts.devices.nvidia.cuda_driver, facts.notes["cuda runtime"]) == ("11.6", "11.4")


def test_module_and_compiler(read):
    facts = read(
        """
        NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  565.57.01  Release Build  (a@b)  Thu Oct 10 12:29:05 UTC 2024
        GCC version:  gcc version 13.2.0 (Ubuntu 13.2.0-23ubuntu4)
        """
    )
    assert (facts.devices.nvidia.module, facts.devices.nvidia.module_flavour) == ("565.57.01", "open")
    assert isinstance(facts.devices.nvidia.driver, Unknown)


def test_nvcc(read):
    assert read("Cuda compilation tools, release 12.4, V12.4.131").toolchain.nvcc == "12.4.131"


def test_windows_numbers_the_driver_in_its_own_way(read):
    facts = read("Name=NVIDIA GeForce RTX 3050 Laptop GPU\nDriverVersion=31.0.15.4601")
    assert facts.devices.nvidia.driver == "546.01"


def test_topology(read):
    facts = read("        GPU0    GPU1    CPU Affinity\nGPU0     X      NV4     0-7\nGPU1    NV4      X      0-7\n")
    assert (facts.devices.nvidia.gpu_count, facts.notes["links between gpus"]) == (2, "NV4")
