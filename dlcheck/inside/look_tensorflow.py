"""Imports TensorFlow, checks eager execution, computes a first product on every device and lists the devices."""

import importlib.util
import os
import time


def main(answer, options):
    """Answer with the fields of ImportFacts; with options["keras"], tf.keras and Keras are imported after it."""
    if importlib.util.find_spec("tensorflow") is None:
        answer.put(result="missing")
        return
    answer.stage("import")
    start = time.perf_counter()
    import tensorflow as tf

    version = getattr(tf, "__version__", None)
    if version is None:
        answer.put(
            result="raised",
            error_type="AttributeError",
            path=(list(getattr(tf, "__path__", [])) or [None])[0],
            error="module 'tensorflow' has no attribute '__version__': an empty or foreign folder was imported",
        )
        return
    answer.put(seconds=time.perf_counter() - start, version=str(version), result="found")
    answer.put(path=os.path.dirname(tf.__file__))
    answer.stage("eager")
    eager = bool(tf.executing_eagerly()) if hasattr(tf, "executing_eagerly") else False
    answer.put(eager=eager)
    answer.stage("devices")
    devices = list_devices(tf)
    answer.put(devices=devices, gpu_available=any(one["kind"] != "cpu" for one in devices))
    answer.stage("tensor")
    for device in devices:
        device["error"] = compute(tf, device) if eager else None
    answer.put(devices=devices, computes=eager and devices[0]["error"] is None, details=build_details(tf))
    answer.put(libraries=answer.libraries())
    if options.get("keras"):
        load("look_keras")["look"](answer, lambda: str(tf.keras.__version__))  # noqa: F821 - given by start.py


def list_devices(tf):
    """The physical devices that TensorFlow lists, processors first."""
    kinds = {"CPU": "cpu", "GPU": "gpu", "TPU": "tpu"}
    devices = []
    listed = sorted(tf.config.list_physical_devices(), key=lambda one: one.device_type != "CPU")
    rocm = bool(getattr(tf.test, "is_built_with_rocm", bool)())
    for device in listed:
        if device.device_type.startswith("XLA_"):
            continue
        row = {
            "kind": kinds.get(device.device_type, device.device_type.lower()),
            "index": int(device.name.rsplit(":", 1)[-1]),
        }
        if row["kind"] != "cpu":
            row["kind"] = "rocm" if rocm and row["kind"] == "gpu" else row["kind"]
            try:
                details = tf.config.experimental.get_device_details(device)
                row["name"] = details.get("device_name")
                capability = details.get("compute_capability")
                row["architecture"] = "%d.%d" % capability if capability else None
            except Exception:
                row["name"] = None
        devices.append(row)
    return devices or [{"kind": "cpu", "index": 0}]


def compute(tf, device):
    """None where a small product on the device has the right value, else what happened."""
    kind = {"rocm": "gpu"}.get(device["kind"], device["kind"]).upper()
    try:
        if kind == "GPU":
            physical = tf.config.list_physical_devices("GPU")[device["index"]]
            tf.config.experimental.set_memory_growth(physical, True)
        with tf.device("/%s:%d" % (kind, device["index"])):
            a = tf.constant([[1.0, 2.0], [3.0, 4.0]])
            product = tf.linalg.matmul(a, a).numpy().tolist()
    except Exception as error:
        return "%s: %s" % (type(error).__name__, str(error)[:2000])
    return None if product == [[7.0, 10.0], [15.0, 22.0]] else "a 2 x 2 product is wrong: %s" % product


def build_details(tf):
    """What the build says of itself, by name."""
    try:
        info = tf.sysconfig.get_build_info()
    except Exception as error:
        return {"build_info_error": "%s: %s" % (type(error).__name__, error)}
    return {str(name): str(value) for name, value in dict(info).items()}
