//! One public workspace with systems, and maintenances of them.

use crate::feed::seed::{self, Shape};
use crate::machine::Postgres;
use sqlx::Row;
use store::bootstrap::DATABASE;
use uuid::Uuid;

pub(super) use crate::feed::seed::WRITER_TOKEN;
pub(super) const READER_TOKEN: &str = "syn_bench_1";

pub(super) async fn fill(postgres: &Postgres, maintenances: u32) -> anyhow::Result<()> {
    seed::fill(postgres, &Shape { scopes: 1, people: 10 }).await?;
    // The public workspace is the second; systems are in the first.
    let statements = format!(
        "begin;
         insert into nodes (id, kind, title, body)
           select md5('maintenance '||n)::uuid, 'maintenance', 'Maintenance '||n, rpad('What is done, and why. ', 200, 'Step by step. ')
             from generate_series(1, {maintenances}) n;
         insert into edges (id, kind, source_id, target_id)
           select md5('maintenance place '||n)::uuid, 'part_of', md5('maintenance '||n)::uuid, md5('workspace 2')::uuid
             from generate_series(1, {maintenances}) n;
         insert into maintenances (node_id, starts_at, ends_at)
           select md5('maintenance '||n)::uuid, now() + n * interval '1 hour', now() + n * interval '1 hour' + interval '30 minutes'
             from generate_series(1, {maintenances}) n;
         insert into edges (id, kind, source_id, target_id)
           select md5('affects '||n)::uuid, 'affects', md5('maintenance '||n)::uuid, md5('system '||(1 + n % 50))::uuid
             from generate_series(1, {maintenances}) n;
         commit;"
    );
    postgres.run(DATABASE, &statements).await?;
    postgres.run(DATABASE, "vacuum analyze").await
}

/// One that is on the first page, and its version.
pub(super) async fn first(postgres: &Postgres) -> anyhow::Result<(Uuid, i64)> {
    let mut db = postgres.superuser(DATABASE).await?;
    let newest = "select n.id, n.version from maintenances m join nodes n on n.id = m.node_id order by m.starts_at desc limit 1";
    let row = sqlx::query(newest).fetch_one(&mut db).await?;
    Ok((row.try_get("id")?, row.try_get("version")?))
}
