//! A packet over UDP.
#![no_main]

use domain::telemetry::codec::datagram;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(datagram) = datagram(bytes) {
        assert!(!datagram.records.is_empty());
        assert_eq!(bytes[8..23], *datagram.imei.as_str().as_bytes());
    }
});
