//! On whose behalf something is done.

use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The server itself (checks, upkeep, the command line): may do anything.
    Server,
    /// A signed-in person, by session or API token.
    Person {
        id: Uuid,
        /// For the audit log, as it was then.
        title: String,
        /// False for a token that may only read.
        may_write: bool,
    },
    Anonymous,
}

impl Actor {
    pub fn person_id(&self) -> Option<Uuid> {
        match self {
            Self::Person { id, .. } => Some(*id),
            Self::Server | Self::Anonymous => None,
        }
    }
}
