-- Why: whoever a person may be is looked for by what their frozen paths say too, each time that something new is
-- known of them.

CREATE INDEX case_identity_frozen ON case_identity (continues_as) WHERE continues_as IS NOT NULL;
