//! A device, as a server sees it.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// No answer of a test takes longer.
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct Tracker {
    stream: TcpStream,
}

impl Tracker {
    pub(crate) async fn connect(to: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(to).await.expect("the server listens to devices") }
    }

    /// One that has introduced itself and was let in.
    pub(crate) async fn admitted(to: SocketAddr, imei: &str) -> Self {
        let mut tracker = Self::connect(to).await;
        assert_eq!(tracker.introduce(imei).await, Some(vec![1]), "{imei} is let in");
        tracker
    }

    /// The answer; `None`: the connection was closed instead.
    pub(crate) async fn introduce(&mut self, imei: &str) -> Option<Vec<u8>> {
        let mut bytes = vec![0, 15];
        bytes.extend_from_slice(imei.as_bytes());
        self.ask(&bytes, 1).await
    }

    /// How many records were acknowledged; `None`: the connection was closed instead.
    pub(crate) async fn send(&mut self, frame: &[u8]) -> Option<u32> {
        let answer = self.ask(frame, 4).await?;
        Some(u32::from_be_bytes(answer.try_into().expect("four bytes")))
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        // Whoever has closed will be seen to have, by what is read.
        let _ = self.stream.write_all(bytes).await;
    }

    /// So many bytes; `None`: the connection was closed.
    pub(crate) async fn read(&mut self, bytes: usize) -> Option<Vec<u8>> {
        let mut answer = vec![0; bytes];
        timeout(LIMIT, self.stream.read_exact(&mut answer)).await.expect("an answer, or the end").ok().map(|_| answer)
    }

    async fn ask(&mut self, bytes: &[u8], answer_bytes: usize) -> Option<Vec<u8>> {
        self.write(bytes).await;
        self.read(answer_bytes).await
    }
}
