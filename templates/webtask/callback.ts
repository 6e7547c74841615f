import type { WebtaskCallback } from 'webtask-kit';

/** Greets the world. */
export default (callback: WebtaskCallback) => {
  callback(null, { message: 'Hello, world!' });
};
