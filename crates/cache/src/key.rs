use serde::Serialize;
use serde_json::Value;
use std::fmt::{self, Write as _};
use std::sync::Arc;

/// Names a value within its scope. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Arc<str>);

impl Key {
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// `prefix` and the whole filter behind it: equal filters give equal keys, whatever the order of their
    /// fields. (Of a list the order counts: sort what is a set.)
    pub fn of(prefix: &str, filter: &impl Serialize) -> Self {
        let mut text = prefix.to_owned();
        // Filters are plain data; one that is no JSON would share its prefix's key and nothing else's.
        write_canonical(&serde_json::to_value(filter).unwrap_or(Value::Null), &mut text);
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Spreads keys over `buckets`; the same in every process and version.
    pub(crate) fn bucket(&self, buckets: u64) -> u64 {
        // FNV-1a: a hash that is written down, unlike the standard library's.
        let hash = self
            .0
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        hash % buckets
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// JSON with the fields of objects by name, whatever order the map keeps.
fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (at, (name, value)) in fields.into_iter().enumerate() {
                let _ = write!(text, "{}{}:", if at == 0 { "" } else { "," }, Value::from(name.as_str()));
                write_canonical(value, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                write_canonical(item, text);
            }
            text.push(']');
        }
        plain => {
            let _ = write!(text, "{plain}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_take_in_the_whole_filter_in_one_order() {
        let check = |filter: Value, expect: &str| assert_eq!(Key::of("list:", &filter).as_str(), expect);
        check(json!({"b": 1, "a": [2, {"d": null, "c": "x\"y"}]}), r#"list:{"a":[2,{"c":"x\"y","d":null}],"b":1}"#);
        check(json!({"a": "1"}), r#"list:{"a":"1"}"#);
        check(json!({"a": 1}), r#"list:{"a":1}"#);
        check(json!({}), "list:{}");
    }

    #[test]
    fn buckets_are_the_same_everywhere() {
        assert_eq!(Key::new("a").bucket(1_000_003), 0xaf63_dc4c_8601_ec8c_u64 % 1_000_003);
    }
}
