//! What connections keep sealed: opened for those who send by them, and sealed anew under another key.

use crate::Intentions;
use domain::Refusal;
use domain::connection::ConnectionSecrets;
use keyring::{Keyring, Sealed};
use store::connection::SealedRow;
use uuid::Uuid;

/// Rows sealed anew between two looks.
const BATCH: i64 = 100;

/// Why secrets can't be had. Holds nothing of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretsError {
    #[error(transparent)]
    Sealed(#[from] keyring::Error),
    #[error("what was sealed is of another shape")]
    Shape,
}

/// Opens what belongs to this connection.
pub fn open(keys: &Keyring, id: Uuid, row: &SealedRow) -> Result<ConnectionSecrets, SecretsError> {
    let bytes = keys.open(id.as_bytes(), &sealed(row))?;
    serde_json::from_slice(&bytes).map_err(|_| SecretsError::Shape)
}

/// What a change of the key did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Sealed anew.
    pub resealed: u64,
    /// Which no key opens: their secrets must be given again.
    pub failed: Vec<Uuid>,
}

impl Intentions {
    /// Seals all that older keys have sealed with the newest. One row after the other, each by itself: broken
    /// off, it goes on where it was; repeated, it does nothing. What somebody changes meanwhile is sealed with
    /// the newest key by that.
    pub async fn rotate_secrets(&self) -> Result<Rotation, Refusal> {
        let detail = "there is no key: set secrets.key";
        let keys = self.keyring.as_ref().ok_or(Refusal::Unavailable { detail, source: None })?;
        let (mut done, mut after) = (Rotation::default(), None);
        loop {
            let rows = store::connection::list_connections_with_old_key(&self.pool, keys.newest_id(), after, BATCH).await;
            let rows = rows.map_err(store::refusal)?;
            let Some((last, _)) = rows.last() else { return Ok(done) };
            after = Some(*last);
            for (id, row) in &rows {
                let opened = keys.open(id.as_bytes(), &sealed(row));
                let Ok(anew) = opened.and_then(|bytes| keys.seal(id.as_bytes(), &bytes)) else {
                    done.failed.push(*id);
                    continue;
                };
                let anew = SealedRow { key_id: anew.key_id, nonce: anew.nonce, ciphertext: anew.ciphertext };
                let written = store::connection::reseal_connection_secrets(&self.pool, *id, row, &anew).await;
                done.resealed += u64::from(written.map_err(store::refusal)?);
            }
        }
    }
}

fn sealed(row: &SealedRow) -> Sealed {
    Sealed { key_id: row.key_id.clone(), nonce: row.nonce.clone(), ciphertext: row.ciphertext.clone() }
}
