//! API tokens: how programs prove on whose behalf they call.

use crate::text::text_enum;

text_enum! {
    /// What an API token lets its holder do.
    TokenAccess {
        /// See what the person sees.
        Read = "read",
        /// Do what the person may do.
        Write = "write",
    }
}
