//! Makes partitions ahead of time, drops those that have had their day, and deletes what expired.

use crate::jobs::{Context, Done, Failure};
use crate::upkeep::{Retention, Upkeep};
use content::Folder;
use domain::job::Nothing;

pub(super) async fn run(context: Context, retention: Retention, files: Option<Folder>) -> Result<Done, Failure> {
    let Nothing {} = context.payload()?;
    let upkeep = Upkeep { pool: context.pool().clone(), retention, files };
    // Each of its steps may be the last: what is left is done the next time.
    context
        .stop()
        .run_until_cancelled(upkeep.pass(|done, what| context.progress(done, Some(what))))
        .await
        .ok_or(Failure::Stopped)??;
    Ok(None)
}
