//! What a connection begins with.
#![no_main]

use domain::telemetry::Imei;
use domain::telemetry::codec::{Step, handshake, introduce};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| match handshake(bytes) {
    Ok(Step::More { needed }) => assert!(needed > 0 && bytes.len() + needed <= 2 + Imei::BYTES),
    Ok(Step::Done { value, used }) => assert_eq!(introduce(value), bytes[..used]),
    Err(refused) => assert_eq!(refused.used, None),
});
