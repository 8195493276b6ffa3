//! Where more is written about something.

use crate::limits::{LINK_TITLE_MAX_CHARS, LINK_URL_MAX_BYTES, LINKS_MAX};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where more is written about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    #[schema(min_length = 1, max_length = 200, example = "Runbook")]
    pub title: String,
    #[schema(example = "https://wiki.example.org/runbook")]
    pub url: String,
}

/// Refuses too many of them, titles without text, and whatever a browser should not follow.
pub fn validate_links(links: &[Link]) -> Result<(), Refusal> {
    if links.len() > LINKS_MAX {
        return Err(Refusal::invalid("links", format!("at most {LINKS_MAX}")));
    }
    for (at, link) in links.iter().enumerate() {
        let title_fits = !link.title.trim().is_empty() && link.title.chars().count() <= LINK_TITLE_MAX_CHARS;
        if !title_fits || link.title.contains('\0') {
            let expects = format!("1 to {LINK_TITLE_MAX_CHARS} characters");
            return Err(Refusal::invalid(format!("links[{at}].title"), expects));
        }
        let url = &link.url;
        let is_web = url.starts_with("https://") || url.starts_with("http://");
        if !is_web || url.len() > LINK_URL_MAX_BYTES || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Refusal::invalid(format!("links[{at}].url"), "an http:// or https:// address without spaces"));
        }
    }
    Ok(())
}
