"""Imports Keras after the framework that is its backend."""

import importlib.util
import time


def look(answer, bundled=None):
    """Answer with the field ``keras``; ``bundled`` gives the version of a Keras within the framework (tf.keras)."""
    answer.stage("keras")
    start = time.perf_counter()
    found = {"result": "found"}
    try:
        if bundled is not None:
            version = bundled()
            found.update(version=version, tf_keras=version, backend="tensorflow")
        if bundled is None or importlib.util.find_spec("keras") is not None:
            import keras

            found["version"] = str(keras.__version__)
            if bundled is None:
                found["backend"] = keras.backend.backend() if hasattr(keras.backend, "backend") else "tensorflow"
        answer.put(keras=dict(found, seconds=time.perf_counter() - start))
    except Exception as error:
        answer.put(keras={"result": "raised", "error_type": type(error).__name__, "error": str(error)[:4000]})
