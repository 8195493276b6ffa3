//! What public pages say: the same to everybody who may read them.

use super::{Reads, Via};
use ::cache::{Key, Value};
use domain::status_page::StatusView;
use std::sync::Arc;
use store::Pool;

/// A page as a whole, or that there is none.
#[derive(Debug, Default)]
pub(crate) struct Said(Option<Arc<StatusView>>);

impl Value for Said {
    // It never leaves the process.
    fn encode(&self) -> Vec<u8> {
        Vec::new()
    }

    fn decode(_: &[u8]) -> Option<Self> {
        None
    }

    fn bytes(&self) -> usize {
        let Some(view) = &self.0 else { return size_of::<Self>() };
        let systems: usize = view.sections.iter().map(|section| section.systems.len()).sum();
        let days = usize::try_from(view.history_days).unwrap_or_default();
        // A day's figures, a system's words and a notice's, about.
        size_of::<StatusView>() + systems * (days * 64 + 500) + view.notices.len() * 2_000
    }
}

impl Reads {
    /// What the page of this name says; `None` where there is none, or it is not published. Read from the
    /// database when something changed, not for each who asks.
    pub(crate) async fn status_page(&self, slug: &str) -> Result<Option<Arc<StatusView>>, Arc<store::Error>> {
        let (pool, wanted) = (self.pool.clone(), slug.to_owned());
        let load = move || async move { find(&pool, &wanted).await };
        let via = if self.progress.is_fresh() { Via::Cache } else { Via::Database };
        match via {
            Via::Cache => Ok(self.status.wrap(Key::new(slug), load).await?.0.clone()),
            Via::Database => Ok(load().await?.0),
        }
    }
}

async fn find(pool: &Pool, slug: &str) -> Result<Said, store::Error> {
    let mut tx = store::begin_read(pool).await?;
    let view = store::status_page::find_status_view(&mut tx, slug).await?;
    tx.commit().await?;
    Ok(Said(view.map(Arc::new)))
}
