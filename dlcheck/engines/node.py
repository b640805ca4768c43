"""What runs on a node, whatever the engine: a POSIX shell script around the command, and the reader of what it prints.

An engine mixes the output of many nodes and may cut long lines apart (Slurm sends pieces of at most 1024 bytes), so the
script packs the output (gzip, base64) into short lines that begin with a mark, the node and the kind of line. The last
line says how the command ended; an answer without it was cut off. The time limit is kept here, on the node: engines count
in minutes, and a step that hangs must not hold the others.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dlcheck.model.launch import Answer

MARK = "@dlcheck"
NO_SHARED, NO_ROOM, TIMED_OUT, NOT_EXECUTABLE, NOT_FOUND, KILLED = 73, 74, 124, 126, 127, 137
MOST_BYTES = 16 * 1024 * 1024

SCRIPT = r"""
node=${DLCHECK_NODE:-${SLURMD_NODENAME:-$(uname -n)}}
limit=$1 shared=$2
shift 2
export DLCHECK_NODE="$node"
if command -v timeout >/dev/null
then limited() { timeout -k 5 "$limit" "$@"; }
else limited() { "$@"; }
fi
say() { gzip -1 | base64 | sed "s/^/@dlcheck $node $1 /"; }
if [ -n "$shared" ]
then
  scratch=$(mktemp -d 2>/dev/null) || { echo "@dlcheck $node end 74"; exit 0; }
  trap 'rm -rf "$scratch"' EXIT
  limited "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
  code=$?
  if ! [ -s "$scratch/out" ]
  then :
  elif cp "$scratch/out" "$shared/.$node.part" 2>>"$scratch/err" && mv "$shared/.$node.part" "$shared/$node.json" 2>>"$scratch/err"
  then :
  else rm -f "$shared/.$node.part"; code=73; say o <"$scratch/out"
  fi
  errors=$(tail -c 2000 "$scratch/err")
else
  { errors=$({ { limited "$@" </dev/null; echo "@dlcheck-exit $?" >&2; } | say o >&3; } 2>&1); } 3>&1
  code=${errors##*@dlcheck-exit }
  errors=${errors%@dlcheck-exit *}
fi
case $code in
0) ;;
2) printf '%s\n%s' "$errors" "$(timeout 20 "$1" --version 2>&1 </dev/null)" | tail -c 2000 | say e ;;
*) printf '%s' "$errors" | tail -c 2000 | say e ;;
esac
echo "@dlcheck $node end $code"
"""
"""Without a shared folder nothing is written on the node: the output streams through the pipe, and what was said on standard
error is kept in a variable, with the exit code behind it. A fleet starts this ten thousand times, so it starts few programs."""


def argv(command: Sequence[str], seconds: float, shared: str | None) -> tuple[str, ...]:
    """The script with its arguments, as a node runs it."""
    return ("sh", "-c", SCRIPT, "dlcheck-node", f"{seconds:.0f}", shared or "", *command)


@dataclass(slots=True)
class _Pieces:
    output: list[bytes] = field(default_factory=list)
    errors: list[bytes] = field(default_factory=list)
    size: int = 0
    code: int | None = None


def answers(lines: Iterable[bytes], nodes: Iterable[str]) -> dict[str, Answer]:
    """The answers in the mixed output of all nodes. Lines of other programs, and of nodes nobody asked, are passed over.

    What is cut off in the midst of a line has the next line of another node behind it: each mark begins a line.
    """
    pieces: dict[str, _Pieces] = {node: _Pieces() for node in nodes}
    for line in lines:
        for words in map(bytes.split, line.split(MARK.encode() + b" ")[1:]):
            here = pieces.get(words[0].decode("ascii", "replace")) if len(words) == 3 else None
            if here is None or here.size > 2 * MOST_BYTES:
                continue
            _, kind, content = words
            if kind == b"end" and content.isdigit():
                here.code = int(content[:4])
            elif kind in (b"o", b"e"):
                (here.output if kind == b"o" else here.errors).append(content)
                here.size += len(content)
    return {node: _answer(here) for node, here in pieces.items() if here.size or here.code is not None}


def _answer(pieces: _Pieces) -> Answer:
    errors = _unpack(pieces.errors, 10_000).decode("utf-8", "replace")
    return Answer(_unpack(pieces.output, MOST_BYTES + 1), errors, pieces.code)


def _unpack(packed: list[bytes], most: int) -> bytes:
    """What was packed, as far as it came through, at most ``most`` bytes."""
    try:
        data = base64.b64decode(b"".join(packed)[: -(len(b"".join(packed)) % 4) or None])
        return zlib.decompressobj(wbits=31).decompress(data, most)
    except (binascii.Error, zlib.error, ValueError):
        return b""


def excuse(answer: Answer, command: Sequence[str], seconds: float) -> str | None:
    """Why a node sent no report although its command was run; None where the report itself may speak."""
    said = answer.errors.strip().splitlines()
    last = said[-1][:200] if said else ""
    if answer.code is None:
        return "its answer was cut off"
    if answer.code in (TIMED_OUT, KILLED):
        return f"hung: no answer within {seconds:.0f} s"
    if answer.code == NO_ROOM:
        return "no room for temporary files"
    if answer.code == NO_SHARED:
        # cp names the file and the node in it; without them all nodes say the same.
        return f"the shared folder takes no file: {last.rpartition(': ')[2] or 'cp failed'}"
    if answer.output.strip():
        return None
    if answer.code == NOT_FOUND:
        return f"{command[0]} is not installed there"
    if answer.code == NOT_EXECUTABLE:
        return f"{command[0]} cannot be executed there"
    if answer.code == 2:
        version = re.fullmatch(r"dlcheck \d[\w.+-]{0,30}", said[-1], re.ASCII) if said else None
        words = " ".join(said[-3:-1] if version else said[-3:]).removeprefix("dlcheck: ")[:300].strip()
        return f"{version[0] if version else 'dlcheck'} there does not understand the command: {words or 'exit code 2'}"
    return f"no output, exit code {answer.code}" + (f": {last}" if last else "")
