use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

/// Why the cluster does not run. Each text says what happened, what is safe and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "No PostgreSQL server was found on this machine, so no database was started and nothing \
         was changed. {}. Looked in: {searched}",
        install_hint(None)
    )]
    NoBinaries { searched: String },

    #[error(
        "{dir} does not hold a PostgreSQL server that user `{user}` can run ({reason}). Nothing \
         was changed. Name the directory that holds `postgres` and `initdb`"
    )]
    UnusableBinaries { dir: PathBuf, user: String, reason: String },

    #[error(
        "PostgreSQL {found} is too old: version {} or newer is needed. Nothing was changed. {}",
        crate::binaries::OLDEST_MAJOR,
        install_hint(None)
    )]
    TooOld { found: u32 },

    #[error(
        "The data in {data} was made by PostgreSQL {data_major}, and this machine has only \
         {found}. The data is safe and was not touched. {}; or move the data over with \
         `pg_upgrade`", install_hint(Some(*data_major))
    )]
    VersionMismatch { data: PathBuf, data_major: u32, found: String },

    #[error(
        "Another server{} already runs on {dir}. It was not disturbed. Stop it first, or give \
         this one a directory of its own", pid_text(*holder)
    )]
    InUse { dir: PathBuf, holder: Option<u32> },

    #[error(
        "A PostgreSQL that was started by someone else (process {pid}) runs on {data}. It was \
         not disturbed. Stop it with `pg_ctl -D {data} stop`, then start again"
    )]
    ForeignPostmaster { data: PathBuf, pid: u32 },

    #[error(
        "Process {pid} of an earlier PostgreSQL on {data} does not stop. The data is safe; a \
         second PostgreSQL was not started beside it. It is probably stuck on a disk: look at \
         the disk, end that process, then start again"
    )]
    LeftoverRemains { data: PathBuf, pid: u32 },

    #[error(
        "{data} holds files but is no PostgreSQL data directory (no PG_VERSION). Nothing was \
         changed. Move what is there elsewhere, or choose another directory"
    )]
    NotACluster { data: PathBuf },

    #[error(
        "{data} belongs to user id {owner}, and PostgreSQL insists on being run by the owner of \
         its data, which is not to be root. The data is safe and was not touched. {advice}"
    )]
    WrongOwner { data: PathBuf, owner: u32, advice: String },

    #[error(
        "PostgreSQL refuses to run as root, and this machine has neither a user `postgres` nor \
         a user `nobody`. Nothing was changed. Add one (`useradd --system postgres`), or start \
         this server as an ordinary user"
    )]
    NoAccount,

    #[error(
        "PostgreSQL refuses to run as root and would run as user `{user}`, who may not enter \
         {blocked}, so it cannot reach {dir}. Nothing was changed. Choose a data directory that \
         is not below a private one such as /root (below /var/lib, for example), or open the \
         way with `chmod o+x {blocked}`"
    )]
    Unreachable { user: String, blocked: PathBuf, dir: PathBuf },

    #[error(
        "No private directory for the database's socket: {path} {reason}. A socket's path may \
         hold {} bytes. The data is safe. Choose a shorter data directory, or clear that path",
        crate::socket::PATH_LIMIT_BYTES
    )]
    SocketDir { path: PathBuf, reason: String },

    #[error("The database setting `{name}` cannot be used: {reason}. Nothing was changed")]
    Setting { name: String, reason: String },

    #[error(
        "PostgreSQL could not make a new data directory ({reason}). What it had begun was \
         removed; nothing else was changed. It said:\n{output}"
    )]
    InitDb { reason: String, output: String },

    #[error(
        "PostgreSQL ended while it was starting ({status}). The data is left as it was. The end \
         of {log_file} says why:\n{log}"
    )]
    Exited { status: ExitStatus, log_file: PathBuf, log: String },

    #[error(
        "PostgreSQL was not ready after {waited:?} and was stopped. The data is safe. If it was \
         recovering from a crash, start again with a longer start time-out. The end of \
         {log_file}:\n{log}"
    )]
    StartTimeout { waited: Duration, log_file: PathBuf, log: String },

    #[error(
        "PostgreSQL (process {pid}) did not stop, neither fast nor immediately. Committed data is \
         safe. It is probably stuck on a disk: look at the disk, then end that process"
    )]
    StopTimeout { pid: u32 },

    #[error("Could not {what} {path}: {source}. Existing data was not touched")]
    Io { what: &'static str, path: PathBuf, source: io::Error },
}

impl Error {
    /// For `map_err`: what was being done to which path.
    pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }
}

fn pid_text(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

fn install_hint(major: Option<u32>) -> String {
    match major {
        None => "Install it: Debian and Ubuntu `apt-get install postgresql`, Fedora \
                 `dnf install postgresql-server`, Homebrew `brew install postgresql@17`"
            .to_owned(),
        Some(n) => format!(
            "Install PostgreSQL {n} beside it: Debian and Ubuntu `apt-get install postgresql-{n}`, \
             Fedora `dnf install postgresql{n}-server`, Homebrew `brew install postgresql@{n}`"
        ),
    }
}
