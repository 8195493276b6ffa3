//! What handlers take from a request. Every extractor refuses with a problem of ours, and none
//! with a text of a library's.

mod body;
mod if_match;
mod long_work;
mod path;
mod query;
mod submission;

pub(crate) use body::Body;
pub(crate) use if_match::IfMatch;
pub(crate) use long_work::LongWork;
pub(crate) use path::Path;
pub(crate) use query::{PageQuery, Query, bulk_ids, limit_or_default, one_or_several, text_without_nul, time_in_range};
pub(crate) use submission::{Submission, context_of, refuse_key};
