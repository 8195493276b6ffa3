//! The same writes with the feed, without it, and with the design that it is not: a database each,
//! all copies of one.

use crate::machine::Postgres;
use store::bootstrap::{DATABASE, SERVER_ROLE};

/// What a variant writes to, and as whom.
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    pub(crate) database: &'static str,
    pub(crate) table: &'static str,
    /// Marked as our own writer, and rung for from outside the transactions.
    pub(crate) own: bool,
}

/// Without the feed: every other trigger of the schema still fires.
pub(crate) const NONE: usize = 0;
pub(crate) const OWN: usize = 1;
pub(crate) const FOREIGN: usize = 2;
pub(crate) const PLAIN_NOTIFY: usize = 3;
pub(crate) const BARE: usize = 4;
pub(crate) const UNREAD: usize = 5;

/// Rung by the plain design.
pub(crate) const PLAIN_CHANNEL: &str = "bench_plain";

const LOG_TRIGGERS_OFF: &str = "alter table nodes disable trigger aa_log_insert;
    alter table nodes disable trigger aa_log_update;
    alter table nodes disable trigger aa_log_delete;";

/// In the order of the constants above.
pub(crate) const VARIANTS: [Variant; 6] = [
    Variant { name: "no feed: its log triggers off", database: "bench_none", table: "nodes", own: false },
    Variant { name: "the feed, own writers", database: DATABASE, table: "nodes", own: true },
    Variant { name: "the feed, foreign writers (gated NOTIFY)", database: DATABASE, table: "nodes", own: false },
    Variant { name: "plain pg_notify in the trigger, no log", database: "bench_notify", table: "nodes", own: false },
    Variant { name: "a bare table: no trigger of ours at all", database: "bench_none", table: "bare", own: false },
    Variant { name: "the feed, foreign writers, no server reads it", database: "bench_unread", table: "nodes", own: false },
];

/// Makes the copies. No server may be connected to the original.
pub(crate) async fn make(postgres: &Postgres) -> anyhow::Result<()> {
    let bare = format!(
        "{LOG_TRIGGERS_OFF}
         create table bare (like nodes including defaults including constraints including indexes);
         insert into bare select * from nodes;
         grant select, update on bare to {SERVER_ROLE};"
    );
    postgres.copy("bench_none", &bare).await?;
    postgres.copy("bench_unread", "").await?;
    let notify = format!(
        "{LOG_TRIGGERS_OFF}
         create function bench_notify() returns trigger
         language plpgsql security definer set search_path = public, pg_temp as $$
         begin
             perform pg_notify('{PLAIN_CHANNEL}', n.id::text) from new_rows n;
             return null;
         end $$;
         create trigger aa_bench_notify after update on nodes
             referencing new table as new_rows for each statement execute function bench_notify();"
    );
    postgres.copy("bench_notify", &notify).await?;
    for variant in &VARIANTS {
        postgres.run(variant.database, "vacuum analyze").await?;
    }
    Ok(())
}
