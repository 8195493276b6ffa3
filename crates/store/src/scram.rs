//! A password as PostgreSQL keeps it (RFC 5802, RFC 7677), made here so that the password itself
//! never stands in a statement, which the database may log.

use sha2::{Digest, Sha256};

/// What PostgreSQL's own verifiers use.
pub(crate) const ITERATIONS: u32 = 4096;

pub(crate) struct Verifier {
    pub(crate) stored_key: [u8; 32],
    pub(crate) server_key: [u8; 32],
}

/// `password` must be ASCII: other texts would have to be prepared as RFC 4013 says.
pub(crate) fn verifier(password: &str, salt: &[u8]) -> Verifier {
    let salted = salted_password(password.as_bytes(), salt);
    let client_key = hmac(&salted, b"Client Key");
    Verifier { stored_key: Sha256::digest(client_key).into(), server_key: hmac(&salted, b"Server Key") }
}

/// PBKDF2 with one block: the hash is as long as the key that is wanted.
fn salted_password(password: &[u8], salt: &[u8]) -> [u8; 32] {
    let mut block = hmac(password, &[salt, &1_u32.to_be_bytes()].concat());
    let mut sum = block;
    for _ in 1..ITERATIONS {
        block = hmac(password, &block);
        sum.iter_mut().zip(block).for_each(|(s, b)| *s ^= b);
    }
    sum
}

/// RFC 2104.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    const BLOCK_BYTES: usize = 64;
    let mut padded = [0_u8; BLOCK_BYTES];
    if key.len() > BLOCK_BYTES {
        padded[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        padded[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(padded.map(|b| b ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(padded.map(|b| b ^ 0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn hmac_as_in_rfc_4231() {
        let check = |key: &[u8], message: &[u8], expect: &str| assert_eq!(hex(&hmac(key, message)), expect);
        check(b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        check(
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        );
    }

    /// The exchange of RFC 7677, section 3: user "user", password "pencil".
    #[test]
    fn verifier_as_in_rfc_7677() {
        const AUTH_MESSAGE: &[u8] = b"n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
            s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        const PROOF: u128 = 0x747cdb65aa56224e2352137e52d7bdca;
        let salt = 0x5b6d99689d12358eeca04b141236fa81_u128.to_be_bytes();
        let verifier = verifier("pencil", &salt);
        let signature = "eabae24d1062db75a9451ff0b6ea7e98c8546549ff741e672d3251b2397de46e";
        assert_eq!(hex(&hmac(&verifier.server_key, AUTH_MESSAGE)), signature);
        // The client's key is its proof without the client's signature; its hash is what is stored.
        let signed = hmac(&verifier.stored_key, AUTH_MESSAGE);
        let client_key = hmac(&salted_password(b"pencil", &salt), b"Client Key");
        let proof: Vec<u8> = client_key.iter().zip(signed).map(|(k, s)| k ^ s).collect();
        assert_eq!(proof[..16], PROOF.to_be_bytes());
    }
}
