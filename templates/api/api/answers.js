/**
 * @param {number} status
 * @param {string} error
 * @param {Record<string, string>} [headers]
 */
export const refuse = (status, error, headers = {}) => Response.json({ error }, { status, headers })

export const notFound = () => refuse(404, "There is nothing here.")

/** @param {string} allow */
export const methodNotAllowed = (allow) => refuse(405, `Only ${allow} can be used here.`, { allow })
