//! The framing over TCP, and what is in a frame whose CRC happens to be right.
#![no_main]

use domain::telemetry::codec::{Step, frame};
use libfuzzer_sys::fuzz_target;

const FRAME_MAX_BYTES: usize = 16_384;

fuzz_target!(|bytes: &[u8]| match frame(bytes) {
    Ok(Step::More { needed }) => assert!(needed > 0 && bytes.len() + needed <= FRAME_MAX_BYTES),
    Ok(Step::Done { used, .. }) => assert!(used > 0 && used <= bytes.len()),
    Err(refused) => assert!(refused.used.is_none_or(|used| used > 0 && used <= bytes.len())),
});
