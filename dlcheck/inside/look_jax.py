"""Imports JAX, computes a first product on every device and lists the devices."""

import importlib.util
import os
import time
import warnings


def main(answer, options):
    """Answer with the fields of ImportFacts; with options["keras"], Keras is imported after it on this backend."""
    if importlib.util.find_spec("jax") is None:
        answer.put(result="missing")
        return
    answer.stage("import")
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        import jax

        answer.put(seconds=time.perf_counter() - start, version=str(jax.__version__), result="found", eager=True)
        answer.put(path=os.path.dirname(jax.__file__))
        answer.stage("devices")
        devices = [describe(device) for device in jax.devices()]
        if all(one["kind"] != "cpu" for one in devices):
            try:
                devices = [describe(device) for device in jax.devices("cpu")[:1]] + devices
            except RuntimeError:
                pass
        answer.put(devices=devices, gpu_available=any(one["kind"] != "cpu" for one in devices))
        answer.stage("tensor")
        for device in devices:
            device["error"] = compute(jax, device)
    details = {"jaxlib": version_of("jaxlib")}
    messages = [str(one.message) for one in heard if one.category is not DeprecationWarning]
    if messages:
        details["warnings"] = "\n".join(messages)[:4000]
    answer.put(devices=devices, computes=devices[0]["error"] is None, details=details)
    answer.put(libraries=answer.libraries())
    if options.get("keras"):
        load("look_keras")["look"](answer)  # noqa: F821 - given by start.py


def describe(device):
    """A row of FrameworkDevice."""
    kind = device.platform
    if kind == "gpu":
        kind = "rocm" if "AMD" in device.device_kind or "gfx" in device.device_kind else "cuda"
    row = {"kind": kind, "index": device.id}
    if kind != "cpu":
        row["name"] = device.device_kind
        capability = getattr(device, "compute_capability", None)
        row["architecture"] = str(capability) if capability else None
    return row


def compute(jax, device):
    """None where a small product on the device has the right value, else what happened."""
    platform = {"cuda": "cuda", "rocm": "rocm"}.get(device["kind"], device["kind"])
    try:
        place = next(one for one in jax.devices(platform) if one.id == device["index"])
        a = jax.device_put(jax.numpy.asarray([[1.0, 2.0], [3.0, 4.0]]), place)
        product = (a @ a).tolist()
    except Exception as error:
        return "%s: %s" % (type(error).__name__, str(error)[:2000])
    return None if product == [[7.0, 10.0], [15.0, 22.0]] else "a 2 x 2 product is wrong: %s" % product


def version_of(name):
    """The version of an installed distribution, "?" where it has none."""
    try:
        from importlib.metadata import version

        return version(name)
    except Exception:
        return "?"
