#!/bin/sh
# The table of docs/scale.md: what a URL costs the parent when so many are
# known. Usage: bench/frontier_table.sh BUILD [FOLDER], FOLDER with 5 GB of room.
# 100,000 pages with 20 links each are answered after the loading.
set -eu
build=${1:-build-bench}
folder=${2:-/dev/shm}
scratch=$(mktemp -d "$folder/crawl-scale-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
echo "| URLs known | hosts | order of the list | links of a page | loaded a second | CPU a line, µs | CPU a page, µs | memory, MiB |"
echo "| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |"
for order in host random; do
    for nr in 100000 1000000 10000000; do
        "$build/bench/bench_frontier" "$scratch" $nr $order 100000 20
        rm -f "$scratch"/*
    done
done
