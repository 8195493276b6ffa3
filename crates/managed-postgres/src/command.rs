//! Runs the small programs that are asked for one answer.

use std::io;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::account::Account;

/// For programs that look something up. Only a hanging disk takes so long.
pub(crate) const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs `command` as `account` to its end, or kills it after `timeout`.
pub(crate) async fn output(mut command: Command, account: &Account, timeout: Duration) -> io::Result<Output> {
    account.apply(&mut command).stdin(Stdio::null());
    let mut command = tokio::process::Command::from(command);
    let running = command.kill_on_drop(true).output();
    tokio::time::timeout(timeout, running).await.unwrap_or_else(|_| {
        let text = format!("not done after {timeout:?}");
        Err(io::Error::new(io::ErrorKind::TimedOut, text))
    })
}
