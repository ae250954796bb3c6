//! A lottery that anyone can draw again.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Draws `places` entries. Each entry's lot is SHA-256 of the seed, a line end and the entry's id
/// in lower case; the smallest lots are drawn. `printf 'SEED\nID' | sha256sum` gives a lot by hand.
#[must_use]
pub fn draw(entries: &[Uuid], seed: &str, places: usize) -> Vec<Uuid> {
    let mut lots: Vec<([u8; 32], Uuid)> = entries
        .iter()
        .map(|entry| (Sha256::digest(format!("{seed}\n{entry}")).into(), *entry))
        .collect();
    lots.sort_unstable();
    lots.into_iter().take(places).map(|(_, entry)| entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_is_the_same_whenever_and_in_whatever_order_it_is_made() {
        let entries: Vec<Uuid> = (1..=40_u128).map(Uuid::from_u128).collect();
        let drawn = draw(&entries, "12 août 2022, boule 7", 10);
        let mut reversed = entries.clone();
        reversed.reverse();
        assert_eq!(drawn, draw(&reversed, "12 août 2022, boule 7", 10));
        assert_ne!(drawn, draw(&entries, "12 août 2022, boule 8", 10));
        assert_eq!(drawn.len(), 10);
    }
}
