//! A reader of the live socket, as the page is one: keeps what it was told, by version.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const OPENS_WITHIN: Duration = Duration::from_secs(10);
const FRAMES_BETWEEN_LOOKS: usize = 256;
const ASKS_AGAIN_AFTER: Duration = Duration::from_millis(500);
const RECONNECTS_AFTER: Duration = Duration::from_millis(200);

pub(crate) type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a socket; `session` is the cookie's value.
pub(crate) async fn open(address: SocketAddr, session: Option<&str>) -> Result<Stream, Box<Error>> {
    let mut request = format!("ws://{address}/api/v1/live").into_client_request()?;
    request.headers_mut().insert("origin", format!("http://{address}").parse().expect("an origin"));
    if let Some(session) = session {
        request.headers_mut().insert("cookie", format!("synops_session={session}").parse().expect("a cookie"));
    }
    let opened = timeout(OPENS_WITHIN, tokio_tungstenite::connect_async(request)).await;
    let opened = opened.unwrap_or_else(|_| Err(Error::Io(std::io::ErrorKind::TimedOut.into())));
    Ok(opened?.0)
}

/// What a reader holds.
#[derive(Default)]
pub(crate) struct Held {
    /// Nodes and edges, as they were told.
    pub(crate) rows: HashMap<Uuid, Value>,
    /// The versions of what was deleted.
    graves: HashMap<Uuid, i64>,
    pub(crate) levels: BTreeMap<Uuid, String>,
    /// The newest token.
    pub(crate) token: Option<String>,
    /// Of each subscription, what continues it; none while its first rows are not whole.
    tokens: HashMap<String, String>,
    /// Events at or below the version held, other than those that a resumed stream may repeat.
    pub(crate) repeats: Vec<Value>,
    /// Versions held when the stream was resumed.
    at_resume: HashMap<Uuid, i64>,
    pub(crate) resyncs: usize,
    /// Ids whose bodies were told since this was last emptied.
    pub(crate) told: HashSet<Uuid>,
    /// Subscriptions that run.
    pub(crate) running: HashSet<String>,
    /// Frames of every kind, as text, when `keep_frames` is set.
    pub(crate) frames: Vec<String>,
    pub(crate) keep_frames: bool,
    /// Rows of a subscription whose frames are not complete yet.
    partial: HashMap<String, HashSet<Uuid>>,
    kinds: HashMap<String, String>,
}

impl Held {
    fn version(row: &Value) -> i64 {
        row["version"].as_i64().expect("a version")
    }

    fn id(row: &Value) -> Uuid {
        row["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
    }

    fn upsert(&mut self, row: &Value, by_event: bool) {
        let (id, version) = (Self::id(row), Self::version(row));
        self.told.insert(id);
        let known = self.rows.get(&id).map(Self::version).into_iter().chain(self.graves.get(&id).copied()).max();
        if known.is_some_and(|known| known >= version) {
            if by_event && self.at_resume.get(&id).is_none_or(|at| *at < version) {
                self.repeats.push(row.clone());
            }
            return;
        }
        self.graves.remove(&id);
        self.rows.insert(id, row.clone());
    }

    fn subscribed(&mut self, frame: &Value) {
        let name = frame["id"].as_str().expect("an id").to_owned();
        let brings_rows = frame.get("nodes").is_some();
        if brings_rows {
            self.take_rows(&name, frame);
        }
        if frame["more"] == true {
            return;
        }
        match frame["token"].as_str() {
            Some(token) => self.tokens.insert(name.clone(), token.to_owned()),
            None if brings_rows => self.tokens.remove(&name),
            None => None,
        };
        self.running.insert(name);
    }

    fn take_rows(&mut self, name: &str, frame: &Value) {
        for row in frame["nodes"].as_array().into_iter().chain(frame["edges"].as_array()).flatten() {
            self.partial.entry(name.to_owned()).or_default().insert(Self::id(row));
            self.upsert(row, false);
        }
        if frame["more"] == true {
            return;
        }
        // First rows replace what the topic had.
        let there = self.partial.remove(name).unwrap_or_default();
        if let Some(kind) = self.kinds.get(name).cloned() {
            self.rows.retain(|id, row| row["kind"] != kind.as_str() || there.contains(id));
        }
    }

    /// Applies one frame.
    pub(crate) fn apply(&mut self, text: &str) {
        let frame: Value = serde_json::from_str(text).expect("frames are JSON");
        if self.keep_frames {
            self.frames.push(text.to_owned());
        }
        match frame["type"].as_str() {
            Some("subscribed" | "rows") => self.subscribed(&frame),
            Some("changes") => {
                for event in frame["events"].as_array().expect("events") {
                    self.apply_event(event);
                }
            }
            Some("added") => {
                self.levels.insert(frame["scope_id"].as_str().unwrap().parse().unwrap(), frame["level"].to_string());
                for row in frame["nodes"].as_array().into_iter().flatten() {
                    self.upsert(row, false);
                }
            }
            Some("removed") => self.remove(&frame),
            Some("resync") => {
                self.resyncs += 1;
                self.begin_anew(frame["id"].as_str().expect("an id"));
            }
            Some("error") if frame["code"] != "unavailable" => panic!("{text}"),
            _ => {}
        }
        if let Some(token) = frame["token"].as_str() {
            self.token = Some(token.to_owned());
            if frame.get("id").is_none() {
                self.tokens.extend(self.running.iter().map(|name| (name.clone(), token.to_owned())));
            }
        }
    }

    /// What was told of a kind may never have been: the database can have lost it.
    fn begin_anew(&mut self, name: &str) {
        self.running.remove(name);
        self.tokens.remove(name);
        let kind = name.strip_prefix("kind:");
        let gone: Vec<Uuid> = self.rows.extract_if(|_, row| row["kind"].as_str() == kind).map(|(id, _)| id).collect();
        for id in gone.into_iter().chain(self.graves.drain().map(|(id, _)| id)) {
            self.at_resume.remove(&id);
        }
    }

    fn apply_event(&mut self, event: &Value) {
        if event["op"] == "upsert" {
            let row = event.get("node").or_else(|| event.get("edge")).expect("a body");
            return self.upsert(row, true);
        }
        let (id, version) = (Self::id(event), Self::version(event));
        if self.rows.get(&id).map(Self::version).is_none_or(|held| held <= version) {
            self.rows.remove(&id);
            self.graves.insert(id, version);
        }
    }

    fn remove(&mut self, frame: &Value) {
        let scopes = frame["scope_ids"].as_array().expect("scopes");
        let in_scope = |row: &Value| {
            ["scope_id", "source_scope_id", "target_scope_id"]
                .iter()
                .any(|field| row.get(*field).is_some_and(|s| scopes.contains(s)))
        };
        self.rows.retain(|_, row| !in_scope(row));
        for gone in frame["ids"].as_array().expect("ids") {
            self.rows.remove(&Self::id(gone));
        }
    }

    /// The ids of the nodes held, of any kind.
    pub(crate) fn node_versions(&self) -> BTreeMap<Uuid, i64> {
        self.rows.iter().filter(|(_, row)| row.get("scope_id").is_some()).map(|(id, row)| (*id, Self::version(row))).collect()
    }
}

/// What a look at the connection brought.
#[derive(PartialEq)]
enum Got {
    Frame,
    Nothing,
    /// The connection is gone.
    End,
}

/// A reader with its connection.
pub(crate) struct Reader {
    pub(crate) held: Held,
    pub(crate) address: SocketAddr,
    session: Option<String>,
    kinds: Vec<&'static str>,
    stream: Option<Stream>,
    /// Subscriptions that the server could not read for; asked for again at this time.
    again: Vec<(Instant, String)>,
}

impl Reader {
    /// Connects and subscribes to these kinds; running when this returns.
    pub(crate) async fn start(address: SocketAddr, session: Option<String>, kinds: &[&'static str]) -> Self {
        let mut reader = Self { held: Held::default(), address, session, kinds: kinds.to_vec(), stream: None, again: Vec::new() };
        for kind in kinds {
            reader.held.kinds.insert(format!("kind:{kind}"), (*kind).to_owned());
        }
        reader.connect().await;
        reader.until("all subscriptions run", |held| held.running.len() == kinds.len()).await;
        reader
    }

    /// Connects (again), with the token it has.
    pub(crate) async fn connect(&mut self) {
        self.try_connect().await.unwrap_or_else(|error| panic!("{error}"));
    }

    pub(crate) async fn try_connect(&mut self) -> Result<(), Box<Error>> {
        self.held.running.clear();
        self.held.partial.clear();
        self.again.clear();
        self.held.at_resume =
            self.held.rows.iter().map(|(id, row)| (*id, Held::version(row))).chain(self.held.graves.clone()).collect();
        let stream = open(self.address, self.session.as_deref()).await?;
        self.stream = Some(stream);
        for kind in self.kinds.clone() {
            let topic = format!("kind:{kind}");
            let since = self.held.tokens.get(&topic).cloned();
            self.subscribe(&topic, since.as_deref()).await;
        }
        Ok(())
    }

    pub(crate) async fn subscribe(&mut self, topic: &str, since: Option<&str>) {
        let mut message = json!({ "type": "subscribe", "id": topic, "topic": topic });
        if let Some(since) = since {
            message["since"] = json!(since);
        }
        self.say(&message).await;
    }

    pub(crate) async fn say(&mut self, message: &Value) {
        if let Some(stream) = &mut self.stream {
            // A socket that is gone shows at the next read.
            let _ = stream.send(Message::text(message.to_string())).await;
        }
    }

    /// Reads until told to stop, and connects again whenever the connection is gone and the server
    /// takes it.
    pub(crate) async fn follow(mut self, stop: CancellationToken) -> Self {
        while !stop.is_cancelled() {
            if !self.read(Duration::from_millis(50)).await && self.try_connect().await.is_err() {
                let _ = timeout(RECONNECTS_AFTER, stop.cancelled()).await;
            }
        }
        self
    }

    /// Drops the connection without a word.
    pub(crate) fn cut(&mut self) {
        self.stream = None;
    }

    /// Reads one frame, if one comes within `wait`. False: the connection is gone.
    pub(crate) async fn read(&mut self, wait: Duration) -> bool {
        self.next(wait).await != Got::End
    }

    async fn next(&mut self, wait: Duration) -> Got {
        let due: Vec<_> = self.again.extract_if(.., |(at, _)| *at <= Instant::now()).collect();
        for (_, topic) in due {
            let since = self.held.tokens.get(&topic).cloned();
            self.subscribe(&topic, since.as_deref()).await;
        }
        let Some(stream) = &mut self.stream else { return Got::End };
        match timeout(wait, stream.next()).await {
            Err(_) => Got::Nothing,
            Ok(Some(Ok(Message::Text(text)))) => {
                self.held.apply(&text);
                if let Some(topic) = named(&text, "resync") {
                    self.subscribe(&topic, None).await;
                }
                if let Some(topic) = named(&text, "error") {
                    self.again.push((Instant::now() + ASKS_AGAIN_AFTER, topic));
                }
                Got::Frame
            }
            Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) => {
                self.stream = None;
                Got::End
            }
            Ok(Some(Ok(_))) => Got::Frame,
        }
    }

    /// Reads until it holds what it should; reconnects when cut.
    pub(crate) async fn until(&mut self, what: &str, holds: impl Fn(&Held) -> bool) {
        let began = Instant::now();
        while !holds(&self.held) {
            assert!(began.elapsed() < Duration::from_secs(60), "not within a minute: {what}");
            let mut got = self.next(Duration::from_millis(200)).await;
            // A look at all that is held costs more than a frame: those that are here come first.
            for _ in 0..FRAMES_BETWEEN_LOOKS {
                if got != Got::Frame {
                    break;
                }
                got = self.next(Duration::ZERO).await;
            }
            if got == Got::End {
                self.connect().await;
            }
        }
    }
}

/// The subscription that a frame of this type names.
fn named(text: &str, kind: &str) -> Option<String> {
    let frame: Value = serde_json::from_str(text).ok()?;
    (frame["type"] == kind).then(|| frame["id"].as_str().map(str::to_owned)).flatten()
}
