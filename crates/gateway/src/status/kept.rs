//! What is kept of status pages between requests: their templates, and for those who watch a page over the socket
//! what it said last.

use super::{fingerprint, html, may_read, projection};
use crate::accounts::attempts::Attempts;
use crate::refusal::Refused;
use crate::state::State;
use domain::access::Visibility;
use domain::limits::{STATUS_PAGES_KEPT, STATUS_SUBSCRIPTIONS_PER_MINUTE};
use minijinja::Environment;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;
use uuid::Uuid;

pub(crate) struct Kept {
    templates: Environment<'static>,
    pages: Mutex<HashMap<String, Arc<Mutex<Option<Look>>>>>,
    pub(super) subscriptions: Attempts,
}

/// What was found when the stream of changes was there.
#[derive(Clone)]
struct Look {
    generation: u64,
    found: Option<Found>,
}

#[derive(Clone)]
struct Found {
    page_id: Uuid,
    visibility: Visibility,
    fingerprint: String,
}

impl Kept {
    pub(crate) fn new() -> Self {
        let detail = "too many subscriptions from here; wait a little";
        Self {
            templates: html::templates(),
            pages: Mutex::default(),
            subscriptions: Attempts::per_minute(STATUS_SUBSCRIPTIONS_PER_MINUTE, detail),
        }
    }

    pub(super) fn templates(&self) -> &Environment<'static> {
        &self.templates
    }

    /// Differs when the page says something else than before, to this reader; `None` when it says nothing to them.
    /// However many watch a page, it is looked at once for each `generation` of changes.
    pub(crate) async fn seen(
        &self,
        state: &State,
        reader: Option<Uuid>,
        slug: &str,
        generation: u64,
    ) -> Result<Option<String>, Refused> {
        let page = {
            let mut pages = self.pages.lock().await;
            if pages.len() >= STATUS_PAGES_KEPT && !pages.contains_key(slug) {
                pages.clear();
            }
            Arc::clone(pages.entry(slug.to_owned()).or_default())
        };
        let mut look = page.lock().await;
        if look.as_ref().is_none_or(|look| look.generation < generation) {
            let view = projection(state, slug).await?;
            let found =
                view.map(|view| Found { page_id: view.page_id, visibility: view.visibility, fingerprint: fingerprint(&view) });
            *look = Some(Look { generation, found });
        }
        let found = look.as_ref().and_then(|look| look.found.clone());
        drop(look);
        let Some(found) = found else { return Ok(None) };
        let readable = may_read(state, reader, found.page_id, found.visibility).await?;
        Ok(readable.then_some(found.fingerprint))
    }
}
