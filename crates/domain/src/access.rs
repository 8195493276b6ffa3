//! Who may do what: one rule for requests, feeds and sockets.

use crate::text::text_enum;

text_enum! {
    /// What a person may do in a scope. Ordered: each includes those before it.
    Level {
        Reader = "reader",
        /// Creates and changes what is in the scope.
        Member = "member",
        /// Grants, and the scope's own settings.
        Admin = "admin",
        Owner = "owner",
    }
}

impl Level {
    /// As stored in `scope_access.level`.
    pub const fn as_i16(self) -> i16 {
        match self {
            Self::Reader => 1,
            Self::Member => 2,
            Self::Admin => 3,
            Self::Owner => 4,
        }
    }

    /// From `scope_access.level`; `None` for a number that is no level.
    pub const fn from_i16(level: i16) -> Option<Self> {
        match level {
            1 => Some(Self::Reader),
            2 => Some(Self::Member),
            3 => Some(Self::Admin),
            4 => Some(Self::Owner),
            _ => None,
        }
    }
}

text_enum! {
    /// Who reads a scope without a grant.
    Visibility {
        Public = "public",
        SignedIn = "signed_in",
        Members = "members",
    }
}

/// The level somebody has in a scope: what they are granted, or what its visibility gives.
/// `None`: for them the scope does not exist.
pub fn effective(granted: Option<Level>, visibility: Visibility, signed_in: bool) -> Option<Level> {
    let seen = match visibility {
        Visibility::Public => true,
        Visibility::SignedIn => signed_in,
        Visibility::Members => false,
    };
    granted.or(seen.then_some(Level::Reader))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visibility_gives_reading_and_never_takes_a_grant() {
        let check = |granted, visibility, signed_in, expect| {
            assert_eq!(effective(granted, visibility, signed_in), expect, "{granted:?} {visibility} {signed_in}");
        };
        check(None, Visibility::Public, false, Some(Level::Reader));
        check(None, Visibility::SignedIn, false, None);
        check(None, Visibility::SignedIn, true, Some(Level::Reader));
        check(None, Visibility::Members, true, None);
        check(Some(Level::Owner), Visibility::Public, true, Some(Level::Owner));
        check(Some(Level::Member), Visibility::Members, true, Some(Level::Member));
    }

    #[test]
    fn levels_are_ordered_as_stored() {
        for pair in Level::ALL.windows(2) {
            assert!(pair[0] < pair[1] && pair[0].as_i16() < pair[1].as_i16());
        }
        for level in Level::ALL {
            assert_eq!(Level::from_i16(level.as_i16()), Some(*level));
        }
    }
}
