use std::path::PathBuf;
use std::time::Duration;

/// What to run, and where.
#[derive(Clone, Debug)]
pub struct Config {
    /// Holds everything of the cluster; made if absent. May be shared with other
    /// files of the owner: only names beginning with `postgres` or `socket` are used.
    pub dir: PathBuf,
    /// The directory with `postgres` and `initdb`; `None` searches the machine.
    pub binaries: Option<PathBuf>,
    /// The superuser that a new cluster gets. An existing cluster keeps its own.
    pub superuser: String,
    /// Settings of `postgresql.conf` that override this crate's defaults.
    /// Those that keep the cluster private are refused.
    pub settings: Vec<(String, String)>,
    /// How long a start may take: making the cluster, and crash recovery, each.
    pub start_timeout: Duration,
    /// How long a fast shutdown may take before an immediate one follows.
    pub stop_timeout: Duration,
}

impl Config {
    /// A cluster in `dir` with the machine's newest fitting PostgreSQL, superuser
    /// `postgres`, one minute to start and one to stop.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            binaries: None,
            superuser: "postgres".to_owned(),
            settings: Vec::new(),
            start_timeout: Duration::from_secs(60),
            stop_timeout: Duration::from_secs(60),
        }
    }

    /// Adds one setting; of two with the same name the later wins.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }
}
