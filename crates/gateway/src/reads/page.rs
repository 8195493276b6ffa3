//! Answers as a whole: pages of lists, as they are for whoever sees the same scopes.

use super::{Module, Reads, Sight, Via, lost, value};
use crate::caller::Caller;
use crate::refusal::Refused;
use ::cache::{Key, Value};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use feed::snapshot::Snapshot;
use serde::Serialize;
use std::sync::Arc;

/// An answer's body, as JSON.
#[derive(Debug)]
pub(crate) struct Rendered {
    body: Bytes,
    at: Arc<Snapshot>,
}

impl Value for Rendered {
    fn encode(&self) -> Vec<u8> {
        value::encode(&self.at, &self.body)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (at, body) = value::decode(bytes)?;
        Some(Self { body: Bytes::copy_from_slice(body), at })
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.body.len()
    }
}

impl IntoResponse for &Rendered {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "application/json")], self.body.clone()).into_response()
    }
}

impl Reads {
    /// The answer to this question, which is `load`'s for these scopes and must depend on nothing else but
    /// `name` and `question`. The module's changes end it; without a module it is not kept.
    pub(crate) async fn page<F>(
        &self,
        caller: &Caller,
        module: Option<Module>,
        name: &str,
        question: &impl Serialize,
        load: impl Fn(store::Pool, Arc<Sight>) -> F + Clone + Send + 'static,
    ) -> Result<Arc<Rendered>, Refused>
    where
        F: Future<Output = Result<Vec<u8>, sqlx::Error>> + Send + 'static,
    {
        let mut asking = self.asking(caller).await?;
        loop {
            let key = Key::of(name, &(asking.sight.digest(), question));
            let (pool, load, sight) = (self.pool.clone(), load.clone(), Arc::clone(&asking.sight));
            let load = move || async move {
                let body = load(pool.clone(), sight).await?;
                Ok(Rendered { body: body.into(), at: value::moment(&pool).await? })
            };
            let page = match (module, asking.via) {
                (Some(module), Via::Cache) => self.kept(module).pages.wrap(key, load).await.map_err(lost)?,
                _ => Arc::new(load().await?),
            };
            if asking.holds(std::slice::from_ref(&page.at)).await? {
                return Ok(page);
            }
        }
    }
}

/// An answer as JSON.
pub(crate) fn render(answer: &impl Serialize) -> Result<Vec<u8>, sqlx::Error> {
    serde_json::to_vec(answer).map_err(|error| sqlx::Error::Encode(error.into()))
}
