#!/bin/sh
# Both sides in one sitting, as the Markdown table of docs/multiprocessing.md.
# Usage: pool_table.sh BUILD (a Release build; `cmake --preset bench`)
set -eu
build=$1
here=$(dirname "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 "$here/pool_python.py" > "$folder/python"
"$build/bench/bench_pool" > "$folder/ours"
"$build/bench/bench_pool_sync" >> "$folder/ours"

# The quotient says how many times better ours is, whichever way better is.
awk '
    function number(x) { return x >= 1e6 ? sprintf("%.2f M", x / 1e6) : x >= 1e4 ? sprintf("%.1f k", x / 1e3) : sprintf("%.3g", x) }
    FNR == NR { python[$1] = $2; next }
    FNR == 1 { print "| figure | Python | ours | unit | times better |\n|---|---|---|---|---|" }
    {
        name = $1
        sub(/_in_place$/, "", name)  # the other way to do the same
        lower = $3 ~ /^(us|us_cpu\/task|ms|B\/task|tasks_of_4|KiB)$/
        better = !(name in python) || $2 == 0 ? "" : sprintf("%.3g", lower ? python[name] / $2 : $2 / python[name])
        printf "| %s | %s | %s | %s | %s |\n", $1, name in python ? number(python[name]) : "", number($2), $3, better
    }
' "$folder/python" "$folder/ours"
