-- Why: personal data are erased for their age only by somebody's order, and an order is for many people
-- at once. Who gave it and why must outlive the people it erased, so the reason is not sealed under
-- anybody's key and names nobody; each erasure names its order as `correlation_id`. An order is written
-- before it is carried out, and is never changed.

CREATE TABLE erasure_orders (
    order_id   text    NOT NULL PRIMARY KEY,
    at         text    NOT NULL,
    actor      text    NOT NULL,
    reason     text    NOT NULL,
    paths      integer NOT NULL CHECK (paths >= 1),
    request_id text    NOT NULL
) STRICT;

CREATE TRIGGER erasure_order_is_not_changed BEFORE UPDATE ON erasure_orders
BEGIN
    SELECT RAISE(ABORT, 'an order of erasure is never changed');
END;

CREATE TRIGGER erasure_order_is_not_removed BEFORE DELETE ON erasure_orders
BEGIN
    SELECT RAISE(ABORT, 'an order of erasure is never changed');
END;
