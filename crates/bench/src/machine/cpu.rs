//! Who used the processors meanwhile: on two cores the load generator is part of the result.

use std::time::{Duration, Instant};

/// What the kernel counts in, on every Linux.
const TICKS_PER_S: f64 = 100.0;

/// Processor time of some processes since a moment.
pub(crate) struct Cpu {
    of: Processes,
    began: Instant,
    used: f64,
}

enum Processes {
    These(Vec<u32>),
    /// One and its children, those included that come and go meanwhile.
    Family(u32),
}

/// Of one process, in ticks.
struct Times {
    parent: u32,
    own: f64,
    /// Of children that have ended.
    ended: f64,
}

impl Cpu {
    /// Of this process and its threads.
    pub(crate) fn of_us() -> Self {
        Self::of(vec![std::process::id()])
    }

    /// Of these processes.
    pub(crate) fn of(pids: Vec<u32>) -> Self {
        Self::begin(Processes::These(pids))
    }

    /// Of a process and its children.
    pub(crate) fn of_family(parent: u32) -> Self {
        Self::begin(Processes::Family(parent))
    }

    fn begin(of: Processes) -> Self {
        let used = of.used();
        Self { of, began: Instant::now(), used }
    }

    /// How many cores they kept busy since then.
    pub(crate) fn cores(&self) -> f64 {
        let wall = self.began.elapsed().max(Duration::from_millis(1)).as_secs_f64();
        (self.of.used() - self.used) / TICKS_PER_S / wall
    }
}

impl Processes {
    fn used(&self) -> f64 {
        match self {
            Self::These(pids) => pids.iter().filter_map(|pid| Times::of(*pid)).map(|times| times.own).sum(),
            Self::Family(parent) => {
                let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
                let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
                let times = pids.filter_map(|pid: u32| Some((pid, Times::of(pid)?)));
                times
                    .map(|(pid, of)| {
                        if pid == *parent {
                            of.own + of.ended
                        } else if of.parent == *parent {
                            of.own
                        } else {
                            0.0
                        }
                    })
                    .sum()
            }
        }
    }
}

impl Times {
    /// By proc(5); `None` when the process is gone.
    fn of(pid: u32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name is in brackets and may hold anything.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
        Some(Self { parent: fields.get(1)?.parse().ok()?, own: ticks(11)? + ticks(12)?, ended: ticks(13)? + ticks(14)? })
    }
}
