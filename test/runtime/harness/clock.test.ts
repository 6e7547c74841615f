import { join } from 'node:path';
import { expect } from 'chai';
import { freezeDate, moveDate, releaseDate, webtask } from 'webtask-kit/harness';
import { WebtaskError } from '../../../runtime/errors.ts';
import { createProject } from '../../support/project.ts';

describe('the date of a test', () => {
  const NEW_YEAR = '2026-01-01T00:00:00.000Z';

  for (const [what, to] of [
    ['a text', NEW_YEAR],
    ['milliseconds', Date.parse(NEW_YEAR)],
    ['a Date', new Date(NEW_YEAR)],
  ] as const) {
    it(`is frozen at ${what}`, async () => {
      freezeDate(to);
      await new Promise((resolve) => setTimeout(resolve, 2)); // timers go on
      expect([new Date().toISOString(), Date.now()]).to.deep.equal([NEW_YEAR, Date.parse(NEW_YEAR)]);
    });
  }

  it('moves by as much as the test says, and back', () => {
    freezeDate(NEW_YEAR);
    moveDate(90_000);
    expect(new Date().toISOString()).to.equal('2026-01-01T00:01:30.000Z');
    moveDate(-90_001);
    expect(new Date().toISOString()).to.equal('2025-12-31T23:59:59.999Z');
  });

  it('can be frozen once more, at another date', () => {
    freezeDate(0);
    freezeDate(NEW_YEAR);
    expect(Date.now()).to.equal(Date.parse(NEW_YEAR));
  });

  it('runs again when it is released', () => {
    const before = Date.now();
    freezeDate(0);
    releaseDate();
    releaseDate();
    expect(Date.now()).to.be.within(before, before + 60_000);
  });

  it('runs again after each test', () => {
    expect(Date.now()).to.be.above(Date.parse(NEW_YEAR));
  });

  it('cannot be moved while it runs', () => {
    expect(() => moveDate(1))
      .to.throw(WebtaskError)
      .that.includes({
        code: 'HARNESS_DATE_NOT_FROZEN',
        message: 'The date cannot be moved while it runs.',
        fix: 'Call freezeDate() first.',
      })
      .and.has.property('stack')
      .that.includes('while it runs.\n    Call freezeDate() first. [HARNESS_DATE_NOT_FROZEN]\n');
  });

  it('is what a webtask sees, while the duration of its answer is measured on', async () => {
    const project = createProject({
      'webtasks/now.js': 'module.exports = (callback) => setTimeout(() => callback(null, new Date()), 20);',
    });
    try {
      const task = await webtask(join(project.folder, 'webtasks/now.js'));
      freezeDate(NEW_YEAR);
      const { json, durationMs } = await task.get();
      expect(json).to.equal(NEW_YEAR);
      expect(durationMs).to.be.within(19, 5000);
    } finally {
      project.remove();
    }
  });
});
