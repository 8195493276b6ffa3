//! How far a stop is.

/// Phases follow each other in this order. Until what is under way is ended, an abort leads back to
/// [`Phase::Running`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    #[default]
    Running,
    /// A stop is known to come; nothing else has changed.
    Announced,
    /// No new work is taken. What is under way goes on.
    Closing,
    /// What is under way has until the deadline.
    Draining,
    /// Nothing is under way any more, or it was given up.
    Stopped,
}

impl Phase {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Announced => "announced",
            Self::Closing => "closing",
            Self::Draining => "draining",
            Self::Stopped => "stopped",
        }
    }

    /// Whether new work may begin.
    pub fn takes_work(self) -> bool {
        self < Self::Closing
    }
}

/// What kind of work a participant has: it decides when the work is ended, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Has until the deadline; then it keeps its place and is handed back.
    Job,
    /// Short, and served while jobs finish: it ends after them, by finishing.
    Request,
    /// Has no end of its own: it is told, and cut, after the jobs.
    Session,
}

impl Class {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Request => "request",
            Self::Session => "session",
        }
    }
}
