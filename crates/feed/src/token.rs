//! Resume tokens: where a reader was, valid on any instance of the same database.
//!
//! Form: `<epoch>~<pg_snapshot>`, the epoch being 16 hex digits. A reader keeps it as it is.

use crate::snapshot::Snapshot;
use domain::limits::TOKEN_MAX_BYTES;
use sha2::{Digest, Sha256};
use store::feed::Origin;

/// Tells one history of transaction ids from another's: of another database, of this one before it
/// was restored, or before it crashed. Over a crash a reader may have been told what then was lost,
/// and no token says whether: it begins anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch(String);

impl Epoch {
    pub fn of(origin: &Origin) -> Self {
        let digest = Sha256::digest(format!("{}.{}", origin.database, origin.recovered_us));
        Self(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }
}

/// The token of a moment.
pub fn write(epoch: &Epoch, snapshot: &Snapshot) -> String {
    format!("{}~{snapshot}", epoch.0)
}

/// Why a token cannot be continued. The reader's answer is the same for all: first rows again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    Malformed,
    TooLong,
    /// Of another database, or of this one before a restore or crash.
    OtherEpoch,
    /// From a future that is none.
    Ahead,
    /// Rows that it did not see are dropped by now.
    TooOld,
}

/// A token as it was given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    epoch: Epoch,
    snapshot: Snapshot,
}

impl Token {
    /// Its moment, if it is of this epoch.
    pub fn moment(&self, epoch: &Epoch) -> Result<&Snapshot, Refused> {
        if self.epoch == *epoch { Ok(&self.snapshot) } else { Err(Refused::OtherEpoch) }
    }
}

/// Reads the text form of a token.
pub fn read(token: &str) -> Result<Token, Refused> {
    if token.len() > TOKEN_MAX_BYTES {
        return Err(Refused::TooLong);
    }
    let (of, snapshot) = token.split_once('~').ok_or(Refused::Malformed)?;
    if of.len() != 16 || !of.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Refused::Malformed);
    }
    let snapshot = Snapshot::parse(snapshot).ok_or(Refused::Malformed)?;
    Ok(Token { epoch: Epoch(of.to_owned()), snapshot })
}

/// Whether all that `since` did not see is still in the log at `now`, where transactions up to
/// `horizon` have had rows dropped.
pub fn check_age(since: &Snapshot, now: &Snapshot, horizon: u64) -> Result<(), Refused> {
    if since.xmax() > now.xmax() {
        return Err(Refused::Ahead);
    }
    // Everything below xmin had ended before the token: what is dropped of it was seen.
    if since.xmin() <= horizon { Err(Refused::TooOld) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_or_refused_by_name() {
        let origin = |database: &str, recovered_us| Epoch::of(&Origin { database: database.to_owned(), recovered_us });
        let (here, there, before) = (origin("7301.1.a", 5), origin("7301.2.a", 5), origin("7301.1.a", 4));
        let snapshot = Snapshot::parse("10:20:10,14").unwrap();
        let token = write(&here, &snapshot);
        let given = read(&token).unwrap();
        assert_eq!(given.moment(&here), Ok(&snapshot));
        assert_eq!(given.moment(&there), Err(Refused::OtherEpoch));
        assert_eq!(given.moment(&before), Err(Refused::OtherEpoch));
        let check = |token: &str, expect| assert_eq!(read(token), Err(expect), "{token:?}");
        check("", Refused::Malformed);
        check("10:20:", Refused::Malformed);
        check("zz~10:20:", Refused::Malformed);
        check(&token.replace("20:", "20;"), Refused::Malformed);
        check(&format!("{token}{}", ",99".repeat(2_000)), Refused::TooLong);
    }

    #[test]
    fn a_token_is_too_old_once_unseen_rows_may_be_gone() {
        let at = |text| Snapshot::parse(text).unwrap();
        let check =
            |since, now, horizon, expect| assert_eq!(check_age(&at(since), &at(now), horizon), expect, "{since} {now} {horizon}");
        check("10:20:10", "30:30:", 9, Ok(()));
        check("10:20:10", "30:30:", 10, Err(Refused::TooOld));
        check("10:20:10", "30:30:", 25, Err(Refused::TooOld));
        check("30:30:", "20:20:", 0, Err(Refused::Ahead));
    }
}
