//! The way over TCP: a handshake, then frames.

use super::message::{self, Message};
use super::record::{self, Record};
use super::refused::{Refused, Why};
use super::wide;
use crate::limits::TELEMETRY_FRAME_MAX_BYTES;
use crate::telemetry::Imei;
use nom_teltonika::decoder::{DecodeFrameError, FrameError, take_frame};
use nom_teltonika::protocol::{AvlCodec, FrameView};

/// The length that stands before an IMEI.
pub(super) const IMEI_PREFIX: [u8; 2] = [0, Imei::BYTES as u8];
/// Four zero bytes and the length of the data.
const HEADER_BYTES: usize = 8;
const CRC_BYTES: usize = 4;
/// Devices send this byte by itself to keep a connection open ("network ping").
const PING: u8 = 0xff;

/// How far one comes with the bytes that are there.
#[derive(Clone, Debug, PartialEq)]
pub enum Step<T> {
    /// At least so many bytes more are needed; what is there stays as it is. Never 0, and never more than
    /// one frame may have.
    More { needed: usize },
    /// The next one begins behind the `used` bytes.
    Done { value: T, used: usize },
}

/// What a frame says.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// Acknowledged once they are kept: see [`acknowledge`].
    Records(Vec<Record>),
    /// Of codecs 12 to 15: never acknowledged.
    Messages(Vec<Message>),
    /// Only to keep the connection open; not acknowledged.
    Ping,
}

/// The IMEI with which a device begins. Anything else is refused at its first byte that differs, so that
/// nobody makes the server wait for 65,535 bytes of it.
pub fn handshake(buffer: &[u8]) -> Result<Step<Imei>, Refused> {
    if buffer.iter().zip(IMEI_PREFIX).any(|(byte, expect)| *byte != expect) {
        return Err(Refused::lost(Why::Imei));
    }
    let whole = IMEI_PREFIX.len() + Imei::BYTES;
    let digits = buffer.get(IMEI_PREFIX.len()..whole.min(buffer.len())).unwrap_or_default();
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(Refused::lost(Why::Imei));
    }
    match Imei::from_ascii(digits) {
        Some(value) => Ok(Step::Done { value, used: whole }),
        None => Ok(Step::More { needed: whole - buffer.len() }),
    }
}

/// The answer to a handshake: whether the device may go on.
pub const fn admit(admitted: bool) -> [u8; 1] {
    [admitted as u8]
}

/// The first frame in `buffer`, which grows until there is one. A refused frame that `used` bytes is skipped
/// and answered with 0, so that the device sends it again.
pub fn frame(buffer: &[u8]) -> Result<Step<Frame>, Refused> {
    if buffer.first() == Some(&PING) {
        return Ok(Step::Done { value: Frame::Ping, used: 1 });
    }
    bounded(buffer)?;
    let mut rest = buffer;
    match take_frame(&mut rest) {
        Ok(view) => {
            let used = buffer.len() - rest.len();
            let value = read(view, data(buffer, used)).map_err(|why| Refused::skipping(used, why))?;
            Ok(Step::Done { value, used })
        }
        Err(DecodeFrameError::Incomplete { needed }) => Ok(Step::More { needed: needed.get() }),
        Err(DecodeFrameError::InvalidHeader(error)) => Err(Refused::lost(error.into())),
        Err(DecodeFrameError::InvalidFrame { len, reason }) => match read_beside(buffer, len, reason) {
            Ok(value) => Ok(Step::Done { value, used: len }),
            Err(why) => Err(Refused::skipping(len, why)),
        },
    }
}

/// How many records were taken; with 0 the device sends them again.
pub const fn acknowledge(records: u32) -> [u8; 4] {
    records.to_be_bytes()
}

/// How many records a frame says it has, well-formed or not: so many are acknowledged when a device is to be
/// freed of one that it would send for ever. Never 0, which would ask for it again.
pub fn claimed(frame: &[u8]) -> u32 {
    u32::from(claims(frame.get(HEADER_BYTES..).unwrap_or_default()))
}

/// The byte behind the codec; of none at all, 1.
pub(super) fn claims(data: &[u8]) -> u8 {
    data.get(1).copied().unwrap_or_default().max(1)
}

/// A length over the bound is refused before its bytes are waited for.
fn bounded(buffer: &[u8]) -> Result<(), Refused> {
    let Some([0, 0, 0, 0, length @ ..]) = buffer.first_chunk::<HEADER_BYTES>() else { return Ok(()) };
    let bytes = u64::from(u32::from_be_bytes(*length)) + (HEADER_BYTES + CRC_BYTES) as u64;
    let max = TELEMETRY_FRAME_MAX_BYTES as u64;
    if bytes > max { Err(Refused::lost(Why::TooLong { bytes, max })) } else { Ok(()) }
}

/// From the codec to the second count.
fn data(buffer: &[u8], used: usize) -> &[u8] {
    used.checked_sub(CRC_BYTES).and_then(|end| buffer.get(HEADER_BYTES..end)).unwrap_or_default()
}

fn read(view: FrameView<'_>, data: &[u8]) -> Result<Frame, Why> {
    match view {
        FrameView::Avl(packet) => record::of_packet(packet, data).map(Frame::Records),
        FrameView::Gprs(packet) => {
            let messages: Result<Vec<_>, _> = packet.messages().map(Message::of_codec12).collect();
            messages.map(Frame::Messages)
        }
        other => Err(Why::Codec(other.codec().into())),
    }
}

/// A frame that `nom-teltonika` refused, if it is one of those that it doesn't know.
fn read_beside(buffer: &[u8], used: usize, reason: FrameError) -> Result<Frame, Why> {
    let data = data(buffer, used);
    let codec = data.first().copied().ok_or(Why::Empty)?;
    match reason {
        FrameError::UnsupportedCodec(_) if message::knows(codec) => {
            verify_crc(buffer, used, data)?;
            message::read(data).map(Frame::Messages)
        }
        // Its CRC was right.
        FrameError::Avl(error) => match AvlCodec::try_from(codec) {
            Ok(codec) => wide::records(codec, data).map(Frame::Records).map_err(|_| error.into()),
            Err(_) => Err(error.into()),
        },
        other => Err(other.into()),
    }
}

fn verify_crc(buffer: &[u8], used: usize, data: &[u8]) -> Result<(), Why> {
    let field = buffer.get(..used).and_then(<[u8]>::last_chunk::<CRC_BYTES>).ok_or(Why::Truncated)?;
    let (received, computed) = (u32::from_be_bytes(*field), u32::from(nom_teltonika::crc16(data)));
    if received == computed { Ok(()) } else { Err(Why::Crc { received, computed }) }
}
