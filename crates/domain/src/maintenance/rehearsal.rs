//! What a rehearsal answers: the steps of a plan, carried out on the real database and taken back.

use crate::text::text_enum;
use chrono::{DateTime, Utc};
use std::time::Duration;

text_enum! {
    StepName {
        /// People see it coming.
        Announce = "announce",
        /// Of Synops itself: jobs of the blocked classes are kept, calls and uploads refused.
        Close = "close",
        /// The window begins.
        Start = "start",
        /// Of Synops itself: what runs finishes, within the bound.
        Drain = "drain",
        /// Of Synops itself: it stops, and its supervisor starts it again.
        Restart = "restart",
        /// The work is over.
        End = "end",
        /// The checks of what is affected.
        Verify = "verify",
        Complete = "complete",
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub name: StepName,
    /// When it will come, at the latest for those that wait for something.
    pub at: DateTime<Utc>,
    /// For people.
    pub detail: String,
    /// How long its work took now; `None` for a step that only the real plan carries out.
    pub took: Option<Duration>,
    /// False: as things are now, this step would not go well.
    pub ok: bool,
}
