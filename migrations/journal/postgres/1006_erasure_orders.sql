-- Why: personal data are erased for their age only by somebody's order, and an order is for many people
-- at once. Who gave it and why must outlive the people it erased, so the reason is not sealed under
-- anybody's key and names nobody; each erasure names its order as `correlation_id`. An order is written
-- before it is carried out, and is never changed.

CREATE TABLE erasure_orders (
    order_id   text        NOT NULL PRIMARY KEY,
    at         timestamptz NOT NULL,
    actor      text        NOT NULL,
    reason     text        NOT NULL,
    paths      bigint      NOT NULL CHECK (paths >= 1),
    request_id text        NOT NULL
);

CREATE FUNCTION refuse_erasure_order_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an order of erasure is never changed';
END
$$;

CREATE TRIGGER erasure_order_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON erasure_orders
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_erasure_order_change();
