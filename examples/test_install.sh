#!/bin/sh
# Installs the libraries into a folder of their own, moves that, and tries them
# as a stranger would, with nothing but pkg-config.
# Usage: test_install.sh BUILD SOURCE CC CXX [FLAG...]
set -eu
build=$1 source=$2 cc=$3 cxx=$4
shift 4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

say() { echo "$1" >&2; }

cmake --install "$build" --component crawlpool --prefix "$folder/made" \
    > "$folder/log"
mv "$folder/made" "$folder/moved"
pc=$(dirname "$(find "$folder/moved" -name crawlpool.pc)")
lib=$(dirname "$pc")
include=$folder/moved/include/crawl
man=$folder/moved/share/man
export PKG_CONFIG_PATH="$pc"
mkdir "$folder/user"
cd "$folder/user"

# build_c OUT SOURCE PACKAGE... and build_cxx: one command, as in the manual.
flags="$*"
build_c() {
    out=$1 file=$2
    shift 2
    # shellcheck disable=SC2046,SC2086 # words are wanted
    "$cc" -std=gnu11 -Wall -Wextra -Werror $flags "$file" \
        $(pkg-config --cflags --libs "$@") -o "$out"
}
build_cxx() {
    out=$1 file=$2
    shift 2
    # shellcheck disable=SC2046,SC2086
    "$cxx" -std=c++17 -Wall -Wextra -Werror $flags "$file" \
        $(pkg-config --cflags --libs "$@") -o "$out"
}

# try_headers LANGUAGE STANDARD COMPILER TEXT: compiles a file of that text.
try_headers() {
    # shellcheck disable=SC2046
    printf '%s\n' "$4" | "$3" -std="$2" -Wall -Wextra -Wpedantic -Werror \
        -fsyntax-only $(pkg-config --cflags crawlpool) -x "$1" -
}

say "examples, each with the one library that it needs"
for path in "$source"/examples/*.c; do
    name=$(basename "$path" .c)
    cp "$path" .
    case $name in
    pool_callback) build_c "$name" "$name.c" crawlpool libcurl ;;
    pool_*) build_c "$name" "$name.c" crawlpool ;;
    *) build_c "$name" "$name.c" crawlshared ;;
    esac
    if [ "$name" = pool_callback ]; then
        sh "$source/examples/test_pool_callback.sh" "$folder/user/$name"
    else
        "./$name" 2> errors | diff "$source/examples/expected/$name.txt" -
    fi
done

say "headers, each alone, and all beside those of others"
headers=$(cd "$include" && find . -name '*.h' | sed 's|^\./||' | sort)
all=
for header in $headers; do
    try_headers c c11 "$cc" "#include \"$header\""
    try_headers c++ c++11 "$cxx" "#include \"$header\""
    all="$all
#include \"$header\""
done
others='#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sqlite3.h>'
for text in "$others$all" "${all#?}
$others"; do
    try_headers c c11 "$cc" "$text"
    try_headers c++ c++11 "$cxx" "$text"
done

say "a C++ program"
cp "$source/tests/install/plus.cc" .
build_cxx plus plus.cc crawlpool crawlshared
printf 'ok: 49\nqueue: 49, calls: 1\n' > expected
./plus | diff expected -

say "C++ exceptions that nobody catches in a child"
cp "$source/tests/install/throws.cc" .
build_cxx throws throws.cc crawlpool crawlshared
cat > expected << 'END'
pool: lost: its worker was killed by SIGABRT (Aborted)
process: -6
END
./throws 2> errors | diff expected -
grep -q 'nobody catches me' errors

say "names: the archives define what the headers declare, and nothing else"
# shellcheck disable=SC2086
(cd "$include" && awk -f "$source/scripts/header_names.awk" $headers) |
    sed -n 's/^function //p' | sort -u > declared
for library in crawlpool crawlshared; do
    nm -g --defined-only "$lib/lib$library.a" | awk 'NF == 3 { print $3 }' |
        sort -u > "$library.names"
done
sort -u crawlpool.names crawlshared.names | diff declared -
comm -12 crawlpool.names crawlshared.names > common
printf 'err_from_errno\nerr_str\n' | diff - common

say "a program that uses the libraries' internal names for itself"
# Those of the issue that asked for it, then all that the objects have.
{
    printf '%s\n' arena_new task_new slot_start buf_init hash_sip log_error \
        xmalloc clock_mono_ms sync_region_map queue_lock
    find "$build/pool" "$build/base" -name '*.c.o' -path '*_parts.dir*' \
        -exec nm -g --defined-only {} + |
        awk 'NF == 3 && $3 ~ /^[a-z][a-z0-9_]*$/ { print $3 }'
} | sort -u | comm -23 - declared > internal
test "$(wc -l < internal)" -gt 100
sed 's/.*/OWN(&)/' internal > more_names.h
cp "$source/tests/install/own_names.c" .
for order in "crawlpool crawlshared" "crawlshared crawlpool"; do
    # shellcheck disable=SC2086
    build_c own_names own_names.c $order
    test "$(./own_names)" = HELLO
done

say "manual pages: one for each header, and each name leads to one"
for header in $headers; do
    page=$(basename "$header" .h)
    grep -q "^$page .. ." "$man/man3/$page.3crawl"
    awk -f "$source/scripts/header_names.awk" "$include/$header" |
        cut -d' ' -f2
done > names
grep -q '^pool_open$' names
grep -q '^queue_options$' names
finds_pages=$(man -M "$man" -w pool 2> errors || :)
while read -r name; do
    # It is a page, or names one, that speaks of it.
    target=$(sed -n '1s/^\.so //p' "$man/man3/$name.3crawl")
    grep -q "\<$name\>" "$man/${target:-man3/$name.3crawl}"
done < names
# As a user asks for it, where there is a man(1).
if [ "$finds_pages" = "$man/man3/pool.3crawl" ]; then
    for name in pool_open dict_add_int struct_is_no_page; do
        found=$(man -M "$man" -w "$name" 2> errors || :)
        echo "$name ${found##*/}"
    done > found
    printf '%s\n' 'pool_open pool.3crawl' 'dict_add_int dict.3crawl' \
        'struct_is_no_page ' | diff - found
fi
