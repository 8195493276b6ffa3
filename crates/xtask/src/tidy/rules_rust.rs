//! What may not stand in Rust, and where. An exception is a path in the list,
//! with its reason beside it: read it again whenever it grows.

use super::patterns::{Lines, Look, Rule};

/// Files whose statics have been reviewed; none so far.
pub(super) const STATICS: &[&str] = &[];

pub(super) const RULES: &[Rule] = &[
    Rule {
        words: &["unbounded_channel", "UnboundedSender", "UnboundedReceiver", "mpsc::unbounded"],
        look: Look::Code,
        lines: Lines::All,
        within: &[],
        except: &[],
        says: "every queue has a limit; use a bounded channel with a constant of domain/limits.rs",
    },
    Rule {
        words: &["#[ignore"],
        look: Look::Code,
        lines: Lines::All,
        within: &[],
        // No test, but the process that the tests of this file start and kill.
        except: &["crates/managed-postgres/tests/it/owner.rs"],
        says: "a test runs or it goes",
    },
    Rule {
        words: &["#[allow(", "#![allow("],
        look: Look::Code,
        lines: Lines::All,
        within: &[],
        except: &[],
        says: "use #[expect(lint, reason = \"…\")], which says why and goes when it is no longer needed",
    },
    Rule {
        words: &["sleep(", "sleep_until("],
        look: Look::Code,
        lines: Lines::Tests,
        within: &[],
        // The places that wait between two looks at a state; a benchmark paces itself.
        except: &["crates/testkit/src/wait_until.rs", "crates/managed-postgres/tests/it/support.rs", "crates/bench/"],
        says: "a test never sleeps to wait; use testkit's wait_until(state, limit) or tokio's paused time; pace a fault with an interval",
    },
    Rule {
        words: &[
            "query!",
            "query_as!",
            "query_scalar!",
            "query_file!",
            "query_file_as!",
            "query_unchecked!",
            "query_as_unchecked!",
            "query_scalar_unchecked!",
        ],
        look: Look::Code,
        lines: Lines::All,
        within: &[],
        except: &["crates/store/"],
        says: "checked queries are in crates/store alone, which .sqlx/ is made from",
    },
    Rule {
        words: &["sqlx::query", "query_as(", "query_as::<", "query_scalar(", "query_scalar::<", "raw_sql(", "QueryBuilder"],
        look: Look::Code,
        lines: Lines::Product,
        within: &["crates/"],
        // The keeper of the cluster makes its first roles and databases.
        except: &["crates/store/", "crates/managed-postgres/"],
        says: "SQL is in crates/store alone; add a function there, in the file of its noun",
    },
    Rule {
        words: &[".execute(\"", ".fetch_one(\"", ".fetch_optional(\"", ".fetch_all(\""],
        look: Look::Literals,
        lines: Lines::Product,
        within: &["crates/"],
        except: &["crates/store/", "crates/managed-postgres/"],
        says: "SQL is in crates/store alone; add a function there, in the file of its noun",
    },
    Rule {
        words: &["pool.begin(", "pool.begin_with(", "pool().begin(", "pool().begin_with("],
        look: Look::Code,
        lines: Lines::Product,
        within: &["crates/"],
        except: &["crates/store/src/connect.rs"],
        says: "begin with store::begin: the pool's own, cancelled, leaves the connection in a transaction",
    },
    Rule {
        words: &[
            "create table",
            "create unlogged table",
            "alter table",
            "drop table",
            "create index",
            "create unique index",
            "drop index",
            "create function",
            "create or replace function",
            "create trigger",
            "drop trigger",
            "create view",
            "create materialized view",
            "create type",
            "create extension",
        ],
        look: Look::Literals,
        lines: Lines::Product,
        within: &["crates/"],
        except: &["crates/xtask/src/tidy/"],
        says: "only the migrations run DDL: the server's own role has no right to it",
    },
    Rule {
        words: &["::now(", "std::env", "std::fs", "std::io", "std::process", "std::thread", "std::net::Tcp", "std::net::Udp"],
        look: Look::Code,
        lines: Lines::Product,
        within: &["crates/domain/src/"],
        // A writer into memory: what a template makes has a bound.
        except: &["crates/domain/src/notification/template.rs"],
        says: "domain has no clock and no IO; take what you need as an argument",
    },
    Rule {
        words: &["println!", "print!", "eprintln!", "eprint!"],
        look: Look::Code,
        lines: Lines::Product,
        within: &["crates/"],
        // These talk with a person at a terminal, and a build script with cargo.
        except: &["crates/synops/", "crates/xtask/", "crates/gateway/build.rs", "crates/store/build.rs"],
        says: "only the command line prints; log with tracing",
    },
    Rule {
        words: &["DefaultBodyLimit::disable"],
        look: Look::Code,
        lines: Lines::All,
        within: &[],
        except: &[],
        says: "no body without a limit",
    },
];

#[cfg(test)]
mod tests {
    use super::super::patterns::{check_rust, lines_found};

    fn check(path: &str, text: &str, expect: &[usize]) {
        assert_eq!(lines_found(check_rust, path, text), expect, "{path}: {text}");
    }

    #[test]
    fn anywhere() {
        check("crates/feed/src/a.rs", "let a = mpsc::unbounded_channel();", &[1]);
        check("crates/feed/src/a.rs", "// no unbounded_channel here", &[]);
        check("crates/feed/src/a.rs", "\n#[ignore = \"slow\"]\nfn a() {}", &[2]);
        check("crates/feed/src/a.rs", "#![allow(dead_code)]", &[1]);
        check("crates/feed/src/a.rs", "#[expect(dead_code, reason = \"x\")]", &[]);
        check("crates/gateway/src/a.rs", "r.layer(DefaultBodyLimit::disable())", &[1]);
    }

    #[test]
    fn tests_do_not_sleep() {
        check("crates/synops/tests/it/a.rs", "tokio::time::sleep(x).await;", &[1]);
        check("crates/feed/src/a.rs", "tokio::time::sleep(x).await;", &[]);
        check("crates/feed/src/a.rs", "#[cfg(test)]\nmod tests {\nthread::sleep(x);\n}", &[3]);
        check("crates/testkit/src/wait_until.rs", "tokio::time::sleep(x).await;", &[]);
        check("crates/synops/tests/it/a.rs", "sql(\"select pg_sleep(2)\")", &[]);
    }

    #[test]
    fn sql_is_in_store() {
        check("crates/store/src/node.rs", "sqlx::query_as!(A, \"select 1\")", &[]);
        check("crates/gateway/src/a.rs", "sqlx::query!(\"select 1\")", &[1]);
        check("crates/gateway/src/a.rs", "sqlx::query(\"select 1\")", &[1]);
        check("crates/gateway/src/a.rs", "query_as::<_, A>(x)", &[1]);
        check("crates/gateway/src/a.rs", "db.execute(\"select 1\")", &[1]);
        check("crates/gateway/src/a.rs", "job.execute(node)", &[]);
        check("crates/gateway/src/a.rs", "use axum::extract::Query;", &[]);
        check("crates/synops/tests/it/a.rs", "sqlx::query(\"select 1\")", &[]);
        check("crates/synops/tests/it/a.rs", "sqlx::query!(\"select 1\")", &[1]);
    }

    #[test]
    fn transactions_begin_in_store() {
        check("crates/gateway/src/a.rs", "let tx = self.pool.begin().await?;", &[1]);
        check("crates/gateway/src/a.rs", "let tx = store::begin(state.pool()).await?;", &[]);
        check("crates/gateway/tests/a.rs", "let tx = db.pool().begin().await?;", &[]);
    }

    #[test]
    fn ddl_is_in_migrations() {
        check("crates/store/src/a.rs", "sqlx::query(\"CREATE TABLE a ()\")", &[1]);
        check("crates/store/src/a.rs", "// create table a", &[]);
        check("crates/store/tests/a.rs", "sqlx::query(\"create table a ()\")", &[]);
    }

    #[test]
    fn domain_is_pure() {
        check("crates/domain/src/a.rs", "let a = Utc::now();", &[1]);
        check("crates/domain/src/a.rs", "use std::net::IpAddr;", &[]);
        check("crates/engine/src/a.rs", "let a = Instant::now();", &[]);
    }

    #[test]
    fn only_the_command_line_prints() {
        check("crates/feed/src/a.rs", "println!(\"a\")", &[1]);
        check("crates/synops/src/a.rs", "println!(\"a\")", &[]);
        check("crates/feed/src/a.rs", "#[cfg(test)]\nmod tests {\nprintln!(\"a\")\n}", &[]);
    }
}
