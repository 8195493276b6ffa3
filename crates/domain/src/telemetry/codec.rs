//! What Teltonika's devices send, and what they are answered. Pure: bytes in, values out.
//!
//! Over TCP a device says its IMEI ([`handshake`]), is answered one byte ([`admit`]) and sends frames
//! ([`frame`]); those with records are answered how many were taken ([`acknowledge`]). Over UDP each packet
//! stands for itself ([`datagram`], [`acknowledge_datagram`]). The formats are those of the vendor's page
//! "Teltonika Data Sending Protocols"; `nom-teltonika` reads codecs 8, 8E, 16 and 12, and beside it stands
//! here what it lacks: codecs 13, 14 and 15 ([`message`]) and the group of 16-byte IO values ([`wide`]).

mod encode;
mod message;
mod reader;
mod record;
mod refused;
mod tcp;
mod udp;
mod wide;

pub use encode::{AvlCodec, Unsendable, encode, encode_datagram, introduce};
pub use message::{CommandCodec, Message, MessageKind, answer, command, validate_command};
pub use record::{IoValue, Record, digest, io_json};
pub use refused::{Refused, Why};
pub use tcp::{Frame, Step, acknowledge, admit, claimed, frame, handshake};
pub use udp::{Datagram, RefusedDatagram, acknowledge_datagram, datagram};
