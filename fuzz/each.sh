#!/bin/sh
# Runs every target, or those that are named after the seconds, for so many seconds each (300), from
# the seeds and what earlier runs have found.
# Says at the end which have failed; what made them fail is in artifacts/.
set -eu
cd "$(dirname "$0")/.."
seconds="${1:-300}"
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- $(cd fuzz/fuzz_targets && ls *.rs | sed 's/\.rs$//')
failed=''
for target in "$@"; do
    mkdir -p "fuzz/corpus/$target"
    seeds=''
    [ -d "fuzz/seeds/$target" ] && seeds="fuzz/seeds/$target"
    words=''
    [ -f "fuzz/words/$target.dict" ] && words="-dict=fuzz/words/$target.dict"
    # shellcheck disable=SC2086 # none is no argument
    cargo +nightly fuzz run --sanitizer none --features server "$target" "fuzz/corpus/$target" $seeds -- \
        -max_total_time="$seconds" -timeout=10 -max_len=16384 $words || failed="$failed $target"
done
if [ -n "$failed" ]; then
    echo "failed:$failed" >&2
    exit 1
fi
