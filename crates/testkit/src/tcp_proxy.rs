//! A TCP proxy that breaks things on purpose.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What a proxy stands in front of.
#[derive(Clone, Debug)]
pub enum Target {
    /// `host:port`.
    Tcp(String),
    Unix(PathBuf),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Forward,
    /// Connections stay open, and nothing moves.
    Stall,
    /// New connections are closed at once; those there are go on.
    Refuse,
}

/// Forwards from a free port of the loopback address to its target.
pub struct TcpProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// What the owner and the tasks of a proxy have in common.
struct Shared {
    mode: watch::Sender<Mode>,
    /// Ends the connections of now; a cut puts another in its place.
    connections: Mutex<CancellationToken>,
    trap: Mutex<Option<Trap>>,
    target: Mutex<Target>,
}

/// Where a connection is caught: once its client has said the one, the server's answer with the other is kept back,
/// and nothing moves on it any more.
#[derive(Clone)]
struct Trap {
    said: &'static [u8],
    answered: &'static [u8],
    caught: CancellationToken,
}

impl Shared {
    fn trap(&self) -> Option<Trap> {
        self.trap.lock().expect("nobody panics with it").clone()
    }

    fn present(&self) -> MutexGuard<'_, CancellationToken> {
        self.connections.lock().expect("nobody panics with it")
    }
}

impl TcpProxy {
    pub async fn start(target: Target) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let shared = Arc::new(Shared {
            mode: watch::Sender::new(Mode::Forward),
            connections: Mutex::new(stop.child_token()),
            trap: Mutex::default(),
            target: Mutex::new(target),
        });
        let accepting = accept(listener, shared.clone(), tasks.clone());
        tasks.spawn(stop.clone().run_until_cancelled_owned(accepting));
        Self { address, shared, stop, tasks }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends all connections there are. New ones are forwarded.
    pub fn cut(&self) {
        std::mem::replace(&mut *self.shared.present(), self.stop.child_token()).cancel();
    }

    /// Closes each new connection at once, until [`Self::forward`].
    pub fn refuse(&self) {
        self.shared.mode.send_replace(Mode::Refuse);
    }

    /// Moves nothing any more in either direction, until [`Self::forward`]. Nothing gets lost.
    pub fn stall(&self) {
        self.shared.mode.send_replace(Mode::Stall);
    }

    /// Catches the first connection whose client says `said` and is answered `answered` after it: that answer never
    /// arrives. What is returned is cancelled then. So a client of PostgreSQL is stopped between its commit and
    /// whatever it does next.
    pub fn catch(&self, said: &'static [u8], answered: &'static [u8]) -> CancellationToken {
        let caught = CancellationToken::new();
        let trap = Trap { said, answered, caught: caught.clone() };
        *self.shared.trap.lock().expect("nobody panics with it") = Some(trap);
        caught
    }

    /// Forwards new connections to another target: what was behind it has come up again elsewhere.
    pub fn aim(&self, target: Target) {
        *self.shared.target.lock().expect("nobody panics with it") = target;
    }

    /// Forwards again.
    pub fn forward(&self) {
        self.shared.mode.send_replace(Mode::Forward);
    }

    /// Ends all of it and waits for its tasks.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, tasks: TaskTracker) {
    while let Ok((client, _)) = listener.accept().await {
        if *shared.mode.borrow() == Mode::Refuse {
            continue;
        }
        let target = shared.target.lock().expect("nobody panics with it").clone();
        let forwarding = forward(client, target, shared.clone());
        let connection = shared.present().clone();
        tasks.spawn(connection.run_until_cancelled_owned(forwarding));
    }
}

async fn forward(client: TcpStream, target: Target, shared: Arc<Shared>) {
    // Small frames go out as they come: the proxy adds no delay of its own.
    let _ = client.set_nodelay(true);
    let (from_client, to_client) = client.into_split();
    let has_said = AtomicBool::new(false);
    let (up, down) = (Way::Up(&has_said), Way::Down(&has_said));
    match target {
        Target::Tcp(address) => {
            if let Ok(server) = TcpStream::connect(address).await {
                let _ = server.set_nodelay(true);
                let (from_server, to_server) = server.into_split();
                tokio::join!(pump(from_client, to_server, &shared, up), pump(from_server, to_client, &shared, down));
            }
        }
        Target::Unix(path) => {
            if let Ok(server) = UnixStream::connect(path).await {
                let (from_server, to_server) = server.into_split();
                tokio::join!(pump(from_client, to_server, &shared, up), pump(from_server, to_client, &shared, down));
            }
        }
    }
}

/// Of bytes; with whether the client has said what the trap waits for.
#[derive(Clone, Copy)]
enum Way<'a> {
    Up(&'a AtomicBool),
    Down(&'a AtomicBool),
}

/// Copies until either side ends, and then ends the other.
async fn pump(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, shared: &Shared, way: Way<'_>) {
    let mut mode = shared.mode.subscribe();
    let mut buffer = vec![0; 16_384];
    // What is looked for may come in two pieces.
    let mut seen = Vec::new();
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if let Some(trap) = shared.trap() {
            seen.extend_from_slice(&buffer[..read]);
            match way {
                Way::Up(has_said) if holds(&seen, trap.said) => has_said.store(true, Ordering::SeqCst),
                Way::Down(has_said) if has_said.load(Ordering::SeqCst) && holds(&seen, trap.answered) => {
                    trap.caught.cancel();
                    return std::future::pending().await;
                }
                _ => {}
            }
            let begun = match way {
                Way::Up(_) => trap.said,
                Way::Down(_) => trap.answered,
            };
            seen.drain(..seen.len().saturating_sub(begun.len() - 1));
        }
        if mode.wait_for(|mode| *mode != Mode::Stall).await.is_err() || to.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait_until;
    use std::time::Duration;

    /// A server that answers each byte with itself.
    async fn echo() -> (TcpProxy, TaskTracker) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let tasks = TaskTracker::new();
        tasks.spawn(async move {
            while let Ok((mut peer, _)) = listener.accept().await {
                let (mut from, mut to) = peer.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            }
        });
        (TcpProxy::start(Target::Tcp(address.to_string())).await, tasks)
    }

    async fn ask(stream: &mut TcpStream, byte: u8) -> Option<u8> {
        stream.write_u8(byte).await.ok()?;
        stream.read_u8().await.ok()
    }

    #[tokio::test]
    async fn it_forwards_and_cuts() {
        let (proxy, _echo) = echo().await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut stream, 7).await, Some(7));
        proxy.cut();
        assert_eq!(ask(&mut stream, 8).await, None);
        let mut again = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut again, 9).await, Some(9));
        let nowhere = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        proxy.aim(Target::Tcp(nowhere.to_string()));
        assert_eq!(ask(&mut again, 10).await, Some(10), "the ones there are go on");
        let mut elsewhere = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut elsewhere, 11).await, None);
        drop(again);
        proxy.stop().await;
    }

    #[tokio::test]
    async fn it_catches_after_what_was_said() {
        let (proxy, _echo) = echo().await;
        let caught = proxy.catch(b"one", b"two");
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        let mut answer = [0; 3];
        for word in [b"two", b"one"] {
            stream.write_all(word).await.unwrap();
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!((&answer, caught.is_cancelled()), (word, false));
        }
        stream.write_all(b"two").await.unwrap();
        tokio::time::timeout(Duration::from_secs(30), caught.cancelled()).await.unwrap();
        proxy.cut();
        assert_eq!(stream.read(&mut answer).await.unwrap_or(0), 0, "the answer never came");
        proxy.stop().await;
    }

    #[tokio::test]
    async fn it_refuses_only_new_ones() {
        let (proxy, _echo) = echo().await;
        let mut old = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut old, 1).await, Some(1));
        proxy.refuse();
        wait_until("a new connection to be closed", Duration::from_secs(5), || async {
            let mut new = TcpStream::connect(proxy.address()).await.unwrap();
            new.read_u8().await.is_err()
        })
        .await;
        assert_eq!(ask(&mut old, 2).await, Some(2));
    }

    #[tokio::test]
    async fn it_stalls_and_loses_nothing() {
        let (proxy, _echo) = echo().await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut stream, 1).await, Some(1));
        proxy.stall();
        stream.write_u8(2).await.unwrap();
        let held = tokio::time::timeout(Duration::from_millis(100), stream.read_u8()).await;
        assert!(held.is_err(), "it came through: {held:?}");
        proxy.forward();
        assert_eq!(stream.read_u8().await.unwrap(), 2);
    }
}
