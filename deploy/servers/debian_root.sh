#!/bin/bash
# Make .servers/SUITE: a small Debian of another release, with the given packages, used only to run their programs.
# Usage (as root): debian_root.sh SUITE PACKAGE...
set -euo pipefail
cd "$(dirname "$0")/../.."

suite=$1
shift
packages=$(IFS=, && echo "$*")
target=.servers/$suite
partial=$target.partial

# The mirror this machine already trusts and can reach.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | grep -m 1 '^http') || {
    echo "No Debian mirror found in the sources of apt on this machine: add one, then run make servers again." >&2
    exit 1
}
proxy=$(apt-config shell proxy Acquire::http::Proxy)
eval "$proxy"
if [ -n "${proxy:-}" ]; then export http_proxy=$proxy; fi

# A run that was interrupted leaves only the partial tree: start it afresh.
for mounted in proc sys dev/pts; do
    umount --lazy "$partial/$mounted" 2>/dev/null || true
done
rm -rf --one-file-system "$partial" "$target"
mkdir -p "$partial"

echo "Making a small Debian ($suite) with ${packages//,/, } in $target." >&2
log=$partial.log
bootstrap() { debootstrap --variant=minbase --include="$packages" "$suite" "$1" "$mirror"; }
if unshare --mount --propagation private true 2>/dev/null; then
    # In a mount namespace of its own, whatever debootstrap mounts is gone when it ends, however it ends. The bind mount
    # gives it a path without spaces, which it cannot handle.
    export packages suite mirror
    export -f bootstrap
    enter='mount --bind "$1" /mnt && bootstrap /mnt'
    make_root() { unshare --mount --propagation private bash -c "$enter" bash "$partial"; }
else
    # A container that may not mount.
    make_root() { bootstrap "$partial"; }
fi
if ! make_root >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "debootstrap could not make $target: its last lines are above, all of them in $log." >&2
    exit 1
fi
rm -rf "$partial"/var/cache/apt/archives/*.deb "$partial"/var/lib/apt/lists/* "$log"
chmod 1777 "$partial/tmp"
touch "$partial/.ready"
mv "$partial" "$target"
