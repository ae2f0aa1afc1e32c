/**
 * Timeouts of a Lambda's AWS clients, ms. Without them the SDK may wait forever, and the run with it. Three attempts of a
 * call fit into the lease of 60 s; RunTask takes a second or two.
 */
export const TIMEOUTS = { connectionTimeout: 2000, requestTimeout: 10_000, throwOnRequestTimeout: true };
