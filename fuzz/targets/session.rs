//! A connection's bytes make the same frames however they are cut: the first byte says into pieces of which
//! length.
#![no_main]

use domain::telemetry::codec::{Frame, Step, frame};
use libfuzzer_sys::fuzz_target;

/// The frames of a stream, how many bytes they took, and whether it can go on.
fn frames(pieces: impl Iterator<Item = Vec<u8>>) -> (Vec<Option<Frame>>, usize, bool) {
    let (mut buffer, mut found, mut used) = (Vec::new(), Vec::new(), 0);
    for piece in pieces {
        buffer.extend(piece);
        loop {
            let (value, taken) = match frame(&buffer) {
                Ok(Step::More { .. }) => break,
                Ok(Step::Done { value, used }) => (Some(value), used),
                Err(refused) => match refused.used {
                    Some(taken) => (None, taken),
                    None => return (found, used, false),
                },
            };
            found.push(value);
            used += taken;
            buffer.drain(..taken);
        }
    }
    (found, used, true)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((piece, stream)) = bytes.split_first() else { return };
    let whole = frames(std::iter::once(stream.to_vec()));
    let pieces = frames(stream.chunks(usize::from(*piece) + 1).map(<[u8]>::to_vec));
    assert_eq!(whole, pieces);
});
