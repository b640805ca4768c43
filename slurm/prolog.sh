#!/bin/sh
# Prolog of slurm.conf: judges the node before each job.
#
#   Prolog=/etc/slurm/dlcheck/prolog.sh
#
# A Prolog that fails makes Slurm drain the node and put the job back into the queue. That is the administrator's decision,
# so this one always succeeds, unless the administrator wrote DLCHECK_PROLOG_MAY_FAIL=yes into /etc/dlcheck/slurm.sh.
"$(dirname "$0")/check-node.sh"
code=$?
settings=${DLCHECK_SETTINGS:-/etc/dlcheck/slurm.sh}
if [ -r "$settings" ]; then . "$settings"; fi
if [ "${DLCHECK_PROLOG_MAY_FAIL:-no}" = yes ]; then exit "$code"; fi
exit 0
