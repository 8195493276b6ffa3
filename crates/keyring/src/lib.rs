//! Seals small secrets with a key from the configuration, and opens what older keys have sealed. Knows
//! nothing of what it seals.
//!
//! A key is 32 bytes, written as base64. What is sealed is AES-256-GCM with a random nonce of 12 bytes and
//! belongs to one owner: moved to another it does not open. (12 random bytes are safe for four thousand
//! million seals by one key; secrets are sealed when a person changes one.)

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::sync::Arc;

/// Of a key.
pub const KEY_BYTES: usize = 32;
/// Of a key's id, which says nothing of the key: the beginning of a digest.
const ID_BYTES: usize = 6;

/// Why something is not sealed or opened. Holds nothing of the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("a key is 32 bytes, written as base64")]
    NoKey,
    #[error("the key that it was sealed with is not there any more")]
    UnknownKey,
    #[error("it does not open: it was changed, or it belongs to something else")]
    Broken,
    #[error("the machine gives no random numbers")]
    NoRandom,
}

/// As it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Which key opens it.
    pub key_id: String,
    pub nonce: Vec<u8>,
    pub ciphertext: Vec<u8>,
}

/// The newest key, which seals, and older ones, which only open. Cheap to clone.
#[derive(Clone)]
pub struct Keyring(Arc<Vec<Key>>);

struct Key {
    id: String,
    key: LessSafeKey,
}

impl Keyring {
    /// From keys as they are written: the newest, then the older ones.
    pub fn new(newest: &SecretString, older: &[SecretString]) -> Result<Self, Error> {
        let keys = std::iter::once(newest).chain(older).map(|text| Key::parse(text.expose_secret()));
        Ok(Self(Arc::new(keys.collect::<Result<_, _>>()?)))
    }

    /// A new key, as it is written.
    pub fn generate() -> Result<SecretString, Error> {
        let mut bytes = [0; KEY_BYTES];
        SystemRandom::new().fill(&mut bytes).map_err(|_| Error::NoRandom)?;
        Ok(STANDARD.encode(bytes).into())
    }

    /// The id of the key that seals.
    pub fn newest_id(&self) -> &str {
        self.0.first().map_or("", |key| key.id.as_str())
    }

    /// Seals a secret for its owner.
    pub fn seal(&self, owner: &[u8], secret: &[u8]) -> Result<Sealed, Error> {
        let newest = self.0.first().ok_or(Error::NoKey)?;
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| Error::NoRandom)?;
        let mut ciphertext = secret.to_vec();
        let sealed = newest.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(owner), &mut ciphertext);
        sealed.map_err(|_| Error::Broken)?;
        Ok(Sealed { key_id: newest.id.clone(), nonce: nonce.to_vec(), ciphertext })
    }

    /// Opens what was sealed for this owner.
    pub fn open(&self, owner: &[u8], sealed: &Sealed) -> Result<Vec<u8>, Error> {
        let key = self.0.iter().find(|key| key.id == sealed.key_id).ok_or(Error::UnknownKey)?;
        let nonce = Nonce::try_assume_unique_for_key(&sealed.nonce).map_err(|_| Error::Broken)?;
        let mut bytes = sealed.ciphertext.clone();
        let opened = key.key.open_in_place(nonce, Aad::from(owner), &mut bytes).map_err(|_| Error::Broken)?;
        Ok(opened.to_vec())
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

impl Key {
    fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim().trim_end_matches('=');
        let bytes = STANDARD_NO_PAD.decode(text).map_err(|_| Error::NoKey)?;
        if bytes.len() != KEY_BYTES {
            return Err(Error::NoKey);
        }
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| Error::NoKey)?;
        let id = digest(&SHA256, &[b"synops key id", bytes.as_slice()].concat());
        let id = id.as_ref().iter().take(ID_BYTES).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { id, key: LessSafeKey::new(key) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring_of(newest: &SecretString, older: &[SecretString]) -> Keyring {
        Keyring::new(newest, older).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_for_its_owner_alone() {
        let keys = ring_of(&Keyring::generate().unwrap(), &[]);
        let sealed = keys.seal(b"one", b"hunter2").unwrap();
        assert_eq!(keys.open(b"one", &sealed).unwrap(), b"hunter2");
        assert_eq!(keys.open(b"two", &sealed), Err(Error::Broken));
        // The same secret looks different each time.
        let again = keys.seal(b"one", b"hunter2").unwrap();
        assert_ne!(again.ciphertext, sealed.ciphertext);
        for at in 0..sealed.ciphertext.len() {
            let mut changed = sealed.clone();
            changed.ciphertext[at] ^= 1;
            assert_eq!(keys.open(b"one", &changed), Err(Error::Broken), "byte {at}");
        }
        for nonce in [Vec::new(), vec![0; NONCE_LEN]] {
            assert_eq!(keys.open(b"one", &Sealed { nonce, ..sealed.clone() }), Err(Error::Broken));
        }
    }

    #[test]
    fn older_keys_open_and_do_not_seal() {
        let (old, new) = (Keyring::generate().unwrap(), Keyring::generate().unwrap());
        let sealed = ring_of(&old, &[]).seal(b"one", b"hunter2").unwrap();
        assert_eq!(ring_of(&new, &[]).open(b"one", &sealed), Err(Error::UnknownKey));
        let both = ring_of(&new, std::slice::from_ref(&old));
        assert_eq!(both.open(b"one", &sealed).unwrap(), b"hunter2");
        let anew = both.seal(b"one", b"hunter2").unwrap();
        assert_eq!((anew.key_id.as_str(), anew.key_id == sealed.key_id), (both.newest_id(), false));
    }

    #[test]
    fn what_is_no_key_is_refused_and_none_is_shown() {
        for text in ["", "short", "AAAA", &STANDARD.encode([0; 31]), &STANDARD.encode([0; 33]), "not base64 at all!!"] {
            assert_eq!(Keyring::new(&text.into(), &[]).map(drop), Err(Error::NoKey), "{text}");
        }
        let key = Keyring::generate().unwrap();
        let shown = format!("{:?}", ring_of(&key, &[]));
        assert!(!shown.contains(key.expose_secret().trim_end_matches('=')), "{shown}");
    }
}
