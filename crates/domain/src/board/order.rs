//! Keys that put things in order: between two of them there is always room for a third, so that moving one thing
//! writes that one alone. (Fractional indexing; kept as hexadecimal digits, which sort as their bytes do.)

use fractional_index::FractionalIndex;

/// A key between these two; `None` is the beginning or the end. `None` when there is none between them: they
/// are not in order, or nothing that this made.
pub fn between(after: Option<&str>, before: Option<&str>) -> Option<String> {
    let read = |key: Option<&str>| key.map(|key| FractionalIndex::from_string(key).ok());
    let key = match (read(after), read(before)) {
        (None, None) => FractionalIndex::default(),
        (Some(after), None) => FractionalIndex::new_after(&after?),
        (None, Some(before)) => FractionalIndex::new_before(&before?),
        (Some(after), Some(before)) => FractionalIndex::new_between(&after?, &before?)?,
    };
    Some(key.to_string())
}

/// So many short keys, in order.
pub fn in_order(count: usize) -> Vec<String> {
    let mut keys: Vec<String> = Vec::with_capacity(count);
    let mut last = FractionalIndex::default();
    for _ in 0..count {
        keys.push(last.to_string());
        last = FractionalIndex::new_after(&last);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_key_makes_none() {
        for (after, before) in [(Some("zz"), None), (Some("!"), None), (None, Some("")), (Some("81"), Some("80"))] {
            assert_eq!(between(after, before), None, "{after:?} {before:?}");
        }
        let same = between(None, None).unwrap();
        assert_eq!(between(Some(&same), Some(&same)), None);
    }

    #[test]
    fn keys_in_order_are_short() {
        let keys = in_order(2_000);
        assert!(keys.is_sorted_by(|a, b| a.as_bytes() < b.as_bytes()));
        assert!(keys.iter().all(|key| key.len() <= 64), "{:?}", keys.iter().map(String::len).max());
    }

    proptest! {
        #[test]
        fn there_is_always_room(places in prop::collection::vec(any::<prop::sample::Index>(), 1..200)) {
            let mut keys: Vec<String> = Vec::new();
            for place in places {
                let at = place.index(keys.len() + 1);
                let key = between(at.checked_sub(1).map(|at| keys[at].as_str()), keys.get(at).map(String::as_str)).unwrap();
                keys.insert(at, key);
            }
            prop_assert!(keys.is_sorted_by(|a, b| a.as_bytes() < b.as_bytes()), "{keys:?}");
            prop_assert!(keys.iter().all(|key| key.bytes().all(|b| b.is_ascii_hexdigit())));
        }
    }
}
