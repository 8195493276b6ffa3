//! Parts of the path: ids.

use crate::refusal::Refused;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::Refusal;
use serde::de::DeserializeOwned;

/// What stands in the path where the route has a name in braces.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        // Every name in a path of ours is an id.
        Ok(path.map(|axum::extract::Path(value)| Self(value)).map_err(|_| Refusal::invalid("id", "a UUID"))?)
    }
}
