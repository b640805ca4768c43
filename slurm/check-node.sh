#!/bin/sh
# Judge this node with dlcheck for Slurm, quickly and without a framework, and say what an administrator could type.
#
# Draining is the administrator's decision: this script prints the scontrol command and never runs it. It is called by
# healthcheck.sh (HealthCheckProgram) and prolog.sh (Prolog), and can be run by hand. Exit code: 0 well, or not judged;
# 1 the node has an error.
#
# Settings, from the environment or from /etc/dlcheck/slurm.sh (slurmd gives its programs an almost empty environment):
#   DLCHECK          how dlcheck is called, an absolute path at best        (dlcheck)
#   DLCHECK_OPTIONS  more options of dlcheck doctor, such as --profile train
#   DLCHECK_LIMIT    seconds after which the check is given up              (40; slurmd itself ends a health check after 60)
#   DLCHECK_LOG      file that gets a line for each node found bad; empty: none
settings=${DLCHECK_SETTINGS:-/etc/dlcheck/slurm.sh}
if [ -r "$settings" ]; then . "$settings"; fi

node=${SLURMD_NODENAME:-$(uname -n | cut -d. -f1)}
# The words of DLCHECK and DLCHECK_OPTIONS are meant to be split.
# shellcheck disable=SC2086
said=$(timeout -k 5 "${DLCHECK_LIMIT:-40}" ${DLCHECK:-dlcheck} doctor --quick --offline --no-history --format nagios ${DLCHECK_OPTIONS:-} 2>&1 </dev/null)
code=$?
line=$(printf '%s\n' "$said" | head -n 1 | cut -d'|' -f1 | tr -cd 'A-Za-z0-9 ._:;,()/+-' | cut -c 1-200 | sed 's/ *$//')

tell() {
  printf '%s\n' "$1"
  if [ -n "${DLCHECK_LOG:-}" ]; then printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" >>"$DLCHECK_LOG"; fi
  if command -v logger >/dev/null 2>&1; then logger -t dlcheck -- "$1" 2>/dev/null; fi
}

case $code in
0) exit 0 ;;
1)
  tell "$node is not fit: $line"
  tell "to drain it: scontrol update nodename=$node state=drain reason='dlcheck: ${line#DLCHECK }'"
  exit 1
  ;;
124 | 137) tell "$node was not judged: no answer within ${DLCHECK_LIMIT:-40} s" ;;
126 | 127) tell "$node was not judged: ${DLCHECK:-dlcheck} cannot be run there" ;;
*) tell "$node was not judged: exit code $code: $line" ;;
esac
exit 0
