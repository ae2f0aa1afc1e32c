// @ts-check

/**
 * Whether the body is a JSON object with this field; false for an error page or an empty body, for which `json()` alone
 * would throw and end the iteration.
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
