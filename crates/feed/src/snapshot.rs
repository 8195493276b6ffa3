//! `pg_snapshot`, as PostgreSQL writes it: `xmin:xmax:xip,xip,…`.

use std::fmt;

/// Which transactions a moment saw: all below `xmin`, none from `xmax` on, and between them all
/// but those listed as running.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot {
    xmin: u64,
    xmax: u64,
    /// Sorted, without duplicates, each in `xmin..xmax`.
    running: Vec<u64>,
}

impl Snapshot {
    /// Reads the text form; `None` for anything that PostgreSQL would not write.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (xmin, xmax, list) = (number(parts.next()?)?, number(parts.next()?)?, parts.next()?);
        if parts.next().is_some() || xmin == 0 || xmax < xmin {
            return None;
        }
        let running: Vec<u64> = if list.is_empty() { Vec::new() } else { list.split(',').map(number).collect::<Option<_>>()? };
        let sorted = running.windows(2).all(|pair| pair[0] < pair[1]);
        let inside = running.iter().all(|xid| (xmin..xmax).contains(xid));
        (sorted && inside).then_some(Self { xmin, xmax, running })
    }

    /// Whether what this transaction wrote was visible then (if it committed).
    pub fn sees(&self, xid: u64) -> bool {
        xid < self.xmin || (xid < self.xmax && self.running.binary_search(&xid).is_err())
    }

    /// Whether it sees all that `other` sees.
    pub fn covers(&self, other: &Self) -> bool {
        other.xmax <= self.xmax && !self.running.iter().any(|xid| other.sees(*xid))
    }

    pub fn xmin(&self) -> u64 {
        self.xmin
    }

    pub fn xmax(&self) -> u64 {
        self.xmax
    }

    pub fn running(&self) -> &[u64] {
        &self.running
    }

    /// What a later snapshot may see and this one did not.
    pub(crate) fn unseen(&self) -> store::feed::Unseen {
        store::feed::Unseen { running: self.running.iter().map(u64::to_string).collect(), from: self.xmax.to_string() }
    }
}

fn number(text: &str) -> Option<u64> {
    // No sign, no leading zero: one text for each value, so that tokens compare.
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    // PostgreSQL's transaction ids fit bigint here: 2^63 transactions are never reached.
    plain.then(|| text.parse().ok()).flatten().filter(|n| *n < i64::MAX.cast_unsigned())
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:", self.xmin, self.xmax)?;
        for (at, xid) in self.running.iter().enumerate() {
            write!(f, "{}{xid}", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_postgresql_writes_and_nothing_else() {
        for good in ["10:20:10,14,15", "7:7:", "7:8:7", "1:9223372036854775806:"] {
            assert_eq!(Snapshot::parse(good).map(|s| s.to_string()).as_deref(), Some(good));
        }
        for bad in [
            "",
            "10",
            "10:20",
            "10:20:10:",
            "20:10:",
            "10:20:9",
            "10:20:20",
            "10:20:15,14",
            "10:20:14,14",
            "a:20:",
            "10:20:,",
            "-1:20:",
            "+1:20:",
            "010:20:",
            "0:20:",
            "10:99999999999999999999:",
            "10:9223372036854775807:",
            " 10:20:",
        ] {
            assert_eq!(Snapshot::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn sees_what_had_committed() {
        let snapshot = Snapshot::parse("10:20:10,14").unwrap();
        let check = |xid, expect| assert_eq!(snapshot.sees(xid), expect, "{xid}");
        check(9, true);
        check(10, false);
        check(11, true);
        check(14, false);
        check(19, true);
        check(20, false);
        check(1_000, false);
    }

    #[test]
    fn covers_what_saw_no_more() {
        let check = |later: &str, earlier: &str, expect| {
            let at = |text| Snapshot::parse(text).unwrap();
            assert_eq!(at(later).covers(&at(earlier)), expect, "{later} {earlier}");
        };
        check("10:20:10,14", "10:20:10,14", true);
        check("14:20:14", "10:20:10,14", true);
        check("10:20:10,14", "14:20:14", false);
        check("10:21:10,14,20", "10:20:10,14", true);
        check("10:20:10,14", "10:21:10,14,20", false);
    }
}
