# Becomes one host: runs as process 1 of its own namespaces, then as its sshd.
# Arguments: folder with its files, base root, disk image, script that makes it special.
# Reads "ip/bits gateway name" from stdin once its network interface eth0 has been moved here.
set -e
files=$1 base=$2 disk=$3 special=$4
mount -t tmpfs -o mode=755,size="${ROOT_SIZE:-18g}" host "$files/up"
mkdir "$files/up/u" "$files/up/w" "$files/up/root"
cd "$files/up"
mount -t overlay -o "lowerdir=$files/files:$base,upperdir=u,workdir=w" /dev/sda1 root
cd root
mount -t proc proc proc
mount -t tmpfs -o mode=755,size=1m devtmpfs dev
mknod -m 666 dev/null c 1 3; mknod -m 666 dev/zero c 1 5; mknod -m 666 dev/tty c 5 0
mknod -m 666 dev/random c 1 8; mknod -m 666 dev/urandom c 1 9
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx; ln -s /proc/self/fd dev/fd
: >dev/sda
mount --bind "$disk" dev/sda
primary=$(sed -n "s/^PRIMARY_DISK='\(.*\)'$/\1/p" etc/xensource-inventory)
mkdir -p "./${primary%/*}"
ln -s /dev/sda "./$primary"
[ "${OWN_LOG-1}" != 1 ] || mount -t tmpfs -o size=4g /dev/sda5 var/log
mount -t tmpfs -o mode=1777,size=64m tmpfs tmp
mkdir -p run/sshd usr/share/lab
read -r address gateway name
ip link set lo up
ip addr add "$address" dev eth0
ip link set eth0 up
ip route add default via "$gateway"
hostname "$name"
mkdir .old
. "$special"
pivot_root . .old
umount -l /.old
rmdir /.old
cd /
eval "${LAST-}"
exec ${RUN:-/usr/sbin/sshd -D} >/dev/null 2>&1 </dev/null
