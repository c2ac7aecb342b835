#!/bin/sh
# The long campaigns: one line for each, with counts. Run by ./check --nightly
# after the ordinary tests, with everything built.
set -u
cd "$(dirname "$0")/.."
failed=0

campaign() {
    name=$1
    shift
    log=$(mktemp)
    if "$@" >"$log" 2>&1; then
        printf 'nightly: %-24s passed  %s\n' "$name" "$(tail -n 1 "$log")"
    else
        printf 'nightly: %-24s FAILED\n' "$name"
        tail -n 40 "$log"
        failed=1
    fi
    rm -f "$log"
}

tidy() {
    find base pool storage crawler -name '*.c' |
        xargs -P 2 -n 4 clang-tidy -p build-dev --quiet 2>/dev/null &&
        echo "$(find base pool storage crawler -name '*.c' | wc -l) files"
}

fuzz() {
    mkdir -p "build-fuzz/new/$1"
    "build-fuzz/$2" -max_total_time=60 -timeout=5 -rss_limit_mb=2048 \
        -print_final_stats=1 "build-fuzz/new/$1" "tests/fuzz/corpus/$1" 2>&1 |
        tee "build-fuzz/$1.log" | tail -n 5 >&2
    grep -q 'stat::number_of_executed_units' "build-fuzz/$1.log" || return 1
    sed -n 's/stat::number_of_executed_units: */runs: /p' "build-fuzz/$1.log"
}

campaign clang-tidy tidy
campaign pool-kills env CRAWL_KILLS=10000 \
    ctest --test-dir build-dev -R 'pool.*kill' --timeout 3600
campaign stress env CRAWL_STRESS=10000000 \
    ctest --test-dir build-dev -R 'queue|dict' --timeout 3600
campaign storage-kills env CRAWL_KILLS=1000 \
    ctest --test-dir build-dev -R 'storage.*(kill|fault)|integration_signals' \
    --timeout 3600

cmake --preset fuzz >/dev/null && cmake --build build-fuzz >/dev/null || failed=1
for corpus in tests/fuzz/corpus/*; do
    name=$(basename "$corpus")
    target=$(cd build-fuzz && find . -name "fuzz_$name" -type f | head -n 1)
    campaign "fuzz $name" fuzz "$name" "${target#./}"
done
exit $failed
