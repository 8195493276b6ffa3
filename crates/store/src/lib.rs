//! All SQL and nothing else, one file per noun.
