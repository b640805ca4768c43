"""Asks libcuda, without any framework, what it supports and which GPUs it lists."""

import ctypes
import sys

MAJOR, MINOR, INTEGRATED = 75, 76, 18  # CUdevice_attribute of cuda.h
CODES = {
    1: "CUDA_ERROR_INVALID_VALUE",
    2: "CUDA_ERROR_OUT_OF_MEMORY",
    3: "CUDA_ERROR_NOT_INITIALIZED",
    34: "CUDA_ERROR_STUB_LIBRARY",
    36: "CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER",
    46: "CUDA_ERROR_DEVICE_UNAVAILABLE",
    100: "CUDA_ERROR_NO_DEVICE",
    101: "CUDA_ERROR_INVALID_DEVICE",
    304: "CUDA_ERROR_OPERATING_SYSTEM",
    801: "CUDA_ERROR_NOT_SUPPORTED",
    802: "CUDA_ERROR_SYSTEM_NOT_READY",
    803: "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
    804: "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE",
    805: "CUDA_ERROR_MPS_CONNECTION_FAILED",
    999: "CUDA_ERROR_UNKNOWN",
}


def main(answer, _options):
    """Put ``path``, ``version``, ``code``, ``error``, ``count`` and ``gpus`` (in the shape of model's Gpu)."""
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    answer.put(library=name, stage="load")
    try:
        cuda = ctypes.WinDLL(name) if sys.platform == "win32" else ctypes.CDLL(name)
    except OSError as error:
        answer.put(result="found", error=str(error))
        return
    answer.put(path=mapped("libcuda.so"), stage="version")
    version = ctypes.c_int()
    if call(cuda, "cuDriverGetVersion", ctypes.byref(version)) == 0:
        answer.put(version="%d.%d" % (version.value // 1000, version.value % 1000 // 10))
    answer.stage("init")
    code = call(cuda, "cuInit", 0)
    answer.put(code=code, error=None if code == 0 else named(cuda, code), stage="count")
    if code:
        answer.put(result="found")
        return
    count = ctypes.c_int()
    code = call(cuda, "cuDeviceGetCount", ctypes.byref(count))
    if code:
        answer.put(result="found", code=code, error=named(cuda, code))
        return
    gpus = []
    answer.put(count=count.value, gpus=gpus)
    for index in range(count.value):
        answer.stage("device %d" % index)
        gpus.append(describe(cuda, index))
        answer.put(gpus=gpus)
    answer.put(result="found")


def describe(cuda, index):
    """One device in the shape of model's Gpu."""
    device = ctypes.c_int()
    code = call(cuda, "cuDeviceGet", ctypes.byref(device), index)
    if code:
        return {"name": "GPU %d" % index, "index": index, "lost": True}
    name = ctypes.create_string_buffer(256)
    call(cuda, "cuDeviceGetName", name, 256, device)
    major, minor, integrated = ctypes.c_int(-1), ctypes.c_int(-1), ctypes.c_int(-1)
    for value, attribute in ((major, MAJOR), (minor, MINOR), (integrated, INTEGRATED)):
        call(cuda, "cuDeviceGetAttribute", ctypes.byref(value), attribute, device)
    memory = ctypes.c_size_t()
    sized = call(cuda, "cuDeviceTotalMem_v2", ctypes.byref(memory), device) == 0
    address = ctypes.create_string_buffer(32)
    placed = call(cuda, "cuDeviceGetPCIBusId", address, 32, device) == 0
    return {
        "name": name.value.decode("utf-8", "replace") or "GPU %d" % index,
        "index": index,
        "architecture": "%d.%d" % (major.value, minor.value) if major.value >= 0 else None,
        "memory_bytes": memory.value if sized else None,
        "pci_address": address.value.decode("ascii", "replace").lower() if placed else None,
        "integrated": bool(integrated.value) if integrated.value >= 0 else None,
    }


def call(cuda, name, *arguments):
    """The function's return code; -1 where the library has no such function."""
    function = getattr(cuda, name, None)
    return -1 if function is None else int(function(*arguments))


def named(cuda, code):
    """The code's name, from the library itself where it knows it."""
    text = ctypes.c_char_p()
    if call(cuda, "cuGetErrorName", code, ctypes.byref(text)) == 0 and text.value:
        return text.value.decode("ascii", "replace")
    return CODES.get(code, "CUresult %d" % code)


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
