"""Starts one of the scripts of this folder inside the checked interpreter, and writes down how far it came.

    python start.py SCRIPT ANSWER OPTIONS

SCRIPT is the name of a module of this folder with a function ``main(answer, options)``; ANSWER a file to write; OPTIONS
a JSON object. The answer is JSON in that file and never on stdout, where frameworks and sitecustomize talk. It is
rewritten (atomically) at every stage, so that a crash or a hang leaves the stage it happened in.

This file and look_python.py keep to the syntax of Python 3.6, so that an interpreter that is too old can say so.
"""

import json
import os
import re
import sys
import traceback

MAPPED = re.compile(
    r"lib(?:iomp5|omp|cudart|cublas|cublasLt|cudnn\w*|nccl|cufft|cusparse|cusolver|nvrtc|nvJitLink)(?:-[\w.]+)?\.so"
)


class Answer:
    """What is known so far; every change of stage is written to the file at once."""

    def __init__(self, path):
        self.path = path
        self.fields = {"protocol": 1, "stage": "start", "result": "silent"}

    def stage(self, name):
        """Begin the stage ``name``."""
        self.put(stage=name)

    def put(self, **fields):
        """Add fields and write the file."""
        self.fields.update(fields)
        temporary = self.path + ".new"
        with open(temporary, "w", encoding="utf-8", errors="replace") as stream:
            json.dump(self.fields, stream, default=str)
        os.replace(temporary, self.path)

    def libraries(self):
        """The files of CUDA's and OpenMP's libraries that this process has mapped, each once; none but on Linux."""
        try:
            with open("/proc/self/maps", encoding="utf-8", errors="replace") as stream:
                lines = stream.read().splitlines()
        except OSError:
            return []
        # The path is the sixth field and may hold blanks; links are resolved in it.
        paths = {line.split(None, 5)[5] for line in lines if line.count("/") and len(line.split(None, 5)) > 5}
        return sorted(path for path in paths if MAPPED.match(os.path.basename(path)))

    def failed(self, error):
        """Note an exception: its type, its words and the end of its traceback."""
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        tail = "".join(lines).splitlines()[-60:]
        self.put(result="raised", error_type=type(error).__name__, error=str(error)[:8000], traceback=tail)


def guard(seconds):
    """End with the parent, at the latest a little after the time limit, and leave no core file."""
    try:
        import resource
        import signal

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # The default action of SIGALRM ends the process even while C code holds the interpreter lock.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(int(seconds) + 5)
    except (ImportError, AttributeError, ValueError, OSError):
        pass
    if sys.platform.startswith("linux"):
        try:
            import ctypes
            import signal

            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        except Exception:
            pass


def load(name):
    """The names of a script of this folder; among them this function, so that scripts can use each other."""
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    with open(source, "rb") as stream:
        code = compile(stream.read(), source, "exec")
    space = {"__name__": "dlcheck_inside_" + name, "__file__": source, "load": load}
    exec(code, space)
    return space


def main():
    """Run the script that the command line names."""
    name, path, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    here = os.path.dirname(os.path.abspath(__file__))
    # A script started by its path finds this folder first in sys.path; the checked environment shall not.
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here or not entry]
    sys.argv[:] = [name]
    guard(options.get("seconds", 60))
    answer = Answer(path)
    answer.put()
    try:
        load(name)["main"](answer, options)
        answer.stage("done")
    except MemoryError as error:
        answer.failed(error)
    except Exception as error:
        answer.failed(error)
    except SystemExit as error:
        answer.failed(error)
    sys.stdout.flush()
    sys.stderr.flush()
    # Frameworks need a second and more to tear themselves down, and some crash in it; the answer is complete.
    os._exit(0)


if __name__ == "__main__":
    main()
