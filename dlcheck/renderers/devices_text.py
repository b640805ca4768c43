"""The devices as a table for a terminal: a row a device, a column for each that may see it."""

from __future__ import annotations

import functools
import textwrap

from dlcheck.model.device_table import DeviceRow, DeviceTable
from dlcheck.model.style import Style

LEAST = 24
"""Columns that a device's name takes at the least."""


def render(table: DeviceTable, style: Style) -> str:
    """The table, then why somebody does not see a device, then what nobody could look at."""
    target = table.target
    version = f", Python {target.version}" if target.version else ""
    head = f"dlcheck {table.version} · devices · {target.python} ({target.chosen_by}{version})"
    wrap = functools.partial(textwrap.wrap, width=max(LEAST, style.width), break_on_hyphens=False)
    lines = [*(style.paint(line, "dim") for line in wrap(head)), "", *_grid(table, style)]
    reasons = _reasons(table, style)
    lines += ["", *reasons] if reasons else []
    if not any(row.vendor != "cpu" for row in table.rows) and not table.unknown:
        lines += ["", *wrap("No accelerator in this machine; everything runs on the CPU.")]
    for words in table.unknown:
        lines += wrap(f"{style.sign('unknown')} {words}", subsequent_indent="  ")
    return style.plain("\n".join(lines)) + "\n"


def _grid(table: DeviceTable, style: Style) -> list[str]:
    """Rows and columns; names are cut where the line is too short for them, and in a narrow terminal a device is a block."""
    titles = ["PCI", "driver", *(_title(name, version) for name, version in table.versions.items())]
    cells = [_cells(row, table) for row in table.rows]
    widths = [max(len(title), *(len(row[at]) for row in cells)) + 2 for at, title in enumerate(titles)]
    names = [_name(row) for row in table.rows]
    if LEAST + sum(widths) > style.width:
        return _blocks(titles, names, cells, style)
    room = max(LEAST, min(max(len(name) for name in names) + 2, style.width - sum(widths)))
    lines = [" " * room + style.paint(_joined(titles, widths), "bold")]
    for name, row in zip(names, cells, strict=True):
        short = name if len(name) <= room - 2 else name[: room - 3] + "…"
        lines.append((short.ljust(room) + _joined(row, widths)).rstrip())
    return [line.rstrip() for line in lines]


def _blocks(titles: list[str], names: list[str], cells: list[list[str]], style: Style) -> list[str]:
    """A device below the other, a line for each that sees it; cells that say nothing are left out."""
    room = max(len(title) for title in titles) + 2
    lines: list[str] = []
    for name, row in zip(names, cells, strict=True):
        lines += ["", *(style.paint(line, "bold") for line in textwrap.wrap(name, max(LEAST, style.width)))]
        for title, cell in zip(titles, row, strict=True):
            if cell:
                lines += textwrap.wrap(
                    f"  {title.ljust(room)}{cell}", max(LEAST, style.width), subsequent_indent=" " * (room + 2)
                )
    return lines[1:]


def _joined(cells: list[str], widths: list[int]) -> str:
    return "".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _title(name: str, version: str) -> str:
    return f"{name} {version.partition('+')[0]}".strip()


def _name(row: DeviceRow) -> str:
    memory = f", {row.memory_bytes / 2**30:.1f} GiB" if row.memory_bytes else ""
    return f"{row.name}{memory}"


def _cells(row: DeviceRow, table: DeviceTable) -> list[str]:
    """What stands in the columns: a dash where a device is not seen, a question mark where nobody asked."""
    if row.vendor == "cpu":
        seen = ["", ""]
    else:
        address = row.pci.address.removeprefix("0000:") if row.pci else "-"
        # Windows' addresses are long identifiers that tell a reader nothing.
        address = "yes" if "\\" in address else address
        lost = " (lost)" if row.driver and row.driver.lost else ""
        seen = [address, (row.driver_name or ("yes" if row.driver else "none")) + lost]
    return [*seen, *(_framework(row, name) for name in table.versions)]


def _framework(row: DeviceRow, name: str) -> str:
    return (row.frameworks[name] or "-") if name in row.frameworks else "?"


def _reasons(table: DeviceTable, style: Style) -> list[str]:
    lines: list[str] = []
    for slug in dict.fromkeys(slug for row in table.rows for slug in row.causes):
        words = f"{style.sign('failed')} {table.titles.get(slug, slug)} ({slug})"
        lines += textwrap.wrap(words, max(40, style.width), subsequent_indent="  ")
        lines.append(f"  dlcheck explain {slug}")
    return lines
