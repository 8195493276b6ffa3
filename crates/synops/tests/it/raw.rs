//! A caller that keeps to no rule: bytes on a connection, frames as it likes, reading or not.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// Nothing of a test takes longer, whatever the machine does besides.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
/// Little room for what it does not read.
const RECEIVE_BUFFER_BYTES: u32 = 4_096;

pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;

pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
}

impl Raw {
    pub(crate) async fn connect(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream })
    }

    /// A live socket whose upgrade has been answered with 101.
    pub(crate) async fn upgraded(address: SocketAddr, session: Option<&str>) -> io::Result<Self> {
        let cookie = session.map(|session| format!("Cookie: synops_session={session}\r\n")).unwrap_or_default();
        Self::upgraded_as(address, &cookie).await
    }

    /// The same, with an API token.
    pub(crate) async fn upgraded_with_token(address: SocketAddr, token: &str) -> io::Result<Self> {
        Self::upgraded_as(address, &format!("Authorization: Bearer {token}\r\n")).await
    }

    async fn upgraded_as(address: SocketAddr, credential: &str) -> io::Result<Self> {
        let mut raw = Self::connect(address).await?;
        let head = format!(
            "GET /api/v1/live HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n{credential}Upgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        );
        raw.stream.write_all(head.as_bytes()).await?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(raw.stream.read_u8().await?);
        }
        if answer.starts_with(b"HTTP/1.1 101") { Ok(raw) } else { Err(io::Error::other(String::from_utf8_lossy(&answer))) }
    }

    /// A whole frame, masked as a client's must be.
    pub(crate) async fn frame(&mut self, opcode: u8, payload: &[u8]) -> io::Result<()> {
        let mut frame = header(0x80 | opcode, 0x80, payload.len() as u64);
        // A mask of zeros changes nothing.
        frame.extend([0; 4]);
        frame.extend(payload);
        self.stream.write_all(&frame).await
    }

    pub(crate) async fn text(&mut self, text: &str) -> io::Result<()> {
        self.frame(TEXT, text.as_bytes()).await
    }

    /// The next frame: opcode and payload. An error: the connection ended.
    pub(crate) async fn read(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let reading = async {
            let opcode = self.stream.read_u8().await? & 0x0f;
            let length = match self.stream.read_u8().await? & 0x7f {
                126 => u64::from(self.stream.read_u16().await?),
                127 => self.stream.read_u64().await?,
                short => u64::from(short),
            };
            let mut payload = vec![0; usize::try_from(length).map_err(io::Error::other)?];
            self.stream.read_exact(&mut payload).await?;
            Ok((opcode, payload))
        };
        timeout(LIMIT, reading).await.expect("an answer or an end")
    }

    /// Reads until a text frame contains this; answers the frame.
    pub(crate) async fn until(&mut self, what: &str) -> String {
        loop {
            match self.read().await {
                Ok((TEXT, payload)) => {
                    let text = String::from_utf8(payload).expect("text is UTF-8");
                    if text.contains(what) {
                        return text;
                    }
                }
                Ok((CLOSE, payload)) => panic!("closed with {:?} before {what:?}", code(&payload)),
                Ok(_) => {}
                Err(error) => panic!("{error} before {what:?}"),
            }
        }
    }

    /// The head of an answer, and as much of its body as it says.
    pub(crate) async fn until_answered(&mut self) -> String {
        let reading = async {
            let mut answer = Vec::new();
            while !answer.ends_with(b"\r\n\r\n") {
                answer.push(self.stream.read_u8().await?);
            }
            let head = String::from_utf8_lossy(&answer).to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
            let mut body = vec![0; length.unwrap_or_default()];
            self.stream.read_exact(&mut body).await?;
            answer.extend(body);
            io::Result::Ok(answer)
        };
        let answer = timeout(LIMIT, reading).await.expect("an answer").expect("a whole answer");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Whatever comes until the server ends the connection.
    pub(crate) async fn read_all_bytes(&mut self) -> String {
        let mut answer = Vec::new();
        let _ = timeout(LIMIT, self.stream.read_to_end(&mut answer)).await.expect("an end");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Reads to the end: the texts, and the close code if there was one.
    pub(crate) async fn read_all(&mut self) -> (Vec<String>, Option<u16>) {
        let mut texts = Vec::new();
        loop {
            match self.read().await {
                Ok((TEXT, payload)) => texts.push(String::from_utf8(payload).expect("text is UTF-8")),
                Ok((CLOSE, payload)) => return (texts, code(&payload)),
                Ok(_) => {}
                Err(_) => return (texts, None),
            }
        }
    }
}

/// The head of a frame without its mask.
pub(crate) fn header(first: u8, masked: u8, length: u64) -> Vec<u8> {
    let mut head = vec![first];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < 126 => head.push(masked | short),
        (_, Ok(middle)) => {
            head.push(masked | 126);
            head.extend(middle.to_be_bytes());
        }
        _ => {
            head.push(masked | 127);
            head.extend(length.to_be_bytes());
        }
    }
    head
}

fn code(payload: &[u8]) -> Option<u16> {
    payload.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

/// Sends these bytes as they are, and reads what comes until the server ends the connection.
pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut raw = Raw::connect(address).await.expect("a connection");
    let (mut from, mut to) = raw.stream.split();
    let mut answer = Vec::new();
    // It may answer, and end, before it has read all.
    let _ = timeout(LIMIT, async { tokio::join!(to.write_all(bytes), from.read_to_end(&mut answer)) }).await.expect("an end");
    String::from_utf8_lossy(&answer).into_owned()
}
