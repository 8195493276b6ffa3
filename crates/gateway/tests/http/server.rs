//! A server without a listener, and callers of it.

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request};
use chrono::{DateTime, Utc};
use content::Folder;
use domain::connection::TestOutcome;
use domain::token::TokenAccess;
use gateway::{Files, Hub, Reads, Secret, Settings, State, Wiring};
use intentions::Intentions;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use testkit::TestDb;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use uuid::Uuid;

const BODY_MAX_BYTES: usize = 4 * 1024 * 1024;

pub(crate) struct Server {
    pub(crate) db: TestDb,
    /// How the (absent) tailer says it does.
    pub(crate) feed: watch::Sender<feed::Health>,
    /// What wakes it.
    pub(crate) bell: feed::Bell,
    /// The maintenance of Synops that the engine would tell of.
    pub(crate) windows: watch::Sender<Option<domain::lifecycle::Window>>,
    /// Of a stop that only the test leads.
    pub(crate) drain: drain::Drain,
    router: Router,
}

impl Server {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With settings of the test's own.
    pub(crate) async fn with(set: impl FnOnce(&mut Settings)) -> Self {
        let db = TestDb::new().await;
        let bell = feed::Bell::new();
        let mut settings = Settings {
            public_url: "http://synops.test".into(),
            allowed_origins: Vec::new(),
            secure_cookies: false,
            trust_proxy: false,
            instance_id: Uuid::now_v7(),
            version: "0.0.0".into(),
            started_at: now(),
            data_dir: Some(env!("CARGO_MANIFEST_DIR").into()),
            files: Files { folder: Folder::new("/dev/null/files", "nobody"), max_bytes: 0, types: Vec::new() },
            livekit: None,
        };
        set(&mut settings);
        let level = feed::Health { level_at: Some(now()), ..feed::Health::default() };
        let (feed, health) = watch::channel(level);
        let (windows, announced) = watch::channel(None);
        let drain = drain::Drain::new();
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let state = State::new(Wiring {
            pool: db.pool().clone(),
            intentions: Intentions::new(db.pool().clone(), Arc::new(|| {})).with_keyring(Some(keyring())),
            messenger: Arc::new(Echo),
            shards: None,
            settings,
            metrics: Some(recorder.handle()),
            feed: health,
            hub: Arc::new(Hub::new(bell.clone())),
            reads: Arc::new(Reads::new(db.pool().clone(), feed::Progress::new(bell.clone()), cache::Backing::Memory)),
            phases: drain.phases(),
            windows: announced,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        });
        Self { db, feed, bell, windows, drain, router: gateway::router(state) }
    }

    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        let response = self.router.clone().oneshot(ask.0).await.expect("the router is infallible");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = axum::body::to_bytes(response.into_body(), BODY_MAX_BYTES).await.expect("a whole body");
        Answer { status, headers, body: body.to_vec() }
    }

    /// A session's cookie for a person, without going through a sign-in.
    pub(crate) async fn session(&self, person_id: Uuid) -> String {
        let secret = Secret::new("");
        let lasts = Duration::from_secs(3600);
        let new =
            store::session::NewSession { id: Uuid::now_v7(), token_hash: &secret.hash, person_id, user_agent: "test", lasts };
        store::session::insert_session(self.db.pool(), new).await.expect("a session");
        secret.text
    }

    /// An API token for a person.
    pub(crate) async fn token(&self, person_id: Uuid, access: TokenAccess, expires_at: Option<DateTime<Utc>>) -> String {
        let secret = Secret::new(gateway::API_TOKEN_PREFIX);
        let id = Uuid::now_v7();
        let new = store::api_token::NewToken { id, token_hash: &secret.hash, person_id, name: "test", access, expires_at };
        assert!(store::api_token::insert_token(self.db.pool(), new, 50).await.expect("a token"));
        secret.text
    }

    pub(crate) async fn set_password(&self, person_id: Uuid, password: &str) {
        let hash = gateway::hash_password(&password.to_owned().into()).expect("a password that will do");
        store::account::upsert_password(self.db.pool(), person_id, &hash).await.expect("a password");
    }

    /// One number from the database.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.db.owner_pool()).await.expect(sql)
    }
}

#[expect(clippy::disallowed_methods, reason = "the tests' one clock")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// With a key of the test's own.
fn keyring() -> keyring::Keyring {
    keyring::Keyring::new(&keyring::Keyring::generate().expect("a key"), &[]).expect("a key")
}

/// Sends nothing, and says to whom it would have.
struct Echo;

impl domain::notification::Messenger for Echo {
    fn test(&self, _: Uuid, to: Option<String>) -> Testing<'_> {
        Box::pin(async move { Ok(TestOutcome { ok: to.is_some(), detail: to.unwrap_or_default(), took_ms: 1 }) })
    }
}

type Testing<'a> = std::pin::Pin<Box<dyn Future<Output = Result<TestOutcome, domain::Refusal>> + Send + 'a>>;

/// A request in the making.
pub(crate) struct Ask(Request<Body>);

impl Ask {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = Request::new(Body::empty());
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap_or_else(|_| panic!("{path}"));
        Self(request).header("host", "synops.test").from("192.0.2.1")
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.0.headers_mut().insert(name, value.parse().expect("a header"));
        self
    }

    /// As a browser: with the cookie, and from our own page.
    pub(crate) fn session(self, token: &str) -> Self {
        self.header("cookie", &format!("synops_session={token}")).header("origin", "http://synops.test")
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn if_match(self, version: i64) -> Self {
        self.header("if-match", &format!("\"{version}\""))
    }

    /// From this address.
    pub(crate) fn from(mut self, address: &str) -> Self {
        let peer = SocketAddr::new(address.parse().expect("an address"), 40_000);
        self.0.extensions_mut().insert(ConnectInfo(peer));
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body(serde_json::to_vec(body).expect("a value"))
    }

    pub(crate) fn body(self, body: Vec<u8>) -> Self {
        let mut said = self.header("content-type", "application/json");
        *said.0.body_mut() = Body::from(body);
        said
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// Fails unless this is the status; then the body.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Fails unless it is a problem with this status and code; then the problem.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{problem}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        problem
    }

    /// The session's token from `Set-Cookie`.
    pub(crate) fn cookie(&self) -> Option<String> {
        let cookie = self.header("set-cookie");
        let value = cookie.strip_prefix("synops_session=")?.split(';').next()?;
        (!value.is_empty()).then(|| value.to_owned())
    }
}

pub(crate) fn id_of(node: &Value) -> Uuid {
    node["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("{node}"))
}
