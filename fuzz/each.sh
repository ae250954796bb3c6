#!/bin/sh
# Runs every target for so many seconds (300), from the seeds and what earlier runs have found.
# Says at the end which have failed; what made them fail is in artifacts/.
set -eu
cd "$(dirname "$0")/.."
seconds="${1:-300}"
failed=''
for file in fuzz/fuzz_targets/*.rs; do
    target=$(basename "$file" .rs)
    mkdir -p "fuzz/corpus/$target"
    seeds=''
    [ -d "fuzz/seeds/$target" ] && seeds="fuzz/seeds/$target"
    # shellcheck disable=SC2086 # no seeds are no argument
    cargo +nightly fuzz run "$target" "fuzz/corpus/$target" $seeds -- \
        -max_total_time="$seconds" -timeout=10 -max_len=16384 || failed="$failed $target"
done
if [ -n "$failed" ]; then
    echo "failed:$failed" >&2
    exit 1
fi
