//! One socket, from its upgrade to its close. One task owns it: it reads what the client says,
//! sends what waits in its outbox, and reads first rows one subscription at a time.

use super::hub::{Full, Hub, ReaderId};
use super::map::{self, Look, Windows};
use super::outbox::{Next, Outbox};
use super::pace::Pace;
use super::pending::Installed;
use super::protocol::{ClientMessage, CloseCode, SUBSCRIPTION_ID_MAX_BYTES, ServerMessage, Topic};
use super::status::Watches;
use super::subscribe::{self, Stop};
use crate::caller::{self, Caller, Credential};
use crate::lifecycle;
use crate::origin;
use crate::reads::Via;
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::bbox::Bbox;
use crate::wire::lifecycle::Lifecycle;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::Refusal;
use domain::lifecycle::Window;
use domain::limits::{
    SOCKET_ERRORS_MAX, SOCKET_IDLE_MAX, SOCKET_MESSAGE_MAX_BYTES, SOCKET_WRITE_MAX, SUBSCRIBE_WAIT_MAX,
    SUBSCRIPTIONS_PER_SOCKET_MAX, TOKEN_MAX_BYTES,
};
use drain::Phase;
use feed::token;
use futures_util::SinkExt;
use futures_util::StreamExt;
use futures_util::stream::{SplitSink, SplitStream};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use uuid::Uuid;

/// How often a reading is repeated because access changed under it.
const READ_ATTEMPTS_MAX: u32 = 8;
/// How long a peer has to take the close.
const CLOSE_LINGER: Duration = Duration::from_secs(1);
/// Readers of a server that stops come back after so many milliseconds, each after another.
const RETRY_AFTER_MS: std::ops::Range<u64> = 500..4_000;
/// Of tungstenite's own buffers: small, because there are as many as sockets.
const SOCKET_BUFFER_BYTES: usize = 4_096;

/// Takes a socket: who it is for is decided as for every request. (docs/API.md describes it;
/// OpenAPI has no words for sockets.)
pub(crate) async fn live(state: State, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Result<Response, Refused> {
    origin::check(state.settings(), &headers)?;
    let caller = caller::authenticate(&state, &headers, Via::Database).await?;
    let outbox = Arc::new(Outbox::default());
    let full = |_: Full| Refusal::Unavailable { detail: "too many sockets are open; try again shortly", source: None };
    let id = state.hub().join(caller.reader(), credential(&caller), &outbox).map_err(full)?;
    let seat = Seat { hub: Arc::clone(state.hub()), id };
    let tasks = state.wiring.tasks.clone();
    Ok(upgrade
        .max_message_size(SOCKET_MESSAGE_MAX_BYTES)
        .max_frame_size(SOCKET_MESSAGE_MAX_BYTES)
        .read_buffer_size(SOCKET_BUFFER_BYTES)
        .write_buffer_size(SOCKET_BUFFER_BYTES)
        .on_upgrade(move |socket| tasks.track_future(Box::pin(run(state, headers, caller, outbox, seat, socket)))))
}

fn credential(caller: &Caller) -> Option<feed::Credential> {
    match caller.credential {
        Credential::Session { id } => Some(feed::Credential::Session(id)),
        Credential::Token { id } => Some(feed::Credential::Token(id)),
        Credential::None => None,
    }
}

/// A place in the hub; given up whichever way the socket ends, a failed upgrade included.
struct Seat {
    hub: Arc<Hub>,
    id: ReaderId,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.leave(self.id);
    }
}

type Sender = SplitSink<WebSocket, Message>;
type Receiver = SplitStream<WebSocket>;

struct Session {
    state: State,
    outbox: Arc<Outbox>,
    id: ReaderId,
    person_id: Option<Uuid>,
    /// Subscriptions that wait their turn, and the one being read.
    waiting: VecDeque<Asked>,
    reading: JoinSet<()>,
    watches: Watches,
    maps: Windows,
    errors: u32,
    pace: Pace,
    phases: watch::Receiver<Phase>,
    windows: watch::Receiver<Option<Window>>,
}

/// A subscription as it was asked for.
struct Asked {
    id: String,
    topic: Topic,
    /// Shared by those that name the same token, as all of a page's do.
    since: Option<Arc<str>>,
}

/// Why the conversation ended.
enum End {
    Close(CloseCode),
    /// The other side is gone.
    Gone,
}

async fn run(state: State, headers: HeaderMap, caller: Caller, outbox: Arc<Outbox>, seat: Seat, socket: WebSocket) {
    let (mut sender, receiver) = socket.split();
    let expires_at = caller.expires_at.map(|at| Instant::now() + (at - state.now()).to_std().unwrap_or(Duration::ZERO));
    let mut session = Session {
        outbox: Arc::clone(&outbox),
        id: seat.id,
        person_id: caller.reader(),
        waiting: VecDeque::new(),
        reading: JoinSet::new(),
        watches: Watches::default(),
        maps: Windows::default(),
        errors: 0,
        pace: Pace::new(),
        phases: state.wiring.phases.clone(),
        windows: state.wiring.windows.clone(),
        state: state.clone(),
    };
    session.hello();
    session.tell_lifecycle_of_late();
    let beginnings = state.hub().beginnings();
    // The credential may have ended between its check and our seat: then its end was not told here.
    if caller.credential != Credential::None && !still_holds(&state, &headers, &caller).await {
        outbox.close(CloseCode::SignedOut);
    }
    let shutdown = state.wiring.stop.clone();
    let end = tokio::select! {
        end = send(&outbox, &mut sender) => end,
        end = session.receive(receiver) => end,
        () = async { match expires_at { Some(at) => sleep_until(at).await, None => std::future::pending().await } } => End::Close(CloseCode::SignedOut),
        () = shutdown.cancelled() => End::Close(CloseCode::Restart),
        () = check_at(beginnings, &state, &headers, &caller) => End::Close(CloseCode::SignedOut),
    };
    drop(seat);
    if let End::Close(code) = end {
        let stays = shutdown.run_until_cancelled(close(&state, &mut sender, code, linger(code))).await;
        if stays.is_none() {
            close(&state, &mut sender, code, CLOSE_LINGER).await;
        }
    }
}

/// How long a peer has to take the close. One that was slow, but reads, may learn why it is closed.
fn linger(code: CloseCode) -> Duration {
    if code == CloseCode::TooSlow { SOCKET_WRITE_MAX } else { CLOSE_LINGER }
}

/// Until the credential is found to have ended. It is looked at whenever the stream begins: what
/// ended before that, no event tells.
async fn check_at(mut beginnings: watch::Receiver<u64>, state: &State, headers: &HeaderMap, caller: &Caller) {
    let hub = state.hub();
    while caller.credential != Credential::None && beginnings.changed().await.is_ok() {
        // All sockets look at the same moment: not all at once.
        let Ok(_turn) = hub.reads.acquire().await else { break };
        if !still_holds(state, headers, caller).await {
            return;
        }
    }
    std::future::pending().await
}

async fn still_holds(state: &State, headers: &HeaderMap, caller: &Caller) -> bool {
    match caller::authenticate(state, headers, Via::Database).await {
        Ok(now) => now.credential == caller.credential,
        // A session that has ended makes nobody of its holder, a token is refused.
        Err(Refusal::Unauthenticated { .. }) => false,
        // When it can't be asked now, it held a moment ago.
        Err(_) => true,
    }
}

/// Empties the outbox into the socket. A network that takes nothing for too long ends it.
async fn send(outbox: &Outbox, sender: &mut Sender) -> End {
    loop {
        let frames = match outbox.next().await {
            Next::Send(frames) => frames,
            Next::Close(code) => return End::Close(code),
        };
        metrics::counter!("synops_socket_frames_total").increment(frames.len() as u64);
        let sent = tokio::select! {
            sent = timeout(SOCKET_WRITE_MAX, send_all(sender, frames)) => sent,
            code = outbox.closed() => return End::Close(code),
        };
        match sent {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return End::Gone,
            Err(_) => return End::Close(CloseCode::TooSlow),
        }
    }
}

async fn send_all(sender: &mut Sender, frames: Vec<Utf8Bytes>) -> Result<(), axum::Error> {
    for frame in frames {
        sender.feed(Message::Text(frame)).await?;
    }
    sender.flush().await
}

async fn close(state: &State, sender: &mut Sender, code: CloseCode, linger: Duration) {
    let reason = match code {
        CloseCode::Policy => "not of the protocol",
        CloseCode::TooLarge => "message too large",
        CloseCode::Restart => "the server restarts",
        CloseCode::SignedOut => "signed out",
        CloseCode::TooSlow => "too slow: subscribe again with the last token",
    };
    if code == CloseCode::Restart {
        let retry_after_ms = Some(rand::random_range(RETRY_AFTER_MS));
        let now = Lifecycle { phase: Phase::Draining.into(), ..lifecycle::now(state) };
        let text = ServerMessage::Lifecycle { now, retry_after_ms }.to_text();
        let _ = timeout(linger, sender.send(Message::Text(text.into()))).await;
    }
    let frame = CloseFrame { code: code as u16, reason: Utf8Bytes::from_static(reason) };
    // A peer that does not read does not get it.
    let _ = timeout(linger, sender.send(Message::Close(Some(frame)))).await;
}

impl Session {
    fn hello(&self) {
        let settings = self.state.settings();
        let hello = ServerMessage::Hello {
            server_time: self.state.now(),
            instance: settings.instance_id,
            version: &settings.version,
            person_id: self.person_id,
        };
        self.outbox.push_text(hello.to_text());
    }

    /// To whoever connects it is no news that all is well.
    fn tell_lifecycle_of_late(&mut self) {
        // Both are known now: what is told here is not told again.
        let (phase, is_planned) = (*self.phases.borrow_and_update(), self.windows.borrow_and_update().is_some());
        if phase != Phase::Running || is_planned {
            self.tell_lifecycle();
        }
    }

    fn tell_lifecycle(&self) {
        let now = lifecycle::now(&self.state);
        self.outbox.push_text(ServerMessage::Lifecycle { now, retry_after_ms: None }.to_text());
    }

    async fn receive(mut self, mut receiver: Receiver) -> End {
        loop {
            let mut flooded = false;
            tokio::select! {
                message = timeout(SOCKET_IDLE_MAX, receiver.next()) => {
                    let message = match message {
                        Err(_) | Ok(None) => return End::Gone,
                        // A peer that is gone gets no close, whatever its code.
                        Ok(Some(Err(error))) => {
                            return End::Close(if is_too_large(&error) { CloseCode::TooLarge } else { CloseCode::Policy });
                        }
                        Ok(Some(Ok(message))) => message,
                    };
                    flooded = self.pace.is_exceeded();
                    match message {
                        Message::Text(text) => self.take(&text),
                        Message::Binary(_) => self.refuse("invalid", "text frames only", None),
                        Message::Ping(_) => self.outbox.pinged(),
                        Message::Pong(_) => {}
                        Message::Close(_) => return End::Gone,
                    }
                }
                Some(_) = self.reading.join_next() => {}
                () = self.watches.ended() => {}
                () = self.maps.ended() => {}
                Ok(()) = self.phases.changed() => self.tell_lifecycle(),
                Ok(()) = self.windows.changed() => self.tell_lifecycle(),
                () = self.outbox.answered(), if !self.waiting.is_empty() && self.reading.is_empty() => {}
            }
            if self.errors > SOCKET_ERRORS_MAX || flooded {
                return End::Close(CloseCode::Policy);
            }
            self.read_next();
        }
    }

    fn take(&mut self, text: &str) {
        match serde_json::from_str::<ClientMessage>(text) {
            Ok(ClientMessage::Subscribe { id, topic, bbox, per_second, .. }) if topic == map::TOPIC => {
                self.look_at(id, map::Window::new(bbox.unwrap_or(Bbox::WORLD), per_second));
            }
            Ok(ClientMessage::Subscribe { id, topic, since, .. }) => self.subscribe(id, &topic, since),
            Ok(ClientMessage::Unsubscribe { id }) => {
                self.waiting.retain(|asked| asked.id != id);
                self.watches.end(&id);
                self.maps.end(&id);
                self.state.hub().unsubscribe(self.id, &id);
            }
            Ok(ClientMessage::Ping {}) => {
                let pong = ServerMessage::Pong { server_time: self.state.now(), fresh_at: self.state.hub().fresh_at() };
                self.outbox.push_pong(pong.to_text());
            }
            Ok(ClientMessage::Typing { channel_id }) => self.state.hub().types(self.id, channel_id),
            Err(_) => self.refuse("invalid", "not a message of this protocol", None),
        }
    }

    fn subscribe(&mut self, id: String, topic: &str, since: Option<String>) {
        if id.is_empty() || id.len() > SUBSCRIPTION_ID_MAX_BYTES {
            return self.refuse("invalid", "id: 1 to 64 bytes", None);
        }
        let slug = Watches::slug_of(topic);
        let parsed = Topic::parse(topic);
        if slug.is_none() && parsed.is_none() {
            return self.refuse(
                "invalid",
                "topic: kind:<node kind>, node:<id>, channel:<id>, status:<slug>, positions or lifecycle",
                Some(&id),
            );
        }
        if self.watches.has(&id) || self.maps.has(&id) || self.waiting.iter().any(|asked| asked.id == id) {
            return self.refuse("conflict", "this id is in use on this socket", Some(&id));
        }
        if let Some(slug) = slug.filter(|_| !self.watches.is_full()) {
            return self.watches.begin(id, slug, self.state.clone(), Arc::clone(&self.outbox), self.person_id);
        }
        let Some(topic) = parsed.filter(|_| self.waiting.len() < SUBSCRIPTIONS_PER_SOCKET_MAX) else {
            return self.refuse("limit", "too many subscriptions on this socket", Some(&id));
        };
        let since = since.map(|since| self.keep(since));
        self.waiting.push_back(Asked { id, topic, since });
    }

    /// Looks at a window of the map, or moves one.
    fn look_at(&mut self, id: String, window: Option<map::Window>) {
        if id.is_empty() || id.len() > SUBSCRIPTION_ID_MAX_BYTES {
            return self.refuse("invalid", "id: 1 to 64 bytes", None);
        }
        let Some(window) = window else {
            return self.refuse("invalid", "per_second: 1 to 10", Some(&id));
        };
        if self.watches.has(&id) || self.waiting.iter().any(|asked| asked.id == id) {
            return self.refuse("conflict", "this id is in use on this socket", Some(&id));
        }
        let (state, outbox, person_id) = (self.state.clone(), Arc::clone(&self.outbox), self.person_id);
        if !self.maps.look(id.clone(), window, |name| Look { state, outbox, person_id, name }) {
            self.refuse("limit", "too many windows on this socket", Some(&id));
        }
    }

    /// A token while its subscription waits. Tokens are long, and those who ask in earnest name one:
    /// what goes beyond becomes one that can't be continued.
    fn keep(&self, since: String) -> Arc<str> {
        let waiting: Vec<&Arc<str>> = self.waiting.iter().filter_map(|asked| asked.since.as_ref()).collect();
        if let Some(same) = waiting.iter().find(|kept| kept[..] == since[..]) {
            return Arc::clone(same);
        }
        let bytes: usize = waiting.iter().map(|kept| kept.len() / Arc::strong_count(kept)).sum();
        if bytes + since.len() > 2 * TOKEN_MAX_BYTES { "".into() } else { since.into() }
    }

    /// Begins to read the next subscription, one at a time and not before the last one's answer went
    /// out: a socket costs one connection at most, and one answer.
    fn read_next(&mut self) {
        while self.reading.is_empty()
            && !self.outbox.is_answering()
            && let Some(Asked { id: name, topic, since }) = self.waiting.pop_front()
        {
            let reading = Subscribing {
                state: self.state.clone(),
                outbox: Arc::clone(&self.outbox),
                id: self.id,
                person_id: self.person_id,
                name,
                topic,
            };
            match self.state.hub().ask(self.id, &reading.name, topic) {
                Ok(()) => {
                    self.reading.spawn(reading.run(since));
                }
                Err(Full::Taken) => self.refuse("conflict", "this id is in use on this socket", Some(&reading.name)),
                Err(_) => self.refuse("limit", "too many subscriptions on this socket", Some(&reading.name)),
            }
        }
    }

    fn refuse(&mut self, code: &str, detail: &str, id: Option<&str>) {
        self.errors += 1;
        if self.errors <= SOCKET_ERRORS_MAX {
            self.outbox.push_text(ServerMessage::Error { code, detail, id }.to_text());
        }
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    // axum keeps tungstenite's error to itself but for its text.
    let text = error.to_string();
    text.contains("too long") || text.contains("too large") || text.contains("too big")
}

/// One subscription in the making.
struct Subscribing {
    state: State,
    outbox: Arc<Outbox>,
    id: ReaderId,
    person_id: Option<Uuid>,
    name: String,
    topic: Topic,
}

impl Subscribing {
    async fn run(self, since: Option<Arc<str>>) {
        match timeout(SUBSCRIBE_WAIT_MAX, self.begin(since)).await {
            Ok(Ok(())) => {}
            Ok(Err(Stop::Resync)) => {
                self.state.hub().unsubscribe(self.id, &self.name);
                self.outbox.push_text(ServerMessage::Resync { id: &self.name }.to_text());
            }
            Ok(Err(Stop::Database(error))) => {
                tracing::warn!(%error, "a subscription could not be read");
                self.unavailable();
            }
            Err(_) => self.unavailable(),
        }
    }

    fn unavailable(&self) {
        self.state.hub().unsubscribe(self.id, &self.name);
        let detail = "the server can't read from the database now; subscribe again shortly";
        self.outbox.push_text(ServerMessage::Error { code: "unavailable", detail, id: Some(&self.name) }.to_text());
    }

    async fn begin(&self, since: Option<Arc<str>>) -> Result<(), Stop> {
        let hub = self.state.hub();
        let since = since.map(|text| token::read(&text).map_err(|_| Stop::Resync)).transpose()?;
        for attempt in 1..=READ_ATTEMPTS_MAX {
            let (read_at, answer) = {
                // Closed never: the hub lives as long as the server.
                let _turn = hub.reads.acquire().await.map_err(|_| Stop::Resync)?;
                if attempt > 1 && hub.ask(self.id, &self.name, self.topic).is_err() {
                    return Err(Stop::Resync);
                }
                // A long wait for the turn is no reason to read twice.
                hub.begin_reading(self.id, &self.name);
                let (pool, bodies) = (self.state.pool(), &hub.bodies);
                match &since {
                    None => subscribe::first_rows(pool, bodies, self.person_id, self.topic).await?,
                    Some(since) => subscribe::missed(pool, bodies, self.person_id, self.topic, since).await?,
                }
            };
            match hub.answer(self.id, &self.name, read_at, answer).await {
                Ok(Installed::Running) => return Ok(()),
                Ok(Installed::ReadAgain | Installed::Overflowed) => {}
                // Unsubscribed meanwhile.
                Err(_) => return Ok(()),
            }
        }
        Err(Stop::Resync)
    }
}
