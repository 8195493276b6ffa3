//! The steps of the suite: each is named, timed and told of at the end.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::session::{Interrupted, Session};

/// What has been run so far, in order.
pub(crate) struct Steps {
    pub(crate) session: Session,
    /// Names given with `--only`; empty means all.
    only: Vec<String>,
    done: Vec<Step>,
}

struct Step {
    name: &'static str,
    took: Duration,
    outcome: Outcome,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Outcome {
    Ok,
    Failed(String),
    Interrupted,
    Skipped(&'static str),
}

impl Steps {
    pub(crate) fn new(session: Session, only: Vec<String>) -> Self {
        Self { session, only, done: Vec::new() }
    }

    /// Whether this run includes the step `name`.
    pub(crate) fn wants(&self, name: &str) -> bool {
        !self.session.stopping() && (self.only.is_empty() || self.only.iter().any(|only| only == name))
    }

    /// Runs one step, if it is wanted. A failed one doesn't keep the others from
    /// running: one run tells everything that is wrong.
    pub(crate) async fn step<F>(&mut self, name: &'static str, work: F)
    where
        F: AsyncFnOnce(&mut Session) -> anyhow::Result<()>,
    {
        if !self.wants(name) {
            return;
        }
        eprintln!("\n\u{2500}\u{2500} {name}");
        let start = Instant::now();
        let outcome = match work(&mut self.session).await {
            Ok(()) => Outcome::Ok,
            Err(error) if error.is::<Interrupted>() => Outcome::Interrupted,
            Err(error) => {
                eprintln!("{name}: {error:#}");
                Outcome::Failed(format!("{error:#}"))
            }
        };
        self.done.push(Step { name, took: start.elapsed(), outcome });
    }

    /// Notes that a step which was wanted could not run, and why.
    pub(crate) fn skip(&mut self, name: &'static str, why: &'static str) {
        if self.wants(name) {
            self.done.push(Step { name, took: Duration::ZERO, outcome: Outcome::Skipped(why) });
        }
    }

    /// Prints the table; an error if a step failed or somebody interrupted.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        eprint!("\n{}", table(&self.done));
        if self.session.stopping() {
            return Err(Interrupted.into());
        }
        let failed = self.done.iter().filter(|step| matches!(step.outcome, Outcome::Failed(_))).count();
        anyhow::ensure!(failed == 0, "{failed} of {} steps failed", self.done.len());
        Ok(())
    }
}

fn table(steps: &[Step]) -> String {
    let mut text = String::new();
    let mut total = Duration::ZERO;
    for step in steps {
        total += step.took;
        let (mark, note) = match &step.outcome {
            Outcome::Ok => ("ok", ""),
            Outcome::Failed(why) => ("FAILED", why.lines().next().unwrap_or_default()),
            Outcome::Interrupted => ("stopped", ""),
            Outcome::Skipped(why) => ("skipped", *why),
        };
        let line = format!("  {:<12} {mark:<8} {:>7.1} s  {note}", step.name, step.took.as_secs_f64());
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let _ = writeln!(text, "  {:<12} {:<8} {:>7.1} s", "total", "", total.as_secs_f64());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_tells_each_step_and_the_sum() {
        let step = |name, seconds, outcome| Step { name, took: Duration::from_secs(seconds), outcome };
        let text = table(&[
            step("format", 1, Outcome::Ok),
            step("clippy", 62, Outcome::Failed("`cargo clippy` failed\nmore".to_owned())),
            step("e2e", 0, Outcome::Skipped("no binary")),
        ]);
        assert_eq!(
            text,
            "  format       ok           1.0 s\n  \
             clippy       FAILED      62.0 s  `cargo clippy` failed\n  \
             e2e          skipped      0.0 s  no binary\n  \
             total                    63.0 s\n"
        );
    }
}
