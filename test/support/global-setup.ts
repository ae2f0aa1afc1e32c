import { setup as setUp } from '../../scripts/setup.mjs';

/** Tests run the built programs, so these must be of today's sources. */
export const setup = () => setUp();
