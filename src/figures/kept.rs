//! The cells of a frozen report as they are kept: its figures stay what they were, whatever an indicator is later.

use serde::{Deserialize, Serialize};
use sira_projections::analytics::{CellDetail, ComputedFigures, FigureCell, Indicators, PLACES};
use sira_projections::table::Decimal;

/// The figures of one indicator.
#[derive(Debug, Serialize, Deserialize)]
struct KeptFigures {
    indicator: String,
    cells: Vec<KeptCell>,
}

/// One cell; numbers as text, which holds every digit.
#[derive(Debug, Serialize, Deserialize)]
struct KeptCell {
    words: Vec<String>,
    value: Option<String>,
    part: Option<String>,
    whole: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interval: Option<(String, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    numbers: Vec<(String, String)>,
    suppressed: bool,
    held: bool,
}

/// Figures as the text that is kept.
pub(super) fn write(computed: &[ComputedFigures]) -> String {
    let cell = |cell: &FigureCell| {
        let detail = cell.detail.as_ref();
        let interval = detail.and_then(|detail| detail.interval);
        let numbers = detail.into_iter().flat_map(|detail| &detail.numbers);
        KeptCell {
            words: cell.words.clone(),
            value: cell.value.map(|value| value.to_string()),
            part: cell.part.map(|part| part.to_string()),
            whole: cell.whole.map(|whole| whole.to_string()),
            interval: interval.map(|(low, high)| (low.to_string(), high.to_string())),
            numbers: numbers.map(|(word, count)| ((*word).to_owned(), count.to_string())).collect(),
            suppressed: cell.suppressed,
            held: cell.held,
        }
    };
    let figures = |one: &ComputedFigures| KeptFigures {
        indicator: one.indicator.name.to_owned(),
        cells: one.cells.iter().map(cell).collect(),
    };
    let all: Vec<KeptFigures> = computed.iter().map(figures).collect();
    serde_json::to_string(&all).unwrap_or_default()
}

/// Words of the numbers beside a value, which cells have as words of the program.
const NUMBERS: [&str; 6] = ["people", "others", "businesses", "at_risk", "closed", "unknown"];

/// What was kept, read back; none of a text that is none, or of an indicator that there is no more.
pub(super) fn read(text: &str) -> Option<Vec<ComputedFigures>> {
    let all: Vec<KeptFigures> = serde_json::from_str(text).ok()?;
    let decimal = |text: &String| Decimal::parse(text, PLACES);
    let cell = |kept: KeptCell| -> Option<FigureCell> {
        let interval = match &kept.interval {
            None => None,
            Some((low, high)) => Some((decimal(low)?, decimal(high)?)),
        };
        let number = |(word, count): &(String, String)| {
            let word = NUMBERS.into_iter().find(|known| known == word)?;
            Some((word, count.parse().ok()?))
        };
        let numbers = kept.numbers.iter().map(number).collect::<Option<Vec<_>>>()?;
        let has_detail = interval.is_some() || !numbers.is_empty();
        let whole = |text: &Option<String>| match text {
            None => Some(None),
            Some(text) => text.parse::<i128>().ok().map(Some),
        };
        Some(FigureCell {
            value: match &kept.value {
                None => None,
                Some(value) => Some(decimal(value)?),
            },
            part: whole(&kept.part)?,
            whole: whole(&kept.whole)?,
            detail: has_detail.then_some(CellDetail { interval, numbers }),
            words: kept.words,
            suppressed: kept.suppressed,
            held: kept.held,
        })
    };
    let figures = |kept: KeptFigures| {
        Some(ComputedFigures {
            indicator: Indicators::named(&kept.indicator)?,
            cells: kept.cells.into_iter().map(cell).collect::<Option<_>>()?,
        })
    };
    all.into_iter().map(figures).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_read_back_as_it_was() {
        let decimal = |text: &str| Decimal::parse(text, PLACES).unwrap();
        let cell = |value: Option<&str>, detail| FigureCell {
            words: vec!["segou".into(), String::new()],
            value: value.map(decimal),
            part: Some(-7),
            whole: None,
            detail,
            suppressed: value.is_none(),
            held: true,
        };
        let detail = CellDetail {
            interval: Some((decimal("1.50"), decimal("99.25"))),
            numbers: vec![("businesses", 12), ("unknown", 0)],
        };
        let indicator = Indicators::named("survival_12").unwrap();
        let cells = vec![cell(Some("-66.67"), Some(detail)), cell(None, None)];
        let kept = write(&[ComputedFigures { indicator, cells: cells.clone() }]);
        let read = super::read(&kept).unwrap();
        assert_eq!((read[0].indicator.name, &read[0].cells), ("survival_12", &cells));
        for other in ["", "{}", "[{\"indicator\":\"nothing\",\"cells\":[]}]"] {
            assert!(super::read(other).is_none(), "{other}");
        }
    }
}
