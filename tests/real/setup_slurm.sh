#!/bin/sh
# Installs what tests/real/test_slurm.py and benchmarks/fleet.py need: Debian's Slurm daemons and munge (4 MB), and an sshd
# for tests/real/test_ansible.py. Nothing is started or enabled: the tests start their own daemons and end them by pid.
set -eu
if command -v slurmctld >/dev/null && command -v slurmd >/dev/null && command -v munged >/dev/null && [ -x /usr/sbin/sshd ]
then exit 0
fi
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
trap 'rm -f /usr/sbin/policy-rc.d' EXIT
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends slurm-wlm munge openssh-server
