#!/bin/sh
# The first steps inside the node's own mount, process and network namespaces, run by process 1:
# node-init.sh INSTANCE STATE-DIRECTORY RUN-DIRECTORY CGROUP PROGRAM [ARGUMENT...]
# Whatever is mounted here is seen by the node alone and vanishes with its last process, so the
# host keeps no trace of it.
set -eu

state=$2
run=$3
cgroup=$4
shift 4

# Leave the cgroup of the shell that called: a login session may be limited, or ended at logout.
for directory in /sys/fs/cgroup "/sys/fs/cgroup"/*; do
  [ -w "$directory/$cgroup/daemons/cgroup.procs" ] && echo $$ >"$directory/$cgroup/daemons/cgroup.procs" || true
done

# A resolver file that is a link into /run would dangle below.
resolver=$(readlink -f /etc/resolv.conf || echo /etc/resolv.conf)

# Private /run, /var/lib and /var/log: container sockets, locks, and the paths that the kubelet and
# the container runtime have compiled in. The instance's own folders are moved back to their places.
keep() {
  mkdir -p "$state/.kept-run" "$state/.kept-state"
  mount --bind "$run" "$state/.kept-run"
  mount -t tmpfs -o mode=755 tmpfs /run
  mkdir -p "$run" /run/lock
  mount --move "$state/.kept-run" "$run"
  mount --bind "$state" /mnt
  mount --bind "$state/host-logs" /var/log
  mount -t tmpfs -o mode=755 tmpfs /var/lib
  mkdir -p "$state"
  mount --move /mnt "$state"
}
mkdir -p "$state/host-logs"
keep

if [ -n "$resolver" ]; then
  mkdir -p "$(dirname "$resolver")"
  [ -e "$resolver" ] || : >"$resolver"
  mount --bind "$state/configuration/resolv.conf" "$resolver"
fi

# The kubelet insists on these values of the whole machine's kernel. It reads them here, and the
# machine keeps its own.
mkdir -p /run/kernel-settings
pretend() {
  echo "$2" >"/run/kernel-settings/$(echo "$1" | tr / -)"
  mount --bind "/run/kernel-settings/$(echo "$1" | tr / -)" "/proc/sys/$1"
}
pretend vm/overcommit_memory 1
pretend vm/panic_on_oom 0
pretend kernel/panic 10
pretend kernel/panic_on_oops 1
pretend kernel/keys/root_maxkeys 1000000
pretend kernel/keys/root_maxbytes 25000000

# Volumes that the kubelet mounts must reach the containers, so this tree shares its mounts.
mount --make-rshared /

exec "$@"
