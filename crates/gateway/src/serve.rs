//! The listener: accepts connections, each a task with bounds, and lets them end.

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use domain::limits::{CONNECTION_GRACE, CONNECTIONS_MAX, HEADERS_MAX_BYTES, HEADERS_TIMEOUT};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// When no connection can be accepted (out of file descriptors, mostly), so long until the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` on `listener` until `stop`: then nobody new is accepted, and requests under way
/// get [`CONNECTION_GRACE`] to finish. Sockets are the router's affair once they are upgraded. All
/// tasks are on `tasks`.
pub fn serve(listener: TcpListener, router: Router, tasks: &TaskTracker, stop: CancellationToken) {
    tasks.spawn(stop.clone().run_until_cancelled_owned(accept(listener, router, tasks.clone(), stop)));
}

async fn accept(listener: TcpListener, router: Router, tasks: TaskTracker, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        // Before accepting: whoever finds no place waits in the kernel's queue.
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, peer)) => {
                let (router, stop) = (router.clone(), stop.clone());
                tasks.spawn(async move {
                    converse(stream, peer, router, stop).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// One connection, request after request.
async fn converse(stream: TcpStream, peer: SocketAddr, router: Router, stop: CancellationToken) {
    // Small frames go out as they come.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let mut conversation = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS_TIMEOUT)
            .max_buf_size(HEADERS_MAX_BYTES)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
    );
    let ended = tokio::select! {
        ended = conversation.as_mut() => ended,
        () = stop.cancelled() => {
            conversation.as_mut().graceful_shutdown();
            match tokio::time::timeout(CONNECTION_GRACE, conversation).await {
                Ok(ended) => ended,
                Err(_) => {
                    tracing::info!(%peer, "a request was still under way and is cut");
                    return;
                }
            }
        }
    };
    if let Err(error) = ended {
        // A caller that went away, or wrote something that is no HTTP.
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn start(tasks: &TaskTracker, stop: &CancellationToken) -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let hanging = get(async || std::future::pending::<()>().await);
        let router = Router::new()
            .route("/peer", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.port().to_string()))
            .route("/hangs", hanging);
        serve(listener, router, tasks, stop.clone());
        address
    }

    #[tokio::test]
    async fn a_stop_ends_idle_and_hanging_connections() {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let address = start(&tasks, &stop).await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"GET /peer HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = vec![0; 4096];
        let read = idle.read(&mut answer).await.unwrap();
        let own_port = idle.local_addr().unwrap().port().to_string();
        assert!(String::from_utf8_lossy(&answer[..read]).ends_with(&own_port));
        let mut hanging = TcpStream::connect(address).await.unwrap();
        hanging.write_all(b"GET /hangs HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();

        stop.cancel();
        tasks.close();
        tokio::time::timeout(CONNECTION_GRACE * 4, tasks.wait()).await.unwrap();
        assert_eq!(idle.read(&mut answer).await.unwrap(), 0);
        assert_eq!(hanging.read(&mut answer).await.unwrap_or(0), 0);
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn headers_without_end_are_cut() {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let address = start(&tasks, &stop).await;
        let mut caller = TcpStream::connect(address).await.unwrap();
        let line = format!("x-filler: {}\r\n", "y".repeat(1000));
        caller.write_all(b"GET /peer HTTP/1.1\r\nhost: x\r\n").await.unwrap();
        for _ in 0..=HEADERS_MAX_BYTES / line.len() {
            if caller.write_all(line.as_bytes()).await.is_err() {
                break;
            }
        }
        let mut answer = Vec::new();
        let _ = caller.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
        stop.cancel();
        tasks.close();
        tasks.wait().await;
    }
}
