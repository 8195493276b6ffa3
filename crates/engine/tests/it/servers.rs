//! Servers for checks to look at.

use std::net::SocketAddr;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// Speaks first, and not what anybody expects; ends with the handle.
pub(crate) async fn noise() -> (SocketAddr, AbortOnDropHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    #[expect(clippy::disallowed_methods, reason = "aborted with its handle")]
    let task = tokio::spawn(async move {
        let connections = tokio_util::task::TaskTracker::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            connections.spawn(async move {
                let _ = stream.write_all(b"* OK at your service, what can I do for you?\r\n").await;
                // Closing before all is read would cut what was said.
                let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
            });
        }
    });
    (address, AbortOnDropHandle::new(task))
}
