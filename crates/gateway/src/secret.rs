//! Secrets that we hand out: 32 random bytes as base64url, of which only the SHA-256 is kept.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Tells an API token at a glance, and to those who scan for leaked ones.
pub const API_TOKEN_PREFIX: &str = "syn_";
/// No secret of ours is longer.
const SECRET_MAX_BYTES: usize = 64;

/// A new secret, and what is kept of it.
pub struct Secret {
    /// To be shown once.
    pub text: String,
    /// To be stored.
    pub hash: Vec<u8>,
}

impl Secret {
    pub fn new(prefix: &str) -> Self {
        let random: [u8; 32] = rand::random();
        let text = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random));
        let hash = Sha256::digest(text.as_bytes()).to_vec();
        Self { text, hash }
    }
}

/// What is kept of a secret; `None` for what can't be one of ours.
pub(crate) fn hash_of(text: &str) -> Option<Vec<u8>> {
    (!text.is_empty() && text.len() <= SECRET_MAX_BYTES).then(|| Sha256::digest(text.as_bytes()).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_are_found_by_their_hash() {
        let (a, b) = (Secret::new(API_TOKEN_PREFIX), Secret::new(API_TOKEN_PREFIX));
        assert_ne!(a.text, b.text);
        assert_eq!(a.text.len(), 4 + 43);
        assert_eq!(hash_of(&a.text), Some(a.hash.clone()));
        assert_ne!(a.hash, b.hash);
        assert_eq!(hash_of(""), None);
        assert_eq!(hash_of(&"x".repeat(65)), None);
    }
}
