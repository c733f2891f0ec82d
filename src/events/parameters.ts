/**
 * Parameters of statements that are run often. SQLite plans a statement anew for every value of a plain `?` that an order or a limit
 * depends on, as in `WHERE site = ? ORDER BY key LIMIT ?`, and that takes many times as long as a short search. It does not do so for
 * the value of an expression.
 */
export const textParameter = "cast(? AS TEXT)"
export const integerParameter = "cast(? AS INTEGER)"
