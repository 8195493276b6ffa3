//! The page's two queries by themselves.

use super::{CONNECTIONS, Way};
use crate::machine::Postgres;
use std::time::{Duration, Instant};
use store::bootstrap::DATABASE;
use store::maintenance::MaintenanceFilter;
use tokio::task::JoinSet;
use uuid::Uuid;

pub(super) async fn measure(postgres: &Postgres, window: Duration) -> anyhow::Result<Way> {
    let (mut readers, began) = (JoinSet::new(), Instant::now());
    let mut scopes = postgres.superuser(DATABASE).await?;
    let scopes = store::access::list_readable_scopes(&mut scopes, None).await?;
    for _ in 0..CONNECTIONS {
        let (mut db, scopes) = (postgres.superuser(DATABASE).await?, scopes.clone());
        readers.spawn(async move {
            let filter = MaintenanceFilter { latest_first: true, ..MaintenanceFilter::default() };
            let mut latencies = Vec::new();
            while began.elapsed() < window {
                let asked = Instant::now();
                let places = store::maintenance::list_maintenances(&mut db, &scopes, &filter, None, 51).await?;
                let ids: Vec<Uuid> = places.iter().take(50).map(|place| place.id).collect();
                let nodes = store::node::list_nodes_by_id(&mut db, &ids).await?;
                anyhow::ensure!(nodes.len() == 50, "{} nodes", nodes.len());
                latencies.push(asked.elapsed().as_secs_f64() * 1e3);
            }
            anyhow::Ok(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(done) = readers.join_next().await {
        latencies.extend(done??);
    }
    let mut way = Way::default();
    way.add(latencies, began.elapsed());
    Ok(way)
}
