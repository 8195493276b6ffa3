//! In which language a reader is told: by `?lang=`, else by what their browser asks for.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Norwegian,
}

impl Language {
    pub(super) fn of(query: &str, headers: &HeaderMap) -> Self {
        let asked = query.split('&').find_map(|pair| pair.strip_prefix("lang=")).and_then(Self::known);
        let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        asked.or_else(|| accepted.and_then(best)).unwrap_or(Self::English)
    }

    /// As in `lang="…"`.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Norwegian => "nb",
        }
    }

    fn known(tag: &str) -> Option<Self> {
        match tag.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "nb" | "no" | "nn" | "da" => Some(Self::Norwegian),
            _ => None,
        }
    }
}

/// The one that is liked best of those we have.
fn best(accepted: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for part in accepted.split(',').take(20) {
        let mut parts = part.split(';').map(str::trim);
        let Some(language) = parts.next().and_then(Language::known) else { continue };
        let quality = parts.find_map(|p| p.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
        if quality > 0.0 && best.is_none_or(|(there, _)| quality > there) {
            best = Some((quality, language));
        }
    }
    best.map(|(_, language)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages() {
        let check = |query: &str, accepted: Option<&'static str>, expect| {
            let mut headers = HeaderMap::new();
            if let Some(accepted) = accepted {
                headers.insert(ACCEPT_LANGUAGE, axum::http::HeaderValue::from_static(accepted));
            }
            assert_eq!(Language::of(query, &headers), expect, "{query} {accepted:?}");
        };
        check("", None, Language::English);
        check("", Some("nb-NO,nb;q=0.9,en;q=0.8"), Language::Norwegian);
        check("", Some("de, en;q=0.5, no;q=0.4"), Language::English);
        check("", Some("de"), Language::English);
        check("lang=nb", Some("en"), Language::Norwegian);
        check("a=b&lang=en", Some("nb"), Language::English);
        check("lang=xx", Some("nb"), Language::Norwegian);
        check("", Some("nb;q=0, en;q=nonsense"), Language::English);
    }
}
