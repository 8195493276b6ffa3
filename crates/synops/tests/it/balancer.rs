//! A balancer as one stands in front of several servers: it asks each whether it is ready, and sends new
//! connections to those that are.

use crate::supervisor::Up;
use crate::worker_load::LIMIT;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use testkit::wait_until;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// As those of the field do; in between it sends people where nobody is ready any more.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// Without an answer for so long a server counts as not ready.
const ASK_LIMIT: Duration = Duration::from_secs(5);

pub(crate) struct Balancer {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

struct Shared {
    servers: Vec<Server>,
    next: AtomicUsize,
    /// Connections for which no server was ready.
    unserved: AtomicUsize,
}

struct Server {
    up: watch::Receiver<Option<Up>>,
    is_ready: AtomicBool,
    /// Connections it was sent.
    sent: AtomicUsize,
}

impl Balancer {
    /// Answers when all of them are ready.
    pub(crate) async fn start(servers: Vec<watch::Receiver<Option<Up>>>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let server = |up| Server { up, is_ready: AtomicBool::new(false), sent: AtomicUsize::new(0) };
        let servers = servers.into_iter().map(server).collect();
        let shared = Arc::new(Shared { servers, next: AtomicUsize::new(0), unserved: AtomicUsize::new(0) });
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        for number in 0..shared.servers.len() {
            tasks.spawn(stop.clone().run_until_cancelled_owned(ask(shared.clone(), number)));
        }
        let accepting = accept(listener, shared.clone(), tasks.clone());
        tasks.spawn(stop.clone().run_until_cancelled_owned(accepting));
        let all = async || shared.servers.iter().all(|server| server.is_ready.load(SeqCst));
        wait_until("all servers are ready", LIMIT, all).await;
        Self { address, shared, stop, tasks }
    }

    /// Connections for which no server was ready.
    pub(crate) fn unserved(&self) -> usize {
        self.shared.unserved.load(SeqCst)
    }

    /// Connections that each server was sent.
    pub(crate) fn sent(&self) -> Vec<usize> {
        self.shared.servers.iter().map(|server| server.sent.load(SeqCst)).collect()
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        tokio::time::timeout(LIMIT, self.tasks.wait()).await.expect("its connections end");
    }
}

/// Keeps what is known of one server.
async fn ask(shared: Arc<Shared>, number: usize) {
    let server = &shared.servers[number];
    let client = reqwest::Client::builder().timeout(ASK_LIMIT).pool_max_idle_per_host(0).build().expect("a client");
    let mut pace = interval(ASK_EVERY);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pace.tick().await;
        let address = server.up.borrow().as_ref().map(|up| up.address);
        let is_ready = match address {
            Some(address) => {
                let answer = client.get(format!("http://{address}/readyz")).send().await;
                answer.is_ok_and(|answer| answer.status().is_success())
            }
            None => false,
        };
        server.is_ready.store(is_ready, SeqCst);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, tasks: TaskTracker) {
    while let Ok((client, _)) = listener.accept().await {
        match pick(&shared) {
            Some(address) => {
                // Not cut off at the balancer's end: what is under way ends by itself.
                tasks.spawn(forward(client, address));
            }
            None => {
                shared.unserved.fetch_add(1, SeqCst);
            }
        }
    }
}

/// The next of those that are ready, in turn.
fn pick(shared: &Shared) -> Option<SocketAddr> {
    let from = shared.next.fetch_add(1, SeqCst);
    let count = shared.servers.len();
    let in_turn = (0..count).map(|step| &shared.servers[(from + step) % count]);
    let server = in_turn.into_iter().find(|server| server.is_ready.load(SeqCst))?;
    server.sent.fetch_add(1, SeqCst);
    server.up.borrow().as_ref().map(|up| up.address)
}

/// Never another server: a request that was begun is not sent twice.
async fn forward(mut client: TcpStream, address: SocketAddr) {
    if let Ok(mut server) = TcpStream::connect(address).await {
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    }
}
