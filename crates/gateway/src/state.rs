//! What every request handler works with.

use crate::accounts::attempts::Attempts;
use crate::accounts::password::Passwords;
use crate::chat::files::Uploads;
use crate::live::Hub;
use crate::page::Page;
use crate::reads::Reads;
use crate::status;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use content::Folder;
use domain::lifecycle::Window;
use domain::limits::REQUESTS_IN_FLIGHT_MAX;
use domain::notification::Messenger;
use domain::telemetry::stream::Shards;
use drain::Phase;
use intentions::Intentions;
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::SecretString;
use std::convert::Infallible;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use store::Pool;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// What the configuration says of the gateway.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where people reach it: `https://synops.example.org`, without a slash at the end.
    pub public_url: String,
    /// Origins besides its own whose pages may write with the cookie: `https://intranet.example.org`.
    pub allowed_origins: Vec<String>,
    /// The cookie goes over TLS alone.
    pub secure_cookies: bool,
    /// A proxy stands in front; the last entry of its `X-Forwarded-For` is the caller's address.
    pub trust_proxy: bool,
    pub instance_id: Uuid,
    pub version: String,
    pub started_at: DateTime<Utc>,
    /// For the disk's figures on the health page.
    pub data_dir: Option<PathBuf>,
    pub files: Files,
    /// `None`: there are no calls.
    pub livekit: Option<LiveKit>,
}

/// A LiveKit server, whose rooms people call each other in.
#[derive(Clone, Debug)]
pub struct LiveKit {
    /// How browsers reach it: `wss://livekit.example.org`.
    pub url: String,
    pub api_key: String,
    /// What its tokens are signed with.
    pub api_secret: SecretString,
}

/// Files that go along with messages.
#[derive(Clone, Debug)]
pub struct Files {
    /// Where they are.
    pub folder: Folder,
    /// Of one.
    pub max_bytes: u64,
    /// The kinds that are taken: media types by their usual names.
    pub types: Vec<String>,
}

/// The tailer looks every 200 ms: being this far behind is no hiccup.
const FEED_STALE_AFTER: Duration = Duration::from_secs(5);

/// What a [`State`] is made from.
pub struct Wiring {
    pub pool: Pool,
    pub intentions: Intentions,
    pub settings: Settings,
    /// Renders `/metrics`; without it that route answers 404.
    pub metrics: Option<PrometheusHandle>,
    /// How the tailer does.
    pub feed: watch::Receiver<feed::Health>,
    /// Who is connected; the tailer's sink.
    pub hub: Arc<Hub>,
    /// Cached reads; kept right by the tailer.
    pub reads: Arc<Reads>,
    /// How far a stop is: told on sockets, and no longer ready from `closing` on.
    pub phases: watch::Receiver<Phase>,
    /// The maintenance of Synops itself that is under way or announced.
    pub windows: watch::Receiver<Option<Window>>,
    /// Sends test messages.
    pub messenger: Arc<dyn Messenger>,
    /// What devices' frames wait in; `None`: they wait in those who listen to them.
    pub shards: Option<Arc<dyn Shards>>,
    /// Sockets run on these tasks until `stop`.
    pub tasks: TaskTracker,
    pub stop: CancellationToken,
}

/// Shared by all requests; cheap to clone. Handlers take it as an argument.
#[derive(Clone)]
pub struct State(Arc<Shared>);

/// Read through [`State`].
pub struct Shared {
    pub wiring: Wiring,
    pub(crate) passwords: Passwords,
    pub(crate) attempts: Attempts,
    pub(crate) page: Page,
    pub(crate) status: status::Kept,
    pub(crate) in_flight: Arc<Semaphore>,
    pub(crate) uploads: Uploads,
}

impl State {
    pub fn new(wiring: Wiring) -> Self {
        Self(Arc::new(Shared {
            wiring,
            passwords: Passwords::new(),
            attempts: Attempts::new(),
            page: Page::embedded(),
            status: status::Kept::new(),
            in_flight: Arc::new(Semaphore::new(REQUESTS_IN_FLIGHT_MAX)),
            uploads: Uploads::default(),
        }))
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.wiring.pool
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.wiring.settings
    }

    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.wiring.hub
    }

    pub(crate) fn reads(&self) -> &Reads {
        &self.wiring.reads
    }

    /// Requests that are being answered.
    pub fn requests_in_flight(&self) -> usize {
        REQUESTS_IN_FLIGHT_MAX.saturating_sub(self.in_flight.available_permits())
    }

    pub(crate) fn phase(&self) -> Phase {
        *self.wiring.phases.borrow()
    }

    /// Wakes the tailers after a commit that came through no intention: sockets whose session or token
    /// it ended close at once.
    pub(crate) fn ring(&self) {
        self.hub().ring();
    }

    /// Whether the feed is level with the database; if not, why.
    pub(crate) fn feed_level(&self) -> Result<(), String> {
        let level_at = self.wiring.feed.borrow().level_at.ok_or("the change feed has not begun yet")?;
        let age = (self.now() - level_at).to_std().unwrap_or_default();
        if age > FEED_STALE_AFTER { Err(format!("the change feed was last level {} s ago", age.as_secs())) } else { Ok(()) }
    }

    /// The server's clock, for what is shown and for what expires.
    #[expect(clippy::disallowed_methods, reason = "requests begin here: the one place where the gateway reads the clock")]
    pub(crate) fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

impl Deref for State {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl FromRequestParts<Self> for State {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, state: &Self) -> Result<Self, Infallible> {
        Ok(state.clone())
    }
}

/// Settings for unit tests.
#[cfg(test)]
pub(crate) fn test_settings() -> Settings {
    Settings {
        public_url: "http://localhost:8080".into(),
        allowed_origins: Vec::new(),
        secure_cookies: false,
        trust_proxy: false,
        instance_id: Uuid::nil(),
        version: "0.0.0".into(),
        started_at: DateTime::UNIX_EPOCH,
        data_dir: None,
        files: Files { folder: Folder::new("/dev/null/files", "nobody"), max_bytes: 0, types: Vec::new() },
        livekit: None,
    }
}

/// Sends nothing.
#[cfg(test)]
struct Silent;

#[cfg(test)]
impl Messenger for Silent {
    fn test(
        &self,
        _: Uuid,
        _: Option<String>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<domain::connection::TestOutcome, domain::Refusal>> + Send + '_>> {
        Box::pin(std::future::pending())
    }
}

/// A state whose database is never asked.
#[cfg(test)]
pub(crate) fn test_state() -> State {
    let pool = sqlx::postgres::PgPoolOptions::new().connect_lazy("postgres://127.0.0.1:1/none").unwrap();
    let (_, health) = watch::channel(feed::Health::default());
    State::new(Wiring {
        intentions: Intentions::new(pool.clone(), Arc::new(|| {})),
        reads: Arc::new(Reads::new(pool.clone(), feed::Progress::new(feed::Bell::new()), cache::Backing::Off)),
        pool,
        settings: test_settings(),
        metrics: None,
        feed: health,
        hub: Arc::new(Hub::new(feed::Bell::new())),
        phases: drain::Drain::new().phases(),
        windows: watch::channel(None).1,
        messenger: Arc::new(Silent),
        shards: None,
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
    })
}
