//! Finds processes that the suite started and forgot.
//!
//! As the "subreaper" xtask becomes the parent of every orphan below it, so
//! that whatever outlives its step is still to be found under our own id.

use std::collections::HashMap;
use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long processes may take to end by themselves after their step.
const GRACE: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// From now on orphans below us become our children.
pub(crate) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_child_subreaper(Some(rustix::process::getpid())) {
        eprintln!("cannot look after orphaned processes: {error}");
    }
}

/// Waits a moment for everything below us to end, kills what doesn't, and waits
/// for the end of that. Answers what it was, one line each.
pub(crate) async fn end_all() -> Vec<String> {
    let running = still_running().await;
    for process in &running {
        // It may have ended in between, which is what we want.
        let _ = kill_process(process.id, Signal::KILL);
    }
    if !running.is_empty() {
        still_running().await;
    }
    running.into_iter().map(|process| process.line).collect()
}

/// What has not ended by itself within [`GRACE`].
async fn still_running() -> Vec<Running> {
    let start = Instant::now();
    loop {
        let running = descendants();
        if running.is_empty() || start.elapsed() > GRACE {
            return running;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

struct Running {
    id: Pid,
    line: String,
}

/// Everything below us that has not ended. Empty where there is no `/proc`.
fn descendants() -> Vec<Running> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let mut parents = HashMap::new();
    for entry in entries.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        if let Some(parent) = living_parent(&stat) {
            parents.insert(id, parent);
        }
    }
    let own = rustix::process::getpid().as_raw_nonzero().get();
    let mut found: Vec<i32> = parents.keys().copied().filter(|id| is_below(*id, own, &parents)).collect();
    found.sort_unstable();
    found
        .into_iter()
        .filter_map(|id| Some(Running { id: Pid::from_raw(id)?, line: format!("{id} {}", command_line(id)) }))
        .collect()
}

/// The parent in a line of `/proc/ID/stat`, unless the process is dead (a zombie).
fn living_parent(stat: &str) -> Option<i32> {
    // The name stands in parentheses and may itself have some.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then_some(parent)
}

fn is_below(id: i32, ancestor: i32, parents: &HashMap<i32, i32>) -> bool {
    let mut current = id;
    // Ids may be reused while we read, so a chain is not taken to be finite.
    for _ in 0..parents.len() {
        match parents.get(&current) {
            Some(&parent) if parent == ancestor => return true,
            Some(&parent) => current = parent,
            None => return false,
        }
    }
    false
}

fn command_line(id: i32) -> String {
    let line = fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
    line.split('\0').take(6).collect::<Vec<_>>().join(" ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_read_behind_any_name() {
        fn check(stat: &str, expect: Option<i32>) {
            assert_eq!(living_parent(stat), expect, "{stat}");
        }
        check("17 (postgres) S 12 17 17 0", Some(12));
        check("17 (a) b (c)) R 9 17 17 0", Some(9));
        check("17 (redis-server) Z 12 17 17 0", None);
        check("nonsense", None);
    }

    #[test]
    fn descent_is_followed_over_generations() {
        let parents = HashMap::from([(5, 4), (4, 3), (9, 1), (7, 7)]);
        assert!(is_below(5, 3, &parents));
        assert!(!is_below(9, 3, &parents));
        assert!(!is_below(7, 3, &parents), "a loop is no descent");
    }
}
