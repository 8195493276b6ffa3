//! LiveKit's access tokens: JWTs signed with the API secret (HS256), with what may be done in which room
//! as the claim `video`. The names are LiveKit's: <https://docs.livekit.io/frontends/reference/tokens-grants>.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::Sha256;
use uuid::Uuid;

/// Of every token of ours.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// Who may do what, until when. Times are seconds since 1970.
#[derive(Serialize)]
pub(super) struct Claims<'a> {
    /// The API key, by which LiveKit finds the secret.
    pub(super) iss: &'a str,
    /// Who joins. LiveKit writes it to its logs, so nothing that names a person.
    pub(super) sub: Uuid,
    /// As others in the room read it.
    pub(super) name: &'a str,
    pub(super) nbf: i64,
    pub(super) exp: i64,
    pub(super) video: VideoGrant,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VideoGrant {
    pub(super) room_join: bool,
    pub(super) room: Uuid,
    /// Sound and picture.
    pub(super) can_publish: bool,
    pub(super) can_subscribe: bool,
    pub(super) can_publish_data: bool,
}

/// The token: whoever has it may do what it says.
pub(super) fn sign(claims: &Claims<'_>, secret: &SecretString) -> String {
    // Texts, numbers and switches: there is nothing that could fail.
    let claims = serde_json::to_vec(claims).unwrap_or_default();
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims));
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).map(|mac| mac.chain_update(signed.as_bytes()));
    // HMAC takes a key of any length.
    let signature = mac.map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Put together with Python's own `hmac` and `base64` from the same claims in the same order.
    #[test]
    fn a_token_is_as_another_implementation_makes_it() {
        let claims = Claims {
            iss: "APIkey",
            sub: Uuid::from_u128(1),
            name: "Kåre",
            nbf: 1_700_000_000,
            exp: 1_700_000_600,
            video: VideoGrant {
                room_join: true,
                room: Uuid::from_u128(2),
                can_publish: false,
                can_subscribe: true,
                can_publish_data: false,
            },
        };
        let token = sign(&claims, &SecretString::from("secret"));
        let parts = [
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
            "eyJpc3MiOiJBUElrZXkiLCJzdWIiOiIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDEiLCJuYW1lIjoiS8OlcmUiLCJuYmYiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMDYwMCwidmlkZW8iOnsicm9vbUpvaW4iOnRydWUsInJvb20iOiIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDIiLCJjYW5QdWJsaXNoIjpmYWxzZSwiY2FuU3Vic2NyaWJlIjp0cnVlLCJjYW5QdWJsaXNoRGF0YSI6ZmFsc2V9fQ",
            "ORXnKoICTCqDynmHzMl37BvHTbc6w5zTGzi5y91YyV4",
        ];
        assert_eq!(token, parts.join("."));
    }
}
