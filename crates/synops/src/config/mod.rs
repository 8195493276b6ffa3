//! The configuration, read once when the process starts. Whatever is wrong with it is told with
//! the setting's name, never with a secret's value.

mod files;
mod key;
mod layers;
mod livekit;
#[cfg(test)]
mod tests;

use domain::limits::{REMINDERS_MAX, TELEMETRY_SHARDS_MAX, TOOL_NAME_MAX_CHARS};
use engine::telemetry::RedisConfig;
pub use files::Files;
use key::{KEYS, Kind};
use layers::Layers;
pub use layers::{DEFAULT_FILE, Source};
pub use livekit::LiveKit;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Value;

/// The configuration cannot be used. The text says which setting and what it expects.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Error(pub(crate) String);

/// The variables of the environment; those that are empty count as unset.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The process's own. Variables that are not UTF-8 are left out.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment, once")]
    pub fn of_process() -> Self {
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(all: I) -> Self {
        Self(all.into_iter().filter(|(_, value)| !value.is_empty()).collect())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The page, the API and the live socket.
    Gateway,
    /// Checks systems.
    Prober,
    /// Runs jobs.
    Worker,
    /// Listens to devices.
    Ingest,
    /// Keeps what waits in the telemetry stream, where that is not the direct one.
    Processor,
}

impl Role {
    const ALL: [Self; 5] = [Self::Gateway, Self::Prober, Self::Worker, Self::Ingest, Self::Processor];

    /// As it is written in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Prober => "prober",
            Self::Worker => "worker",
            Self::Ingest => "ingest",
            Self::Processor => "processor",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Debug)]
pub struct Log {
    pub format: LogFormat,
    /// As `tracing_subscriber::EnvFilter` reads it.
    pub level: String,
}

#[derive(Clone, Debug)]
pub struct Retention {
    pub feed: Duration,
    pub check_runs: Duration,
    pub audit: Duration,
    pub job_history: Duration,
    pub positions: Duration,
}

#[derive(Clone, Debug)]
pub struct Checks {
    pub allow_link_local: bool,
    /// Addresses and networks, as written.
    pub allow: Vec<String>,
    pub postgres_sockets: Vec<PathBuf>,
}

#[derive(Clone, Debug)]
pub struct Jobs {
    /// At a plain stop jobs get so long to finish before they are interrupted.
    pub finish_within: Duration,
    /// Commands that jobs may run: the program and its arguments, by name.
    pub tools: BTreeMap<String, Vec<String>>,
    /// What webhooks are signed with.
    pub webhook_secret: Option<SecretString>,
}

/// Where reads are kept.
#[derive(Clone, Debug)]
pub enum Cache {
    Memory,
    /// Its address.
    Redis(SecretString),
    Off,
}

/// What is kept secret in the database is sealed with these.
#[derive(Clone, Debug)]
pub struct Secrets {
    pub key: Option<SecretString>,
    pub old_keys: Vec<SecretString>,
}

#[derive(Clone, Debug)]
pub struct Config {
    pub listen: SocketAddr,
    pub public_url: Option<String>,
    pub data_dir: PathBuf,
    /// `None`: a private PostgreSQL in the data directory.
    pub database_url: Option<SecretString>,
    pub owner_url: Option<SecretString>,
    pub roles: Vec<Role>,
    pub demo: bool,
    pub trust_proxy: bool,
    pub allowed_origins: Vec<String>,
    pub connections_max: u32,
    pub postgres_binaries_dir: Option<PathBuf>,
    pub log: Log,
    pub retention: Retention,
    pub checks: Checks,
    pub jobs: Jobs,
    /// Where devices are listened to, with the role `ingest`; `None`: nowhere.
    pub telemetry: Option<SocketAddr>,
    /// Devices that nobody has made are made in this workspace, by its title or id; `None`: they are turned away.
    pub enrol_in: Option<String>,
    /// Where what they send waits to be kept; `None`: nowhere, it is kept before it is acknowledged.
    pub stream: Option<RedisConfig>,
    pub cache: Cache,
    pub secrets: Secrets,
    /// So many minutes before a maintenance begins people are reminded.
    pub reminders_min: Vec<i32>,
    pub files: Files,
    /// `None`: there are no calls.
    pub livekit: Option<LiveKit>,
    /// At a stop, from not being ready to not listening.
    pub ready_pause: Duration,
    /// Cookies over TLS alone.
    pub cookies_secure: bool,
}

impl Config {
    /// Reads the defaults, the file (`file`, else what SYNOPS_CONFIG names, else synops.toml if it is
    /// there) and the environment.
    pub fn load(file: Option<&Path>, environment: &Environment) -> Result<Self, Error> {
        Self::from_layers(&Layers::read(file, environment)?)
    }

    fn from_layers(layers: &Layers) -> Result<Self, Error> {
        let get = Getter(layers);
        let public_url = get.origin("public_url")?;
        let cookies_secure = match get.text("cookies.secure")? {
            "always" => true,
            "never" => false,
            "auto" => public_url.as_ref().is_some_and(|url| url.starts_with("https://")),
            _ => return Err(get.wrong("cookies.secure", "\"auto\", \"always\" or \"never\"")),
        };
        let format = match get.text("log.format")? {
            "text" => LogFormat::Text,
            "json" => LogFormat::Json,
            _ => return Err(get.wrong("log.format", "\"text\" or \"json\"")),
        };
        let data_dir = PathBuf::from(get.text("data_dir")?);
        const HOUR: Duration = Duration::from_secs(3600);
        const DAY: Duration = Duration::from_secs(24 * 3600);
        Ok(Self {
            listen: get
                .text("listen")?
                .parse()
                .map_err(|_| get.wrong("listen", "an address and a port, like 127.0.0.1:7171 or [::]:80"))?,
            public_url,
            data_dir: data_dir.clone(),
            files: files::read(&get, &data_dir)?,
            database_url: get.postgres_url("database_url")?,
            owner_url: get.postgres_url("owner_url")?,
            roles: get.roles()?,
            demo: get.switch("demo")?,
            trust_proxy: get.switch("trust_proxy")?,
            allowed_origins: get.list("allowed_origins")?,
            connections_max: get.number("database.connections_max", 4, 1000)?,
            postgres_binaries_dir: get.find("postgres.binaries_dir").and_then(Value::as_str).map(PathBuf::from),
            log: Log { format, level: get.text("log.level")?.to_owned() },
            retention: Retention {
                feed: HOUR * get.number("retention.feed_h", 1, 24 * 365)?,
                check_runs: DAY * get.number("retention.check_runs_d", 1, 3650)?,
                audit: DAY * get.number("retention.audit_d", 31, 3650)?,
                job_history: DAY * get.number("retention.job_history_d", 1, 3650)?,
                positions: DAY * get.number("retention.positions_d", 1, 3650)?,
            },
            checks: Checks {
                allow_link_local: get.switch("checks.allow_link_local")?,
                allow: get.list("checks.allow")?,
                postgres_sockets: get.list("checks.postgres_sockets")?.into_iter().map(PathBuf::from).collect(),
            },
            ready_pause: Duration::from_secs(get.number("drain.ready_pause_s", 0, 300)?.into()),
            jobs: Jobs {
                finish_within: Duration::from_secs(get.number("jobs.finish_s", 0, 3600)?.into()),
                tools: get.commands("tools")?,
                webhook_secret: get.find("webhooks.secret").and_then(Value::as_str).map(SecretString::from),
            },
            telemetry: get.telemetry()?,
            enrol_in: get.enrol_in()?,
            stream: get.stream()?,
            cache: get.cache()?,
            secrets: Secrets {
                key: get.find("secrets.key").and_then(Value::as_str).map(SecretString::from),
                old_keys: get.secrets("secrets.old_keys"),
            },
            reminders_min: get.minutes("notifications.reminders_min")?,
            livekit: livekit::read(&get)?,
            cookies_secure,
        })
    }

    pub fn has_role(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// One line of `synops config show`.
#[derive(serde::Serialize)]
pub struct Shown {
    pub name: &'static str,
    /// As in the file; a secret's is hidden. `None`: not set.
    pub value: Option<Value>,
    pub source: String,
}

/// Every setting as it is in force, and where it comes from.
pub fn show(file: Option<&Path>, environment: &Environment) -> Result<Vec<Shown>, Error> {
    let layers = Layers::read(file, environment)?;
    Config::from_layers(&layers)?;
    Ok(KEYS
        .iter()
        .map(|key| match layers.values.get(key.name) {
            None => Shown { name: key.name, value: None, source: "not set".to_owned() },
            Some((value, source)) => {
                let hidden = || Value::String("(hidden)".to_owned());
                let value = if key.kind == Kind::Secret { hidden() } else { value.clone() };
                Shown { name: key.name, value: Some(value), source: source.to_string() }
            }
        })
        .collect())
}

/// Reads single settings. The kinds are right already: [`Layers`] saw to it.
struct Getter<'a>(&'a Layers);

impl<'a> Getter<'a> {
    fn find(&self, name: &str) -> Option<&'a Value> {
        self.0.values.get(name).map(|(value, _)| value)
    }

    fn wrong(&self, name: &str, expects: &str) -> Error {
        let source = self.0.values.get(name).map_or_else(|| "not set".to_owned(), |(_, source)| source.to_string());
        Error(format!("`{name}` ({source}): {expects} is expected"))
    }

    fn text(&self, name: &str) -> Result<&'a str, Error> {
        self.find(name).and_then(Value::as_str).ok_or_else(|| self.wrong(name, "a text"))
    }

    fn switch(&self, name: &str) -> Result<bool, Error> {
        self.find(name).and_then(Value::as_bool).ok_or_else(|| self.wrong(name, "true or false"))
    }

    fn number(&self, name: &str, min: u32, max: u32) -> Result<u32, Error> {
        let number = self.find(name).and_then(Value::as_integer).and_then(|n| u32::try_from(n).ok());
        number.filter(|n| (min..=max).contains(n)).ok_or_else(|| self.wrong(name, &format!("a number from {min} to {max}")))
    }

    fn list(&self, name: &str) -> Result<Vec<String>, Error> {
        let list = self.find(name).and_then(Value::as_array).ok_or_else(|| self.wrong(name, "a list of texts"))?;
        Ok(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// Secrets with commas, spaces or lines between.
    fn secrets(&self, name: &str) -> Vec<SecretString> {
        let text = self.find(name).and_then(Value::as_str).unwrap_or_default();
        text.split(|c: char| c == ',' || c.is_whitespace()).filter(|part| !part.is_empty()).map(SecretString::from).collect()
    }

    fn minutes(&self, name: &str) -> Result<Vec<i32>, Error> {
        let wrong = || self.wrong(name, &format!("at most {REMINDERS_MAX} numbers of minutes, each from 1 to 43200,"));
        let minutes = self.list(name)?.into_iter().map(|text| text.trim().parse().ok().filter(|m| (1..=43_200).contains(m)));
        let minutes: Vec<i32> = minutes.collect::<Option<_>>().ok_or_else(wrong)?;
        if minutes.len() > REMINDERS_MAX { Err(wrong()) } else { Ok(minutes) }
    }

    fn commands(&self, name: &str) -> Result<BTreeMap<String, Vec<String>>, Error> {
        let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        let mut commands = BTreeMap::new();
        for (tool, command) in self.find(name).and_then(Value::as_table).into_iter().flatten() {
            let words: Vec<String> =
                command.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
            let fits = (1..=TOOL_NAME_MAX_CHARS).contains(&tool.len()) && tool.chars().all(known);
            if !fits || !words.first().is_some_and(|program| program.starts_with('/')) {
                return Err(self
                    .wrong(name, "names of small letters, digits, - and _, each with a program's whole path and its arguments"));
            }
            commands.insert(tool.clone(), words);
        }
        Ok(commands)
    }

    fn telemetry(&self) -> Result<Option<SocketAddr>, Error> {
        match self.text("telemetry.listen")? {
            "off" => Ok(None),
            text => {
                let wrong = || self.wrong("telemetry.listen", "an address and a port, like 0.0.0.0:5027, or \"off\"");
                text.parse().map(Some).map_err(|_| wrong())
            }
        }
    }

    fn enrol_in(&self) -> Result<Option<String>, Error> {
        let workspace = self.find("telemetry.enrol_in").and_then(Value::as_str);
        match (self.text("telemetry.enrol")?, workspace) {
            ("known", _) => Ok(None),
            ("auto", Some(workspace)) => Ok(Some(workspace.to_owned())),
            ("auto", None) => Err(self.wrong("telemetry.enrol_in", "with enrol = \"auto\" the title or id of a workspace")),
            _ => Err(self.wrong("telemetry.enrol", "\"known\" or \"auto\"")),
        }
    }

    fn stream(&self) -> Result<Option<RedisConfig>, Error> {
        let shards = self.number("telemetry.shards", 1, TELEMETRY_SHARDS_MAX)?;
        let prefix = self.text("telemetry.stream_prefix")?;
        let is_fine = !prefix.is_empty() && prefix.len() <= 100 && !prefix.contains(['{', '}', ' ']);
        if !is_fine {
            return Err(self.wrong("telemetry.stream_prefix", "at most 100 characters without spaces or braces"));
        }
        let addresses = match self.text("telemetry.stream")? {
            "direct" => return Ok(None),
            addresses => SecretString::from(addresses),
        };
        let shards = i16::try_from(shards).unwrap_or(i16::MAX);
        let config = RedisConfig { addresses, prefix: prefix.to_owned(), shards };
        config.check().map_err(|bad| self.wrong("telemetry.stream", &format!("\"direct\", or {bad}:")))?;
        Ok(Some(config))
    }

    fn cache(&self) -> Result<Cache, Error> {
        let url = self.find("cache.url").and_then(Value::as_str);
        let redis = |url: &str| match url.starts_with("redis://") {
            true => Ok(Cache::Redis(SecretString::from(url))),
            false => Err(self.wrong("cache.url", "an address like redis://:password@127.0.0.1:6379/0")),
        };
        match (self.text("cache.provider")?, url) {
            ("auto", None) | ("memory", _) => Ok(Cache::Memory),
            ("auto" | "redis", Some(url)) => redis(url),
            ("off", _) => Ok(Cache::Off),
            ("redis", None) => Err(self.wrong("cache.provider", "with \"redis\" its address in `cache.url`")),
            _ => Err(self.wrong("cache.provider", "\"auto\", \"memory\", \"redis\" or \"off\"")),
        }
    }

    /// Scheme, host and port, without anything behind.
    fn origin(&self, name: &str) -> Result<Option<String>, Error> {
        let Some(text) = self.find(name).and_then(Value::as_str) else { return Ok(None) };
        let text = text.trim_end_matches('/');
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        match host {
            Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']) => Ok(Some(text.to_owned())),
            _ => Err(self.wrong(name, "an address like https://synops.example.org, without a path")),
        }
    }

    fn postgres_url(&self, name: &str) -> Result<Option<SecretString>, Error> {
        let Some(text) = self.find(name).and_then(Value::as_str) else { return Ok(None) };
        if !(text.starts_with("postgres://") || text.starts_with("postgresql://")) {
            return Err(self.wrong(name, "an address like postgres://user:password@host:5432/database"));
        }
        Ok(Some(SecretString::from(text)))
    }

    fn roles(&self) -> Result<Vec<Role>, Error> {
        let expects = "one or more of \"gateway\", \"prober\", \"worker\", \"ingest\", \"processor\"";
        let mut roles = Vec::new();
        for name in self.list("roles")? {
            roles.push(Role::ALL.into_iter().find(|role| role.name() == name).ok_or_else(|| self.wrong("roles", expects))?);
        }
        if roles.is_empty() { Err(self.wrong("roles", expects)) } else { Ok(roles) }
    }
}
