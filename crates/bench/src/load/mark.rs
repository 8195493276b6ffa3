//! Marks: a number in a node's title, by which a frame tells whose commit it brings.

/// Occurs nowhere else in what is sent.
const SIGN: char = '#';
const DIGITS: usize = 8;

/// The title that carries a mark.
pub(crate) fn title_of(mark: u32) -> String {
    format!("System {SIGN}{mark:0DIGITS$}")
}

/// Every mark in a text, in order.
pub(crate) fn marks(text: &str) -> impl Iterator<Item = u32> {
    text.match_indices(SIGN).filter_map(|(at, _)| mark_of(&text[at + 1..]))
}

/// The mark that a text begins with.
fn mark_of(text: &str) -> Option<u32> {
    text.get(..DIGITS)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_again() {
        let text = format!(r#"{{"title":"{}","x":"{}"}}"#, title_of(7), title_of(12_345_678));
        assert_eq!(marks(&text).collect::<Vec<_>>(), [7, 12_345_678]);
        assert_eq!(marks("#1234567").count(), 0);
    }
}
