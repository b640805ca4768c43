"""Imports PyTorch, computes a first product on every device and lists the devices."""

import importlib.util
import os
import time
import warnings


def main(answer, options):
    """Answer with the fields of ImportFacts; with options["keras"], Keras is imported after it on this backend."""
    if importlib.util.find_spec("torch") is None:
        answer.put(result="missing")
        return
    answer.stage("import")
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        import torch

        details = {}
        answer.put(seconds=time.perf_counter() - start, version=str(torch.__version__), result="found")
        answer.put(path=os.path.dirname(torch.__file__))
        answer.stage("eager")
        a = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
        product = (a @ a).tolist()
        answer.put(eager=True, computes=product == [[7.0, 10.0], [15.0, 22.0]])
        answer.stage("devices")
        devices, available = list_devices(torch, details)
        answer.put(devices=devices, gpu_available=available)
        answer.stage("tensor")
        for device in devices:
            device["error"] = compute(torch, device)
        answer.put(devices=devices)
    details.update(build_details(torch))
    messages = [str(one.message) for one in heard if one.category is not DeprecationWarning]
    if messages:
        details["warnings"] = "\n".join(messages)[:4000]
    answer.put(details=details)
    answer.put(libraries=answer.libraries())
    if options.get("keras"):
        load("look_keras")["look"](answer)  # noqa: F821 - given by start.py


def list_devices(torch, details):
    """The devices of every backend, and whether an accelerator can be used."""
    devices = [{"kind": "cpu"}]
    available = False
    if torch.cuda.is_available():
        available = True
        kind = "rocm" if getattr(torch.version, "hip", None) else "cuda"
        for index in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(index)
            architecture = getattr(properties, "gcnArchName", None) if kind == "rocm" else None
            devices.append(
                {
                    "kind": kind,
                    "index": index,
                    "name": properties.name,
                    "memory_bytes": properties.total_memory,
                    "architecture": architecture or "%d.%d" % (properties.major, properties.minor),
                }
            )
    elif getattr(torch.version, "cuda", None) or getattr(torch.version, "hip", None):
        try:
            torch.cuda.init()
        except Exception as error:
            details["cuda_error"] = "%s: %s" % (type(error).__name__, error)
    mps = getattr(torch.backends, "mps", None)
    if mps is not None:
        details["mps_built"] = str(mps.is_built())
        if mps.is_available():
            available = True
            devices.append({"kind": "mps", "index": 0})
    xpu = getattr(torch, "xpu", None)
    if xpu is not None and xpu.is_available():
        available = True
        for index in range(xpu.device_count()):
            properties = xpu.get_device_properties(index)
            devices.append(
                {
                    "kind": "xpu",
                    "index": index,
                    "name": properties.name,
                    "memory_bytes": properties.total_memory,
                }
            )
    return devices, available


def compute(torch, device):
    """None where a small product on the device has the right value, else what happened."""
    kind = {"rocm": "cuda"}.get(device["kind"], device["kind"])
    place = kind if kind == "cpu" else "%s:%d" % (kind, device.get("index", 0))
    try:
        a = torch.tensor([[1.0, 2.0], [3.0, 4.0]], device=place)
        product = (a @ a).cpu().tolist()
    except Exception as error:
        return "%s: %s" % (type(error).__name__, str(error)[:2000])
    return None if product == [[7.0, 10.0], [15.0, 22.0]] else "a 2 x 2 product is wrong: %s" % product


def build_details(torch):
    """What the build says of itself, by name."""
    details = {}
    for name, read in (
        ("cuda", lambda: torch.version.cuda),
        ("hip", lambda: getattr(torch.version, "hip", None)),
        ("xpu", lambda: getattr(torch.version, "xpu", None)),
        ("cudnn", lambda: torch.backends.cudnn.version() if torch.version.cuda else None),
        ("cpu_capability", torch.backends.cpu.get_cpu_capability),
        ("architectures", lambda: " ".join(torch.cuda.get_arch_list()) if torch.version.cuda else None),
        ("threads", torch.get_num_threads),
        ("numpy", lambda: str(torch.from_numpy.__name__ and bool(torch.zeros(1).numpy().size))),
    ):
        try:
            value = read()
        except Exception as error:
            details[name + "_error"] = "%s: %s" % (type(error).__name__, error)
            continue
        if value is not None:
            details[name] = str(value)
    return details
