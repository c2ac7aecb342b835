#!/bin/sh
# Makes the manual pages of the library out of its headers: a page for each
# header, and for each function, struct, enum and type in it a page that sends
# man(1) there. So `man pool_open` finds what pool.h says.
# Usage: library_man.sh OUT VERSION DATE ROOT HEADER...   (HEADER from ROOT)
set -eu
out=$1 version=$2 date=$3 root=$4
shift 4
scripts=$(dirname "$0")
rm -rf "$out"
mkdir -p "$out"

pages=
for header in "$@"; do
    pages="$pages $(basename "$header" .h)"
done
for header in "$@"; do
    case $header in
    pool/shared/*) library=crawlshared ;;
    pool/*) library=crawlpool ;;
    *) library="crawlpool crawlshared" ;; # is in each of them
    esac
    name=$(basename "$header" .h)
    awk -v name="$name" -v include="$header" -v version="$version" \
        -v date="$date" -v library="$library" -v pages="$pages" \
        -f "$scripts/header2man.awk" "$root/$header" > "$out/$name.3crawl"
done
for header in "$@"; do
    page=$(basename "$header" .h).3crawl
    awk -f "$scripts/header_names.awk" "$root/$header" |
        while read -r _ name; do
            if [ ! -e "$out/$name.3crawl" ]; then
                echo ".so man3/$page" > "$out/$name.3crawl"
            fi
        done
done
