//! The machine's process table, as far as it is needed to recognise PostgreSQL.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::process::{Pid, Signal};
use tokio::process::Command;

use crate::command::LOOKUP_TIMEOUT;

#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) uid: u32,
    /// The arguments, or the title that the process gave itself, parted by
    /// spaces. Empty for a zombie: it holds nothing any more.
    pub(crate) args: String,
}

impl Process {
    /// Sends `signal`; a process that is gone already is no error.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        if let Some(Err(error)) = pid.map(|pid| rustix::process::kill_process(pid, signal)) {
            tracing::debug!(pid = self.pid, %error, "could not signal");
        }
    }
}

/// All processes that we may see.
pub(crate) async fn list() -> io::Result<Vec<Process>> {
    if Path::new("/proc/self/cmdline").exists() { from_proc() } else { from_ps().await }
}

fn from_proc() -> io::Result<Vec<Process>> {
    let processes = fs::read_dir("/proc")?.filter_map(|entry| {
        let entry = entry.ok()?;
        let pid = entry.file_name().to_str()?.parse().ok()?;
        // A process may end between the two reads: then it is not there.
        let args = fs::read(entry.path().join("cmdline")).ok()?;
        let uid = entry.metadata().ok()?.uid();
        let args = String::from_utf8_lossy(&args).replace('\0', " ");
        Some(Process { pid, uid, args })
    });
    Ok(processes.collect())
}

async fn from_ps() -> io::Result<Vec<Process>> {
    let running = Command::new("ps").args(["-axww", "-o", "pid=,uid=,args="]).env("LC_ALL", "C").kill_on_drop(true).output();
    let output = tokio::time::timeout(LOOKUP_TIMEOUT, running).await??;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().filter_map(parse_ps).collect())
}

fn parse_ps(line: &str) -> Option<Process> {
    let (pid, rest) = line.trim_start().split_once(' ')?;
    let (uid, args) = rest.trim_start().split_once(' ')?;
    Some(Process { pid: pid.parse().ok()?, uid: uid.parse().ok()?, args: args.trim_start().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn we_find_ourselves() {
        let found = list().await.unwrap();
        let me = found.iter().find(|p| p.pid == std::process::id()).unwrap();
        let program = std::env::args().next().unwrap();
        assert!(me.args.starts_with(&program), "{me:?}");
        assert_eq!(me.uid, rustix::process::geteuid().as_raw());
    }

    #[test]
    fn a_line_of_ps_is_read() {
        let p = parse_ps("  42   101 postgres: main: checkpointer  ").unwrap();
        assert_eq!((p.pid, p.uid), (42, 101));
        assert_eq!(p.args, "postgres: main: checkpointer  ");
        assert!(parse_ps("PID UID COMMAND").is_none());
    }
}
