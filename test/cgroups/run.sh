#!/usr/bin/env bash
# Runs tests in a machine that QEMU emulates, with Debian's kernel, whose control groups are all of version 2 and can limit
# memory and processes. Many a machine has no such thing to give, and the tests that need it are left out there.
#
#   bash test/cgroups/run.sh [FILES]
#
# The machine sees the files of this one, and keeps what it writes to itself. It has two processors, without hardware that
# helps: expect a few minutes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
tests=("$@")
if [ "${#tests[@]}" -eq 0 ]; then tests=('test/runtime/worker/cgroup/*.test.ts' 'test/cli/serve-cgroups.test.ts'); fi

kernel=$(ls /boot/vmlinuz-* 2>/dev/null | sort -V | tail -1)
if ! command -v qemu-system-x86_64 >/dev/null || ! command -v mkinitramfs >/dev/null || [ -z "$kernel" ]; then
  echo 'It takes QEMU and a kernel: apt-get install --no-install-recommends qemu-system-x86 linux-image-amd64' >&2
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r /etc/initramfs-tools "$work/initramfs"
printf '%s\n' 9p 9pnet_virtio virtio_pci overlay >> "$work/initramfs/modules"
mkinitramfs -d "$work/initramfs" -o "$work/initrd" "${kernel#/boot/vmlinuz-}"

echo "starting $(basename "$kernel")"
command=(console=ttyS0 quiet panic=-1 cgroup_no_v1=all
  root=files rootfstype=9p rootflags=trans=virtio,version=9p2000.L,cache=loose,msize=262144 ro "init=$here/init.sh"
  "REPOSITORY=$repository" "NODE_FOLDER=$(dirname "$(command -v node)")" "TESTS=$(IFS=,; echo "${tests[*]}")")
timeout "${WEBTASK_MACHINE_SECONDS:-900}" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 4096 -nic none \
  -nographic -no-reboot -kernel "$kernel" -initrd "$work/initrd" \
  -virtfs local,path=/,mount_tag=files,security_model=none,multidevs=remap,readonly=on \
  -append "${command[*]}" </dev/null | tee "$work/said"
grep -q '^tests ended with 0' "$work/said"
