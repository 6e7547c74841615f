#!/bin/sh
# The first process of the machine of run.sh: sets up what a system would, runs the tests, and turns the machine off.
mount -t proc proc /proc
mount -t sysfs sysfs /sys 2>/dev/null
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/shm /dev/pts
mount -t devpts pts /dev/pts
for folder in /dev/shm /tmp /run /var/cache; do mount -t tmpfs tmpfs "$folder"; done
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo '+memory +pids' > /sys/fs/cgroup/cgroup.subtree_control
ip link set lo up
modprobe -a tun nf_tables nft_ct nft_limit nft_reject_inet

mkdir /tmp/written /tmp/overlay
mount -t overlay overlay -o "lowerdir=$REPOSITORY,upperdir=/tmp/written,workdir=/tmp/overlay" "$REPOSITORY"
cd "$REPOSITORY" || exit
export PATH="$NODE_FOLDER:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" HOME=/tmp
node node_modules/mocha/bin/mocha.js --timeout 120000 --exit --no-color --require ./test/support/compile.ts $(echo "$TESTS" | tr ',' ' ')
echo "tests ended with $?"
echo o > /proc/sysrq-trigger
while :; do :; done # what ends first would be missed as the first process
