//! Does nothing: to see that jobs run, and how fast.

use crate::jobs::{Context, Done, Failure};
use domain::job::Nothing;

pub(super) async fn run(context: Context) -> Result<Done, Failure> {
    let Nothing {} = context.payload()?;
    Ok(None)
}
