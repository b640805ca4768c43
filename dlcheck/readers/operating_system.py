"""The operating system: uname, os-release, lsb_release, hostnamectl, sw_vers, Windows' systeminfo, ver and wmic, DMI."""

from __future__ import annotations

import re

from dlcheck.model.facts import Facts
from dlcheck.model.host_facts import SystemFacts
from dlcheck.readers.figures import size
from dlcheck.readers.labels import SYSTEMINFO
from dlcheck.readers.merge import join
from dlcheck.readers.parts import cpu, memory, system, system_name
from dlcheck.readers.paste import Paste, something
from dlcheck.readers.pattern import Pattern
from dlcheck.readers.unsaid import SYSTEM

MACHINES = r"(x86_64|aarch64|arm64|armv7l|armv6l|ppc64le|ppc64|s390x|riscv64|i[3-6]86|loongarch64)"
UNAME = Pattern(rf"Linux \S{{1,80}} (\d+\.\d+\S{{0,80}}) [^\n]{{0,200}}?\b{MACHINES}\b")
KERNEL = Pattern(r"\bLinux version (\d+\.\d+\S*)", needs="Linux version ")
DARWIN = Pattern(r"Darwin \S{1,80} (\d+\.\d+\S{0,20}) [^\n]{0,200}?\b(x86_64|arm64)\b")
RELEASE = Pattern(
    r'^[ \t]*(PRETTY_NAME|NAME|VERSION|ID|DISTRIB_DESCRIPTION)[ \t]*=[ \t]*"?([^"\n]+)"?[ \t]*$', re.MULTILINE
)
WINDOWS = Pattern(r"Microsoft Windows \[[^\]\n]*?(\d+\.\d+\.\d+(?:\.\d+)?)\]", needs="Microsoft Windows [")
RED_HAT = Pattern(
    r"^[ \t]*((?:CentOS|Red Hat|Fedora|Rocky|AlmaLinux|Oracle Linux|Scientific Linux)[^\n:=]{0,40} release \d[^\n]{0,40})$",
    re.MULTILINE,
    needs=" release ",
)
ISSUE = Pattern(
    r"^[ \t]*((?:Ubuntu|Debian GNU/Linux|Arch Linux|Linux Mint|Pop!_OS|Welcome to)[ \t][^\n:=]{0,50}?)[ \t]*\\n \\l",
    re.MULTILINE,
    needs="\\l",
)
PLATFORM = Pattern(
    r"\b((?:Linux|Windows|macOS|Darwin)-\d[\w.+-]*-(?:x86_64|aarch64|arm64|AMD64|[\w.+-]*(?:with|SP\d|bit))[\w.+-]*)",
    needs=("Linux-", "Windows-", "macOS-", "Darwin-"),
)
WSL = Pattern(r"microsoft-standard(?:-WSL2)?|WSL2|\bwsl2\b", re.IGNORECASE)
BARE_RELEASE = Pattern(r"(?:[Ll]inux )?(\d+\.\d+\.\d+[\w.+-]*)(?: x86_64| aarch64)?$")
BARE = {"linux", "linux2", "windows", "win32", "macos", "darwin", "linux baremetal"}
UNAME_RESULT = Pattern(r"uname_result\(system='(\w+)'[^\n]*?release='([^'\n]+)'[^\n]*?machine='([^'\n]+)'")
PROCESSOR = Pattern(r"\[01\]:\s*(\S[^\n]*?(?:[Mm][Hh]z|@)[^\n]*)", needs="[01]:")


def read(paste: Paste) -> Facts | None:
    """Whatever names the operating system, its kernel, or the machine it runs on."""
    parts = [facts for part in (_windows, _released, _mac, _kernel, _described, _firmware) if (facts := part(paste))]
    return join(*parts) if parts else None


def _kernel(paste: Paste) -> Facts | None:
    found = UNAME.search(paste.text) if "Linux" in paste else None
    if not found and "Darwin" in paste and (darwin := DARWIN.search(paste.text)):
        return Facts(system=system(name="macos", release=darwin[1], machine=darwin[2]))
    release = found[1] if found else None
    if not found and "Linux version" in paste and (booted := KERNEL.search(paste.text)):
        release = booted[1]
    if not release:
        printed = paste.value("kernel", "kernel version", "kernel release", "linux kernel") or ""
        release = match[1] if (match := BARE_RELEASE.match(printed)) else None
    if not release:
        return None
    wsl = 2 if "microsoft-standard" in release.lower() else 1 if "microsoft" in release.lower() else None
    return Facts(system=system(name="linux", release=release, machine=found[2] if found else None, wsl=wsl))


def _released(paste: Paste) -> Facts | None:
    """/etc/os-release, lsb_release, hostnamectl, /etc/redhat-release, /etc/issue."""
    rows = RELEASE.rows(paste.text) if "NAME=" in paste or "DISTRIB_" in paste else []
    named = {row[0]: row[1] for row in rows}
    pretty = named.get("PRETTY_NAME") or named.get("DISTRIB_DESCRIPTION")
    if not pretty and "NAME" in named and "ID" in named:
        pretty = f"{named['NAME']} {named.get('VERSION', '')}".strip()
    if not pretty and paste.names("distributor id"):
        pretty = paste.value("description")
    if not pretty:
        pretty = paste.value("operating system", "os release", "operative system", "linux distribution")
    for pattern, literal in ((RED_HAT, " release "), (ISSUE, "\\l")):
        if not pretty and literal in paste and (match := pattern.search(paste.text)):
            pretty = match[1]
    if not pretty or len(pretty) > 120 or pretty[0] == "(":
        return None
    kernel = paste.value("kernel")
    release = kernel.split()[-1] if kernel and re.match(r"(?:[Ll]inux )?\d+\.\d+\S*$", kernel) else None
    return Facts(system=system(name=system_name(pretty), distribution=pretty.strip(), release=release))


def _mac(paste: Paste) -> Facts | None:
    name = paste.value("productname", "system version")
    version = paste.value("productversion")
    if not name or not ("mac" in name.lower() or "os x" in name.lower()):
        return None
    build = paste.value("buildversion")
    return Facts(system=system(name="macos", distribution=f"{name} {version}" if version else name, build=build))


def _windows(paste: Paste) -> Facts | None:
    said = {field: paste.value(*names) for field, names in SYSTEMINFO.items()}
    opened = WINDOWS.search(paste.text) if "Microsoft Windows [" in paste else None
    if not said["os name"] and not opened:
        return _windows_memory(said)
    facts = system(
        name="windows" if opened or "windows" in (said["os name"] or "").lower() else "",
        distribution=said["os name"] or "Microsoft Windows",
        build=said["os version"] or (opened[1] if opened else None),
        maker=said["maker"],
        product=said["product"],
        machine=said["type"],
        hypervisor="yes" if "A hypervisor has been detected" in paste else None,
    )
    processor = PROCESSOR.search(paste.text)
    found = Facts(system=facts)
    if processor:
        found = join(found, Facts(cpu=cpu(brand=processor[1].strip())))
    return join(found, _windows_memory(said) or Facts())


def _windows_memory(said: dict[str, str | None]) -> Facts | None:
    if not said["total"]:
        return None
    facts = memory(
        total_bytes=size(said["total"]), total_printed=said["total"], available_bytes=size(said["available"])
    )
    return Facts(memory=facts)


def _described(paste: Paste) -> Facts | None:
    """platform.platform() of Python, and "OS Platform and Distribution" of issue templates."""
    match = PLATFORM.search(paste.text)
    facts: SystemFacts = SYSTEM
    if match:
        words = match[1]
        release = re.match(r"Linux-(\d[\w.+-]*?)-(?:x86_64|aarch64|arm64)", words)
        machine = re.search(MACHINES, words)
        wsl = 2 if "microsoft" in words.lower() else None
        name = {"Linux": "linux", "Windows": "windows"}.get(words.split("-")[0], "macos")
        facts = system(
            name=name,
            platform=words,
            release=release[1] if release else None,
            machine=machine[1] if machine else None,
            wsl=wsl,
        )
    printed = paste.value(
        "os platform and distribution", "os", "platform", "operating system + version", "sys.platform", "host os"
    )
    if printed and 2 < len(printed) < 120 and printed[0] != "(" and (known := _known_system(printed)):
        bare = PLATFORM.match(printed) or printed.lower() in BARE or "uname_result" in printed
        facts = join(facts, system(name=known, distribution=None if bare else printed))
    if "uname_result(" in paste and (named := UNAME_RESULT.search(paste.text)):
        facts = join(facts, system(name=system_name(named[1]), release=named[2], machine=named[3]))
    if facts.wsl is None and WSL.search(printed or ""):
        facts = join(facts, system(wsl=2))
    return Facts(system=facts) if facts is not SYSTEM else None


def _known_system(words: str) -> str | None:
    """The system's name where the words are those of a system at all."""
    low = words.lower()
    if re.search(
        r"linux|ubuntu|debian|centos|fedora|red ?hat|rhel|arch|suse|mint|rocky|alma|pop!|gentoo|nixos|kali|manjaro", low
    ):
        return "linux"
    return system_name(words) if re.search(r"windows|mac|darwin|os x", low) else None


def _firmware(paste: Paste) -> Facts | None:
    """Dmidecode, hostnamectl, and the machine's line of a boot log ("DMI: Dell Inc. PowerEdge ...")."""
    maker, product = paste.value("manufacturer", "hardware vendor"), paste.value("product name", "hardware model")
    if "DMI:" in paste and (match := re.search(r"\bDMI: ([^\n]{3,120})", paste.text)):
        product = product or match[1]
    if maker in {"GenuineIntel", "AuthenticAMD"}:
        maker = None
    board = paste.value("machine model")
    product = product or board
    virtual = paste.value("virtualization", "hypervisor detected")
    guest = virtual if paste.names("machine id", "hardware vendor") and something(virtual) else None
    if not (maker or product or guest) or (paste.names("fb memory usage") or "NVSMI" in paste):
        return None
    return Facts(system=system(maker=maker, product=product, hypervisor=guest))
