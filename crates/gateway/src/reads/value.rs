//! How values go to a shared store: the snapshot they were read at, a line's end, and the rest.

use feed::snapshot::Snapshot;
use std::sync::Arc;

pub(super) fn encode(at: &Snapshot, rest: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{at}\n").into_bytes();
    bytes.extend_from_slice(rest);
    bytes
}

pub(super) fn decode(bytes: &[u8]) -> Option<(Arc<Snapshot>, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let at = Snapshot::parse(std::str::from_utf8(&bytes[..end]).ok()?)?;
    Some((Arc::new(at), &bytes[end + 1..]))
}

/// The moment up to which something was read: a snapshot that is taken after it.
pub(super) async fn moment(pool: &store::Pool) -> Result<Arc<Snapshot>, sqlx::Error> {
    let text = store::feed::current_snapshot(pool).await?;
    Snapshot::parse(&text).map(Arc::new).ok_or_else(|| sqlx::Error::Decode("not a pg_snapshot".into()))
}
