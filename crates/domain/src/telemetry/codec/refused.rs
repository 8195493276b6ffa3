//! Why bytes are not taken.

use nom_teltonika::decoder::{AvlPacketError, DatagramError, FrameError, GprsPacketError, HeaderError};

/// Bytes that can't be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Refused {
    pub why: Why,
    /// How many bytes the refused frame took: the next one begins behind them. `None`: where the next one
    /// begins can't be told, and the connection must end.
    pub used: Option<usize>,
}

impl Refused {
    pub(super) const fn lost(why: Why) -> Self {
        Self { why, used: None }
    }

    pub(super) const fn skipping(used: usize, why: Why) -> Self {
        Self { why, used: Some(used) }
    }
}

/// The reason, as a dead letter tells it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("it does not begin with an IMEI of 15 digits")]
    Imei,
    #[error("it does not begin with four zero bytes")]
    Preamble,
    #[error("{bytes} bytes, at most {max} are taken")]
    TooLong { bytes: u64, max: u64 },
    #[error("there is nothing in it")]
    Empty,
    #[error("its length says {declared} bytes, but it has {actual}")]
    Length { declared: u64, actual: u64 },
    #[error("its CRC is {received:08x}, its data give {computed:08x}")]
    Crc { received: u32, computed: u32 },
    #[error("codec {0:#04x} is not known")]
    Codec(u8),
    #[error("its data end in the middle")]
    Truncated,
    #[error("it says {first} records at its beginning and {second} at its end")]
    Counts { first: u8, second: u8 },
    #[error("there are bytes behind its end")]
    Trailing,
    #[error("priority {0} is not known")]
    Priority(u8),
    #[error("generation type {0} is not known")]
    Generation(u8),
    #[error("a record says {declared} IO values, but has {counted}")]
    IoCount { declared: u32, counted: u32 },
    #[error("a record has {count} IO values, at most {max} are taken")]
    TooManyIo { count: usize, max: usize },
    #[error("the time {ms} ms after 1970 can't be told")]
    Time { ms: u64 },
    #[error("message type {0:#04x} is not known")]
    MessageType(u8),
    /// `nom-teltonika` may tell more of it one day.
    #[error("it can't be read")]
    Unreadable,
}

impl Why {
    /// One word, as a metric's label.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Imei => "imei",
            Self::Preamble => "preamble",
            Self::TooLong { .. } => "too_long",
            Self::Empty => "empty",
            Self::Length { .. } => "length",
            Self::Crc { .. } => "crc",
            Self::Codec(_) => "codec",
            Self::Truncated => "truncated",
            Self::Counts { .. } => "counts",
            Self::Trailing => "trailing",
            Self::Priority(_) => "priority",
            Self::Generation(_) => "generation",
            Self::IoCount { .. } => "io_count",
            Self::TooManyIo { .. } => "too_many_io",
            Self::Time { .. } => "time",
            Self::MessageType(_) => "message_type",
            Self::Unreadable => "unreadable",
        }
    }
}

impl From<HeaderError> for Why {
    fn from(error: HeaderError) -> Self {
        match error {
            HeaderError::InvalidPreamble { .. } => Self::Preamble,
            HeaderError::TooLong { declared, limit } => Self::TooLong { bytes: declared, max: limit },
            _ => Self::Unreadable,
        }
    }
}

impl From<FrameError> for Why {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::NoData => Self::Empty,
            FrameError::CrcMismatch { expected, received } => Self::Crc { received, computed: u32::from(expected) },
            FrameError::UnsupportedCodec(codec) => Self::Codec(codec),
            FrameError::Avl(error) => error.into(),
            FrameError::Gprs(error) => error.into(),
            _ => Self::Unreadable,
        }
    }
}

impl From<DatagramError> for Why {
    fn from(error: DatagramError) -> Self {
        match error {
            DatagramError::LengthMismatch { declared, actual } => {
                Self::Length { declared: u64::from(declared), actual: actual as u64 }
            }
            DatagramError::Truncated => Self::Truncated,
            DatagramError::ImeiNotAscii(_) => Self::Imei,
            DatagramError::UnsupportedCodec(codec) => Self::Codec(codec),
            DatagramError::Avl(error) => error.into(),
            _ => Self::Unreadable,
        }
    }
}

impl From<AvlPacketError> for Why {
    fn from(error: AvlPacketError) -> Self {
        match error {
            AvlPacketError::Truncated => Self::Truncated,
            AvlPacketError::NoRecords => Self::Empty,
            AvlPacketError::RecordCountMismatch { first, second } => Self::Counts { first, second },
            AvlPacketError::TrailingBytes => Self::Trailing,
            AvlPacketError::InvalidPriority(byte) => Self::Priority(byte),
            AvlPacketError::InvalidGenerationType(byte) => Self::Generation(byte),
            AvlPacketError::IoCountMismatch { declared, counted } => Self::IoCount { declared: u32::from(declared), counted },
            _ => Self::Unreadable,
        }
    }
}

impl From<GprsPacketError> for Why {
    fn from(error: GprsPacketError) -> Self {
        match error {
            GprsPacketError::Truncated => Self::Truncated,
            GprsPacketError::NoMessages => Self::Empty,
            GprsPacketError::TrailingBytes => Self::Trailing,
            GprsPacketError::InvalidMessageType(byte) => Self::MessageType(byte),
            _ => Self::Unreadable,
        }
    }
}
