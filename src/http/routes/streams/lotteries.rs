//! A lottery as anybody with a token may check it: the seed, the fingerprints of list and result, and the ranks
//! of those within reach. The others are counted: nobody learns here who was drawn elsewhere.

use axum::extract::State;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use sira_domain::programme::{Draw, Programme, lottery};
use sira_domain::values::Slug;
use sira_evidence::leaf::hex;
use sira_numbers::counted;
use uuid::Uuid;

use super::current;
use super::veil::Veil;
use crate::http::App;
use crate::http::contract::answer::Unkept;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::Named;

/// The way in which lots are computed, for whoever draws again: `docs/lottery.md` tells it with an example.
const ALGORITHM: &str = "sha256(seed LF id), smallest first";

/// A lottery that was drawn.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DrawnLottery {
    /// The programme.
    programme: Uuid,
    /// The lottery's own word.
    session: String,
    /// Day of the draw.
    on: NaiveDate,
    /// How lots are computed.
    algorithm: &'static str,
    /// The text that was drawn in public.
    seed: String,
    /// Number of places.
    places: u32,
    /// Number of people entered.
    entered: u32,
    /// Number of people drawn.
    drawn: u32,
    /// SHA-256 of the ids that were entered, in the order of the ids, each with a line end.
    list_sha256: String,
    /// SHA-256 of the ids in the order of the draw, each with a line end.
    result_sha256: String,
    /// Whether the draw, made again from list and seed, comes to the same.
    holds: bool,
    /// Those within reach, in the order of the draw.
    ranks: Vec<DrawnRank>,
    /// Number of people drawn who are out of reach.
    drawn_out_of_reach: u32,
    /// Number of people entered who are out of reach.
    entered_out_of_reach: u32,
}

/// One person's lot.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DrawnRank {
    /// Rank, from 1.
    rank: u32,
    /// The path.
    id: Uuid,
    /// The lot, hexadecimal.
    lot: String,
    /// Whether the person was drawn.
    drawn: bool,
}

/// `GET /v1/programmes/{id}/lotteries/{session}`.
pub async fn lottery(
    State(app): State<App>,
    caller: Caller,
    Named((id, session)): Named<(Uuid, String)>,
) -> Result<Unkept<DrawnLottery>, ApiError> {
    let found = current::<Programme>(&app, &caller, id).await?;
    let session = Slug::try_new(&session).map_err(|_| ApiError::NotFound)?;
    let draw = found.state.lotteries.get(&session).ok_or(ApiError::NotFound)?;
    let ids = serde_json::to_value(&draw.ranked).unwrap_or_default();
    let veil = Veil::over(&app, &caller, &[ids]).await?;
    Ok(Unkept(shown(id, &session, draw, |who| veil.shows(who))))
}

fn shown(
    programme: Uuid,
    session: &Slug,
    draw: &Draw,
    is_within: impl Fn(Uuid) -> bool,
) -> DrawnLottery {
    let seed = draw.seed.as_str();
    let lots = (1_u32..).zip(&draw.ranked).map(|(rank, who)| DrawnRank {
        rank,
        id: *who,
        lot: hex(&lottery::lot(*who, seed)),
        drawn: draw.drawn.contains(who),
    });
    let ranks: Vec<DrawnRank> = lots.filter(|one| is_within(one.id)).collect();
    let (entered, drawn) = (counted(draw.ranked.len()), counted(draw.drawn.len()));
    let shown_drawn = counted(ranks.iter().filter(|one| one.drawn).count());
    DrawnLottery {
        programme,
        session: session.to_string(),
        on: draw.on,
        algorithm: ALGORITHM,
        seed: seed.to_owned(),
        places: draw.places,
        entered,
        drawn,
        list_sha256: hex(&lottery::list_digest(&draw.ranked)),
        result_sha256: hex(&lottery::result_digest(&draw.ranked)),
        holds: lottery::rank(&draw.ranked, seed) == draw.ranked,
        drawn_out_of_reach: drawn.saturating_sub(shown_drawn),
        entered_out_of_reach: entered.saturating_sub(counted(ranks.len())),
        ranks,
    }
}
