//! What is generated and committed: `.sqlx/`, the schema as text, `docs/openapi.json` and the page's types.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use tokio::process::Command;

use crate::services::Postgres;
use crate::session::Session;
use crate::{repo, setup, sqlx, up, web};

const OPENAPI: &str = "docs/openapi.json";
/// What `synops schema check` holds a database against. A test of `synops` finds drift.
const SCHEMA: &str = "crates/store/src/schema.txt";
const TYPES: &str = "web/src/lib/api/schema.d.ts";

/// Renews everything, in the order in which one is made from the other.
pub(crate) async fn run(check: bool) -> anyhow::Result<()> {
    setup::for_running()?;
    let mut session = Session::new()?;
    if !check {
        sqlx::generate(&mut session, false).await?;
    }
    web::build(&mut session).await?;
    session.run(&mut up::build_server()).await?;
    let synops = repo::target_dir()?.join("debug/synops");
    schema(&mut session, &synops, check).await?;
    api(&mut session, &synops, check).await
}

/// The schema that the migrations make, as the binary `synops` reads it from a throwaway database.
async fn schema(session: &mut Session, synops: &Path, check: bool) -> anyhow::Result<()> {
    let postgres = Postgres::start().await?;
    let dumped = match sqlx::migrate(session, &postgres).await {
        Ok(()) => {
            Ok(Command::new(synops).args(["schema", "dump"]).env("DATABASE_URL", postgres.url(sqlx::DATABASE)).output().await?)
        }
        Err(error) => Err(error),
    };
    postgres.stop().await?;
    let output = dumped?;
    if !output.status.success() {
        bail!("synops schema dump: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    write(SCHEMA, &output.stdout, check)
}

/// The OpenAPI description that the binary `synops` prints, and the types of
/// the page made from it. With `check` nothing is changed, and drift is an error.
pub(crate) async fn api(session: &mut Session, synops: &Path, check: bool) -> anyhow::Result<()> {
    let output = Command::new(synops).arg("openapi").output().await?;
    if !output.status.success() {
        bail!("synops openapi: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    write(OPENAPI, &output.stdout, check)?;

    web::install(session, "web").await?;
    let made = tempfile::tempdir()?;
    let types = made.path().join("schema.d.ts");
    let mut command = web::npm(&repo::root().join("web"));
    command.args(["exec", "--", "openapi-typescript"]).arg(repo::absolute_root()?.join(OPENAPI)).arg("--output").arg(&types);
    session.run(&mut command).await?;
    write(TYPES, &fs::read(types)?, check)
}

fn write(path: &str, content: &[u8], check: bool) -> anyhow::Result<()> {
    let file = repo::root().join(path);
    if fs::read(&file).is_ok_and(|present| present == content) {
        return Ok(());
    }
    if check {
        bail!("{path} is not what the code makes; run ./dev gen and commit it");
    }
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(&file, content).with_context(|| format!("cannot write {path}"))?;
    eprintln!("renewed {path}");
    Ok(())
}
