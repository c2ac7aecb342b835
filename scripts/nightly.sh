#!/bin/sh
# The long campaigns: one line for each, with what it counted. Run by
# ./check --nightly after the ordinary tests, with both builds made.
# NIGHTLY_PERCENT (100) shortens all of them; words on the command line choose
# among them: scripts/nightly.sh fuzz valgrind
# shellcheck disable=SC2317 # the functions are called by name
set -u
cd "$(dirname "$0")/.." || exit 1
percent=${NIGHTLY_PERCENT:-100}
chosen=${*:-all}
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# part NUMBER: that many, shortened, but at least one.
part() {
    echo $((($1 * percent + 99) / 100))
}

wanted() {
    case " $chosen " in
    *" $1 "* | *" all "*) return 0 ;;
    esac
    return 1
}

# campaign NAME COMMAND...: its line ends in the last one of the log that begins
# with a number, as "10000 kills".
campaign() {
    name=$1
    shift
    began=$(date +%s)
    if "$@" >"$log" 2>&1; then
        printf 'nightly: %-22s passed %6d s  %s\n' "$name" \
            $(($(date +%s) - began)) \
            "$(sed -nE 's/^(.*\.\.\. )?([0-9]+ [a-zA-Z].*)/\2/p' "$log" | tail -n 1)"
    else
        printf 'nightly: %-22s FAILED %6d s\n' "$name" \
            $(($(date +%s) - began))
        tail -n 40 "$log"
        failed=1
    fi
}

tidy() {
    find base pool storage crawler -name '*.c' | sort |
        awk -v percent="$percent" 'int(NR * percent / 100) != int((NR - 1) * percent / 100)' \
            >build-dev/tidy.txt
    xargs -P 2 -n 4 clang-tidy -p build-dev --quiet <build-dev/tidy.txt &&
        echo "$(wc -l <build-dev/tidy.txt) files"
}

# counted NUMBER WORDS COMMAND...: for programs that do not count by themselves.
counted() {
    words="$1 $2"
    shift 2
    "$@" && echo "$words"
}

script() {
    python3 "tests/integration/test_$1.py"
}

stress() {
    CRAWL_STRESS=$(part 10000000) build-dev/tests/unit/shared/test_dict_kill &&
        CRAWL_STRESS=$(part 10000000) build-dev/tests/unit/shared/test_queue_kill
}

threads() {
    # not what kills processes inside a lock: it takes that for races
    programs="test_queue test_queue_threads test_queue_joinable test_dict
        test_list test_lock test_condition"
    cmake --preset tsan
    # shellcheck disable=SC2086
    cmake --build build-tsan --target $programs || return 1
    for program in $programs; do
        CRAWL_SKIP_TESTS='*_kill*' "build-tsan/tests/unit/shared/$program" ||
            return 1
    done
    echo "$(echo "$programs" | wc -w) programs without a race"
}

fuzz() {
    corpus=tests/fuzz/corpus/$1
    target=$(find build-fuzz -name "fuzz_$1" -type f -perm -u+x | head -n 1)
    mkdir -p "build-fuzz/new/$1"
    "$target" -max_total_time="$(part 60)" -timeout=5 -rss_limit_mb=2048 -seed=1 \
        -artifact_prefix="build-fuzz/new/" -print_final_stats=1 \
        "build-fuzz/new/$1" "$corpus" || return 1
    sed -n 's/^stat::number_of_executed_units: *\([0-9]*\)/\1 inputs/p' "$log" |
        grep .
}

if wanted tidy; then
    campaign clang-tidy tidy
fi
if wanted pool-kills; then
    campaign pool-kills counted "$(part 10000)" kills \
        env CRAWL_KILLS="$(part 10000)" build-dev/tests/fault/pool_kill
fi
if wanted stress; then
    campaign stress counted "$(part 10000000)" operations stress
fi
if wanted storage; then
    campaign storage-faults counted "$(part 1000)" "cases each of kills and faults" \
        env CRAWL_FAULTS="$(part 1000)" build-dev/tests/fault/storage_faults
    campaign storage-kills counted "$(part 1000)" "kills of the whole program" \
        env CRAWL_KILLS="$(part 1000)" python3 tests/integration/test_storage_kills.py
fi
if wanted threads; then
    campaign thread-sanitizer threads
fi
if wanted failing; then
    # every place of each kind, in the release; a sample with sanitizers
    every=all
    [ "$percent" -ge 100 ] || every=$(part 200)
    campaign failing-calls env CRAWL="$PWD/build/crawl" CRAWL_FAILING="$every" \
        python3 tests/integration/test_failing.py
    campaign failing-calls-asan env CRAWL_FAILING="$(part 40)" \
        python3 tests/integration/test_failing.py
fi
if wanted hostile; then
    campaign hostile-worker env CRAWL_HOSTILE_SECONDS="$(part 60)" \
        python3 tests/integration/test_hostile_worker.py
fi
if wanted valgrind; then
    campaign valgrind script valgrind
fi
if wanted fuzz; then
    targets=$(cd tests/fuzz/corpus && printf 'fuzz_%s ' *)
    campaign fuzz-build counted "$(echo "$targets" | wc -w)" targets \
        sh -c "cmake --preset fuzz && cmake --build build-fuzz --target $targets"
    for corpus in tests/fuzz/corpus/*; do
        name=$(basename "$corpus")
        campaign "fuzz-$name" fuzz "$name"
    done
fi
exit $failed
