import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    // Two cores, and many tests start several k6: one file beside another is all that such a machine can take.
    maxWorkers: 2,
  },
});
