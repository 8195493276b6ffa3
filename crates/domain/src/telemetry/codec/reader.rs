//! Big-endian fields one after the other, never past the end.

use super::refused::Why;

pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn take(&mut self, bytes: usize) -> Result<&'a [u8], Why> {
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or(Why::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Why> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(Why::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Why> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A number of 1 to 8 bytes.
    pub(super) fn number(&mut self, bytes: usize) -> Result<u64, Why> {
        Ok(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}
