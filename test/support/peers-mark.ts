/**
 * The mark that `needs` (peers.ts) puts into the name of a skipped group and the reporter reads. It stands alone
 * because the reporter runs outside the test processes, where `vitest` itself must not be imported.
 */
export const needsMark = '— needs ';
