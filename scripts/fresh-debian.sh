#!/usr/bin/env bash
# Show that the README's two commands work on a fresh machine: a Debian 12 with only Python 3.11, pip, make and git, made
# by debootstrap, once as root and once as an ordinary user. Needs root, debootstrap and a way to Debian's packages.
#
#   fresh-debian.sh [TARGET...]      what to make there; by default: run test
#
# KEEP=1 leaves the folder and prints its path. The machine's own settings for apt and pip (mirrors, certificates) are
# copied in for the time of the run; nothing of them is written into this tree.
set -euo pipefail
cd "$(dirname "$0")/.."
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(run test)

[ "$(id -u)" = 0 ] || { echo "needs root, for debootstrap and chroot" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "needs debootstrap (apt-get install debootstrap)" >&2; exit 2; }

# In a mount namespace of its own: whatever is mounted goes when the script ends, however it ends.
if [ -z "${FRESH_DEBIAN_INSIDE:-}" ]; then
    exec env FRESH_DEBIAN_INSIDE=1 unshare --mount --propagation private -- bash "scripts/$(basename "$0")" "${targets[@]}"
fi

root=$(mktemp -d /var/tmp/fresh-debian-XXXXXX)
chmod 755 "$root" # a root folder that an ordinary user may enter
tidy() {
    umount --recursive --lazy "$root/proc" "$root/sys" "$root/dev" 2>/dev/null || true
    if [ -n "${KEEP:-}" ]; then echo "kept: $root"; else rm -rf --one-file-system "$root"; fi
}
trap tidy EXIT

step() { printf '\n== %s\n' "$*"; }

step "debootstrap"
mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)}
debootstrap --variant=minbase --include=python3.11,python3-pip,make,git,ca-certificates bookworm "$root" "$mirror" \
    >"$root.log" 2>&1 || { tail -n 20 "$root.log"; exit 1; }
rm -f "$root.log"
echo "$(chroot "$root" dpkg-query -W | wc -l) packages, $(chroot "$root" python3 --version)," \
    "$(chroot "$root" make --version | head -n 1), $(chroot "$root" git --version)"
chroot "$root" sh -c 'ls /usr/lib/python3.11/EXTERNALLY-MANAGED' # PEP 668 is in force
chroot "$root" useradd --create-home --shell /bin/sh ordinary

step "settings of this machine, for the time of the run"
for file in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
    if [ -e "$file" ]; then cp --dereference "$file" "$root$file"; fi
done
for home in /root /home/ordinary; do
    for folder in pip uv; do
        if [ -d "$HOME/.config/$folder" ]; then
            mkdir -p "$root$home/.config"
            cp -r "$HOME/.config/$folder" "$root$home/.config/"
        fi
    done
done
chroot "$root" chown -R ordinary: /home/ordinary
mapfile -t environment < <(env | grep -E '^(PIP_|UV_|SSL_CERT_|REQUESTS_CA_|https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY)' || true)

mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"

failed=0
attempt() { # attempt USER HOME TARGET
    local user=$1 home=$2 target=$3 log="$root/$1.log" status=0 began=$SECONDS
    step "make $target, as $user"
    chroot "$root" runuser -u "$user" -- env -i "${environment[@]}" \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME="$home" USER="$user" LANG=C.UTF-8 \
        sh -c "cd $home/spacedrive-jobs && make $target" >"$log" 2>&1 </dev/null || status=$?
    tail -n "$([ "$status" = 0 ] && echo 14 || echo 60)" "$log"
    echo "make $target, as $user: exit code $status after $((SECONDS - began)) s"
    [ "$status" = 0 ] || failed=$((failed + 1))
}

for user in root ordinary; do
    home=$(chroot "$root" sh -c "getent passwd $user" | cut -d: -f6)
    mkdir "$root$home/spacedrive-jobs"
    git archive HEAD | tar -x -C "$root$home/spacedrive-jobs"
    chroot "$root" chown -R "$user": "$home/spacedrive-jobs"
    for target in "${targets[@]}"; do attempt "$user" "$home" "$target"; done
done

step "result"
total=$((2 * ${#targets[@]}))
echo "$((total - failed)) of $total worked, $failed failed"
[ "$failed" = 0 ]
