//! Status pages: what others see of some systems. What a page tells, and of whom, is decided here and in
//! `store/src/status_page.rs`, and nowhere else.

mod entry;
mod view;

pub use entry::{EntryPatch, StatusPagePatch, is_email};
pub use view::{Day, Notice, NoticeKind, NoticeUpdate, Overall, Section, Shown, ShownState, StatusView, shown_state};

use serde::{Deserialize, Serialize};

/// What a node of kind `status_page` has besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusPage {
    /// Its address: `/status/<slug>`.
    pub slug: String,
    pub headline: String,
    pub show_history_days: i32,
    /// Until then nobody reads it but by its node.
    pub published: bool,
}
