#!/bin/sh
# Installs Debian packages for development: `apt.sh update`, `apt.sh install PACKAGE…`.
# We want programs, not services: nothing is started, and no PostgreSQL cluster is made.
set -eu

if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "apt.sh: neither root nor sudo; as root run: apt-get $*" >&2
        exit 1
    fi
    exec sudo sh "$0" "$@"
fi

export DEBIAN_FRONTEND=noninteractive
verb=$1
shift

if [ "$verb" = update ]; then
    exec apt-get update --quiet
fi

# A machine without any package list has never been updated.
if ! ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1; then
    apt-get update --quiet
fi

policy=/usr/sbin/policy-rc.d
cluster=/etc/postgresql-common/createcluster.d/synops-dev.conf
ours=""
cleanup() {
    rm -f "$cluster"
    [ -z "$ours" ] || rm -f "$policy"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# 101 tells the packages' scripts to start nothing (invoke-rc.d(8)).
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    ours=yes
fi
mkdir -p "$(dirname "$cluster")"
echo "create_main_cluster = false" >"$cluster"

had_redis=$(command -v redis-server || true)
had_nginx=$(command -v nginx || true)
apt-get install --quiet --yes --no-install-recommends "$@"

# The packages enable their services for the next boot; we only run private ones.
if [ -z "$had_redis" ] && command -v redis-server >/dev/null && [ -d /run/systemd/system ]; then
    systemctl disable --quiet redis-server || true
fi
if [ -z "$had_nginx" ] && command -v nginx >/dev/null && [ -d /run/systemd/system ]; then
    systemctl disable --quiet nginx || true
fi
