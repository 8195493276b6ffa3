//! Hours and days of check runs, so that a year can be shown without reading a year of runs. The hour
//! and the day at hand are made anew each time, until they are over.

use crate::jobs::{Context, Done, Failure};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use domain::job::Nothing;
use serde_json::json;
use store::check_rollup::Span;

/// How much is rolled up in one transaction.
const STEP: TimeDelta = TimeDelta::days(1);

pub(super) async fn run(context: Context) -> Result<Done, Failure> {
    let Nothing {} = context.payload()?;
    let now = store::database::now(context.pool()).await?;
    let mut made = 0;
    for span in Span::ALL {
        if let Some(from) = store::check_rollup::find_rollup_start(context.pool(), span).await? {
            made += roll_up(&context, span, from, now).await?;
        }
    }
    Ok(Some(json!({ "made": made })))
}

async fn roll_up(context: &Context, span: Span, from: DateTime<Utc>, now: DateTime<Utc>) -> Result<u64, Failure> {
    let mut made = 0;
    // On the bounds of days, which are those of hours too.
    let mut at = from;
    while at <= now {
        if context.stop().is_cancelled() {
            return Err(Failure::Stopped);
        }
        let next = at.duration_trunc(STEP).map_err(|error| Failure::Never(error.to_string()))? + STEP;
        let mut tx = store::begin(context.pool()).await?;
        context.hold(&mut tx).await?;
        made += store::check_rollup::roll_up(&mut *tx, span, at, next).await?;
        tx.commit().await?;
        at = next;
        let (done, all) = ((at - from).num_minutes(), (now - from).num_minutes().max(1));
        #[expect(clippy::cast_precision_loss, reason = "a part of the whole, for the eye")]
        context.progress(done as f32 / all as f32, Some(span.as_str()));
    }
    Ok(made)
}
