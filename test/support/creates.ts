/** How many creates of one name come at once: a hundred, or the thousand of the slow suite. */
export const CREATES = Number(process.env.WEBTASK_TEST_CREATES ?? 100);
