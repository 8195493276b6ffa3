//! The lock of the data directory's id: who holds it knows that whoever had it before is gone, and
//! takes their jobs over at once instead of waiting for a lease to end.

use super::bell::Bell;
use super::watcher::tell_rescued;
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgConnection;
use std::time::Duration;
use store::Pool;
use tokio::time::sleep;
use uuid::Uuid;

/// While another process has the lock: one that was just killed is soon noticed by PostgreSQL.
const TRY_EVERY: Duration = Duration::from_millis(500);
/// Looks whether the lock's connection lives.
const LOOK_EVERY: Duration = Duration::from_secs(5);

pub(super) struct Home {
    pub(super) database_url: SecretString,
    pub(super) pool: Pool,
    pub(super) id: Uuid,
    pub(super) worker_id: Uuid,
    pub(super) bell: Bell,
}

impl Home {
    /// Keeps the lock; takes it again when its connection was lost.
    pub(super) async fn keep(self) {
        loop {
            if let Err(error) = self.hold().await {
                tracing::debug!(%error, "the data directory's lock is not held now");
            }
            sleep(TRY_EVERY).await;
        }
    }

    async fn hold(&self) -> Result<(), sqlx::Error> {
        let mut db = store::instance::connect_home(self.database_url.expose_secret()).await?;
        while !store::instance::lock_home(&mut db, self.id).await? {
            sleep(TRY_EVERY).await;
        }
        self.rescue().await?;
        self.watch(&mut db).await
    }

    async fn rescue(&self) -> Result<(), sqlx::Error> {
        for worker_id in store::instance::list_former(&self.pool, self.id, self.worker_id).await? {
            loop {
                let mut tx = store::begin(&self.pool).await?;
                let rescued = store::job::rescue_worker(&mut tx, worker_id).await?;
                tx.commit().await?;
                tell_rescued(rescued);
                if rescued.ready + rescued.buried == 0 {
                    break;
                }
                self.bell.ring();
            }
            store::instance::delete_instance(&self.pool, worker_id).await?;
        }
        Ok(())
    }

    async fn watch(&self, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        loop {
            sleep(LOOK_EVERY).await;
            store::instance::ping(&mut *db).await?;
        }
    }
}
