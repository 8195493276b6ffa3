//! `.sqlx/`: what the database says about each query, so that builds need none.
//!
//! sqlx's macros write these files themselves when they compile against a live
//! database with `SQLX_OFFLINE_DIR` set. So: a throwaway PostgreSQL, the
//! migrations, and one `cargo check` of the crate that holds the queries.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, bail};
use tokio::process::Command;

use crate::services::Postgres;
use crate::session::Session;
use crate::{repo, setup};

/// The one crate with checked queries (`cargo xtask tidy` sees to it).
const PACKAGE: &str = "store";
pub(crate) const DATABASE: &str = "synops_queries";

pub(crate) async fn run(check: bool) -> anyhow::Result<()> {
    setup::for_running()?;
    generate(&mut Session::new()?, check).await
}

/// Renews `.sqlx/`; with `check` changes nothing and fails on drift.
pub(crate) async fn generate(session: &mut Session, check: bool) -> anyhow::Result<()> {
    let postgres = Postgres::start().await?;
    let made = postgres.directory().join("queries");
    fs::create_dir(&made)?;
    let result = match prepare(session, &postgres, &made).await {
        Ok(()) => settle(&made, check),
        Err(error) => Err(error),
    };
    postgres.stop().await?.close()?;
    result
}

async fn prepare(session: &mut Session, postgres: &Postgres, made: &Path) -> anyhow::Result<()> {
    migrate(session, postgres).await?;
    let touched = touch_roots()?;
    let checked = session
        .run(
            Command::from(repo::cargo(&["check", "--quiet", "--package", PACKAGE, "--all-targets"]))
                .env("SQLX_OFFLINE", "false")
                .env("SQLX_OFFLINE_DIR", made)
                .env("DATABASE_URL", postgres.url(DATABASE)),
        )
        .await
        .with_context(|| format!("a query of the crate {PACKAGE} does not fit the migrations"));
    for (root, modified) in touched {
        fs::File::options().append(true).open(root)?.set_modified(modified)?;
    }
    checked
}

/// Each file as one transaction, in order: the way sqlx runs them. (The server's
/// own code can't do it here: it needs these very files to be compiled.)
pub(crate) async fn migrate(session: &mut Session, postgres: &Postgres) -> anyhow::Result<()> {
    let psql = postgres.program("psql");
    session
        .run(
            Command::new(&psql)
                .args(["--no-psqlrc", "--quiet", "--command"])
                .arg(format!("create database {DATABASE}"))
                .arg(postgres.url("postgres")),
        )
        .await?;
    let mut files: Vec<PathBuf> =
        fs::read_dir(repo::root().join("migrations"))?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    for file in files {
        session
            .run(
                Command::new(&psql)
                    .args(["--no-psqlrc", "--quiet", "--single-transaction"])
                    .args(["--set", "ON_ERROR_STOP=1", "--file"])
                    .arg(&file)
                    .arg(postgres.url(DATABASE)),
            )
            .await
            .with_context(|| format!("{} does not run", file.display()))?;
    }
    Ok(())
}

/// Makes cargo compile the crate's targets again: their roots look new. Answers
/// the times they had, which are put back, so that nothing else is built again.
fn touch_roots() -> anyhow::Result<Vec<(PathBuf, SystemTime)>> {
    let directory = repo::root().join("crates").join(PACKAGE);
    let mut roots = vec![directory.join("src/lib.rs")];
    for folder in ["tests", "examples", "benches"] {
        if let Ok(entries) = fs::read_dir(directory.join(folder)) {
            roots.extend(entries.flatten().map(|entry| entry.path()));
        }
    }
    roots.retain(|root| root.extension().is_some_and(|extension| extension == "rs"));
    let mut touched = Vec::new();
    for root in roots {
        let file = fs::File::options().append(true).open(&root)?;
        touched.push((root, file.metadata()?.modified()?));
        file.set_modified(now())?;
    }
    Ok(touched)
}

#[expect(clippy::disallowed_methods, reason = "the time of a file is the machine's time")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// Compares what was made with `.sqlx/`, and makes them equal unless `check`.
fn settle(made: &Path, check: bool) -> anyhow::Result<()> {
    let kept = repo::root().join(".sqlx");
    let new = read(made)?;
    let old = read(&kept)?;
    let drift: Vec<&String> = new
        .iter()
        .filter(|(name, content)| old.get(*name) != Some(content))
        .map(|(name, _)| name)
        .chain(old.keys().filter(|name| !new.contains_key(*name)))
        .collect();
    if drift.is_empty() {
        eprintln!(".sqlx/ holds all {} queries", new.len());
        return Ok(());
    }
    if check {
        let names = drift.iter().map(|name| format!("  .sqlx/{name}")).collect::<Vec<_>>().join("\n");
        bail!(".sqlx/ is not what queries and migrations make; run ./dev gen and commit it:\n{names}");
    }
    fs::create_dir_all(&kept)?;
    for (name, content) in &new {
        fs::write(kept.join(name), content)?;
    }
    for stale in old.keys().filter(|name| !new.contains_key(*name)) {
        fs::remove_file(kept.join(stale))?;
    }
    eprintln!(".sqlx/ renewed: {} of {} files changed", drift.len(), new.len());
    Ok(())
}

fn read(directory: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    if !directory.is_dir() {
        return Ok(files);
    }
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("query-") {
            files.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(files)
}
