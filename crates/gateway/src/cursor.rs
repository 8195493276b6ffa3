//! Cursors: where the next page begins, as a text that callers hand back and don't look into. It
//! is the base64url of a small JSON value.

use crate::extract::time_in_range;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::Refusal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// A title of 200 characters, in the longest form, with room.
const CURSOR_MAX_BYTES: usize = 4_096;

pub(crate) fn encode(position: &impl Serialize) -> String {
    // Texts, numbers and times: there is nothing that could fail.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(position).unwrap_or_default())
}

/// The position in a cursor; anything that we didn't make is refused.
pub(crate) fn decode<T: DeserializeOwned>(cursor: &str) -> Result<T, Refusal> {
    let bytes = (cursor.len() <= CURSOR_MAX_BYTES).then(|| URL_SAFE_NO_PAD.decode(cursor).ok()).flatten();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(invalid)
}

/// Where a page begins in a list by time: a time, and an id among those of the time.
pub(crate) fn moment(cursor: Option<&str>) -> Result<Option<(DateTime<Utc>, Uuid)>, Refusal> {
    let Some(text) = cursor else { return Ok(None) };
    let (at, id) = decode(text)?;
    time_in_range("cursor", at).map(|at| Some((at, id)))
}

pub(crate) fn invalid() -> Refusal {
    Refusal::invalid("cursor", "next_cursor of a page of this list")
}

/// Cuts a page that was read one item too long, and tells whether there is more.
pub(crate) fn cut<T>(items: &mut Vec<T>, limit: i64) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_read_again() {
        let cursor = encode(&("ærlig \"talt\"".to_owned(), 7));
        assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{cursor}");
        assert_eq!(decode::<(String, i32)>(&cursor).unwrap(), ("ærlig \"talt\"".to_owned(), 7));
    }

    #[test]
    fn what_was_not_made_here_is_refused() {
        let long = "A".repeat(CURSOR_MAX_BYTES + 1);
        for bad in ["", "!", "e30", "bm90IGpzb24", "WzFd", "\0", long.as_str()] {
            assert!(matches!(decode::<(String, i32)>(bad), Err(Refusal::Invalid { field, .. }) if field == "cursor"), "{bad:?}");
        }
    }

    #[test]
    fn a_page_is_cut_to_its_limit() {
        let check = |length: i32, limit: i64, expect: (usize, bool)| {
            let mut items: Vec<i32> = (0..length).collect();
            let more = cut(&mut items, limit);
            assert_eq!((items.len(), more), expect);
        };
        check(3, 2, (2, true));
        check(2, 2, (2, false));
        check(0, 2, (0, false));
    }
}
