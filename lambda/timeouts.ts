/**
 * For the AWS clients of a Lambda, ms. The SDK by itself waits for an answer for ever, and with it the run: no tick, no
 * metrics. Three tries of it are still within a lease of 60 s; RunTask takes a second or two.
 */
export const TIMEOUTS = { connectionTimeout: 2000, requestTimeout: 10_000, throwOnRequestTimeout: true };
