//! One HTTP/1.1 connection, one request after the other.

use anyhow::{Context as _, bail};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) struct Http {
    stream: TcpStream,
    /// Of every request.
    headers: String,
    buffer: Vec<u8>,
}

impl Http {
    pub(crate) async fn connect(address: SocketAddr, token: Option<&str>) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        Ok(Self { stream, headers: format!("Host: {address}\r\n{token}"), buffer: Vec::with_capacity(16_384) })
    }

    /// Sends a request; answers status and body.
    pub(crate) async fn send(&mut self, method: &str, path: &str, body: &str) -> anyhow::Result<(u16, String)> {
        self.send_with(method, path, "", body).await
    }

    /// The same with more headers, each with its line's end.
    pub(crate) async fn send_with(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> anyhow::Result<(u16, String)> {
        let length = body.len();
        let body = format!("{headers}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}");
        let (status, head_length) = self.exchange(method, path, &body).await?;
        Ok((status, String::from_utf8_lossy(&self.buffer[head_length..]).into_owned()))
    }

    /// Gets it; answers status and how long the body is, which is read and not looked at.
    pub(crate) async fn fetch(&mut self, path: &str) -> anyhow::Result<(u16, usize)> {
        let (status, head_length) = self.exchange("GET", path, "\r\n").await?;
        Ok((status, self.buffer.len() - head_length))
    }

    /// Sends a request, and reads its whole answer; answers its status and where its body begins.
    async fn exchange(&mut self, method: &str, path: &str, rest: &str) -> anyhow::Result<(u16, usize)> {
        let request = format!("{method} {path} HTTP/1.1\r\n{}{rest}", self.headers);
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        let head_length = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.read().await?;
        };
        let head = std::str::from_utf8(&self.buffer[..head_length])?.to_ascii_lowercase();
        let status = head.split_whitespace().nth(1).and_then(|s| s.parse().ok()).context("not an HTTP answer")?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).map(|l| l.trim().parse::<usize>());
        let length = match length {
            Some(length) => length?,
            None if matches!(status, 204 | 304) => 0,
            None => bail!("an answer without its length: {head}"),
        };
        while self.buffer.len() < head_length + length {
            self.read().await?;
        }
        Ok((status, head_length))
    }

    async fn read(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}
