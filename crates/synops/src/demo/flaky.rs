//! A listener that fails on purpose, so that the state "degraded" can be seen and stays: it answers
//! 503 many times in a row, but never often enough to be called down, then once well.

use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// As its system says; the longest row of failures must stay below, also across a restart of the
/// server, which begins a new row.
pub(super) const FAILURES_TO_DOWN: i16 = 20;
const FAILURES_IN_A_ROW: u32 = 9;
/// Seldom, so that the state stays: an hour and a half degraded, then ten minutes up.
pub(super) const INTERVAL_S: i32 = 600;
const EXCHANGE_MAX: Duration = Duration::from_secs(2);

/// Answers one caller after the other until `stop`.
pub(super) async fn run(listener: TcpListener, stop: CancellationToken) {
    let mut requests = 0;
    let answering = async {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let _ = tokio::time::timeout(EXCHANGE_MAX, answer(stream, &mut requests)).await;
                }
                // Out of file descriptors, most likely: not a reason to spin.
                Err(_) => tokio::time::sleep(EXCHANGE_MAX).await,
            }
        }
    };
    stop.run_until_cancelled(answering).await;
}

async fn answer(mut stream: TcpStream, requests: &mut u32) -> std::io::Result<()> {
    // A request of a check fits; what it says does not matter.
    let mut request = [0_u8; 4096];
    if stream.read(&mut request).await? == 0 {
        // Somebody only looked whether the port is open.
        return Ok(());
    }
    let is_well = *requests % (FAILURES_IN_A_ROW + 1) == FAILURES_IN_A_ROW;
    *requests = requests.wrapping_add(1);
    let answer: &[u8] = if is_well {
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nok\n"
    } else {
        b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 5\r\nconnection: close\r\n\r\nbusy\n"
    };
    stream.write_all(answer).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rows may meet at a restart.
    const _: () = assert!(2 * FAILURES_IN_A_ROW < FAILURES_TO_DOWN.unsigned_abs() as u32);

    async fn status(address: std::net::SocketAddr) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text.split(' ').nth(1).unwrap().to_owned()
    }

    #[tokio::test]
    async fn it_fails_first_and_most_of_the_time() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let looking = async {
            let mut seen = Vec::new();
            for _ in 0..12 {
                seen.push(status(address).await);
            }
            stop.cancel();
            seen
        };
        let (seen, ()) = tokio::join!(looking, run(listener, stop.clone()));
        let well: Vec<usize> = seen.iter().enumerate().filter(|(_, s)| *s == "200").map(|(i, _)| i).collect();
        assert_eq!(well, [9], "{seen:?}");
    }
}
