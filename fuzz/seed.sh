#!/bin/sh
# Writes the published frames (crates/domain/tests/frames.txt) into the corpora of all targets.
set -eu
cd "$(dirname "$0")"
mkdir -p corpus/handshake corpus/frame corpus/data corpus/datagram corpus/session
grep -v '^#' ../crates/domain/tests/frames.txt | while read -r number _ transport _ hex; do
    case $transport in
    handshake) printf '%s' "$hex" | xxd -r -p >"corpus/handshake/$number" ;;
    udp) printf '%s' "$hex" | xxd -r -p >"corpus/datagram/$number" ;;
    tcp)
        printf '%s' "$hex" | xxd -r -p >"corpus/frame/$number"
        printf '07%s' "$hex" | xxd -r -p >"corpus/session/$number"
        # Without header and CRC.
        inside=$(printf '%s' "$hex" | cut -c17-)
        printf '%s' "${inside%????????}" | xxd -r -p >"corpus/data/$number"
        ;;
    esac
done
