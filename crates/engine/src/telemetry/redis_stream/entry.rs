//! A frame as it waits in Redis:
//!
//! | field | value |
//! | --- | --- |
//! | `device` | the device's id |
//! | `imei` | 15 digits |
//! | `received_ms` | when it came, in milliseconds since 1970 |
//! | `carrier` | `tcp` or `udp` |
//! | `bytes` | the frame, or the whole packet, as it came |

use chrono::DateTime;
use domain::telemetry::Imei;
use domain::telemetry::codec::{self, Step};
use domain::telemetry::stream::{Carrier, Frame};
use std::sync::Arc;

pub(super) fn fields(frame: &Frame) -> [(&'static str, Vec<u8>); 5] {
    [
        ("device", frame.device_id.to_string().into_bytes()),
        ("imei", frame.imei.as_str().as_bytes().to_vec()),
        ("received_ms", frame.received_at.timestamp_millis().to_string().into_bytes()),
        ("carrier", frame.carrier.as_str().as_bytes().to_vec()),
        ("bytes", frame.bytes.to_vec()),
    ]
}

/// Of names and values in turn; or why it is no frame.
pub(super) fn parse(fields: &[Vec<u8>]) -> Result<Frame, String> {
    let find = |name: &str| {
        let (pairs, _) = fields.as_chunks::<2>();
        let found = pairs.iter().find(|[of, _]| of == name.as_bytes()).map(|[_, value]| value.as_slice());
        found.ok_or_else(|| format!("it has no {name}"))
    };
    let text = |name: &str| Ok::<_, String>(std::str::from_utf8(find(name)?).unwrap_or_default());
    let wrong = |name: &str| format!("its {name} is none");
    let bytes = find("bytes")?;
    let carrier = Carrier::parse(text("carrier")?).ok_or_else(|| wrong("carrier"))?;
    let received_ms = text("received_ms")?.parse().ok();
    Ok(Frame {
        device_id: text("device")?.parse().map_err(|_| wrong("device"))?,
        imei: Imei::from_ascii(find("imei")?).ok_or_else(|| wrong("imei"))?,
        received_at: received_ms.and_then(DateTime::from_timestamp_millis).ok_or_else(|| wrong("received_ms"))?,
        carrier,
        records: records(carrier, bytes)?,
        bytes: Arc::from(bytes),
    })
}

fn records(carrier: Carrier, bytes: &[u8]) -> Result<Vec<codec::Record>, String> {
    match carrier {
        Carrier::Udp => codec::datagram(bytes).map(|datagram| datagram.records).map_err(|refused| refused.to_string()),
        Carrier::Tcp => match codec::frame(bytes) {
            Ok(Step::Done { value: codec::Frame::Records(records), used }) if used == bytes.len() => Ok(records),
            Ok(_) => Err("it is no frame of records".to_owned()),
            Err(refused) => Err(refused.to_string()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::telemetry::codec::{AvlCodec, Record, encode, encode_datagram};
    use uuid::Uuid;

    fn frame(carrier: Carrier) -> Frame {
        let record = Record {
            at: DateTime::from_timestamp_millis(1_700_000_000_123).unwrap(),
            digest: 0,
            latitude: 59.9,
            longitude: 10.7,
            altitude_m: 10,
            heading_deg: 90,
            speed_kmh: 50,
            satellites: 9,
            priority: 0,
            event_id: 0,
            io: Vec::new(),
        };
        let imei = Imei::from_ascii(b"356307042441013").unwrap();
        let bytes = match carrier {
            Carrier::Tcp => encode(AvlCodec::Codec8Extended, &[record]).unwrap(),
            Carrier::Udp => encode_datagram(imei, 1, 2, AvlCodec::Codec8, &[record]).unwrap(),
        };
        let (device_id, received_at) = (Uuid::from_u128(5), DateTime::from_timestamp_millis(1_700_000_001_000).unwrap());
        let records = records(carrier, &bytes).unwrap();
        Frame { device_id, imei, received_at, carrier, bytes: Arc::from(bytes), records }
    }

    fn flat(frame: &Frame) -> Vec<Vec<u8>> {
        fields(frame).into_iter().flat_map(|(name, value)| [name.as_bytes().to_vec(), value]).collect()
    }

    #[test]
    fn what_goes_in_comes_out() {
        for carrier in [Carrier::Tcp, Carrier::Udp] {
            let frame = frame(carrier);
            assert_eq!(frame.records.len(), 1);
            assert_eq!(parse(&flat(&frame)), Ok(frame));
        }
    }

    #[test]
    fn what_is_no_frame_says_why() {
        let good = flat(&frame(Carrier::Tcp));
        let check = |at: usize, value: &[u8], expect: &str| {
            let mut fields = good.clone();
            fields[at] = value.to_vec();
            assert_eq!(parse(&fields).unwrap_err(), expect);
        };
        check(1, b"nobody", "its device is none");
        check(3, b"12", "its imei is none");
        check(5, b"never", "its received_ms is none");
        check(7, b"pigeon", "its carrier is none");
        check(8, b"bits", "it has no bytes");
        // Two frames in one would be acknowledged as one.
        check(9, &[good[9].clone(), good[9].clone()].concat(), "it is no frame of records");
        assert!(parse(&[]).is_err());
        let mut cut = good.clone();
        cut[9].pop();
        assert_eq!(parse(&cut).unwrap_err(), "it is no frame of records");
    }
}
