//! Offices of few people, which analysts see as their region.

use std::collections::BTreeMap;

use crate::store::{ReadError, ReadStore};

/// An office of fewer people than this is shown as its region: as few as a figure of the API may be of.
pub const FEW_PEOPLE: u32 = 5;

/// Counts the people of each office, erased ones and frozen paths left out, and writes down as what it is shown. An office
/// that nobody is in is not among them: it is shown as a region too.
///
/// The rows change in place, which waits for no reader of the views.
pub(super) async fn count(
    store: &ReadStore,
    places: &BTreeMap<String, String>,
) -> Result<(), ReadError> {
    let (Some(people), Some(offices)) = (places.get("case_status"), places.get("offices")) else {
        return Ok(());
    };
    let shown = format!(
        "SELECT a.programme, a.office,
                CASE WHEN count(*) >= {FEW_PEOPLE} THEN a.office
                     ELSE coalesce(min(o.region), min(a.region)) END AS shown
           FROM {people}.case_status AS a
           LEFT JOIN {offices}.offices AS o ON o.programme = a.programme AND o.office = a.office
          WHERE NOT a.erased AND NOT a.duplicate GROUP BY a.programme, a.office"
    );
    let statement = format!(
        "WITH counted AS ({shown}),
              gone AS (DELETE FROM office_shown AS old WHERE NOT EXISTS
                  (SELECT 1 FROM counted AS new
                    WHERE new.programme = old.programme AND new.office = old.office))
         INSERT INTO office_shown (programme, office, shown) SELECT programme, office, shown FROM counted
             ON CONFLICT (programme, office) DO UPDATE SET shown = excluded.shown
                   WHERE office_shown.shown <> excluded.shown"
    );
    let mut transaction = store.begin().await?;
    // The settings of the server's own reads are for few rows: this one reads them all.
    let settings = "SET LOCAL enable_seqscan = on";
    transaction.connection().run(settings).await?;
    transaction.connection().run(&statement).await?;
    Ok(transaction.commit().await?)
}
