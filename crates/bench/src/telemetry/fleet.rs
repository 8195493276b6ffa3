//! Devices, and geofences where they drive, in a database of their own.

use super::rows;
use crate::machine::Postgres;
use sqlx::Connection as _;
use std::fmt::Write as _;
use store::bootstrap::DATABASE;
use uuid::Uuid;

/// The same devices, where there are geofences.
pub(super) const FENCED: &str = "synops_fenced";
/// Polygons on a grid around where the devices drive, each way.
const GRID: i32 = 100;
/// Between the middles of two, in degrees: about 2.2 km each way. A polygon is 800 m across.
const APART: [f64; 2] = [0.04, 0.02];
const RADIUS: [f64; 2] = [0.0072, 0.0036];
const CORNERS: i32 = 6;

pub(super) const GEOFENCES: i32 = GRID * GRID;

/// Makes both databases; answers the devices' ids.
pub(super) async fn make(postgres: &Postgres, devices: u32) -> anyhow::Result<Vec<Uuid>> {
    let workspace = Uuid::from_u128(0x0000_0000_0000_7000_8000_00bf_0000_0000);
    // Public: whoever looks at the map needs no account.
    postgres
        .run(
            DATABASE,
            &format!(
                "begin;
                 insert into nodes (id, kind, title) values ('{workspace}', 'workspace', 'Fleet');
                 insert into edges (id, kind, source_id, target_id)
                   select gen_random_uuid(), 'part_of', '{workspace}', id from nodes where kind = 'instance';
                 update scopes set visibility = 'public' where node_id = '{workspace}';
                 commit;"
            ),
        )
        .await?;
    let ids: Vec<Uuid> = (0..devices).map(id).collect();
    let imeis: Vec<String> = (0..devices).map(rows::imei).collect();
    let mut db = postgres.superuser(DATABASE).await?;
    // What has no place at the end of a transaction is refused.
    let mut tx = db.begin().await?;
    for statement in [
        "insert into nodes (id, kind, title) select d.id, 'device', d.imei from unnest($1::uuid[], $2::text[]) d(id, imei)",
        "insert into edges (id, kind, source_id, target_id)
           select gen_random_uuid(), 'part_of', d.id, w.id from unnest($1::uuid[], $2::text[]) d(id, imei), nodes w where w.kind = 'workspace'",
        "insert into devices (node_id, imei) select d.id, d.imei from unnest($1::uuid[], $2::text[]) d(id, imei)",
    ] {
        sqlx::query(statement).bind(&ids).bind(&imeis).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    db.close().await?;
    postgres.run(DATABASE, "vacuum analyze").await?;
    postgres.copy(FENCED, &geofences(workspace)).await?;
    postgres.run(FENCED, "vacuum analyze").await?;
    Ok(ids)
}

/// Since before the first position.
fn geofences(workspace: Uuid) -> String {
    let (mut ids, mut shapes) = (String::new(), String::new());
    for number in 0..GEOFENCES {
        let id = Uuid::from_u128(0x0000_0000_0000_7000_8000_00bd_0000_0000 | number.cast_unsigned() as u128);
        let _ = write!(ids, "{}'{id}'", if number > 0 { "," } else { "" });
        let _ = write!(shapes, "{}'{}'", if number > 0 { "," } else { "" }, polygon(number));
    }
    format!(
        "begin;
         create temp table f on commit drop as select * from unnest(array[{ids}]::uuid[], array[{shapes}]::jsonb[]) f(id, shape);
         insert into nodes (id, kind, title) select id, 'geofence', 'Depot' from f;
         insert into edges (id, kind, source_id, target_id) select gen_random_uuid(), 'part_of', id, '{workspace}' from f;
         insert into geofences (node_id, shape) select id, shape from f;
         update geofence_shapes set valid_from = 'epoch';
         commit"
    )
}

fn polygon(number: i32) -> String {
    let around = rows::around();
    let middle = |at: i32, of: f64, apart: f64| of + f64::from(at - GRID / 2) * apart;
    let (x, y) = (middle(number % GRID, around.longitude, APART[0]), middle(number / GRID, around.latitude, APART[1]));
    let corner = |n: i32| {
        let (sin, cos) = (f64::from(n) * std::f64::consts::TAU / f64::from(CORNERS)).sin_cos();
        format!("[{:.6},{:.6}]", x + RADIUS[0] * cos, y + RADIUS[1] * sin)
    };
    let corners: Vec<String> = (0..CORNERS).map(corner).collect();
    format!(r#"{{"type":"polygon","points":[{}]}}"#, corners.join(","))
}

/// Of the n-th device.
fn id(device: u32) -> Uuid {
    Uuid::from_u128(0x0000_0000_0000_7000_8000_00be_0000_0000 | u128::from(device))
}
