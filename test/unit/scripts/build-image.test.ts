import { afterEach, describe, expect, it, vi } from 'vitest';
import { whyNoImage } from '../../../scripts/build-image.mjs';

/** A machine on which the image can be built, but for what a test changes. */
function machine({ platform = 'linux', uid = 0, path = process.env.PATH ?? '' } = {}): void {
  vi.spyOn(process, 'platform', 'get').mockReturnValue(platform as NodeJS.Platform);
  vi.spyOn(process, 'getuid').mockReturnValue(uid);
  vi.stubEnv('PATH', path);
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('whyNoImage', () => {
  it.each([
    [{ platform: 'darwin' }, /^darwin: Linux is needed/],
    [{ uid: 1000 }, /^user id 1000: root is needed/],
    [{ path: '/nowhere' }, /^Go is not on the PATH/],
  ])('names what %j lacks, in one line', (lacking, reason) => {
    machine(lacking);
    expect(whyNoImage()).toMatch(reason);
    expect(whyNoImage()).not.toContain('\n');
  });
});
