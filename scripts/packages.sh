# Sourced by ./run and ./check: installs what packages.txt asks for and the
# machine lacks. Asks dpkg first, so that nothing happens when all is there.

say() { printf '%s\n' "$*" >&2; }

# want_packages all|run: the names, one a line
want_packages() {
    sed 's/#.*//' packages.txt | awk -v all="$1" \
        'NF && (all == "all" || $2 != "check") { print $1 }'
}

missing_packages() {
    want_packages "$1" | while read -r name; do
        dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null |
            grep -qx installed || printf '%s\n' "$name"
    done
}

install_packages() {
    command -v dpkg-query >/dev/null || {
        say "crawl: this is no Debian system: install the packages named in packages.txt by hand"
        return 0
    }
    missing=$(missing_packages "$1")
    [ -n "$missing" ] || return 0
    say "crawl: installing:" $missing
    sudo=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || {
            say "crawl: run this as root, or install these packages first:" $missing
            return 1
        }
        sudo=sudo
    fi
    $sudo apt-get update -qq >&2 &&
        $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends $missing >&2 || {
        say "crawl: apt-get could not install:" $(missing_packages "$1")
        return 1
    }
}
