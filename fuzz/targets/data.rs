//! What is in a frame: header and CRC are made right, so that every byte reaches the decoder of its codec.
#![no_main]

use domain::telemetry::codec::{Frame, Step, frame};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(length) = u32::try_from(data.len()) else { return };
    let crc = u32::from(nom_teltonika::crc16(data));
    let bytes = [&[0; 4][..], &length.to_be_bytes(), data, &crc.to_be_bytes()].concat();
    match frame(&bytes) {
        Ok(Step::More { needed }) => panic!("{needed} more bytes of a whole frame"),
        Ok(Step::Done { value, used }) => {
            assert_eq!(used, bytes.len());
            match value {
                Frame::Records(records) => {
                    assert_eq!(records.len(), usize::from(data[1]));
                    for record in records {
                        assert!(record.io.is_sorted_by(|(a, _), (b, _)| a < b));
                        assert!(record.io_json().len() == record.io.len());
                    }
                }
                Frame::Messages(messages) => messages.iter().for_each(|message| drop(message.text())),
                Frame::Ping => panic!("a ping of {} bytes", bytes.len()),
            }
        }
        Err(refused) => assert!(refused.used.is_none_or(|used| used == bytes.len())),
    }
});
