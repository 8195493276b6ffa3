//! Who used the processors meanwhile: on two cores the load generator is part of the result.

use std::time::{Duration, Instant};

/// What the kernel counts in, on every Linux.
const TICKS_PER_S: f64 = 100.0;

/// Processor time of some processes since a moment.
pub(crate) struct Cpu {
    pids: Vec<u32>,
    began: Instant,
    used: f64,
}

impl Cpu {
    /// Of this process and its threads.
    pub(crate) fn of_us() -> Self {
        Self::of(vec![std::process::id()])
    }

    /// Of a process with its children.
    pub(crate) fn of_family(parent: u32) -> Self {
        let mut pids = vec![parent];
        pids.extend(all().filter(|(_, of, _)| *of == parent).map(|(pid, _, _)| pid));
        Self::of(pids)
    }

    fn of(pids: Vec<u32>) -> Self {
        let used = used(&pids);
        Self { pids, began: Instant::now(), used }
    }

    /// How many cores they kept busy since then.
    pub(crate) fn cores(&self) -> f64 {
        let wall = self.began.elapsed().max(Duration::from_millis(1)).as_secs_f64();
        (used(&self.pids) - self.used) / TICKS_PER_S / wall
    }
}

fn used(pids: &[u32]) -> f64 {
    pids.iter().filter_map(|pid| of_process(*pid)).map(|(_, ticks)| ticks).sum()
}

/// Every process: its id, its parent's, its ticks.
fn all() -> impl Iterator<Item = (u32, u32, f64)> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let (parent, ticks) = of_process(pid)?;
        Some((pid, parent, ticks))
    })
}

/// A process's parent and ticks, by proc(5); `None` when it is gone.
fn of_process(pid: u32) -> Option<(u32, f64)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in brackets and may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((fields.get(1)?.parse().ok()?, ticks(11)? + ticks(12)?))
}
