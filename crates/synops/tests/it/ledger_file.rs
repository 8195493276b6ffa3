//! What the simulator wrote down, beside what a server has of it.

use domain::telemetry::codec;
use serde_json::Value;
use sqlx::PgPool;
use std::collections::HashSet;
use std::path::Path;

/// IMEI, time in ms, digest.
type Record = (String, i64, i64);

/// What was acknowledged.
pub(crate) struct Ledger {
    pub(crate) healthy: HashSet<Record>,
    /// Their digests.
    pub(crate) poison: HashSet<i64>,
}

impl Ledger {
    pub(crate) fn read(path: &Path) -> Self {
        let (mut healthy, mut poison) = (HashSet::new(), HashSet::new());
        for line in std::fs::read_to_string(path).expect("the ledger").lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let [imei, at_ms, digest, _, _, marks @ ..] = words.as_slice() else { panic!("{line}") };
            let digest = digest.parse().expect("a digest");
            let is_new = match marks {
                [] => healthy.insert(((*imei).to_owned(), at_ms.parse().expect("a time"), digest)),
                ["poison"] => poison.insert(digest),
                _ => panic!("{line}"),
            };
            assert!(is_new, "acknowledged twice: {line}");
        }
        Self { healthy, poison }
    }

    /// Every healthy record is kept, once; of the others every one is on the desk, and nothing else is. Answers how
    /// many are kept that no acknowledgement arrived of.
    pub(crate) async fn compare(&self, db: &PgPool) -> usize {
        let kept: Vec<Record> = sqlx::query_as(
            "select d.imei, (extract(epoch from p.at) * 1000)::int8, p.digest from positions p join devices d on d.node_id = p.device_id",
        )
        .fetch_all(db)
        .await
        .expect("positions");
        let there: HashSet<Record> = kept.iter().cloned().collect();
        let lost: Vec<&Record> = self.healthy.difference(&there).collect();
        assert_eq!((lost.len(), lost.first()), (0, None), "acknowledged, and not kept");
        // The same record under another key would be another row.
        let twice: Vec<(String, i64)> = sqlx::query_as(
            "select d.imei, count(*) from positions p join devices d on d.node_id = p.device_id
              group by d.imei, p.io ->> '65000' having count(*) > 1",
        )
        .fetch_all(db)
        .await
        .expect("positions");
        assert_eq!(twice, [], "kept twice");
        let payloads: Vec<Value> = sqlx::query_scalar("select payload from dead_letters where source = 'telemetry'")
            .fetch_all(db)
            .await
            .expect("letters");
        let letters: HashSet<i64> = payloads.iter().flat_map(digests).collect();
        let missing: Vec<&i64> = self.poison.difference(&letters).collect();
        assert_eq!(missing, Vec::<&i64>::new(), "not on the desk");
        there.len() - self.healthy.len()
    }
}

/// Of what a letter carries, which must be such as can't be kept.
fn digests(payload: &Value) -> Vec<i64> {
    if let Some(hex) = payload["hex"].as_str() {
        let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect();
        assert!(codec::frame(&bytes).is_err(), "a healthy frame is on the desk: {payload}");
        return vec![codec::digest(&bytes)];
    }
    let records = payload["records"].as_array().expect("records");
    assert!(records.iter().all(|record| record["at"].as_str().is_some_and(|at| at.starts_with("2000-"))), "{payload}");
    records.iter().map(|record| record["digest"].as_str().and_then(|digest| digest.parse().ok()).expect("a digest")).collect()
}
