import { expect } from 'chai';
import { createWindow } from '../../../../runtime/worker/limits/window.ts';

describe('a window over what is used', () => {
  it('counts what was used within its span, and slides on', () => {
    const window = createWindow(60_000);
    window.add(10, 0);
    window.add(5, 500);
    window.add(1, 30_000);
    expect([0, 59_999, 60_000, 89_999, 90_000].map((now) => window.sum(now))).to.deep.equal([16, 16, 1, 1, 0]);
  });

  it('says how long it takes until little enough is left', () => {
    const window = createWindow(60_000);
    window.add(10, 0);
    window.add(10, 20_000);
    expect([20, 10, 0].map((most) => window.wait(most, 30_000))).to.deep.equal([0, 30_000, 50_000]);
  });
});
