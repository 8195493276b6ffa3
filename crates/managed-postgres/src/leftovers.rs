//! Stops what an earlier postmaster of the same cluster left running.
//!
//! An owner that was killed leaves a postmaster that is still shutting down, or,
//! if its guarantee failed too, one that runs on. A postmaster that was killed
//! leaves backends that finish their query first, on shared memory that no
//! longer matters. PostgreSQL refuses to start beside either.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;

use crate::Error;
use crate::account::Account;
use crate::pid_file;
use crate::processes::{self, Process};
use crate::settings::mark_argument;

const IMMEDIATE_TIMEOUT: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// One cluster, and how its processes are recognised: by the name that its
/// postmaster carries as an argument and its backends show in their title. That
/// is visible to us also where the kernel hides other users' directories.
#[derive(Clone, Copy)]
pub(crate) struct Cluster<'a> {
    pub(crate) data: &'a Path,
    pub(crate) mark: &'a str,
    pub(crate) account: &'a Account,
}

impl Cluster<'_> {
    fn is_postmaster(&self, process: &Process) -> bool {
        let mut arguments = process.args.split(' ');
        process.uid == self.account.uid && arguments.any(|a| a == mark_argument(self.mark))
    }

    fn is_backend(&self, process: &Process) -> bool {
        let title = format!("postgres: {}: ", self.mark);
        process.uid == self.account.uid && process.args.starts_with(&title)
    }

    /// Not started by us, but on our data: the path is among its arguments, or it
    /// is where the process works.
    fn is_foreign(&self, process: &Process) -> bool {
        let data = self.data.to_string_lossy();
        let program = process.args.split(' ').next().unwrap_or_default();
        let is_postgres = program.ends_with("postgres") || program.ends_with("postmaster");
        let works_here = || {
            let cwd = fs::read_link(format!("/proc/{}/cwd", process.pid));
            cwd.is_ok_and(|cwd| cwd == self.data)
        };
        is_postgres && (process.args.contains(&*data) || works_here())
    }
}

/// Returns once no process of `cluster` is left. The caller holds the
/// directory's lock, so whatever runs has no owner.
pub(crate) async fn clear(cluster: Cluster<'_>, stop_timeout: Duration) -> Result<(), Error> {
    refuse_foreign(cluster).await?;
    let is_postmaster = |process: &Process| cluster.is_postmaster(process);
    let steps = [(Signal::INT, stop_timeout), (Signal::QUIT, IMMEDIATE_TIMEOUT)];
    end(cluster, is_postmaster, steps).await?;
    // Without a postmaster nothing they do can be committed by others, and what
    // they committed is in the log already.
    let is_backend = |process: &Process| cluster.is_backend(process);
    let steps = [(Signal::QUIT, IMMEDIATE_TIMEOUT), (Signal::KILL, IMMEDIATE_TIMEOUT)];
    end(cluster, is_backend, steps).await?;
    remove_stale_pid_file(cluster).await
}

async fn end(cluster: Cluster<'_>, wanted: impl Fn(&Process) -> bool, steps: [(Signal, Duration); 2]) -> Result<(), Error> {
    let find = async || -> Result<Vec<Process>, Error> {
        let mut found = list(cluster).await?;
        found.retain(&wanted);
        Ok(found)
    };
    for (signal, timeout) in steps {
        let found = find().await?;
        for process in &found {
            tracing::warn!(pid = process.pid, ?signal, "stopping a leftover of PostgreSQL");
            process.signal(signal);
        }
        let gone = async {
            while !find().await?.is_empty() {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
            Ok(())
        };
        if let Ok(result) = tokio::time::timeout(timeout, gone).await {
            return result;
        }
    }
    match find().await?.first() {
        None => Ok(()),
        Some(process) => Err(Error::LeftoverRemains { data: cluster.data.to_owned(), pid: process.pid }),
    }
}

async fn refuse_foreign(cluster: Cluster<'_>) -> Result<(), Error> {
    let Some(file) = pid_file::read(cluster.data) else {
        return Ok(());
    };
    let processes = list(cluster).await?;
    let holder = processes.iter().find(|process| process.pid == file.pid);
    match holder {
        Some(holder) if !cluster.is_postmaster(holder) && cluster.is_foreign(holder) => {
            Err(Error::ForeignPostmaster { data: cluster.data.to_owned(), pid: holder.pid })
        }
        _ => Ok(()),
    }
}

/// PostgreSQL removes a stale file itself, except when its pid was given to some
/// other process since, as is common in containers. Should a postmaster run after
/// all that we cannot see, its shared memory still makes PostgreSQL refuse.
async fn remove_stale_pid_file(cluster: Cluster<'_>) -> Result<(), Error> {
    let path = pid_file::path(cluster.data);
    let named = pid_file::read(cluster.data).map(|file| file.pid);
    if !list(cluster).await?.iter().any(|p| Some(p.pid) == named) {
        return Ok(());
    }
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove the stale", &path)(error)),
        _ => Ok(()),
    }
}

async fn list(cluster: Cluster<'_>) -> Result<Vec<Process>, Error> {
    let listed = processes::list().await;
    listed.map_err(Error::io("list the processes on", cluster.data))
}
