use std::fs::{self, DirBuilder};
use std::future::Future;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use tokio::net::UnixStream;

use crate::account::Account;
use crate::binaries::{self, Binaries};
use crate::guarantee::Guarantee;
use crate::lock::Lock;
use crate::postmaster::Postmaster;
use crate::socket::{self, SocketDir};
use crate::{Config, Error, connection, initdb, leftovers, pid_file, reach, settings};

const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A running private cluster.
///
/// [`Cluster::stop`] ends it cleanly. Dropping it ends it at once, blocking until
/// it is gone (milliseconds as a rule); committed data is safe either way, and the
/// next start then recovers.
#[derive(Debug)]
pub struct Cluster {
    config: Config,
    account: Account,
    binaries: Binaries,
    guarantee: Guarantee,
    dir: PathBuf,
    data: PathBuf,
    mark: String,
    // In the order in which they must end.
    postmaster: Option<Postmaster>,
    socket_dir: SocketDir,
    _lock: Lock,
}

impl Cluster {
    /// Starts the cluster in `config.dir`, making it first if there is none, and
    /// returns once it accepts connections.
    ///
    /// # Errors
    ///
    /// See [`Error`]: existing data is never harmed by a start that fails, and no
    /// process stays behind.
    pub async fn start(config: Config) -> Result<Self, Error> {
        settings::file(&config.dir, &config.settings)?;
        let dir = std::path::absolute(&config.dir).map_err(Error::io("find", &config.dir))?;
        let account = Account::choose(&dir.join("postgres"))?;
        reach::check(&dir, &account).await?;
        let dir = make_dir(&dir, &account)?;
        let lock = Lock::acquire(&dir)?;

        let data = dir.join("postgres");
        let major = data_major(&data)?;
        let wanted = major.map(|major| (major, data.as_path()));
        let binaries = binaries::find(config.binaries.as_deref(), wanted, &account).await?;
        if major.is_none() {
            let request = initdb::Request {
                binaries: &binaries,
                account: &account,
                superuser: &config.superuser,
                sync: wants_sync(&config),
                timeout: config.start_timeout,
            };
            initdb::run(&request, &dir, &data).await?;
        }
        reach::check(&data, &account).await?;

        let mark = mark(&data)?;
        let socket_dir = SocketDir::make(&dir, &mark, &account).await?;
        let mut cluster = Self {
            guarantee: Guarantee::find(&account).await,
            config,
            account,
            binaries,
            dir,
            data,
            mark,
            postmaster: None,
            socket_dir,
            _lock: lock,
        };
        cluster.launch().await?;
        Ok(cluster)
    }

    /// Starts PostgreSQL again, for use after [`Cluster::exited`]; one that still
    /// runs is stopped first. Socket, port and URLs stay the same. How often to
    /// try is the caller's choice.
    ///
    /// # Errors
    ///
    /// As for [`Cluster::start`]. The cluster is then not running, and `restart`
    /// may be tried again.
    pub async fn restart(&mut self) -> Result<(), Error> {
        self.end().await?;
        self.launch().await
    }

    /// Stops PostgreSQL: fast, which ends its sessions and writes everything out,
    /// and if that takes longer than `stop_timeout`, at once.
    ///
    /// # Errors
    ///
    /// [`Error::StopTimeout`] if it does not even end then.
    pub async fn stop(mut self) -> Result<(), Error> {
        self.end().await
    }

    /// Resolves when PostgreSQL has ended, for whatever reason; at once if it does
    /// not run. Does not borrow the cluster, so that it can be awaited elsewhere.
    pub fn exited(&self) -> impl Future<Output = ExitStatus> + Send + use<> {
        let exited = self.postmaster.as_ref().map(Postmaster::exited);
        async move {
            match exited {
                Some(exited) => exited.await,
                None => ExitStatus::default(),
            }
        }
    }

    /// A URL for `user` on `database`, as libpq and the common drivers read it.
    /// It holds no secret: the socket's directory is the protection.
    #[must_use]
    pub fn connection_url(&self, user: &str, database: &str) -> String {
        connection::url(self.socket_dir(), self.port(), user, database)
    }

    /// The directory that holds the socket: private to the user PostgreSQL runs
    /// as (and root).
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir.path
    }

    /// The number in the socket's file name. No TCP port is open.
    #[must_use]
    pub fn port(&self) -> u16 {
        socket::PORT
    }

    /// The postmaster's process id; `None` once it has ended.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        let running = self.postmaster.as_ref().filter(|p| p.is_running());
        running.map(Postmaster::pid)
    }

    /// Where PostgreSQL's programs are, `pg_dump` and `psql` among them if installed.
    #[must_use]
    pub fn binaries_dir(&self) -> &Path {
        &self.binaries.dir
    }

    /// PostgreSQL's major version.
    #[must_use]
    pub fn major_version(&self) -> u32 {
        self.binaries.major
    }

    /// The data directory.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data
    }

    /// Where PostgreSQL's messages go; the file before it has `.1` appended.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.dir.join("postgres.log")
    }

    /// How PostgreSQL's end is bound to ours.
    #[must_use]
    pub fn guarantee(&self) -> Guarantee {
        self.guarantee
    }

    async fn launch(&mut self) -> Result<(), Error> {
        self.clear_leftovers().await?;
        self.socket_dir.clear();
        let settings_file = self.write_settings()?;
        let mut command = self.guarantee.command(&self.binaries.dir.join("postgres"));
        command.args(settings::arguments(&settings::Place {
            data: &self.data,
            settings_file: &settings_file,
            socket_dir: &self.socket_dir.path,
            port: self.port(),
            mark: &self.mark,
        }));
        self.account.apply(&mut command);
        let postmaster = Postmaster::spawn(command, self.log_file())?;
        self.wait_ready(&postmaster).await?;
        tracing::info!(pid = postmaster.pid(), data = ?self.data, "PostgreSQL is ready");
        self.postmaster = Some(postmaster);
        Ok(())
    }

    async fn end(&mut self) -> Result<(), Error> {
        if let Some(postmaster) = &self.postmaster {
            postmaster.stop(self.config.stop_timeout).await?;
        }
        self.postmaster = None;
        // A postmaster that was killed leaves backends.
        self.clear_leftovers().await
    }

    async fn clear_leftovers(&self) -> Result<(), Error> {
        let cluster = leftovers::Cluster { data: &self.data, mark: &self.mark, account: &self.account };
        leftovers::clear(cluster, self.config.stop_timeout).await
    }

    /// Beside the data directory, not in it: that belongs to a lesser user, who
    /// could lay a link there for root to write through.
    fn write_settings(&self) -> Result<PathBuf, Error> {
        let path = self.dir.join("postgres.conf");
        let text = settings::file(&self.data, &self.config.settings)?;
        let write = || -> io::Result<()> {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mode = if self.account.drops_root { 0o640 } else { 0o600 };
            let mut options = fs::File::options();
            let mut file = options.write(true).create_new(true).mode(mode).open(&path)?;
            io::Write::write_all(&mut file, text.as_bytes())?;
            match self.account.drops_root {
                true => std::os::unix::fs::fchown(&file, None, Some(self.account.gid)),
                false => Ok(()),
            }
        };
        write().map_err(Error::io("write", &path))?;
        Ok(path)
    }

    /// Returns when `postmaster` says that it is ready and its socket agrees.
    async fn wait_ready(&self, postmaster: &Postmaster) -> Result<(), Error> {
        let socket = self.socket_dir.socket();
        let ready = async {
            loop {
                let file = pid_file::read(&self.data);
                let says_so = file.is_some_and(|f| f.pid == postmaster.pid() && f.is_ready);
                if says_so && UnixStream::connect(&socket).await.is_ok() {
                    return;
                }
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        };
        let waited = self.config.start_timeout;
        let (log_file, tail) = (self.log_file(), || postmaster.log_tail());
        tokio::select! {
            biased;
            status = postmaster.exited() => Err(Error::Exited { status, log_file, log: tail() }),
            () = ready => Ok(()),
            () = tokio::time::sleep(waited) => {
                Err(Error::StartTimeout { waited, log_file, log: tail() })
            }
        }
    }
}

/// Makes `dir` if it is absent, and returns its real path. When PostgreSQL runs
/// as another user, that user may pass through a new directory, but not list it.
fn make_dir(dir: &Path, account: &Account) -> Result<PathBuf, Error> {
    let mode = if account.drops_root { 0o711 } else { 0o700 };
    DirBuilder::new().recursive(true).mode(mode).create(dir).map_err(Error::io("make the directory", dir))?;
    let real = dir.canonicalize().map_err(Error::io("find", dir))?;
    if real.to_str().is_none() {
        let error = io::Error::new(io::ErrorKind::InvalidInput, "its path is not UTF-8");
        return Err(Error::io("use", &real)(error));
    }
    Ok(real)
}

/// The major version that made `data`; `None` if it is absent or empty.
fn data_major(data: &Path) -> Result<Option<u32>, Error> {
    let not_a_cluster = || Error::NotACluster { data: data.to_owned() };
    let absent = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    match fs::read_to_string(data.join("PG_VERSION")) {
        Ok(text) => text.trim().parse().map(Some).map_err(|_| not_a_cluster()),
        Err(error) if !absent(&error) => Err(Error::io("read the version of", data)(error)),
        Err(_) => match fs::read_dir(data).map(Iterator::count) {
            Ok(0) => Ok(None),
            Ok(_) => Err(not_a_cluster()),
            Err(error) if absent(&error) => Ok(None),
            Err(error) => Err(Error::io("read", data)(error)),
        },
    }
}

/// A name that no other data directory on this machine has, however it is reached.
fn mark(data: &Path) -> Result<String, Error> {
    let found = fs::metadata(data).map_err(Error::io("look at", data))?;
    Ok(format!("pg-{:x}-{:x}", found.dev(), found.ino()))
}

fn wants_sync(config: &Config) -> bool {
    let fsync = config.settings.iter().rfind(|s| s.0.eq_ignore_ascii_case("fsync"));
    fsync.is_none_or(|(_, value)| value != "off")
}
