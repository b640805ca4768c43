"""The environment variables that an installer's process gets: an allow-list, and what the sources ask for.

PYTHONPATH, PYTHONHOME, VIRTUAL_ENV, PIP_* and UV_* stay outside: a configuration that dlcheck did not translate and show
shall not decide what is installed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from dlcheck.model.sources import PackageSources

_PATHS = (
    "HOME", "TMPDIR", "TEMP", "TMP", "NETRC", "XDG_CACHE_HOME", "XDG_DATA_HOME", "UV_CACHE_DIR", "UV_PYTHON_INSTALL_DIR",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
)  # fmt: skip
"""Relative ones mean the folder in which dlcheck was started; its children work in another."""
_KEPT = (
    *_PATHS, "PATH", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "UV_HTTP_RETRIES",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
    "SYSTEMROOT", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "COMSPEC", "PATHEXT", "WINDIR",
)  # fmt: skip


def surroundings(environ: Mapping[str, str], sources: PackageSources) -> dict[str, str]:
    """The variables for a child: no Python or installer settings but those that dlcheck took over itself."""
    env = {name: environ[name] for name in _KEPT if environ.get(name)}
    env |= {name: os.path.abspath(env[name]) for name in _PATHS if name in env and os.pathsep not in env[name]}
    env["PYTHONNOUSERSITE"] = "1"
    proxy = sources.proxies.get("pip proxy")
    if proxy and not any(name in env for name in ("HTTPS_PROXY", "https_proxy")):
        env["HTTPS_PROXY"] = env["HTTP_PROXY"] = proxy.value
    certificate = sources.ca_files.get("pip cert") or sources.ca_files.get("REQUESTS_CA_BUNDLE")
    if certificate and os.path.isfile(certificate.value):
        env.setdefault("SSL_CERT_FILE", certificate.value)
    env["UV_HTTP_TIMEOUT"] = str(int(max(300.0, sources.timeout or 0.0)))
    env["UV_NO_PROGRESS"] = "1"
    env["NO_COLOR"] = "1"
    return env
