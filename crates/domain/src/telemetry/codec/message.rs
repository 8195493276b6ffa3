//! Texts to and from a device: codecs 12 to 15. They are never acknowledged.

use super::reader::Reader;
use super::record::hex;
use super::refused::Why;
use crate::limits::TELEMETRY_COMMAND_MAX_BYTES;
use crate::refusal::Refusal;
use crate::telemetry::Imei;
use crate::text::text_enum;
use chrono::{DateTime, Utc};
use nom_teltonika::protocol::{GprsMessageType, GprsMessageView};

const CODEC_12: u8 = 12;
/// With the time at which the text was made; only from a device.
const CODEC_13: u8 = 13;
/// For one device by its IMEI: another one answers that it isn't meant.
const CODEC_14: u8 = 14;
/// From a serial port of the device, with time and IMEI; only from a device.
const CODEC_15: u8 = 15;
const COMMAND: u8 = 5;
const ANSWER: u8 = 6;
const NOT_MEANT: u8 = 0x11;

text_enum! {
    MessageKind {
        /// To a device.
        Command = "command",
        Answer = "answer",
        /// The device's IMEI isn't the command's.
        NotMeant = "not_meant",
        /// Of what is at a serial port of the device.
        Serial = "serial",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// 12 to 15.
    pub codec: u8,
    pub kind: MessageKind,
    /// Where the codec tells it.
    pub imei: Option<Imei>,
    pub at: Option<DateTime<Utc>>,
    pub payload: Vec<u8>,
}

impl Message {
    pub(super) fn of_codec12(view: GprsMessageView<'_>) -> Result<Self, Why> {
        let kind = match view.kind() {
            GprsMessageType::Command => MessageKind::Command,
            GprsMessageType::Response => MessageKind::Answer,
            other => return Err(Why::MessageType(other.into())),
        };
        Ok(Self { codec: CODEC_12, kind, imei: None, at: None, payload: view.payload().to_vec() })
    }

    /// Readable text as it is, without the ends of lines behind it; other bytes in hex.
    pub fn text(&self) -> String {
        match std::str::from_utf8(&self.payload) {
            Ok(text) if text.chars().all(|c| !c.is_control() || c.is_ascii_whitespace()) => text.trim_end().to_owned(),
            _ => hex(&self.payload),
        }
    }
}

/// Whether the codec is one that is read here.
pub(super) const fn knows(codec: u8) -> bool {
    matches!(codec, CODEC_13 | CODEC_14 | CODEC_15)
}

/// The messages of `data`, which runs from the codec to the second quantity (which "will not be parsed", says
/// the vendor).
pub(super) fn read(data: &[u8]) -> Result<Vec<Message>, Why> {
    let mut reader = Reader::new(data);
    let [codec, count] = reader.array()?;
    if count == 0 {
        return Err(Why::Empty);
    }
    let messages = (0..count).map(|_| one(codec, &mut reader)).collect::<Result<Vec<_>, Why>>()?;
    match reader.rest() {
        [] => Err(Why::Truncated),
        [_] => Ok(messages),
        _ => Err(Why::Trailing),
    }
}

fn one(codec: u8, reader: &mut Reader<'_>) -> Result<Message, Why> {
    let kind = match (codec, reader.byte()?) {
        (CODEC_15, _) => MessageKind::Serial,
        (_, COMMAND) => MessageKind::Command,
        (_, ANSWER) => MessageKind::Answer,
        (CODEC_14, NOT_MEANT) => MessageKind::NotMeant,
        (_, other) => return Err(Why::MessageType(other)),
    };
    let size = u32::from_be_bytes(reader.array()?);
    let mut body = Reader::new(reader.take(usize::try_from(size).map_err(|_| Why::Truncated)?)?);
    let at = match codec {
        CODEC_13 | CODEC_15 => DateTime::from_timestamp(i64::from(u32::from_be_bytes(body.array()?)), 0),
        _ => None,
    };
    let imei = match codec {
        CODEC_14 | CODEC_15 => Some(Imei::from_packed(body.array()?).ok_or(Why::Imei)?),
        _ => None,
    };
    Ok(Message { codec, kind, imei, at, payload: body.rest().to_vec() })
}

/// How a command is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandCodec {
    /// To whoever is at the other end of the connection.
    Codec12,
    /// To the device of this IMEI alone.
    Codec14(Imei),
}

/// A command as it goes over the connection. See [`validate_command`] for what `text` may be.
pub fn command(codec: CommandCodec, text: &str) -> Vec<u8> {
    written(codec, COMMAND, text)
}

/// What a device answers, for those that stand in for one.
pub fn answer(codec: CommandCodec, text: &str) -> Vec<u8> {
    written(codec, ANSWER, text)
}

/// Refuses what no device takes: an empty text, one that is too long, characters other than printable ASCII.
pub fn validate_command(text: &str) -> Result<(), Refusal> {
    let fits = (1..=TELEMETRY_COMMAND_MAX_BYTES).contains(&text.len());
    if fits && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Ok(());
    }
    Err(Refusal::invalid("text", format!("1 to {TELEMETRY_COMMAND_MAX_BYTES} printable ASCII characters")))
}

fn written(codec: CommandCodec, kind: u8, text: &str) -> Vec<u8> {
    let (number, packed) = match codec {
        CommandCodec::Codec12 => (CODEC_12, Vec::new()),
        CommandCodec::Codec14(imei) => (CODEC_14, imei.to_packed().to_vec()),
    };
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes();
    let size = length(packed.len() + text.len());
    let data = [&[number, 1, kind][..], &size, &packed, text.as_bytes(), &[1]].concat();
    let crc = u32::from(nom_teltonika::crc16(&data)).to_be_bytes();
    [&[0; 4][..], &length(data.len()), &data, &crc].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_printable_and_short() {
        let check = |text: &str, expect: bool| assert_eq!(validate_command(text).is_ok(), expect, "{text:?}");
        check("getinfo", true);
        check("setparam 2001:internet;2002:", true);
        check("", false);
        check("getinfo\r\n", false);
        check("grüß", false);
        check(&"x".repeat(TELEMETRY_COMMAND_MAX_BYTES), true);
        check(&"x".repeat(TELEMETRY_COMMAND_MAX_BYTES + 1), false);
    }

    #[test]
    fn a_payload_is_shown_as_text_or_in_hex() {
        let check = |payload: &[u8], expect: &str| {
            let payload = payload.to_vec();
            let message = Message { codec: CODEC_12, kind: MessageKind::Answer, imei: None, at: None, payload };
            assert_eq!(message.text(), expect);
        };
        check(b"DI1:1 DI2:0\r\n", "DI1:1 DI2:0");
        check(b"a\nb", "a\nb");
        check(b"", "");
        check(&[0x00, 0xff], "00ff");
        check(&[0x41, 0x07], "4107");
    }
}
