//! What faults of telemetry have left behind.

use super::Finding;
use crate::config::Config;
use engine::telemetry::{Dump, list_dumps};
use std::path::PathBuf;

/// Dumps that are told one by one.
const SHOWN: usize = 3;
const ADVICE: &str = "Nothing is lost: devices send again what was not acknowledged, and what waits in Redis is read again. Send \
                      the message to whoever looks after Synops, with the file; then delete the file.";

/// Nothing where there are none.
pub(super) fn telemetry(config: &Config) -> Option<Finding> {
    let name = "telemetry dumps";
    let mut dumps = match list_dumps(&config.data_dir) {
        Ok(dumps) => dumps,
        Err(error) => return Some(Finding::warn(name, format!("they can't be listed: {error}"), "Look at the data directory.")),
    };
    if dumps.is_empty() {
        return None;
    }
    let count = dumps.len();
    // The newest first.
    dumps.reverse();
    let shown: Vec<String> = dumps.iter().take(SHOWN).map(line).collect();
    Some(Finding::warn(name, format!("a part of telemetry failed {count} times\n{}", shown.join("\n")), ADVICE))
}

fn line((path, dump): &(PathBuf, Result<Dump, String>)) -> String {
    let path = path.display();
    match dump {
        Err(error) => format!("{path} can't be read: {error}"),
        Ok(dump) => {
            let records: usize = dump.frames.iter().map(|frame| frame.records).sum();
            let (at, part, message) = (dump.at.format("%Y-%m-%d %H:%M:%SZ"), &dump.part, &dump.message);
            format!("{at} {part}: {message}; {records} records of {} frames in memory: {path}", dump.frames.len())
        }
    }
}
