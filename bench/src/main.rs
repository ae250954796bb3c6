//! The sira binary.
fn main() {}
