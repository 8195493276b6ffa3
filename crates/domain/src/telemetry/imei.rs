//! The number by which a device is known.

use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

const DIGITS: usize = 15;
/// What fits in front of the check digit.
const NUMBERED_MAX: u64 = 99_999_999_999_999;

/// 15 digits. The last one (a check digit by 3GPP TS 23.003) is not verified: test devices and simulators
/// don't always have it right, and a device that isn't known is refused anyway.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Imei([u8; DIGITS]);

impl Imei {
    /// How many bytes it takes as text.
    pub const BYTES: usize = DIGITS;

    /// Of its digits as ASCII; `None` for anything else.
    pub fn from_ascii(digits: &[u8]) -> Option<Self> {
        let digits: [u8; DIGITS] = digits.try_into().ok()?;
        digits.iter().all(u8::is_ascii_digit).then_some(Self(digits))
    }

    /// Of the 14 digits in front of the check digit, with the right one behind them (Luhn's, by 3GPP TS 23.003, annex
    /// B); `None`: they are more.
    pub fn numbered(digits: u64) -> Option<Self> {
        if digits > NUMBERED_MAX {
            return None;
        }
        let mut ascii = [b'0'; DIGITS];
        let (mut rest, mut sum) = (digits, 0);
        for (place, digit) in ascii[..DIGITS - 1].iter_mut().rev().enumerate() {
            let value = u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
            *digit = b'0' + value;
            let counted = if place % 2 == 0 { 2 * value } else { value };
            sum += counted / 10 + counted % 10;
        }
        ascii[DIGITS - 1] = b'0' + (10 - sum % 10) % 10;
        Some(Self(ascii))
    }

    /// As codecs 14 and 15 carry it: a zero and its digits, two in a byte.
    pub fn from_packed(bytes: [u8; 8]) -> Option<Self> {
        let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        let ascii: Vec<u8> = nibbles.map(|nibble| b'0' + nibble).collect();
        match ascii.split_first() {
            Some((b'0', digits)) => Self::from_ascii(digits),
            _ => None,
        }
    }

    /// The opposite of [`Imei::from_packed`].
    pub fn to_packed(self) -> [u8; 8] {
        let digit = |place: usize| self.0.get(place).map_or(0, |ascii| ascii - b'0');
        let mut bytes = [0; 8];
        for (index, byte) in bytes.iter_mut().enumerate() {
            // The zero in front shifts every digit by one.
            let high = if index == 0 { 0 } else { digit(2 * index - 1) };
            *byte = high << 4 | digit(2 * index);
        }
        bytes
    }

    pub fn as_str(&self) -> &str {
        // Only digits are in it.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Imei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Imei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Imei {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        Self::from_ascii(text.as_bytes()).ok_or_else(|| Refusal::invalid("imei", format!("{DIGITS} digits")))
    }
}

impl TryFrom<String> for Imei {
    type Error = Refusal;

    fn try_from(text: String) -> Result<Self, Refusal> {
        text.parse()
    }
}

impl From<Imei> for String {
    fn from(imei: Imei) -> Self {
        imei.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_imei_is_fifteen_digits() {
        let check = |text: &str, expect: bool| assert_eq!(text.parse::<Imei>().is_ok(), expect, "{text}");
        check("356307042441013", true);
        check("000000000000000", true);
        check("35630704244101", false);
        check("3563070424410131", false);
        check("35630704244101:", false);
        check("3@2093086403655", false);
        check("", false);
        check("٣٥٦٣٠٧٠٤٢٤٤", false);
    }

    #[test]
    fn a_number_gets_its_check_digit() {
        let check = |digits: u64, expect: Option<&str>| {
            assert_eq!(Imei::numbered(digits).map(|imei| imei.to_string()).as_deref(), expect, "{digits}");
        };
        // The example of the specification, and devices that are sold.
        check(49_015_420_323_751, Some("490154203237518"));
        check(35_209_308_640_365, Some("352093086403655"));
        check(35_209_308_145_225, Some("352093081452251"));
        check(0, Some("000000000000000"));
        check(NUMBERED_MAX, Some("999999999999994"));
        check(NUMBERED_MAX + 1, None);
    }

    #[test]
    fn packed_it_is_the_same() {
        let imei: Imei = "352093081452251".parse().unwrap();
        assert_eq!(imei.to_packed(), [0x03, 0x52, 0x09, 0x30, 0x81, 0x45, 0x22, 0x51]);
        assert_eq!(Imei::from_packed(imei.to_packed()), Some(imei));
        // 16 digits, and one that is none.
        assert_eq!(Imei::from_packed([0x13, 0x52, 0x09, 0x30, 0x81, 0x45, 0x22, 0x51]), None);
        assert_eq!(Imei::from_packed([0x03, 0x52, 0x09, 0x30, 0x81, 0x45, 0x22, 0x5a]), None);
    }
}
