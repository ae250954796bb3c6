-- Why: figures by a category of their own (a module, a currency), and those that are told since the beginning
-- alone, were left to the API. `period` says what a row is of: the month, the end of the month, or everything
-- from the beginning to the end of the month.

ALTER TABLE read_data.published_figures
    ADD COLUMN category text,
    ADD COLUMN period text NOT NULL DEFAULT 'month'
        CHECK (period IN ('month', 'end_of_month', 'since_beginning'));
DROP INDEX read_data.published_figures_cell;
CREATE UNIQUE INDEX published_figures_cell ON read_data.published_figures
    (month, programme, indicator, coalesce(region, ''), coalesce(sex, ''), coalesce(age_band, ''),
     coalesce(category, ''));
