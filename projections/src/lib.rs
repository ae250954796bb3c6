//! Sira.
