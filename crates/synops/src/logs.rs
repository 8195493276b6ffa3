//! Logs, to standard error: standard output is for what commands answer.

use crate::config::{Log, LogFormat};
use crate::exit::Misconfigured;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Sends the process's logs to standard error. Once; a second call is refused.
pub fn start(log: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&log.level).map_err(|error| {
        Misconfigured(format!("`log.level`: \"error\", \"warn\", \"info\", \"debug\", \"trace\" or parts like \"info,store=debug\" are expected ({error})"))
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("the logs could not be started: {error}"))
}
