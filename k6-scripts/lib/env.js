// @ts-check
/** The scripts' environment variables: the API under test, and scales to try a script with less load. */

/** The API under test, without a trailing slash. */
export const BASE_URL = (__ENV.BASE_URL || 'https://api.financial-dashboard.com').replace(/\/+$/, '');

const VUS_SCALE = share('VUS_SCALE');
const DURATION_SCALE = share('DURATION_SCALE');

/** @type {Readonly<Record<string, number>>} */
const SECONDS = { s: 1, m: 60, h: 3600 };

/**
 * A number of VUs times VUS_SCALE; at least 1, unless it is 0.
 * @param {number} count
 */
export function vus(count) {
  return count === 0 ? 0 : Math.max(1, Math.round(count * VUS_SCALE));
}

/**
 * A duration in hours, minutes and seconds, such as `90s` or `1m30s`, times DURATION_SCALE; at least a second, k6's minimum.
 * @param {string} text
 */
export function duration(text) {
  if (DURATION_SCALE === 1) return text;
  const parts = [...text.matchAll(/([\d.]+)([smh])/g)];
  const seconds = parts.reduce((sum, [, number, unit]) => sum + Number(number) * (SECONDS[unit ?? ''] ?? 0), 0);
  return `${Math.max(1000, Math.round(seconds * DURATION_SCALE * 1000))}ms`;
}

/**
 * Stages with both scales applied.
 * @param {{ duration: string, target: number }[]} list
 */
export function stages(list) {
  return list.map((stage) => ({ duration: duration(stage.duration), target: vus(stage.target) }));
}

/**
 * A factor above 0 from the environment; 1 if it is not set.
 * @param {string} name
 */
function share(name) {
  const value = Number(__ENV[name] || 1);
  if (!(value > 0 && value < Infinity))
    throw new Error(`${name} is ${__ENV[name]}: give a number above 0, such as 0.1`);
  return value;
}
