#!/bin/sh
# Installs the library into a folder of its own, moves that, and builds an
# example there with nothing but pkg-config.
# Usage: test_install.sh BUILD SOURCE CC [FLAG...]
set -eu
build=$1 source=$2 cc=$3
shift 3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cmake --install "$build" --component crawlpool --prefix "$folder/made" \
    > "$folder/log"
mv "$folder/made" "$folder/moved"
pc=$(dirname "$(find "$folder/moved" -name crawlpool.pc)")
export PKG_CONFIG_PATH="$pc"

# A folder with nothing of the source tree but the example.
mkdir -p "$folder/user/examples"
cp "$source/examples/must.h" "$folder/user/examples"
cp "$source/examples/joinable_queue.c" "$source/examples/pool_async.c" \
    "$folder/user"
cd "$folder/user"
for name in joinable_queue pool_async; do
    # shellcheck disable=SC2046 # words are wanted
    "$cc" -std=gnu11 -Wall -Werror "$@" -I. "$name.c" \
        $(pkg-config --cflags --libs crawlpool crawlshared) -o "$name"
    "./$name" | diff "$source/examples/expected/$name.txt" -
done

# Each public header stands alone, and each has its page.
for header in "$folder"/moved/include/crawl/pool/*.h "$folder"/moved/include/crawl/pool/shared/*.h; do
    # shellcheck disable=SC2046
    "$cc" -std=gnu11 -Wall -Werror -fsyntax-only -x c \
        $(pkg-config --cflags crawlpool) "$header"
done
for name in pool pool_task pool_options pool_async pool_stats worker map queue \
    dict list lock process; do
    page="$folder/moved/share/man/man3/$name.3crawl"
    grep -q "^$name .. ." "$page"
    grep -q '^struct ' "$page"
done
