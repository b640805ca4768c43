"""Looks at this machine: processes, interpreters, processor, memory, disks, network, container, editors."""
