import { setup as setUp } from '../../scripts/setup.mjs';

/** End-to-end tests run the built programs, which must be up to date with the sources. */
export const setup = () => setUp();
