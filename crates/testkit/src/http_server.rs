//! An HTTP server that answers as a test wants it to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

/// Answers HTTP requests by their path.
pub struct HttpServer {
    pub address: SocketAddr,
    /// How many there were.
    pub requests: Arc<AtomicUsize>,
    _task: AbortOnDropHandle<()>,
}

impl HttpServer {
    /// `answer`: what to send for a path, status line and all; `None`: nothing, for ever.
    pub async fn start(answer: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a free port");
        let requests = Arc::new(AtomicUsize::new(0));
        let (answer, counted) = (Arc::new(answer), requests.clone());
        #[expect(clippy::disallowed_methods, reason = "aborted with the server's value")]
        let task = tokio::spawn(async move {
            let connections = tokio_util::task::TaskTracker::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, answer.clone(), counted.clone()));
            }
        });
        Self { address, requests, _task: AbortOnDropHandle::new(task) }
    }
}

async fn serve(mut stream: TcpStream, answer: Arc<impl Fn(&str) -> Option<String>>, counted: Arc<AtomicUsize>) -> Option<()> {
    let (from, mut to) = stream.split();
    let mut lines = BufReader::new(from).lines();
    let request = lines.next_line().await.ok()??;
    while !lines.next_line().await.ok()??.is_empty() {}
    counted.fetch_add(1, Ordering::SeqCst);
    match answer(request.split(' ').nth(1)?) {
        Some(text) => to.write_all(text.as_bytes()).await.ok()?,
        // Until the other side has had enough.
        None => while lines.next_line().await.ok()?.is_some() {},
    }
    to.shutdown().await.ok()
}

/// An answer with a body.
pub fn page(status: &str, body: &str) -> Option<String> {
    Some(format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()))
}

/// An answer that leads elsewhere.
pub fn redirect(to: &str) -> Option<String> {
    Some(format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"))
}

/// An address on which nobody listens.
pub async fn closed_port() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port").local_addr().expect("a free port")
}
