//! Where devices were: every record they sent.

mod copy;

pub use copy::copy_positions;

use domain::telemetry::{Faulty, Place, io};
use serde_json::{Map, Value};
use sqlx::PgExecutor;
use sqlx::types::Json;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A record as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    pub device_id: Uuid,
    pub at: DateTime<Utc>,
    /// Tells two of one instant apart.
    pub digest: i64,
    /// When the server had it first.
    pub received_at: DateTime<Utc>,
    pub latitude: f64,
    pub longitude: f64,
    pub altitude_m: i16,
    pub heading_deg: i16,
    pub speed_kmh: i16,
    pub satellites: i16,
    pub priority: i16,
    pub event_id: i32,
    /// IO values by id.
    pub io: Map<String, Value>,
    /// Why it can't be true.
    pub faulty: Option<Faulty>,
}

/// Which position it is, whatever is known of it.
pub type PositionKey = (Uuid, DateTime<Utc>, i64);

impl Position {
    pub fn key(&self) -> PositionKey {
        (self.device_id, self.at, self.digest)
    }

    /// What is judged of it.
    pub fn to_judge(&self) -> domain::telemetry::Position {
        domain::telemetry::Position {
            at: self.at,
            digest: self.digest,
            received_at: self.received_at,
            place: Place::new(self.longitude, self.latitude),
            speed_kmh: self.speed_kmh,
            satellites: self.satellites,
            ignition: io::switch_of_json(&self.io, io::IGNITION),
            movement: io::switch_of_json(&self.io, io::MOVEMENT),
            marked: self.faulty == Some(Faulty::Marked),
        }
    }
}

struct PositionRow {
    device_id: Uuid,
    at: DateTime<Utc>,
    digest: i64,
    received_at: DateTime<Utc>,
    latitude: f64,
    longitude: f64,
    altitude_m: i16,
    heading_deg: i16,
    speed_kmh: i16,
    satellites: i16,
    priority: i16,
    event_id: i32,
    io: Json<Map<String, Value>>,
    faulty: Option<String>,
}

impl From<PositionRow> for Position {
    fn from(r: PositionRow) -> Self {
        Self {
            device_id: r.device_id,
            at: r.at,
            digest: r.digest,
            received_at: r.received_at,
            latitude: r.latitude,
            longitude: r.longitude,
            altitude_m: r.altitude_m,
            heading_deg: r.heading_deg,
            speed_kmh: r.speed_kmh,
            satellites: r.satellites,
            priority: r.priority,
            event_id: r.event_id,
            io: r.io.0,
            faulty: r.faulty.as_deref().and_then(Faulty::parse),
        }
    }
}

macro_rules! positions {
    ($rest:tt $(, $arg:expr)*) => {
        sqlx::query_as!(PositionRow,
            r#"select device_id, at, digest, received_at, latitude, longitude, altitude_m, heading_deg, speed_kmh, satellites,
                 priority, event_id, io as "io!: Json<Map<String, Value>>", faulty from positions "# + $rest
            $(, $arg)*)
    };
}

/// Keeps records; those that are there already fall away. Answers which are new, in the order of their keys.
/// Whoever keeps many gives them in that order, so that two of them don't wait for each other.
pub async fn insert_positions(db: impl PgExecutor<'_>, new: &[&Position]) -> Result<Vec<PositionKey>> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let io: Vec<Json<&Map<String, Value>>> = new.iter().map(|one| Json(&one.io)).collect();
    let mut kept: Vec<_> = sqlx::query!(
        r#"insert into positions (device_id, at, digest, latitude, longitude, altitude_m, heading_deg, speed_kmh, satellites,
             priority, event_id, io, faulty, received_at)
           select * from unnest($1::uuid[], $2::timestamptz[], $3::int8[], $4::float8[], $5::float8[], $6::int2[], $7::int2[],
             $8::int2[], $9::int2[], $10::int2[], $11::int4[], $12::jsonb[], $13::text[], $14::timestamptz[])
           on conflict do nothing returning device_id, at, digest"#,
        &column(new, |one| one.device_id),
        &column(new, |one| one.at),
        &column(new, |one| one.digest),
        &column(new, |one| one.latitude),
        &column(new, |one| one.longitude),
        &column(new, |one| one.altitude_m),
        &column(new, |one| one.heading_deg),
        &column(new, |one| one.speed_kmh),
        &column(new, |one| one.satellites),
        &column(new, |one| one.priority),
        &column(new, |one| one.event_id),
        &io as _,
        &column(new, |one| one.faulty.map(Faulty::as_str)) as _,
        &column(new, |one| one.received_at),
    )
    .fetch_all(db)
    .await?
    .into_iter()
    .map(|row| (row.device_id, row.at, row.digest))
    .collect();
    kept.sort_unstable();
    Ok(kept)
}

fn column<T>(of: &[&Position], field: impl Fn(&Position) -> T) -> Vec<T> {
    of.iter().map(|one| field(one)).collect()
}

/// Positions of a device within a time, the oldest first; `after` is the last of the page before.
pub async fn list_positions(
    db: impl PgExecutor<'_>,
    device_id: Uuid,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    faulty: Option<bool>,
    after: Option<(DateTime<Utc>, i64)>,
    limit: i64,
) -> Result<Vec<Position>> {
    let (after_at, after_digest) = after.unzip();
    let rows = positions!(
        "where device_id = $1 and at >= $2 and at < $3
           and ($4::boolean is null or (faulty is not null) = $4)
           and ($5::timestamptz is null or (at, digest) > ($5, $6::int8))
         order by at, digest limit $7",
        device_id,
        from,
        to,
        faulty,
        after_at,
        after_digest,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Position::from).collect())
}

/// Positions of a device behind this one, in their order; from the first on without one.
pub async fn list_positions_behind(
    db: impl PgExecutor<'_>,
    device_id: Uuid,
    behind: Option<(DateTime<Utc>, i64)>,
    limit: i64,
) -> Result<Vec<Position>> {
    let (at, digest) = behind.unzip();
    let rows = positions!(
        "where device_id = $1 and at >= coalesce($2, '-infinity'::timestamptz) and ($2::timestamptz is null or (at, digest) > ($2, $3::int8))
         order by at, digest limit $4",
        device_id,
        at,
        digest,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Position::from).collect())
}

/// When the first of a device's positions was that is still kept.
pub async fn find_first_time(db: impl PgExecutor<'_>, device_id: Uuid) -> Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!("select at from positions where device_id = $1 order by at limit 1", device_id).fetch_optional(db).await
}

/// Sets what these were judged to be.
pub async fn update_verdicts(db: impl PgExecutor<'_>, judged: &[(PositionKey, Option<Faulty>)]) -> Result<()> {
    if judged.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update positions p set faulty = j.faulty
           from unnest($1::uuid[], $2::timestamptz[], $3::int8[], $4::text[]) as j(device_id, at, digest, faulty)
          where p.device_id = j.device_id and p.at = j.at and p.digest = j.digest",
        &judged.iter().map(|(key, _)| key.0).collect::<Vec<_>>(),
        &judged.iter().map(|(key, _)| key.1).collect::<Vec<_>>(),
        &judged.iter().map(|(key, _)| key.2).collect::<Vec<_>>(),
        &judged.iter().map(|(_, faulty)| faulty.map(Faulty::as_str)).collect::<Vec<_>>() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whom somebody marks, or unmarks, within a time; answers how many were.
pub async fn mark_positions(
    db: impl PgExecutor<'_>,
    device_id: Uuid,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    faulty: bool,
) -> Result<u64> {
    let done = sqlx::query!(
        "update positions set faulty = case when $4 then 'marked' end
          where device_id = $1 and at >= $2 and at < $3
            and case when $4 then faulty is null else faulty = 'marked' end",
        device_id,
        from,
        to,
        faulty
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
