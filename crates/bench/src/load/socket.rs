//! A WebSocket client with next to no cost of its own (RFC 6455): frames are looked at in the
//! buffer they were read into.

use anyhow::{Context as _, bail};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const BUFFER_BYTES: usize = 16_384;
const TEXT: u8 = 1;
const CLOSE: u8 = 8;

pub(crate) struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

/// Where the first frame of some bytes lies.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// More bytes are needed: so many in all, as far as is known.
    More(usize),
    Frame {
        opcode: u8,
        begins: usize,
        ends: usize,
    },
}

impl Socket {
    pub(crate) async fn connect(address: SocketAddr, path: &str, token: Option<&str>) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c3lub3BzLWJlbmNoLWtleQ==\r\n{token}\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut filled = 0;
        let head = loop {
            let read = stream.read(&mut buffer[filled..]).await?;
            filled += read;
            if let Some(at) = buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if read == 0 {
                bail!("no answer to the upgrade");
            }
        };
        if !buffer.starts_with(b"HTTP/1.1 101") {
            bail!("the socket was refused: {}", String::from_utf8_lossy(&buffer[..filled]));
        }
        buffer.copy_within(head..filled, 0);
        Ok(Self { stream, buffer, filled: filled - head })
    }

    /// Sends a text of less than 64 KiB. Clients must mask; a mask of zeros does.
    pub(crate) async fn send(&mut self, text: &str) -> anyhow::Result<()> {
        let length = u16::try_from(text.len())?;
        let mut frame = vec![0x80 | TEXT, 0x80 | 126];
        frame.extend(length.to_be_bytes());
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        Ok(self.stream.write_all(&frame).await?)
    }

    /// Gives every whole text at hand to `each`; waits for bytes first. Nothing is lost when the
    /// waiting is dropped.
    pub(crate) async fn read(&mut self, mut each: impl FnMut(&str)) -> anyhow::Result<()> {
        // What came along with the answer to the upgrade needs no waiting.
        if !matches!(find(&self.buffer[..self.filled])?, Found::Frame { .. }) {
            let read = self.stream.read(&mut self.buffer[self.filled..]).await?;
            if read == 0 {
                bail!("the server closed a socket");
            }
            self.filled += read;
        }
        let mut from = 0;
        loop {
            match find(&self.buffer[from..self.filled])? {
                Found::Frame { opcode, begins, ends } => {
                    let payload = &self.buffer[from + begins..from + ends];
                    match opcode {
                        TEXT => each(std::str::from_utf8(payload).context("a text that is not UTF-8")?),
                        CLOSE => {
                            bail!("the server closed a socket: {}", String::from_utf8_lossy(payload.get(2..).unwrap_or_default()))
                        }
                        _ => {}
                    }
                    from += ends;
                }
                Found::More(wanted) => {
                    self.buffer.copy_within(from..self.filled, 0);
                    self.filled -= from;
                    if wanted > self.buffer.len() {
                        self.buffer.resize(wanted, 0);
                    }
                    return Ok(());
                }
            }
        }
    }
}

fn find(bytes: &[u8]) -> anyhow::Result<Found> {
    let (Some(first), Some(second)) = (bytes.first(), bytes.get(1)) else { return Ok(Found::More(2)) };
    if first & 0x80 == 0 || second & 0x80 != 0 {
        bail!("a frame in parts, or one that is masked");
    }
    let (begins, length) = match second {
        126 => match bytes.get(2..4) {
            Some(length) => (4, length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))),
            None => return Ok(Found::More(4)),
        },
        127 => match bytes.get(2..10) {
            Some(length) => (10, length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))),
            None => return Ok(Found::More(10)),
        },
        length => (2, usize::from(*length)),
    };
    let ends = begins + length;
    Ok(if bytes.len() < ends { Found::More(ends) } else { Found::Frame { opcode: first & 0x0f, begins, ends } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found() {
        let check = |bytes: &[u8], expect: Found| assert_eq!(find(bytes).unwrap(), expect, "{bytes:?}");
        check(&[], Found::More(2));
        check(&[0x81, 2, b'a'], Found::More(4));
        check(&[0x81, 2, b'a', b'b', 0x81], Found::Frame { opcode: TEXT, begins: 2, ends: 4 });
        check(&[0x81, 126, 1], Found::More(4));
        check(&[0x81, 126, 1, 0], Found::More(260));
        check(&[0x88, 127, 0, 0, 0, 0, 0, 1, 0, 0], Found::More(65_546));
        assert!(find(&[0x01, 2]).is_err());
    }
}
