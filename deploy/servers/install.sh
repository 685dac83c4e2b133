#!/bin/bash
# Install the real servers and the browser the tests need: Debian packages on this machine, and a small Debian 13 for TimescaleDB.
# Safe to repeat: what is there is left alone, and nothing that was not running is started.
set -euo pipefail
cd "$(dirname "$0")/../.."

WANTED=(ca-certificates chromium debootstrap mosquitto mosquitto-clients postgresql-15 python3-venv)
POLICY=/usr/sbin/policy-rc.d
OURS='# written by make servers, and removed when it ends'

say() { printf '%s\n' "$*" >&2; }

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

root_ready() { [ -e ".servers/$1/.ready" ]; }

if ! command -v apt-get >/dev/null; then
    say "make servers needs Debian 12 or 13: apt-get was not found here."
    exit 1
fi

missing=()
for package in "${WANTED[@]}"; do
    # Debian 13 has no PostgreSQL 15: there it lives in a root of its own.
    if ! installed "$package" && ! { [ "$package" = postgresql-15 ] && root_ready bookworm; }; then
        missing+=("$package")
    fi
done
if [ ${#missing[@]} -eq 0 ] && root_ready trixie; then
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    say "make servers installs Debian packages: run it as root (sudo make servers)."
    exit 1
fi

started=$SECONDS
mkdir -p .servers
exec 9>.servers/.lock # inherited by what runs below: a second run waits for the first, even for its orphans
flock 9
if [ ! -e "$POLICY" ] || grep -qxF "$OURS" "$POLICY"; then
    # Debian starts a service as soon as it is installed, unless this file forbids it.
    trap 'rm -f "$POLICY"' EXIT
    printf '#!/bin/sh\n%s\nexit 101\n' "$OURS" >"$POLICY"
    chmod 755 "$POLICY"
fi

install() {
    if ! apt-get install -qq --yes --no-install-recommends "$@" >.servers/apt.log 2>&1; then
        tail -n 20 .servers/apt.log >&2
        say "apt could not install $*: its last lines are above."
        exit 1
    fi
}

export DEBIAN_FRONTEND=noninteractive
dpkg --configure -a # finishes what an interrupted installation left
apt-get update -qq
roots=(trixie)
if [[ " ${missing[*]} " == *" postgresql-15 "* ]] && ! apt-cache show postgresql-15 >/dev/null 2>&1; then
    roots+=(bookworm)
    for i in "${!missing[@]}"; do
        if [ "${missing[$i]}" = postgresql-15 ]; then unset "missing[$i]"; fi
    done
fi

if [ ${#missing[@]} -gt 0 ]; then
    say "Installing ${missing[*]}."
    install --no-upgrade "${missing[@]}"
    # The tests start their own servers: those of the machine stay off after the next boot too.
    for package in "${missing[@]}"; do
        case $package in
            mosquitto) update-rc.d mosquitto disable ;;
            postgresql-15) update-rc.d postgresql disable ;;
        esac
    done
fi
if [ ! -e /usr/share/keyrings/debian-archive-trixie-stable.gpg ]; then
    install debian-archive-keyring # older editions of the key ring cannot verify Debian 13
fi

for suite in "${roots[@]}"; do
    if root_ready "$suite"; then continue; fi
    case $suite in
        trixie) deploy/servers/debian_root.sh trixie postgresql-17 postgresql-17-timescaledb ;;
        bookworm) deploy/servers/debian_root.sh bookworm postgresql-15 ;;
    esac
done
say "Servers for the tests are ready ($((SECONDS - started)) s)."
