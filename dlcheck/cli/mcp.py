"""``dlcheck mcp``."""

from __future__ import annotations


def mcp() -> int:
    """Serve doctor, devices, diagnose, explain and plan to an assistant over MCP (extra: dlcheck[mcp]). Tools only look."""
    from dlcheck import mcp_server

    mcp_server.serve()
    return 0
