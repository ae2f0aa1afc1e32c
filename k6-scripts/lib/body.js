// @ts-check

/**
 * Whether the body is a JSON object with this field. An error page, or no body at all, has no field: `json()` alone
 * would throw there, and end the iteration.
 * @param {import('k6/http').Response} response
 * @param {string} field
 */
export function hasField(response, field) {
  try {
    const body = response.json();
    return typeof body === 'object' && body !== null && Object.hasOwn(body, field);
  } catch {
    return false;
  }
}
