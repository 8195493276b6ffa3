//! The files of `web/build`, with what is computed of them once.

use super::policy;
use axum::http::HeaderValue;
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "$SYNOPS_PAGE_DIR"]
struct Files;

const INDEX: &str = "index.html";

/// The page's files.
pub(crate) struct Page {
    policy: HeaderValue,
}

impl Page {
    pub(crate) fn embedded() -> Self {
        let index = Files::get(INDEX).map(|file| String::from_utf8_lossy(&file.data).into_owned()).unwrap_or_default();
        Self { policy: policy::of(&index) }
    }

    /// The Content-Security-Policy of every answer.
    pub(crate) fn policy(&self) -> &HeaderValue {
        &self.policy
    }

    /// A file by its path without the first slash.
    pub(crate) fn file(&self, path: &str) -> Option<EmbeddedFile> {
        Files::get(path)
    }

    /// What deep links get: the page finds out itself what to show.
    pub(crate) fn index(&self) -> &'static str {
        INDEX
    }
}
