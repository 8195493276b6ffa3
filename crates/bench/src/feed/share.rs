//! Who used the cores during a measurement of the feed.

use crate::machine::{Cpu, Postgres};
use crate::stats::Spread;
use serde_json::{Value, json};

/// Since a moment.
pub(crate) struct Watch {
    server: Cpu,
    postgres: Cpu,
    tailers: Cpu,
    us: Cpu,
}

/// Cores kept busy.
#[derive(Clone, Copy)]
pub(crate) struct Share {
    server: f64,
    postgres: f64,
    /// Of PostgreSQL's: what the tailers' reading costs there.
    tailers: f64,
    us: f64,
}

impl Watch {
    /// Begins to watch a server and its database.
    pub(crate) async fn begin(postgres: &Postgres, server: u32) -> anyhow::Result<Self> {
        let tailers = postgres.tailers().await?;
        Ok(Self {
            server: Cpu::of(vec![server]),
            postgres: Cpu::of_family(postgres.pid()),
            tailers: Cpu::of(tailers),
            us: Cpu::of_us(),
        })
    }

    pub(crate) fn end(&self) -> Share {
        let Self { server, postgres, tailers, us } = self;
        Share { server: server.cores(), postgres: postgres.cores(), tailers: tailers.cores(), us: us.cores() }
    }
}

impl Share {
    pub(crate) fn json(&self) -> Value {
        json!({ "server": self.server, "postgresql": self.postgres, "tailers_backends": self.tailers, "generator": self.us })
    }

    /// The medians, in words.
    pub(crate) fn tell<'a>(all: impl Iterator<Item = &'a Self> + Clone) -> String {
        let median = |pick: fn(&Self) -> f64| Spread::of(all.clone().map(pick)).median;
        format!(
            "server {:.2}, PostgreSQL {:.2} (of which for the tailers {:.2}), load generator {:.2}",
            median(|s| s.server),
            median(|s| s.postgres),
            median(|s| s.tailers),
            median(|s| s.us)
        )
    }
}
