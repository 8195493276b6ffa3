//! The way over UDP: every packet tells who sent it, and has no CRC.

use super::record::{self, Record};
use super::refused::Why;
use super::tcp::{IMEI_PREFIX, claims};
use super::wide;
use crate::limits::TELEMETRY_DATAGRAM_MAX_BYTES;
use crate::telemetry::Imei;
use nom_teltonika::decoder::{DatagramError, DecodeDatagramError, take_datagram};
use nom_teltonika::protocol::AvlCodec;

/// Length, packet id, the byte that means nothing, AVL packet id, length of the IMEI.
const HEADER_BYTES: usize = 2 + 2 + 1 + 1 + 2;
/// What the vendor's servers send at the place of the byte that means nothing.
const NOT_USABLE: u8 = 1;
/// Of an acknowledgement, behind its length.
const ACKNOWLEDGEMENT_BYTES: u16 = 5;

#[derive(Clone, Debug, PartialEq)]
pub struct Datagram {
    pub packet_id: u16,
    pub avl_packet_id: u8,
    pub imei: Imei,
    pub records: Vec<Record>,
}

/// A packet that can't be taken, with what of its header could be read: who sent it, and what to answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct RefusedDatagram {
    pub why: Why,
    /// Packet id and AVL packet id.
    pub ids: Option<(u16, u8)>,
    pub imei: Option<Imei>,
    /// How many records it says it has: so many are acknowledged when the device is to be freed of it.
    pub claims: u8,
}

/// A whole packet as it was received.
pub fn datagram(bytes: &[u8]) -> Result<Datagram, RefusedDatagram> {
    let ids = match bytes {
        [_, _, high, low, _, avl, ..] => Some((u16::from_be_bytes([*high, *low]), *avl)),
        _ => None,
    };
    // Where an IMEI of 15 digits ends the data begin; with any other one the packet is refused.
    let (header, rest) = bytes.split_at_checked(HEADER_BYTES).unwrap_or_default();
    let (digits, data) = rest.split_at_checked(Imei::BYTES).unwrap_or_default();
    let imei = if header.ends_with(&IMEI_PREFIX) { Imei::from_ascii(digits) } else { None };
    let refused = |why| RefusedDatagram { why, ids, imei, claims: claims(data) };
    if bytes.len() > TELEMETRY_DATAGRAM_MAX_BYTES {
        return Err(refused(Why::TooLong { bytes: bytes.len() as u64, max: TELEMETRY_DATAGRAM_MAX_BYTES as u64 }));
    }
    let records = records(bytes, data).map_err(refused)?;
    match (ids, imei) {
        (Some((packet_id, avl_packet_id)), Some(imei)) => Ok(Datagram { packet_id, avl_packet_id, imei, records }),
        _ => Err(refused(Why::Imei)),
    }
}

fn records(bytes: &[u8], data: &[u8]) -> Result<Vec<Record>, Why> {
    match take_datagram(&mut &bytes[..]) {
        Ok(view) if view.imei().as_str().len() == Imei::BYTES => record::of_packet(view.packet(), data),
        Ok(_) => Err(Why::Imei),
        Err(DecodeDatagramError::NoHeader) => Err(Why::Truncated),
        Err(DecodeDatagramError::InvalidDatagram { reason: DatagramError::Avl(error), .. }) => {
            let codec = data.first().and_then(|codec| AvlCodec::try_from(*codec).ok());
            codec.and_then(|codec| wide::records(codec, data).ok()).ok_or(error.into())
        }
        Err(DecodeDatagramError::InvalidDatagram { reason, .. }) => Err(reason.into()),
    }
}

/// How many records of which packet were taken.
pub fn acknowledge_datagram(packet_id: u16, avl_packet_id: u8, records: u8) -> [u8; 7] {
    let [length_high, length_low] = ACKNOWLEDGEMENT_BYTES.to_be_bytes();
    let [id_high, id_low] = packet_id.to_be_bytes();
    [length_high, length_low, id_high, id_low, NOT_USABLE, avl_packet_id, records]
}
