"""Asks NVML what the NVIDIA driver knows of each GPU. Runs in dlcheck's own interpreter, which has nvidia-ml-py."""

import ctypes
import sys

REASONS = {
    0x1: "gpu_idle",
    0x2: "applications_clocks_setting",
    0x4: "sw_power_cap",
    0x8: "hw_slowdown",
    0x10: "sync_boost",
    0x20: "sw_thermal_slowdown",
    0x40: "hw_thermal_slowdown",
    0x80: "hw_power_brake_slowdown",
    0x100: "display_clock_setting",
}
COMPUTE_MODES = {0: "default", 1: "exclusive_thread", 2: "prohibited", 3: "exclusive_process"}
# Values of NVML_FI_DEV_GET_GPU_RECOVERY_ACTION in nvml.h of CUDA 13.
RECOVERIES = {
    0: "none",
    1: "reset",
    2: "reboot",
    3: "drain_p2p",
    4: "drain_and_reset",
    5: "recover_imex_domain",
    6: "bus_reset",
    7: "system_reboot",
}
FABRIC_STATES = {0: "not_supported", 1: "not_started", 2: "in_progress", 3: "completed"}
DRIVER_MODELS = {0: "WDDM", 1: "TCC", 2: "MCDM"}
PEER_STATES = {
    0: "ok",
    1: "chipset_not_supported",
    2: "gpu_not_supported",
    3: "topology_not_supported",
    4: "disabled_by_regkey",
    5: "not_supported",
    6: "unknown",
}
LINKS = 18  # NVML_NVLINK_MAX_LINKS of Hopper; asking for more answers INVALID_ARGUMENT
SILENT = {
    3,
    13,
    25,
    26,
}  # not supported, function not found, argument version, deprecated: this driver has no such fact
LOST = {15, 28}


class GoneError(Exception):
    """The driver says that the GPU cannot be reached any more."""


def main(answer, _options):
    """Put ``path``, ``code``, ``error``, ``driver``, ``cuda`` and ``gpus`` (in the shape of model's Gpu)."""
    library = "nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1"
    answer.put(library=library, stage="load")
    if sys.platform != "win32":
        # nvidia-ml-py keeps the loader's words to itself.
        try:
            ctypes.CDLL(library)
        except OSError as error:
            answer.put(result="found", error=str(error))
            return
        answer.put(path=mapped("libnvidia-ml.so"))
    answer.stage("import")
    import pynvml

    answer.stage("init")
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        answer.put(result="found", code=error.value, error=name_of(pynvml, error.value))
        return
    answer.put(code=0, stage="versions")
    version = ask(pynvml, "nvmlSystemGetCudaDriverVersion_v2")
    if isinstance(version, int):
        answer.put(cuda="%d.%d" % (version // 1000, version % 1000 // 10))
    answer.put(driver=ask(pynvml, "nvmlSystemGetDriverVersion"), stage="count")
    gpus = []
    count = ask(pynvml, "nvmlDeviceGetCount")
    answer.put(gpus=gpus if isinstance(count, int) else count)
    handles = {}
    for index in range(count if isinstance(count, int) else 0):
        answer.stage("device %d" % index)
        gpus.append(describe(pynvml, index, handles))
        answer.put(gpus=gpus)
    answer.stage("peers")
    for index, handle in handles.items():
        gpus[index]["peers"] = peers(pynvml, index, handle, handles)
    answer.put(gpus=gpus, result="found")


def ask(pynvml, name, *arguments):
    """What a function answers; None where this driver has no such fact, ``{"unknown": why}`` where it failed."""
    function = getattr(pynvml, name, None)
    if function is None:
        return None
    try:
        value = function(*arguments)
    except pynvml.NVMLError as error:
        if error.value in LOST:
            raise GoneError(name_of(pynvml, error.value)) from None
        return None if error.value in SILENT else {"unknown": name_of(pynvml, error.value)}
    except Exception as error:
        # nvidia-ml-py has an error of its own for a driver that is older than a function; its name is no NVMLError.
        return None if type(error).__name__ == "NVMLLibraryMismatchError" else {"unknown": "%s: %s" % (name, error)}
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def describe(pynvml, index, handles):
    """One GPU in the shape of model's Gpu."""
    gpu = {"name": "GPU %d" % index, "index": index}
    try:
        handle = pynvml.nvmlDeviceGetHandleByIndex(index)
        handles[index] = handle
        identify(pynvml, handle, gpu)
        measure(pynvml, handle, gpu)
        examine(pynvml, handle, gpu)
        gpu["processes"] = processes(pynvml, handle)
    except pynvml.NVMLError as error:
        gpu["lost"] = error.value in LOST or error.value == 999
        gpu["recovery_action"] = {"unknown": name_of(pynvml, error.value)}
    except GoneError as error:
        gpu["lost"] = True
        gpu["recovery_action"] = {"unknown": str(error)}
    if gpu.get("lost"):
        handles.pop(index, None)
    return gpu


def identify(pynvml, handle, gpu):
    """Name, place and kind."""
    name = ask(pynvml, "nvmlDeviceGetName", handle)
    if isinstance(name, str):
        gpu["name"] = name
    uuid = ask(pynvml, "nvmlDeviceGetUUID", handle)
    gpu["uuid"] = uuid if isinstance(uuid, str) else None
    place = getattr(ask(pynvml, "nvmlDeviceGetPciInfo", handle), "busId", None)
    if isinstance(place, bytes):
        place = place.decode("ascii", "replace")
    if place:
        # NVML writes the domain with eight digits, sysfs with four.
        domain, _, rest = place.lower().partition(":")
        gpu["pci_address"] = domain[-4:] + ":" + rest
    capability = ask(pynvml, "nvmlDeviceGetCudaComputeCapability", handle)
    if isinstance(capability, (tuple, list)):
        gpu["architecture"] = "%d.%d" % tuple(capability)
    gpu["vbios"] = ask(pynvml, "nvmlDeviceGetVbiosVersion", handle)
    mode = ask(pynvml, "nvmlDeviceGetComputeMode", handle)
    gpu["compute_mode"] = COMPUTE_MODES.get(mode, "mode %d" % mode) if isinstance(mode, int) else mode
    gpu["persistence"] = flag(ask(pynvml, "nvmlDeviceGetPersistenceMode", handle))
    if sys.platform == "win32":
        model = ask(pynvml, "nvmlDeviceGetCurrentDriverModel", handle)
        gpu["driver_model"] = DRIVER_MODELS.get(model) if isinstance(model, int) else None
    mig = ask(pynvml, "nvmlDeviceGetMigMode", handle)
    gpu["mig_enabled"] = bool(mig[0]) if isinstance(mig, (list, tuple)) else mig
    gpu["mig_pending"] = bool(mig[1]) if isinstance(mig, (list, tuple)) else mig
    if gpu["mig_enabled"] is True:
        uuids = instances(pynvml, handle)
        gpu["mig_uuids"] = uuids
        gpu["mig_devices"] = len(uuids) if isinstance(uuids, list) else uuids


def instances(pynvml, handle):
    """UUIDs of the MIG devices on one GPU."""
    most = ask(pynvml, "nvmlDeviceGetMaxMigDeviceCount", handle)
    uuids = []
    for index in range(most if isinstance(most, int) else 0):
        try:
            uuids.append(pynvml.nvmlDeviceGetUUID(pynvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, index)))
        except pynvml.NVMLError as error:
            if error.value != 6:  # 6 is NOT_FOUND: no device at this place
                return {"unknown": name_of(pynvml, error.value)}
    return [one.decode("ascii") if isinstance(one, bytes) else one for one in uuids]


def measure(pynvml, handle, gpu):
    """Memory, heat, power, load and the link to the board."""
    memory = ask(pynvml, "nvmlDeviceGetMemoryInfo", handle, getattr(pynvml, "nvmlMemory_v2", None))
    if memory is None or isinstance(memory, dict):
        memory = ask(pynvml, "nvmlDeviceGetMemoryInfo", handle)
    gpu["memory_bytes"] = int(memory.total) if hasattr(memory, "total") else memory
    gpu["memory_free_bytes"] = int(memory.free) if hasattr(memory, "free") else memory
    heat = ask(pynvml, "nvmlDeviceGetTemperature", handle, 0)
    gpu["temperature"] = heat
    gpu["temperature_slowdown"] = ask(pynvml, "nvmlDeviceGetTemperatureThreshold", handle, 1)
    for field, name in (
        ("power_watts", "nvmlDeviceGetPowerUsage"),
        ("power_limit_watts", "nvmlDeviceGetEnforcedPowerLimit"),
        ("power_default_watts", "nvmlDeviceGetPowerManagementDefaultLimit"),
    ):
        value = ask(pynvml, name, handle)
        gpu[field] = value / 1000.0 if isinstance(value, int) else value
    load = ask(pynvml, "nvmlDeviceGetUtilizationRates", handle)
    gpu["utilization_percent"] = int(load.gpu) if hasattr(load, "gpu") else load
    mask = ask(pynvml, "nvmlDeviceGetCurrentClocksEventReasons", handle)
    if mask is None:
        mask = ask(pynvml, "nvmlDeviceGetCurrentClocksThrottleReasons", handle)
    gpu["throttle_reasons"] = [REASONS[bit] for bit in REASONS if mask & bit] if isinstance(mask, int) else mask or []
    gpu["link_width"] = ask(pynvml, "nvmlDeviceGetCurrPcieLinkWidth", handle)
    gpu["link_width_max"] = ask(pynvml, "nvmlDeviceGetMaxPcieLinkWidth", handle)


def examine(pynvml, handle, gpu):
    """Signs of sickness: ECC, remapped rows, the recovery the driver asks for, fabric, links, licence."""
    mode = ask(pynvml, "nvmlDeviceGetEccMode", handle)
    gpu["ecc_enabled"] = bool(mode[0]) if isinstance(mode, (list, tuple)) else mode
    # Uncorrected errors (1) since the driver was loaded (0).
    gpu["ecc_uncorrected"] = ask(pynvml, "nvmlDeviceGetTotalEccErrors", handle, 1, 0) if gpu["ecc_enabled"] else None
    rows = ask(pynvml, "nvmlDeviceGetRemappedRows", handle)
    held = isinstance(rows, (list, tuple))
    gpu["rows_remapped_pending"] = bool(rows[2]) if held else rows
    gpu["rows_remapped_failure"] = bool(rows[3]) if held else rows
    gpu["recovery_action"] = recovery(pynvml, handle)
    gpu["fabric_state"] = fabric(pynvml, handle)
    gpu["nvlink_down"] = links_down(pynvml, handle)
    gpu["inforom"] = inforom(pynvml, handle)
    if ask(pynvml, "nvmlDeviceGetVirtualizationMode", handle) == 2:  # a vGPU inside a guest
        gpu["licence"] = licence(pynvml, handle)


def inforom(pynvml, handle):
    """Say valid or corrupted of the records on the card; None for a card without them."""
    try:
        pynvml.nvmlDeviceValidateInforom(handle)
    except pynvml.NVMLError as error:
        return "corrupted" if error.value == 14 else None
    except AttributeError:
        return None
    return "valid"


def recovery(pynvml, handle):
    """The recovery that the driver asks for; None where it has no such field (drivers before 565)."""
    values = ask(pynvml, "nvmlDeviceGetFieldValues", handle, [230])
    if values is None or isinstance(values, dict):
        return values
    if values[0].nvmlReturn != 0:
        return None
    action = int(values[0].value.uiVal)
    return RECOVERIES.get(action, "action %d" % action)


def fabric(pynvml, handle):
    """State of the NVLink fabric's registration, and its error where it completed with one."""
    shape = getattr(pynvml, "c_nvmlGpuFabricInfo_t", None)
    if shape is None:
        return None
    info = shape()
    said = ask(pynvml, "nvmlDeviceGetGpuFabricInfo", handle, ctypes.byref(info))
    if said is None or isinstance(said, dict):
        return said
    state = FABRIC_STATES.get(int(info.state), "state %d" % int(info.state))
    return "completed with error %d" % info.status if state == "completed" and info.status else state


def links_down(pynvml, handle):
    """How many of the card's NVLinks are inactive while others of it are active."""
    states = []
    for link in range(LINKS):
        state = ask(pynvml, "nvmlDeviceGetNvLinkState", handle, link)
        if not isinstance(state, int):
            break
        states.append(state)
    return states.count(0) if any(states) else None


def licence(pynvml, handle):
    """Say licensed or unlicensed, for a vGPU."""
    features = ask(pynvml, "nvmlDeviceGetGridLicensableFeatures", handle)
    if not hasattr(features, "licensableFeaturesCount"):
        return features
    count = features.licensableFeaturesCount
    states = [int(features.gridLicensableFeatures[at].featureState) for at in range(count)]
    return ("licensed" if any(states) else "unlicensed") if states else None


def processes(pynvml, handle):
    """Programs that hold memory of the GPU, each as "pid name bytes"."""
    lines = []
    for name in ("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetGraphicsRunningProcesses"):
        # The oldest layout is not asked for: nvidia-ml-py cannot read it.
        found = ask(pynvml, name + "_v3", handle)
        if found is None:
            found = ask(pynvml, name + "_v2", handle)
        if isinstance(found, dict):
            return found
        for one in found or ():
            held = one.usedGpuMemory
            line = "%d %s %s" % (one.pid, program(one.pid), "?" if held is None else held)
            if line not in lines:
                lines.append(line)
    return lines


def program(pid):
    """A process's name; a question mark where it is not to be seen."""
    try:
        with open("/proc/%d/comm" % pid, encoding="utf-8", errors="replace") as stream:
            return stream.read().strip().replace(" ", "_") or "?"
    except OSError:
        return "?"


def peers(pynvml, index, handle, handles):
    """Whether memory of the other GPUs can be read from this one."""
    states = {}
    for other, its in handles.items():
        if other == index:
            continue
        try:
            state = ask(pynvml, "nvmlDeviceGetP2PStatus", handle, its, 0)
        except GoneError:
            continue
        if isinstance(state, int):
            states[str(other)] = PEER_STATES.get(state, "state %d" % state)
    return states


def flag(value):
    """True or False for a number; anything else as it is."""
    return bool(value) if isinstance(value, int) else value


def name_of(pynvml, code):
    """NVML's name of a return code."""
    names = sorted(one for one in dir(pynvml) if one.startswith("NVML_ERROR_") and getattr(pynvml, one) == code)
    return names[0] if names else "NVML error %d" % code


def mapped(part):
    """The file that the loader mapped for a library, None where the system does not tell."""
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as stream:
            for line in stream:
                path = line.rstrip("\n").partition("/")
                if part in path[2].rpartition("/")[2]:
                    return "/" + path[2]
    except OSError:
        pass
    return None
