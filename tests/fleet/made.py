"""Reports as nodes write them, made from a few words."""

from __future__ import annotations

import json
from typing import Any


def doctor(node: str, *causes: str, severity: str = "error", **changes: Any) -> dict[str, Any]:
    """A doctor report in the contract's shape; each cause is one finding."""
    verdicts = [verdict("DL101", "CPU"), verdict("DL201", "Memory")]
    verdicts += [verdict(f"DL5{at:02}", "PyTorch", cause, severity) for at, cause in enumerate(causes)]
    bad = severity == "error" and bool(causes)
    document = {
        "schema_version": 1,
        "dlcheck": "0.1.0",
        "command": "doctor",
        "created": "2026-11-22T08:00:00Z",
        "node": node,
        "exit_code": int(bad),
        "summary": {
            "passed": 2,
            "errors": len(causes) if severity == "error" else 0,
            "warnings": len(causes) if severity == "warning" else 0,
        },
        "primary_causes": list(causes),
        "verdicts": verdicts,
        "facts": facts(),
        "data_date": "2026-11-22",
    }
    return document | changes


def verdict(code: str, group: str, cause: str | None = None, severity: str = "error") -> dict[str, Any]:
    finding = {"cause": cause, "message": f"Here is {cause}.", "because_of": [], "fixes": []}
    return {
        "code": code,
        "title": "A check",
        "group": group,
        "subject": "",
        "status": "failed" if cause else "passed",
        "severity": severity,
        "findings": [finding] if cause else [],
    }


def facts(
    driver: str = "580.65.06", torch: str | None = "2.13.0", temperatures: tuple[float, ...] = ()
) -> dict[str, Any]:
    return {
        "system": {"name": "linux", "release": "6.8.0-45-generic", "bios": "2.4", "firmware": {"mlx5_0": "28.39.1002"}},
        "devices": {
            "nvidia": {
                "driver": driver,
                "gpus": [
                    {"name": "NVIDIA H200", "index": at, "temperature": one, "vbios": "96.00"}
                    for at, one in enumerate(temperatures)
                ],
            }
        },
        "frameworks": {"torch": {"name": "torch", "version": torch}} if torch else {},
    }


def smoke(
    node: str, seconds: float = 1.0, deviation: float = 1e-7, status: str = "passed", **changes: Any
) -> dict[str, Any]:
    result = {
        "framework": "torch",
        "version": "2.13.0",
        "device": "cuda:0",
        "device_name": "NVIDIA H200",
        "task": "mlp-classification",
        "dtype": "float32",
        "status": status,
        "cause": None if status == "passed" else "device-computes-wrong",
        "steps": 20,
        "deviation": {"loss": deviation},
        "seconds": {"train": seconds},
    }
    head = {
        "schema_version": 1,
        "dlcheck": "0.1.0",
        "command": "smoke",
        "created": "2026-11-22T08:00:00Z",
        "node": node,
    }
    return head | {"exit_code": int(status != "passed"), "results": [result]} | changes


def lines(*documents: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in documents)
