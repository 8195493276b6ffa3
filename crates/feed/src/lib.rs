//! The one way out: tails the change log and hands committed changes on.
