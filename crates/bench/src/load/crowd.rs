//! Many subscribers: each a socket and a task, and what they heard.

use super::mark::marks;
use super::socket::Socket;
use anyhow::Context as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

const CONNECTS_AT_ONCE: usize = 16;
const SUBSCRIBED_MAX: Duration = Duration::from_secs(60);
/// A server lets go of who says nothing for a minute.
const PING_EVERY: Duration = Duration::from_secs(15);

/// Who is to be connected where.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) address: SocketAddr,
    pub(crate) path: &'static str,
    pub(crate) token: Option<String>,
    /// Topics of our protocol; none: the connection itself subscribes.
    pub(crate) topics: Vec<String>,
}

/// A mark, and when it was there.
#[derive(Clone, Copy)]
pub(crate) struct Heard {
    pub(crate) mark: u32,
    pub(crate) at: Instant,
}

/// Connected subscribers. Dropping it disconnects them.
pub(crate) struct Crowd {
    heard: Vec<Arc<Mutex<Vec<Heard>>>>,
    shared: Arc<Shared>,
    tasks: JoinSet<anyhow::Result<()>>,
}

#[derive(Default)]
struct Shared {
    recording: AtomicBool,
    /// Marks that arrived, over all subscribers; frames that brought them.
    delivered: AtomicU64,
    frames: AtomicU64,
    wake_at: AtomicU64,
    progress: Notify,
}

impl Crowd {
    /// Connects them all; returns when every subscription runs.
    pub(crate) async fn gather(members: Vec<Member>) -> anyhow::Result<Self> {
        let gate = Arc::new(Semaphore::new(CONNECTS_AT_ONCE));
        let mut connecting: JoinSet<anyhow::Result<(usize, Socket, bool)>> = JoinSet::new();
        for (at, member) in members.into_iter().enumerate() {
            let gate = Arc::clone(&gate);
            connecting.spawn(async move {
                let _turn = gate.acquire().await?;
                let socket = timeout(SUBSCRIBED_MAX, subscribe(&member)).await.context("a subscription does not begin")??;
                Ok((at, socket, !member.topics.is_empty()))
            });
        }
        let mut connected = Vec::new();
        while let Some(one) = connecting.join_next().await {
            connected.push(one??);
        }
        connected.sort_by_key(|(at, _, _)| *at);
        let shared = Arc::new(Shared::default());
        let mut crowd = Self { heard: Vec::new(), shared: Arc::clone(&shared), tasks: JoinSet::new() };
        for (_, socket, pings) in connected {
            let heard = Arc::<Mutex<Vec<Heard>>>::default();
            crowd.tasks.spawn(listen(socket, pings, Arc::clone(&heard), Arc::clone(&shared)));
            crowd.heard.push(heard);
        }
        Ok(crowd)
    }

    pub(crate) fn size(&self) -> u64 {
        self.heard.len() as u64
    }

    /// Marks that arrived so far, over all subscribers.
    pub(crate) fn delivered(&self) -> u64 {
        self.shared.delivered.load(Ordering::Relaxed)
    }

    /// Frames that brought them.
    pub(crate) fn frames(&self) -> u64 {
        self.shared.frames.load(Ordering::Relaxed)
    }

    /// Waits until so many marks have arrived since the beginning; false when not within `bound`.
    /// One waiter at a time.
    pub(crate) async fn reach(&self, target: u64, bound: Duration) -> bool {
        let reached = async {
            loop {
                let progress = self.shared.progress.notified();
                self.shared.wake_at.store(target, Ordering::SeqCst);
                if self.shared.delivered.load(Ordering::SeqCst) >= target {
                    return;
                }
                progress.await;
            }
        };
        timeout(bound, reached).await.is_ok()
    }

    /// From now on each subscriber keeps what it hears and when.
    pub(crate) fn record(&self) {
        self.shared.recording.store(true, Ordering::SeqCst);
    }

    /// What each heard since [`Crowd::record`], in the order of the members. Fails when a subscriber
    /// was cut off meanwhile.
    pub(crate) fn take(&mut self) -> anyhow::Result<Vec<Vec<Heard>>> {
        self.shared.recording.store(false, Ordering::SeqCst);
        self.check()?;
        Ok(self.heard.iter().map(|one| std::mem::take(&mut *one.lock().unwrap_or_else(PoisonError::into_inner))).collect())
    }

    /// Fails when a subscriber was cut off.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        match self.tasks.try_join_next() {
            None => Ok(()),
            Some(ended) => ended?.context("a subscriber"),
        }
    }
}

async fn subscribe(member: &Member) -> anyhow::Result<Socket> {
    let mut socket = Socket::connect(member.address, member.path, member.token.as_deref()).await?;
    for topic in &member.topics {
        socket.send(&format!(r#"{{"type":"subscribe","id":"{topic}","topic":"{topic}"}}"#)).await?;
    }
    let mut running = 0;
    let mut refused = None;
    while running < member.topics.len() {
        socket
            .read(|text| {
                let answers = text.starts_with(r#"{"type":"subscribed""#) || text.starts_with(r#"{"type":"rows""#);
                if answers && text.ends_with(r#""more":false}"#) {
                    running += 1;
                } else if text.starts_with(r#"{"type":"error""#) {
                    refused = Some(text.to_owned());
                }
            })
            .await?;
        if let Some(refusal) = refused {
            anyhow::bail!("a subscription was refused: {refusal}");
        }
    }
    Ok(socket)
}

async fn listen(mut socket: Socket, pings: bool, heard: Arc<Mutex<Vec<Heard>>>, shared: Arc<Shared>) -> anyhow::Result<()> {
    let mut ticks = interval(PING_EVERY);
    loop {
        let (mut arrived, mut frames) = (0, 0);
        let reading = socket.read(|text| {
            let at = Instant::now();
            let before = arrived;
            if shared.recording.load(Ordering::Relaxed) {
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                heard.extend(marks(text).map(|mark| Heard { mark, at }).inspect(|_| arrived += 1));
            } else {
                arrived += marks(text).count() as u64;
            }
            frames += u64::from(arrived > before);
        });
        tokio::select! {
            read = reading => read?,
            _ = ticks.tick(), if pings => {
                socket.send(r#"{"type":"ping"}"#).await?;
                continue;
            }
        }
        if arrived > 0 {
            shared.frames.fetch_add(frames, Ordering::Relaxed);
            let now = shared.delivered.fetch_add(arrived, Ordering::SeqCst) + arrived;
            let wake_at = shared.wake_at.load(Ordering::SeqCst);
            // Only who steps over it wakes.
            if now >= wake_at && now - arrived < wake_at {
                shared.progress.notify_one();
            }
        }
    }
}
