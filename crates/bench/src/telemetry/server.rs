//! The server with the direct stream, and devices that send to it.

use super::{id, rows};
use crate::machine::{Cpu, Postgres, Program, Server, binaries_dir, free_address};
use anyhow::Context as _;
use serde_json::Value;
use sqlx::Connection as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use store::bootstrap::DATABASE;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;
use uuid::Uuid;

/// For devices that send as fast as they can.
const RUN_MAX: Duration = Duration::from_secs(600);
/// With how many devices send when memory is looked at, all together.
const MEMORY_RATE: u32 = 2_000;
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub(super) struct Direct<'a> {
    postgres: &'a Postgres,
    place: &'a Path,
    server: Server,
    ears: SocketAddr,
    /// Of the devices.
    pub(super) ids: Vec<Uuid>,
}

impl<'a> Direct<'a> {
    /// A server, and so many devices that it knows.
    pub(super) async fn start(postgres: &'a Postgres, place: &'a Path, devices: u32) -> anyhow::Result<Self> {
        let workspace = Uuid::from_u128(0x0000_0000_0000_7000_8000_00bf_0000_0000);
        postgres
            .run(
                DATABASE,
                &format!(
                    "insert into nodes (id, kind, title) values ('{workspace}', 'workspace', 'Fleet');
                     insert into edges (id, kind, source_id, target_id)
                       select gen_random_uuid(), 'part_of', '{workspace}', id from nodes where kind = 'instance'"
                ),
            )
            .await?;
        let mut db = postgres.superuser(DATABASE).await?;
        // What has no place at the end of a transaction is refused.
        let mut tx = db.begin().await?;
        let ids: Vec<Uuid> = (0..devices).map(id).collect();
        let imeis: Vec<String> = (0..devices).map(rows::imei).collect();
        for statement in [
            "insert into nodes (id, kind, title) select d.id, 'device', d.imei from unnest($1::uuid[], $2::text[]) d(id, imei)",
            "insert into edges (id, kind, source_id, target_id)
               select gen_random_uuid(), 'part_of', d.id, w.id from unnest($1::uuid[], $2::text[]) d(id, imei), nodes w where w.kind = 'workspace'",
            "insert into devices (node_id, imei) select d.id, d.imei from unnest($1::uuid[], $2::text[]) d(id, imei)",
        ] {
            sqlx::query(statement).bind(&ids).bind(&imeis).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        postgres.run(DATABASE, "vacuum analyze").await?;
        let ears = free_address()?;
        let listen = ears.to_string();
        let url = postgres.server_url(DATABASE);
        let server = Server::start_as(place, "direct", &url, "gateway,ingest", &[("SYNOPS_TELEMETRY_LISTEN", &listen)]).await?;
        Ok(Self { postgres, place, server, ears, ids })
    }

    pub(super) fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// As if nothing had been sent.
    pub(super) async fn clear(&self) -> anyhow::Result<()> {
        self.postgres.run(DATABASE, "truncate positions, device_states; checkpoint").await
    }

    /// The simulator's totals, and how many cores it kept busy.
    pub(super) async fn simulate(&self, devices: u32, more: &str, per_frame: u32) -> anyhow::Result<(Value, f64)> {
        let mut simulator = self.simulator(devices, more, per_frame)?;
        let cpu = Cpu::of(vec![simulator.pid()]);
        let mut out = String::new();
        let mut stdout = simulator.child().stdout.take().context("its output")?;
        timeout(RUN_MAX, stdout.read_to_string(&mut out)).await.context("the devices do not come to an end")??;
        let cores = cpu.cores();
        let totals = serde_json::from_str(&out).with_context(|| format!("no totals: {}", simulator.log_tail()))?;
        Ok((totals, cores))
    }

    fn simulator(&self, devices: u32, more: &str, per_frame: u32) -> anyhow::Result<Program> {
        let mut command = Program::command(binaries_dir()?.join("synops"));
        command.args(["devices", "simulate", "--json", "--to"]).arg(self.ears.to_string());
        command.args(["--devices", &devices.to_string(), "--records-per-frame", &per_frame.to_string()]);
        command.args(more.split(' ')).stdout(Stdio::piped());
        Program::start(command, &self.place.join("devices.log"))
    }

    /// What the server has in memory while so many devices are connected and send, in MB.
    pub(super) async fn memory(&self, devices: u32) -> anyhow::Result<f64> {
        let simulator = self.simulator(devices, &format!("--rate {MEMORY_RATE}"), 1)?;
        let all = format!("{devices} of {devices} connected");
        let began = Instant::now();
        while !simulator.log_tail().contains(&all) {
            anyhow::ensure!(began.elapsed() < RUN_MAX, "they do not all connect: {}", simulator.log_tail());
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).context("the server's memory")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the server's memory")?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib / 1_024.0)
    }
}
