-- Why: an analyst is told published figures, which tell of nobody; one whom the programme trusts with
-- exact ones, which equal personal data, has that in the list of tokens, with the reason that was given.

ALTER TABLE tokens ADD COLUMN exact_figures text;
