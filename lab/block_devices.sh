# Makes the disk image a real block device with partitions and file systems on them: blkid and the
# mount of /var/log then read the disk itself. The mount holds the loop device, which goes with it.
umount dev/sda var/log
rm dev/sda
truncate -r "$disk" "$files/disk"
for end in head tail; do # both copies of the partition table
  [ $end = head ] && at=0 || at=$(($(stat -c %s "$disk") / 1048576))
  dd if="$disk" of="$files/disk" bs=1M count=1 skip=$at seek=$at conv=notrunc status=none
done
loop=$(losetup --find --show --partscan "$files/disk")
exec 8<"$loop"
losetup --detach "$loop" # from now on it goes by itself, once nobody holds it
partx --update "$loop"   # not every kernel reads partition tables itself
name=${loop#/dev/}
printf 'major minor  #blocks  name\n\n' >"$files/partitions"
mkdir -p sys/dev/block
add() { # kernel's folder of the device, its name in this host
  read -r numbers <"/sys/block/$1/dev"
  mkdir -p "sys/block/$2"
  for file in dev ext_range partition size start; do
    [ ! -e "/sys/block/$1/$file" ] || cat "/sys/block/$1/$file" >"sys/block/$2/$file"
  done
  ln -s "../../block/$2" "sys/dev/block/$numbers"
  mknod "dev/${2##*/}" b "${numbers%:*}" "${numbers#*:}"
  echo "${numbers%:*} ${numbers#*:} $(($(cat "/sys/block/$1/size") / 2)) ${2##*/}" >>"$files/partitions"
}
add "$name" sda
for part in "/sys/block/$name/$name"p*; do
  add "$name/${part##*/}" "sda/sda${part##*p}"
done
mount --bind "$files/partitions" proc/partitions
for made in 1:root 5:logs; do
  mkfs.ext4 -q -F -O ^has_journal -E lazy_itable_init=1 -L "${made#*:}-qwbfze" "dev/sda${made%:*}"
done
mkswap -q -L swap-qwbfze dev/sda6
chroot . mount /dev/sda5 /var/log
exec 8<&-
