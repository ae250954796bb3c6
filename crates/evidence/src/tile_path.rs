//! How C2SP tlog-tiles writes a tile's place: `x001/x234/067`, with `.p/8` for the first 8 hashes.

use crate::growth::TILE_WIDTH;

/// Longest text of a place that is looked at.
const PLACE_MAX_BYTES: usize = 40;

/// Which tile of its level, and how many of its hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TilePlace {
    /// Which, from 0.
    pub index: u64,
    /// 1 to 256.
    pub width: usize,
}

/// Reads a place. It has one form only: any other is none.
#[must_use]
pub fn read_place(text: &str) -> Option<TilePlace> {
    if text.len() > PLACE_MAX_BYTES {
        return None;
    }
    let (index_text, width) = match text.split_once(".p/") {
        None => (text, TILE_WIDTH),
        Some((index, width)) => (index, width.parse().ok().filter(|width| *width < TILE_WIDTH)?),
    };
    let digits: String = index_text.split('/').map(|part| part.trim_start_matches('x')).collect();
    let place = TilePlace { index: digits.parse().ok()?, width };
    (place.width > 0 && write_place(place) == text).then_some(place)
}

/// Writes a place.
#[must_use]
pub fn write_place(place: TilePlace) -> String {
    let mut text = format!("{:03}", place.index % 1_000);
    let mut rest = place.index / 1_000;
    while rest > 0 {
        text = format!("x{:03}/{text}", rest % 1_000);
        rest /= 1_000;
    }
    if place.width < TILE_WIDTH {
        text = format!("{text}.p/{}", place.width);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_and_read_in_one_form() {
        for (index, width, text) in [
            (0, 256, "000"),
            (1_234_067, 256, "x001/x234/067"),
            (1_234_067, 8, "x001/x234/067.p/8"),
            (1_000, 1, "x001/000.p/1"),
        ] {
            let place = TilePlace { index, width };
            assert_eq!(write_place(place), text);
            assert_eq!(read_place(text), Some(place));
        }
        for wrong in [
            "",
            "0",
            "0000",
            "x000/001",
            "001.p/0",
            "001.p/256",
            "001.p/08",
            "001.p/",
            "x1/001",
            "-01",
        ] {
            assert_eq!(read_place(wrong), None, "{wrong}");
        }
    }
}
