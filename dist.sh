#!/bin/sh
# Builds what is installed: target/dist/sira, stripped, and target/dist/sira.debug, which turns the
# addresses of a backtrace into files and lines when it lies beside the binary. Cargo cannot take the
# lines out: `split-debuginfo` leaves them in the binary, where `strip` would throw them away.
set -eu
cd "$(dirname "$0")"
cargo build --locked --profile dist --package sira
cd "${CARGO_TARGET_DIR:-target}/dist"
# Cargo would take a stripped file for its own and strip it no more: it is replaced, not written to.
objcopy --only-keep-debug --compress-debug-sections=zlib sira sira.debug
objcopy --strip-debug --add-gnu-debuglink=sira.debug sira sira.stripped
mv sira.stripped sira
ls -l sira sira.debug
