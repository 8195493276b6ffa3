//! What lies beside the graph: rows of their own, of whose changes the log tells as such.

use feed::{ListChange, ListPart};
use uuid::Uuid;

/// Which rows a list is of. Whoever names nodes in it is told when one changes as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Beside {
    /// Of maintenances.
    Series,
    /// Of a person or team.
    Subscriptions(Uuid),
    /// Of a status page.
    Followers(Uuid),
    /// Of a connection.
    Templates(Uuid),
}

impl Beside {
    /// What is to be dropped; `None` for what is kept with a person's own.
    pub(super) fn of(change: ListChange) -> Option<Self> {
        match change.what {
            ListPart::Series => Some(Self::Series),
            ListPart::Subscriptions => Some(Self::Subscriptions(change.of)),
            ListPart::Followers => Some(Self::Followers(change.of)),
            ListPart::Templates => Some(Self::Templates(change.of)),
            ListPart::Preferences => None,
        }
    }

    /// What their keys begin with.
    pub(super) fn prefix(self) -> String {
        match self {
            Self::Series => "series/".to_owned(),
            Self::Subscriptions(of) => format!("subscriptions/{of}/"),
            Self::Followers(of) => format!("followers/{of}/"),
            Self::Templates(of) => format!("templates/{of}/"),
        }
    }
}
