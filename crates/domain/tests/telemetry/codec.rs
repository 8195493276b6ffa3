//! The decoders against frames of real devices, against what they encode themselves, and against noise.

use chrono::DateTime;
use domain::telemetry::Imei;
use domain::telemetry::codec::{
    AvlCodec, CommandCodec, Datagram, Frame, IoValue, Message, MessageKind, Record, Step, acknowledge, acknowledge_datagram,
    admit, answer, claimed, command, datagram, encode, encode_datagram, frame, handshake, introduce,
};
use proptest::prelude::*;

const FRAMES: &str = include_str!("../frames.txt");
const CODECS: [AvlCodec; 3] = [AvlCodec::Codec8, AvlCodec::Codec8Extended, AvlCodec::Codec16];

struct Row {
    number: &'static str,
    transport: &'static str,
    expect: &'static str,
    bytes: Vec<u8>,
}

fn rows() -> Vec<Row> {
    let lines = FRAMES.lines().filter(|line| !line.starts_with('#'));
    let rows: Vec<Row> = lines
        .map(|line| {
            let parts: Vec<&str> = line.split(' ').collect();
            let [number, _, transport, expect, hex] = parts[..] else { panic!("{line}") };
            Row { number, transport, expect, bytes: from_hex(hex) }
        })
        .collect();
    assert_eq!(rows.len(), 70);
    rows
}

fn bytes_of(number: &str) -> Vec<u8> {
    rows().into_iter().find(|row| row.number == number).expect("a row").bytes
}

fn from_hex(hex: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// What a decoder made of it, as the table says it.
fn made_of(row: &Row) -> String {
    let told = |step| match step {
        Step::More { needed } => format!("more:{needed}"),
        Step::Done { value, used } => {
            assert_eq!(used, row.bytes.len(), "{}", row.number);
            match value {
                Frame::Records(records) => format!("records:{}", records.len()),
                Frame::Messages(messages) => format!("messages:{}", messages.len()),
                Frame::Ping => "ping".to_owned(),
            }
        }
    };
    match row.transport {
        "handshake" => match handshake(&row.bytes) {
            Ok(step) => {
                assert!(matches!(step, Step::Done { used: 17, .. }), "{}", row.number);
                "imei".to_owned()
            }
            Err(refused) => format!("refused:{}", refused.why.label()),
        },
        "tcp" => match frame(&row.bytes) {
            Ok(step) => told(step),
            Err(refused) => {
                assert_eq!(refused.used, Some(row.bytes.len().min(refused.used.unwrap_or(0))), "{}", row.number);
                assert!(!refused.to_string().is_empty());
                format!("refused:{}", refused.why.label())
            }
        },
        _ => match datagram(&row.bytes) {
            Ok(datagram) => format!("records:{}", datagram.records.len()),
            Err(refused) => format!("refused:{}", refused.why.label()),
        },
    }
}

#[test]
fn every_published_frame_is_what_it_is() {
    for row in rows() {
        assert_eq!(made_of(&row), row.expect, "{}", row.number);
    }
}

/// Behind a whole frame nothing changes, and of a part of one exactly the rest is asked for.
#[test]
fn a_frame_is_the_same_however_it_arrives() {
    for row in rows().into_iter().filter(|row| row.transport == "tcp" && !row.expect.starts_with("more")) {
        let whole = frame(&row.bytes);
        let longer = [&row.bytes[..], &[0, 0, 0, 0, 0xff]].concat();
        if row.number != "090" {
            assert_eq!(frame(&longer), whole, "{}", row.number);
        }
        let mut have = 0;
        while let Ok(Step::More { needed }) = frame(&row.bytes[..have]) {
            assert!(needed > 0 && have + needed <= row.bytes.len(), "{} {have}", row.number);
            have += needed;
        }
        assert_eq!(frame(&row.bytes[..have]), whole, "{}", row.number);
    }
}

#[test]
fn a_record_has_what_the_device_sent() {
    let Ok(Step::Done { value: Frame::Records(records), .. }) = frame(&bytes_of("070")) else { panic!() };
    let [record] = &records[..] else { panic!("{records:?}") };
    assert_eq!(record.at.to_rfc3339(), "2024-07-03T10:48:14+00:00");
    assert_eq!((record.longitude, record.latitude), (42.373_737, 42.373_737));
    assert_eq!((record.altitude_m, record.heading_deg, record.satellites, record.speed_kmh), (731, 262, 5, 0));
    assert_eq!((record.priority, record.event_id), (1, 239));
    let io = r#"{"1":0,"239":1,"240":1,"66":12618,"67":4145,"9":43}"#;
    assert_eq!(serde_json::to_string(&record.io_json()).unwrap(), io);
}

/// By another program: the same record has the same digest in every packet and at every instance.
#[test]
fn a_digest_is_made_of_the_records_bytes_alone() {
    let Ok(Step::Done { value: Frame::Records(records), .. }) = frame(&bytes_of("061")) else { panic!() };
    let digests: Vec<i64> = records.iter().map(|record| record.digest).collect();
    assert_eq!(digests, [5_999_478_680_766_913_288, -5_428_584_858_669_139_879]);
    // Alone in a packet the second one is the same.
    let alone = framed(&[&[8, 1][..], &bytes_of("061")[42..74], &[1]].concat());
    let Ok(Step::Done { value: Frame::Records(records), .. }) = frame(&alone) else { panic!("{alone:02x?}") };
    assert_eq!(records[0].digest, digests[1]);
}

fn framed(data: &[u8]) -> Vec<u8> {
    let crc = u32::from(nom_teltonika::crc16(data)).to_be_bytes();
    let length = u32::try_from(data.len()).expect("short").to_be_bytes();
    [&[0; 4][..], &length, data, &crc].concat()
}

#[test]
fn values_of_sixteen_bytes_are_read() {
    let io = |variable: &[u8], total: u8| {
        let wide = [0x0a; 16];
        let head = from_hex("0000016b412cee000100000000000000000000000000000000");
        let groups = [&[0, 1, 0, total, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0x19][..], &wide, variable].concat();
        framed(&[&[0x8e, 1][..], &head[..24], &groups, &[1]].concat())
    };
    let read = |bytes: &[u8]| match frame(bytes) {
        Ok(Step::Done { value: Frame::Records(records), .. }) => records[0].io.clone(),
        other => panic!("{other:?}"),
    };
    let wide = (0x119, IoValue::Bytes(vec![0x0a; 16]));
    assert_eq!(read(&io(&[0, 0], 2)), [(1, IoValue::Number(1)), wide.clone()]);
    let both = read(&io(&[0, 1, 1, 0, 0, 3, b'V', b'I', b'N'], 3));
    assert_eq!(both, [(1, IoValue::Number(1)), (0x100, IoValue::Bytes(b"VIN".to_vec())), wide]);
    // A count that isn't right is refused, in the words of the usual way.
    assert!(frame(&io(&[0, 0], 3)).is_err());
    // Over UDP the same.
    let packet = io(&[0, 0], 2);
    let body = &packet[8..packet.len() - 4];
    let length = u16::try_from(6 + 15 + body.len()).unwrap().to_be_bytes();
    let sent = [&length[..], &[0xca, 0xfe, 1, 5, 0, 15], b"352093086403655", body].concat();
    assert_eq!(datagram(&sent).unwrap().records[0].io.len(), 2);
}

#[test]
fn messages_say_who_when_and_what() {
    let check = |number: &str, kind, imei: Option<&str>, at: Option<&str>, text: &str| {
        let Ok(Step::Done { value: Frame::Messages(messages), .. }) = frame(&bytes_of(number)) else { panic!("{number}") };
        let [message] = &messages[..] else { panic!("{number}: {messages:?}") };
        let imei: Option<Imei> = imei.map(|imei| imei.parse().unwrap());
        let told = (message.kind, message.imei, message.at.map(|at| at.to_rfc3339()), message.text());
        assert_eq!(told, (kind, imei, at.map(str::to_owned), text.to_owned()), "{number}");
    };
    check("053", MessageKind::Command, None, None, "getinfo");
    check("063", MessageKind::Answer, None, None, "DI1:1 DI2:0 DI3:0 AIN1:0 AIN2:16924 DO1:0 DO2:1");
    check("067", MessageKind::Answer, None, Some("1975-08-03T05:37:36+00:00"), "getinfo");
    check("121", MessageKind::Answer, None, Some("2023-08-25T04:48:01+00:00"), "hello lets test");
    check("068", MessageKind::Command, Some("352093081452251"), None, "getver");
    check("122", MessageKind::NotMeant, Some("352093081452251"), None, "");
    check("069", MessageKind::Serial, Some("123456789123456"), Some("2023-11-08T10:40:36+00:00"), "Hello!");
}

#[test]
fn a_wrong_crc_is_seen_in_every_codec() {
    for row in rows()
        .into_iter()
        .filter(|row| row.transport == "tcp" && (row.expect.starts_with("rec") || row.expect.starts_with("mess")))
    {
        let mut bytes = row.bytes;
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        let refused = frame(&bytes).unwrap_err();
        assert_eq!((refused.why.label(), refused.used), ("crc", Some(bytes.len())), "{}", row.number);
    }
}

#[test]
fn what_is_answered() {
    assert_eq!(acknowledge(2), [0, 0, 0, 2]);
    assert_eq!((admit(true), admit(false)), ([1], [0]));
    // The vendor's own example.
    let Datagram { packet_id, avl_packet_id, .. } = datagram(&bytes_of("055")).unwrap();
    assert_eq!(acknowledge_datagram(packet_id, avl_packet_id, 1).to_vec(), from_hex("0005cafe010501"));
    let imei: Imei = "352093081452251".parse().unwrap();
    assert_eq!(command(CommandCodec::Codec12, "getinfo"), bytes_of("053"));
    assert_eq!(command(CommandCodec::Codec14(imei), "getver"), bytes_of("068"));
    assert_eq!(answer(CommandCodec::Codec12, "getinfo"), bytes_of("088"));
}

/// Even a packet that can't be read tells what its device waits for.
#[test]
fn a_device_can_be_freed_of_a_bad_packet() {
    for row in rows() {
        match row.transport {
            "tcp" => {
                let expect = row.expect.strip_prefix("records:").map(|many| many.parse().unwrap());
                assert_eq!(claimed(&row.bytes), expect.unwrap_or(claimed(&row.bytes)), "{}", row.number);
            }
            "udp" => {
                if let Err(refused) = datagram(&row.bytes) {
                    assert!(refused.ids.is_some_and(|(packet, _)| packet == 0xcafe), "{}", row.number);
                    let known = refused.imei.is_some_and(|imei| imei.as_str() == "352093086403655");
                    assert!(known != (refused.why.label() == "imei"), "{}: {refused:?}", row.number);
                    assert_eq!(refused.claims, 1, "{}", row.number);
                }
            }
            _ => (),
        }
    }
    assert_eq!((claimed(&[]), claimed(&[0; 9]), claimed(&[0; 20])), (1, 1, 1), "0 would ask for it again");
    assert_eq!(datagram(&[]).unwrap_err().ids, None);
}

#[test]
fn nobody_makes_the_server_wait_for_much() {
    let lost = |bytes: &[u8], label: &str| {
        let refused = frame(bytes).unwrap_err();
        assert_eq!((refused.why.label(), refused.used), (label, None), "{bytes:02x?}");
    };
    lost(&[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], "too_long");
    lost(&[0, 0, 0, 0, 0, 0, 0x40, 0], "too_long");
    // Codec 8 has at most 1,280 bytes.
    lost(&[0, 0, 0, 0, 0, 0, 5, 0, 8], "too_long");
    lost(b"GET / HTTP/1.1\r\n", "preamble");
    assert_eq!(frame(&[0xff, 0, 0]).unwrap(), Step::Done { value: Frame::Ping, used: 1 });
    assert_eq!(frame(&[]).unwrap(), Step::More { needed: 8 });
    let greeted = |bytes: &[u8], expect: Option<usize>| match handshake(bytes) {
        Ok(Step::More { needed }) => assert_eq!(Some(needed), expect, "{bytes:02x?}"),
        Ok(other) => panic!("{other:?}"),
        Err(refused) => assert_eq!((refused.used, None), (None, expect), "{bytes:02x?}"),
    };
    greeted(&[], Some(17));
    greeted(&[0], Some(16));
    greeted(b"\0\x0f35", Some(13));
    greeted(&[0xff, 0xff], None);
    greeted(&[1], None);
    greeted(b"\0\x0f35x", None);
    assert_eq!(datagram(&[0; 2_049]).unwrap_err().why.label(), "too_long");
    assert_eq!(datagram(&[0; 2_048]).unwrap_err().why.label(), "length");
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    let io =
        prop::collection::btree_map(1_u16..=255, any::<u64>().prop_flat_map(|n| (0..64_u32).prop_map(move |by| n >> by)), 0..6);
    let place = (-1_800_000_000_i32..=1_800_000_000, -900_000_000_i32..=900_000_000);
    let record = (0_i64..4_000_000_000_000, place, any::<i16>(), 0_i16..=360, 0_i16.., 0_i16..=255, 0_i16..=2, 0_i32..=255, io);
    let record = record.prop_map(|(ms, (x, y), altitude_m, heading_deg, speed_kmh, satellites, priority, event_id, io)| Record {
        at: DateTime::from_timestamp_millis(ms).expect("a time"),
        digest: 0,
        latitude: f64::from(y) / 1e7,
        longitude: f64::from(x) / 1e7,
        altitude_m,
        heading_deg,
        speed_kmh,
        satellites,
        priority,
        event_id,
        io: io.into_iter().map(|(id, value)| (id, IoValue::Number(value))).collect(),
    });
    prop::collection::vec(record, 1..10)
}

fn without_digest(records: Vec<Record>) -> Vec<Record> {
    records.into_iter().map(|record| Record { digest: 0, ..record }).collect()
}

proptest! {
    #[test]
    fn what_is_encoded_is_read_again(records in records(), pick in 0..3_usize) {
        let codec = CODECS[pick];
        let sent = encode(codec, &records).unwrap();
        let Ok(Step::Done { value: Frame::Records(read), used }) = frame(&sent) else { panic!("{sent:02x?}") };
        prop_assert_eq!(used, sent.len());
        prop_assert_eq!(without_digest(read.clone()), records.clone());

        let imei: Imei = "352093086403655".parse().unwrap();
        let sent = encode_datagram(imei, 7, 9, codec, &records).unwrap();
        let got = datagram(&sent).unwrap();
        prop_assert_eq!((got.packet_id, got.avl_packet_id, got.imei), (7, 9, imei));
        prop_assert_eq!(got.records, read);
    }

    #[test]
    fn a_text_is_read_again(text in "[ -~]{1,100}", fourteen: bool) {
        let imei: Imei = "352093081452251".parse().unwrap();
        let codec = if fourteen { CommandCodec::Codec14(imei) } else { CommandCodec::Codec12 };
        let sent = command(codec, &text);
        let Ok(Step::Done { value: Frame::Messages(messages), .. }) = frame(&sent) else { panic!("{sent:02x?}") };
        let number = if fourteen { 14 } else { 12 };
        let imei = fourteen.then_some(imei);
        let expect = Message { codec: number, kind: MessageKind::Command, imei, at: None, payload: text.into_bytes() };
        prop_assert_eq!(messages, [expect]);
    }

    /// Whatever comes, it is read, refused, or waited for within the bound.
    #[test]
    fn nothing_that_comes_is_too_much(pick in 0..70_usize, at: prop::sample::Index, with in prop::collection::vec(any::<u8>(), 0..9), cut: prop::sample::Index, mend: bool) {
        let mut bytes = rows().swap_remove(pick).bytes;
        let from = at.index(bytes.len());
        let to = (from + with.len()).min(bytes.len());
        bytes.splice(from..to, with);
        if mend && bytes.len() > 12 {
            // A right CRC, so that what is behind it is reached.
            let end = bytes.len() - 4;
            let data = bytes[8..end].to_vec();
            bytes = framed(&data);
        }
        bytes.truncate(cut.index(bytes.len() * 2).max(1).min(bytes.len()));
        let bound = |needed: usize| assert!(needed > 0 && bytes.len() + needed <= 16_384, "{needed}");
        match frame(&bytes) {
            Ok(Step::More { needed }) => bound(needed),
            Ok(Step::Done { used, .. }) => prop_assert!(used > 0 && used <= bytes.len()),
            Err(refused) => prop_assert!(refused.used.is_none_or(|used| used > 0 && used <= bytes.len())),
        }
        if let Ok(Step::More { needed }) = handshake(&bytes) {
            bound(needed);
        }
        let _ = datagram(&bytes);
    }

    #[test]
    fn an_introduction_is_understood(digits in "[0-9]{15}") {
        let imei: Imei = digits.parse().unwrap();
        prop_assert_eq!(handshake(&introduce(imei)).unwrap(), Step::Done { value: imei, used: 17 });
    }
}
